"""query where it is stopped, takes too much, has nowhere to write, or meets files that are broken."""

import gzip
import signal
import time
from pathlib import Path

import pytest
from limited import without_override
from world import EVENTS, MATCH, TRACKING, World, files, world

ENDLESS = (
    "SELECT count(*) FROM tracking.frames a, tracking.frames b, tracking.frames c"
    " WHERE a.x_m * b.x_m > c.x_m + 1000"
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_query_and_leaves_nothing_behind(
    published: World, number: signal.Signals
) -> None:
    before = published.everything()
    with published.process("query", ENDLESS) as process:
        time.sleep(3)
        process.send_signal(number)
        _, err = process.communicate(timeout=5)

    assert process.returncode == 128 + number
    assert err.strip() == "error: stopped"
    assert published.everything() == before


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM tracking.frames a, tracking.frames b ORDER BY a.x_m * b.y_m",
        "SELECT * FROM tracking.frames a, tracking.frames b",
    ],
)
def test_a_query_spills_nothing_and_is_held_to_its_memory(published: World, sql: str) -> None:
    published.configure('[limits]\nmemory = "100MB"\n')
    ended = published.do("query", sql)
    published.configure("")

    assert ended.code == 7
    assert ended.error == "the query needs more than 100MB of memory"
    assert not (published.folder / ".tmp").exists()


def test_a_full_disk_behind_stdout_is_told(published: World) -> None:
    with Path("/dev/full").open("w") as full:
        ended = published.apart("query", "SELECT 1 AS one", stdout=full)
    assert (ended.code, "Traceback" in ended.err) == (7, False), ended.err
    assert "No space left" in ended.error


def test_a_folder_without_the_right_to_write_is_told(published: World) -> None:
    folder = published.folder / "locked"
    folder.mkdir(mode=0o500)
    for ending in ("csv", "json", "parquet"):
        out = f"locked/x.{ending}"
        ended = published.apart("query", "SELECT 1 AS a", "--out", out, preexec_fn=without_override)
        assert (ended.code, "Traceback" in ended.err) == (7, False), ended.err
        assert "locked" in ended.error
    folder.rmdir()


# --- files of bronze that cannot be read


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Matches 1 to 3 in bronze; match 2's match.json and packed tracking file are cut off."""
    made = world(tmp_path_factory.mktemp("torn"))
    whole = {MATCH: files(2)[MATCH], TRACKING: gzip.compress(files(2)[TRACKING])}
    cut = {name: data[: len(data) // 2] for name, data in whole.items()}
    for match_id in (1, 2, 3):
        made.ingest({**files(match_id), **(cut if match_id == 2 else {})}, match_id)
    return made


@pytest.mark.parametrize(
    ("table", "name", "why"),
    [("bronze_matches", MATCH, "Malformed JSON"), ("bronze_frames", TRACKING, "GZIP")],
)
def test_a_broken_file_is_left_out_and_named(torn: World, table: str, name: str, why: str) -> None:
    ended = torn.well(
        "query", f"SELECT match_id, count(*) AS n FROM tracking.{table} GROUP BY 1 ORDER BY 1",
        "--json",
    )  # fmt: skip

    assert [row["match_id"] for row in ended.rows] == ["1", "3"]
    assert ended.err.startswith(f"left out of tracking.{table}: match_id=2 ")
    assert f"landing/matches/2/2_{name}: " in ended.err
    assert why in ended.err
    assert len(ended.err.splitlines()) == 1


def test_files_that_are_whole_are_not_spoken_of(torn: World) -> None:
    ended = torn.well("query", "SELECT DISTINCT match_id FROM tracking.bronze_events", "--json")
    assert (len(ended.rows), ended.err) == (3, "")


def test_a_file_that_is_gone_is_left_out_and_named(torn: World) -> None:
    ((path,),) = torn.asked(
        "SELECT path FROM receipts WHERE partition = 'match_id=3' AND name = ?", EVENTS
    )
    place = torn.data / "objects" / path
    place.rename(place.with_suffix(".away"))
    ended = torn.well("query", "SELECT DISTINCT match_id FROM tracking.bronze_events", "--json")
    place.with_suffix(".away").rename(place)

    assert sorted(row["match_id"] for row in ended.rows) == ["1", "2"]
    assert "left out of tracking.bronze_events: match_id=3" in ended.err


def test_where_no_file_can_be_read_the_table_is_refused(empty: World) -> None:
    empty.ingest({**files(1), MATCH: files(1)[MATCH][:500]})

    ended = empty.do("query", "SELECT * FROM tracking.bronze_matches")

    assert (ended.code, "Traceback" in ended.err) == (3, False), ended.err
    assert "its only file cannot be read" in ended.error


def test_a_mistake_in_sql_over_bronze_is_no_broken_file(torn: World) -> None:
    ended = torn.do("query", "SELECT nothing FROM tracking.bronze_events")
    assert ended.code == 2
    assert "left out" not in ended.err
