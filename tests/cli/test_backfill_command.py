"""backfill: a range of dates or ids, stopping, resuming, and going on."""

import pytest
from days import lines, put
from world import EVENTS, MATCH, TABLES, World, files, world

DAYS = {11: "2024-11-02", 12: "2024-11-03", 13: "2024-11-05"}


@pytest.fixture
def landed(empty: World) -> World:
    """Three matches on three days, landed and not run."""
    for match_id, day in DAYS.items():
        empty.ingest(files(match_id, day=day), match_id)
    return empty


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """What the three matches hold after a plain run."""
    made = world(tmp_path_factory.mktemp("undisturbed"))
    for match_id, day in DAYS.items():
        made.ingest(files(match_id, day=day), match_id)
    made.well("run")
    return made.contents()


def ends(world: World, *words: str) -> tuple[int, dict[str, str]]:
    ended = world.do("backfill", "tracking", *words, "--json")
    return ended.code, {
        row["partition"].removeprefix("match_id="): row["status"] for row in ended.rows
    }


def test_a_range_of_dates_takes_both_ends_and_nothing_else(landed: World) -> None:
    assert ends(landed, "2024-11-02", "2024-11-03") == (0, {"11": "published", "12": "published"})
    assert landed.heads(13) == {}
    assert ends(landed, "2024-11-04", "2024-11-30") == (0, {"13": "published"})


def test_a_range_of_ids_takes_both_ends_and_nothing_else(landed: World) -> None:
    assert ends(landed, "12", "13") == (0, {"12": "published", "13": "published"})
    assert landed.heads(11) == {}


def test_a_range_without_days_is_told_in_the_words_of_its_pipeline(empty: World) -> None:
    put(empty, "2025-01-01", lines("2025-01-01"))
    empty.well("ingest", "activity", empty.folder / "landing")
    ended = empty.do("backfill", "activity", "2020-01-01", "2020-01-02")
    assert ended.code == 2
    assert ended.error == (
        "activity: no ingestion_date from 2020-01-01 to 2020-01-02;"
        " there are days 2025-01-01 to 2025-01-01"
    )


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2020-01-01", "2020-12-31", "no match_id with a day from 2020-01-01 to 2020-12-31"),
        ("2020-01-01", "2020-12-31", "there are days 2024-11-02 to 2024-11-05"),
        ("1", "10", "no match_id from 1 to 10; there are ids 11 to 13"),
    ],
)
def test_a_range_without_partitions_tells_what_there_is(
    landed: World, first: str, last: str, said: str
) -> None:
    ended = landed.do("backfill", "tracking", first, last)

    assert ended.code == 2
    assert said in ended.error
    assert landed.heads(11) == {}


def test_a_range_before_anything_has_arrived_is_to_be_run_later(empty: World) -> None:
    ended = empty.do("backfill", "tracking", "1", "10")

    assert ended.code == 4
    assert "nothing has arrived" in ended.error
    assert "touchline ingest" in ended.hint


def test_a_range_is_to_be_run_later_while_no_day_can_be_told(empty: World) -> None:
    given = files(11)
    del given[MATCH]
    empty.ingest(given, 11)

    ended = empty.do("backfill", "tracking", "2024-11-01", "2024-11-30")

    assert ended.code == 4
    assert "the day of none that has arrived can be told" in ended.error


def test_it_stops_at_the_first_failure_and_resumes_where_it_stopped(landed: World) -> None:
    landed.ingest({**files(12, day=DAYS[12]), EVENTS: b""}, 12)

    stopped = landed.do("backfill", "tracking", "11", "13", "--json")
    mended = landed.ingest(files(12, day=DAYS[12]), 12)
    code, resumed = ends(landed, "11", "13")

    assert stopped.code == 3
    assert [row["status"] for row in stopped.rows] == ["published", "refused"]
    assert "stopped after 2 of 3" in stopped.err
    assert "resume" in stopped.err
    assert mended.rows[0]["re-issued"] == 1
    assert (code, resumed) == (0, {"12": "published", "13": "published"})


def test_a_stopped_backfill_publishes_nothing_behind_the_failure(landed: World) -> None:
    landed.ingest({**files(12, day=DAYS[12]), EVENTS: b""}, 12)

    landed.do("backfill", "tracking", "11", "13")

    assert set(landed.heads(11)) == {f"tracking.{t}" for t in TABLES}
    assert landed.heads(12) == landed.heads(13) == {}


def test_what_a_stopped_backfill_did_not_come_to_keeps_its_state(landed: World) -> None:
    assert ends(landed, "13", "13")[0] == 0
    waiting = files(14, day="2024-11-06")
    del waiting[EVENTS]
    landed.ingest(waiting, 14)
    landed.do("run", "-p", "match_id=14")
    landed.ingest({**files(12, day=DAYS[12]), EVENTS: b""}, 12)
    before = states(landed)

    assert landed.do("backfill", "tracking", "11", "13", "--redo").code == 3

    after = states(landed)
    assert after["13"] == before["13"] == ("fresh", None)
    assert after["14"] == before["14"]
    assert after["12"][0] == "refused"
    last = {r["partition"]: r["status"] for r in reversed(landed.well("runs", "--json").rows)}
    assert last["match_id=13"] == "stopped"


def states(world: World) -> dict[str, tuple[str, str | None]]:
    """Match id -> its state and the last message about it."""
    rows = world.well("status", "--json").rows
    return {r["partition"].removeprefix("match_id="): (r["state"], r["message"]) for r in rows}


def test_with_keep_going_it_exits_with_the_worst(landed: World) -> None:
    waiting = files(11, day=DAYS[11])
    landed.ingest({**files(12, day=DAYS[12]), EVENTS: b""}, 12)
    del waiting[EVENTS]
    landed.ingest(waiting, 14)

    code, states = ends(landed, "11", "14", "--keep-going")

    assert states == {"11": "published", "12": "refused", "13": "published", "14": "waiting"}
    assert code == 3


def test_what_is_fresh_is_passed_over_unless_it_is_to_be_redone(landed: World) -> None:
    ends(landed, "11", "12")
    heads = landed.heads(11)

    again = landed.do("backfill", "tracking", "11", "12", "--json")
    between = landed.heads(11)
    redone = ends(landed, "11", "12", "--redo")

    assert (again.code, again.rows) == (0, [])
    assert "2 partitions from 11 to 12, 2 fresh already" in again.err
    assert between == heads
    assert redone == (0, {"11": "published", "12": "published"})
    assert not set(landed.heads(11).values()) & set(heads.values())


def test_two_workers_make_what_one_makes(
    landed: World, undisturbed: dict[str, tuple[int, str]]
) -> None:
    code, states = ends(landed, "2024-11-01", "2024-11-30", "--workers", "2")

    assert (code, set(states.values()), len(states)) == (0, {"published"}, 3)
    assert landed.contents() == undisturbed


def test_with_two_workers_a_failure_is_told_and_the_rest_can_be_resumed(
    landed: World, undisturbed: dict[str, tuple[int, str]]
) -> None:
    landed.ingest({**files(12, day=DAYS[12]), EVENTS: b""}, 12)

    code, states = ends(landed, "11", "13", "--workers", "2")
    landed.ingest(files(12, day=DAYS[12]), 12)
    resumed, _ = ends(landed, "11", "13", "--workers", "2")

    assert (code, states["12"]) == (3, "refused")
    assert resumed == 0
    assert landed.contents() == undisturbed


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2024-11-31", "2024-12-01", "2024-11-31 is no day"),
        ("yesterday", "today", "yesterday to today: expected two dates or two ids"),
        ("2024-11-02", "13", "2024-11-02 to 13: expected two dates or two ids, seen a date and an"),
        ("2024-12-01", "2024-11-01", "the first is after the last"),
        ("13", "11", "the first is after the last"),
    ],
)
def test_a_range_that_is_none_is_refused(
    published: World, first: str, last: str, said: str
) -> None:
    ended = published.do("backfill", "tracking", first, last)

    assert ended.code == 2
    assert said in ended.error


def test_days_that_are_yet_to_come_are_input_that_is_not_there(empty: World) -> None:
    place = empty.folder / "raw/ingestion_date=2025-01-02/events.json"
    place.parent.mkdir(parents=True)
    place.write_text('{"event_id": "e", "event_type": "login", "event_ts": "2025-01-02T10:00:00Z"}')
    empty.well("ingest", "activity", place)
    assert empty.do("backfill", "activity", "2025-01-03", "2025-01-03").code == 4
    assert empty.do("backfill", "activity", "2024-01-03", "2024-01-03").code == 2
