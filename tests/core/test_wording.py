"""Words that go with a number."""

from touchline.core.wording import counted


def test_one_is_not_several() -> None:
    assert counted(1, "file") == "1 file"
    assert [counted(n, "file") for n in (0, 2, 1000)] == ["0 files", "2 files", "1,000 files"]
    assert [counted(n, "match", "matches") for n in (1, 2)] == ["1 match", "2 matches"]
