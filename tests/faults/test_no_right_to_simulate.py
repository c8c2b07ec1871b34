"""simulate and demo where nothing may be written: exit 7, with what, where, and what to do."""

import pytest
from limited import without_override
from world import World


@pytest.mark.parametrize(
    "words",
    [("simulate", "tracking", "x"), ("simulate", "tracking", "."), ("demo", "zz")],
    ids=" ".join,
)
def test_a_folder_that_may_not_be_written_is_told(empty: World, words: tuple[str, ...]) -> None:
    empty.folder.chmod(0o555)
    before = empty.everything()

    ended = empty.apart(*words, "--minutes", "2", preexec_fn=without_override)
    empty.folder.chmod(0o755)

    assert (ended.code, "Traceback" in ended.err) == (7, False), ended.err
    assert "Permission denied" in ended.error
    assert "give another folder" in ended.hint
    assert empty.everything() == before
