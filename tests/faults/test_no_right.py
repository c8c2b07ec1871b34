"""Files that may not grow, folders that may not be written: exit 7, and nothing is half done."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from limited import files_up_to, without_override
from small_disk import read_only
from stored import disagreeing, orphans
from world import World, files, world

from touchline import config
from touchline.adapters.sqlite import SqliteLog, SqliteServing
from touchline.errors import StorageError
from touchline.matches.live import STREAM
from touchline.wiring import Touchline

MINUTES = 8.0
"""So long that the largest staged file is larger than the ledger."""


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Match 1, published, and its re-issue landed."""
    made = world(tmp_path_factory.mktemp("usual"))
    made.publish(files(1, minutes=MINUTES))
    made.ingest(files(1, minutes=MINUTES, version=2))
    return made


def test_a_file_that_may_not_grow_while_landing_records_nothing(usual: World) -> None:
    folder = usual.put(files(5), 5)

    ended = usual.apart("ingest", "tracking", folder, preexec_fn=files_up_to(1 << 20))

    assert (ended.code, "Traceback" in ended.err) == (7, False), ended.err
    assert "File too large" in ended.error
    assert usual.asked("SELECT * FROM receipts WHERE partition = 'match_id=5'") == []
    usual.well("maintain")
    assert [f for f in orphans(usual) if f.name.startswith(".staged-")] == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_file_that_may_not_grow_while_staging_publishes_nothing(
    usual: World, workers: str
) -> None:
    heads, contents = usual.heads(), usual.contents(1)
    staged = max(f.stat().st_size for f in (usual.data / "warehouse").rglob("*.parquet"))
    assert usual.ledger.stat().st_size < staged

    ended = usual.apart("run", "--workers", workers, preexec_fn=files_up_to(staged - 1000))

    assert (ended.code, "Traceback" in ended.err) == (7, False), ended.err
    assert "tracking.frames" in ended.error
    assert "make room" in ended.hint
    assert usual.heads() == heads
    assert usual.contents(1) == contents
    assert usual.report()["status"] == "failed"


@pytest.fixture
def closed(usual: World) -> Iterator[World]:
    """The same, with every folder and file closed to writing."""
    places = [usual.data, *usual.data.rglob("*")]
    modes = {place: place.stat().st_mode for place in places}
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    yield usual
    for place, mode in modes.items():
        place.chmod(mode)


COMMANDS = [("run",), ("ingest", "tracking", "landing"), ("maintain",)]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_folder_that_may_not_be_written_is_told(closed: World, words: tuple[str, ...]) -> None:
    before = closed.everything()

    ended = closed.apart(*words, preexec_fn=without_override)

    assert (ended.code, "Traceback" in ended.err) == (7, False), ended.err
    assert str(closed.data) in ended.error
    assert "grant the right to write" in ended.hint
    assert closed.everything() == before


def test_an_object_store_that_may_not_be_written_is_told_by_its_own_path(closed: World) -> None:
    ended = closed.apart("ingest", "tracking", "landing", preexec_fn=without_override)
    place = closed.data / "objects"
    assert ended.error == f"{place}, its folder objects: Permission denied"


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_disk_that_may_not_be_written_is_told(usual: World, words: tuple[str, ...]) -> None:
    with read_only(usual.data):
        ended = usual.do(*words)

    assert (ended.code, "Traceback" in ended.err) == (7, False), ended.err
    assert str(usual.data) in ended.error
    assert "grant the right to write" in ended.hint


READING = [
    ("status",),
    ("plan",),
    ("runs",),
    ("define", "player_metrics"),
    ("query", "SELECT count(*) FROM tracking.player_metrics"),
    ("report", "match", "1", "--out"),
]


@pytest.mark.parametrize("words", READING, ids=lambda words: words[0])
def test_what_only_reads_needs_no_right_to_write(
    closed: World, words: tuple[str, ...], tmp_path: Path
) -> None:
    before = closed.everything()
    out = [str(tmp_path / "page.html")] if words[-1] == "--out" else []

    ended = closed.apart(*words, *out, preexec_fn=without_override)

    assert ended.code == 0, ended.err
    assert closed.everything() == before


@pytest.mark.parametrize("words", READING[:5], ids=lambda words: words[0])
def test_what_only_reads_needs_no_disk_that_can_be_written(
    usual: World, words: tuple[str, ...]
) -> None:
    with read_only(usual.data):
        assert usual.do(*words).code == 0


@pytest.mark.parametrize("words", [("status",), ("plan",), ("runs",)], ids=lambda words: words[0])
def test_what_only_reads_makes_nothing_where_nothing_is(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    empty = world(tmp_path)
    empty.well(*words)
    assert not empty.data.exists()


def posted_once(usual: World) -> None:
    """The stores of the live path are there."""
    here = Touchline(config.load(usual.folder / "touchline.toml"))
    with closing(SqliteLog(usual.data / "log.db")) as log, closing(here.serving):
        log.prepare([STREAM.topic], lanes=1)


@pytest.mark.parametrize("how", ["rights", "mount"])
def test_check_says_what_it_cannot_look_at_and_checks_the_rest(tmp_path: Path, how: str) -> None:
    made = world(tmp_path)
    given = {name: data for name, data in files(1).items() if name != "phases_of_play.csv"}
    made.ingest(given)
    posted_once(made)

    if how == "mount":
        with read_only(made.data):
            ended = made.do("check", "--json")
    else:
        made.data.chmod(0o555)
        ended = made.apart("check", "--json", preexec_fn=without_override)
        made.data.chmod(0o755)

    assert (ended.code, ended.error) == (7, "")
    assert [(r["pipeline"], r["where"]) for r in ended.rows] == [
        ("tracking", "match_id=1"),
        ("matches", "lag"),
    ]
    said = ended.rows[1]["what"]
    assert said.startswith("not looked at, whether events are served: ")
    assert "read-only" in said.replace("readonly", "read-only")


def test_a_file_that_cannot_be_opened_as_its_folder_is_read_only_is_told_so(tmp_path: Path) -> None:
    with read_only(tmp_path), pytest.raises(StorageError, match="file: its folder is read-only"):
        SqliteServing(tmp_path / "serving.db")


@pytest.mark.parametrize("part", ["warehouse", "objects"])
def test_one_store_that_may_not_be_written_publishes_nothing(usual: World, part: str) -> None:
    heads, contents = usual.heads(), usual.contents(1)

    with read_only(usual.data / part):
        ended = usual.do("run")

    assert (ended.code, "Traceback" in ended.err) == (7, False), ended.err
    assert f"data/{part}" in ended.error
    if part == "warehouse":
        assert usual.heads() == heads
        assert usual.contents(1) == contents


def test_once_there_is_room_and_right_the_next_run_publishes(usual: World) -> None:
    usual.ingest(files(5), 5)  # the landing that failed: its bytes in bronze get their receipts
    usual.publish(files(1, minutes=MINUTES))
    old = usual.contents(1)

    usual.publish(files(1, minutes=MINUTES, version=2))
    usual.well("maintain")

    assert usual.contents(1) != old
    assert orphans(usual) == []
    assert disagreeing(usual) == {}
