"""Words that go with a number."""

from touchline.core.wording import counted, without_byte


def test_one_is_not_several() -> None:
    assert counted(1, "file") == "1 file"
    assert [counted(n, "file") for n in (0, 2, 1000)] == ["0 files", "2 files", "1,000 files"]
    assert [counted(n, "match", "matches") for n in (1, 2)] == ["1 match", "2 matches"]


def test_the_byte_at_which_a_line_broke_is_no_reason_of_its_own() -> None:
    said = "malformed line: JSON is malformed: trailing characters"
    assert without_byte(f"{said} (byte 15)") == without_byte(said) == said
    assert without_byte("a name (byte 3) of old") == "a name (byte 3) of old"
