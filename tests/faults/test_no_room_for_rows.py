"""query --out where there is no room or no right: exit 7, and the file that was there stays."""

import os
from pathlib import Path

import pytest
from limited import files_up_to, without_override
from small_disk import SmallDisk
from world import World

ENDINGS = [".csv", ".json", ".parquet"]
MUCH = "SELECT md5(range::VARCHAR) AS word FROM range(200000)"


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


@pytest.mark.parametrize("ending", ENDINGS)
def test_rows_that_find_no_room_leave_the_old_file_as_it_was(disk: SmallDisk, ending: str) -> None:
    out = disk.place / f"keep{ending}"
    out.write_bytes(b"kept")
    before = names(disk.place)

    with disk.with_only(1 << 20):
        ended = disk.world.do("query", MUCH, "--out", str(out))

    assert (ended.code, "Traceback" in ended.err) == (7, False), ended.err
    assert ended.error == f"{out}: No space left on device"
    assert "make room" in ended.hint
    assert out.read_bytes() == b"kept"
    assert names(disk.place) == before


@pytest.mark.parametrize("ending", ENDINGS)
def test_rows_that_may_not_grow_are_told_as_such(empty: World, ending: str) -> None:
    ended = empty.apart("query", MUCH, "--out", f"new{ending}", preexec_fn=files_up_to(1 << 20))

    assert (ended.code, ended.error) == (7, f"new{ending}: File too large"), ended.err
    assert names(empty.folder) == {"touchline.toml"}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_that_may_not_be_written_is_not_replaced(empty: World, ending: str) -> None:
    out = empty.folder / f"keep{ending}"
    out.write_bytes(b"kept")
    out.chmod(0o444)

    ended = empty.apart("query", MUCH, "--out", str(out), preexec_fn=without_override)

    assert (ended.code, ended.error) == (7, f"{out}: Permission denied"), ended.err
    assert out.read_bytes() == b"kept"


def test_new_rows_take_the_place_of_the_file_behind_a_link_and_its_rights(empty: World) -> None:
    kept, link = empty.folder / "kept.csv", empty.folder / "link.csv"
    kept.write_text("old")
    kept.chmod(0o640)
    link.symlink_to(kept)

    empty.well("query", "SELECT 1 AS one", "--out", str(link))

    assert link.is_symlink()
    assert kept.read_text() == "one\n1\n"
    assert kept.stat().st_mode & 0o777 == 0o640
    assert oct(new_mode(empty)) == oct(0o666 & ~umask())


def new_mode(world: World) -> int:
    world.well("query", "SELECT 1 AS one", "--out", "new.csv")
    return (world.folder / "new.csv").stat().st_mode & 0o777


def umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now
