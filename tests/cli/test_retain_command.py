"""retain: what is past its days goes, is told, and comes back only when somebody asks for it."""

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from stored import iceberg_files
from test_shown_tables import on_terminal
from world import World, files, world

TABLE = "activity.curated_events"
OLD = "2020-01-01"
YOUNG = f"{datetime.now(UTC):%Y-%m-%d}"
PART = f"ingestion_date={OLD}"
KEEP = f'[retention]\ntables = {{ "{TABLE}" = 700 }}\n'
KEEP_BRONZE = "[retention]\nbronze = { activity = 700 }\n"


def event(number: int) -> str:
    told = {
        "event_id": f"e{number}",
        "user_id": f"u{number % 7}",
        "event_type": "login",
        "event_ts": f"2020-01-01T00:00:{number % 60:02}Z",
        "amount": None,
    }
    return json.dumps(told) + "\n"


def put(into: World, day: str, first: int = 1, name: str = "events.json") -> Path:
    place = into.folder / f"raw/source_system=app/ingestion_date={day}" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("".join(event(n) for n in range(first, first + 5)))
    return place


def hours_pass(of: World) -> None:
    """What lies in bronze was written two hours ago."""
    then = time.time() - 7200
    for file in (of.data / "objects").rglob("*"):
        os.utime(file, (then, then))


def days(of: World) -> dict[str, int]:
    sql = f"SELECT ingestion_date, count(*) FROM {TABLE} GROUP BY 1 ORDER BY 1"
    return {str(day): rows for day, rows in map(dict.values, of.query(sql).to_pylist())}


def bronze(of: World) -> list[Path]:
    return [f for f in (of.data / "objects/objects").rglob("*") if f.is_file()]


@pytest.fixture
def made(empty: World) -> World:
    """A day of long ago and today, run; the table's days are 700."""
    for at, day in enumerate((OLD, YOUNG)):
        empty.well("ingest", "activity", put(empty, day, first=10 * at))
    empty.well("run")
    empty.configure(KEEP)
    return empty


def test_nothing_goes_where_nothing_is_configured(made: World) -> None:
    made.configure("")
    ended = made.well("retain")
    assert "nothing is configured: retention.tables and retention.bronze" in ended.out
    assert days(made) == {OLD: 5, YOUNG: 5}


def test_a_row_of_the_list_takes_one_line_of_80_characters(made: World) -> None:
    for number in range(3):
        made.well("ingest", "activity", put(made, f"2020-02-0{number + 1}", first=20 + 10 * number))
    made.well("run")
    header, *lines = [x for x in on_terminal(made, 80, "retain", "--dry-run") if "not shown" not in x]  # fmt: skip
    assert header.split()[:2] == ["what", "partition"]
    listed = [line.split()[:2] for line in lines[:-1]]
    rows = made.well("retain", "--dry-run", "--json").rows
    assert listed == [[row["what"], row["partition"]] for row in rows]
    assert len(rows) > 3


def test_a_dry_run_lists_what_would_go_and_changes_nothing(made: World) -> None:
    before = made.everything()
    ended = made.well("retain", "--dry-run", "--json")
    (row,) = ended.rows
    size = row.pop("MB")
    assert row == {
        "pipeline": "activity",
        "what": TABLE,
        "partition": PART,
        "day": OLD,
        "rows": 5,
        "files": None,
    }
    assert size > 0
    assert f"1 partition would go, {size:.1f} MB" in ended.err
    assert made.everything() == before


def test_what_is_past_its_days_goes_for_every_reader(made: World) -> None:
    assert len(made.well("retain", "--json").rows) == 1
    assert days(made) == {YOUNG: 5}
    assert [f"ingestion_date={YOUNG}" in str(f) for f in iceberg_files(made, "curated_events")] == [
        True
    ]
    assert "nothing is past its days" in made.well("retain").out
    assert len(bronze(made)) == 2


def test_commands_tell_of_what_was_retired(made: World) -> None:
    made.well("retain")
    states = {r["partition"]: r["state"] for r in made.well("status", "--json").rows}
    assert states == {PART: "retired", f"ingestion_date={YOUNG}": "fresh"}
    assert made.well("plan", "--json").rows == []
    assert made.well("check").out.strip() == "all is well"
    run = made.well("runs", "--limit", "1", "--json").rows[0]
    assert (run["status"], run["partition"]) == ("retired", PART)
    assert "past its days" in made.well("show", run["run"]).out
    assert made.well("quarantine", "list", "--json").rows == []
    assert "removed" in made.well("diff", TABLE, PART).out
    asked = made.well("run", "--partition", PART)
    assert f"activity {PART} is retired" in asked.err
    came = made.well("ingest", "activity", put(made, OLD, first=30))
    assert f"activity {PART} is retired" in came.err
    assert made.well("run", "--json").rows == []


def test_what_went_is_made_again_by_force(made: World) -> None:
    made.well("retain")
    made.well("run", "--force", "--partition", PART)
    assert days(made) == {OLD: 5, YOUNG: 5}


def test_a_rollback_brings_back_what_went(made: World) -> None:
    made.well("retain")
    ended = made.do("rollback", TABLE, PART, "--to", "no-such-run")
    assert ended.code == 2
    made.well("rollback", TABLE, PART)
    assert days(made) == {OLD: 5, YOUNG: 5}
    states = {r["partition"]: r["state"] for r in made.well("status", "--json").rows}
    assert set(states.values()) == {"fresh"}


def test_what_arrived_goes_and_its_tables_stay(made: World) -> None:
    made.configure(KEEP_BRONZE)
    hours_pass(made)
    (row,) = made.well("retain", "--json").rows
    assert (row["what"], row["partition"], row["files"]) == ("bronze", PART, 1)
    assert len(bronze(made)) == 1
    assert days(made) == {OLD: 5, YOUNG: 5}
    manifests = [f for f in (made.data / "objects/manifests").rglob("*") if f.is_file()]
    assert [PART in str(f) for f in manifests] == [False]
    assert list((made.data / f"objects/metrics/{PART}").iterdir())
    assert made.well("status", "activity", "--json").rows[0]["state"] == "fresh"
    ended = made.do("run", "--force", "--partition", PART)
    assert (ended.code, "past their days" in ended.error) == (4, True)
    assert made.well("check", "--days", "366", "--bronze").out.strip() == "all is well"
    assert "1 partition" in made.well("backfill", "activity", OLD, YOUNG).err


def test_what_comes_again_after_it_was_retired_is_told_and_goes_again(made: World) -> None:
    made.configure(KEEP_BRONZE)
    made.well("retain")
    came = made.well("ingest", "activity", put(made, OLD))
    assert f"activity {PART} is retired" in came.err
    assert made.well("run", "--json").rows == []
    assert [r["partition"] for r in made.well("retain", "--json").rows] == [PART]


def test_what_another_process_holds_is_told_and_goes_the_next_time(made: World) -> None:
    from touchline import config
    from touchline.wiring import Touchline

    here = Touchline(config.load(made.folder / "touchline.toml"))
    with here.ledger.claim("activity", [PART]):
        ended = made.do("retain", "--json")
    assert (ended.code, ended.rows) == (6, [])
    assert f"activity {PART}: held by" in ended.error
    assert len(made.well("retain", "--json").rows) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('tables = { "activity.events" = 1 }', "$.retention.tables: no table 'activity.events'"),
        ("tables = { curated_events = 1 }", "$.retention.tables: no table 'curated_events'"),
        (f'tables = {{ "{TABLE}" = 0 }}', f"$.retention.tables.{TABLE}: Expected `int` >= 1"),
        ("bronze = { sensors = 1 }", "$.retention.bronze.sensors: Invalid enum value 'sensors'"),
        ("bronze = { activity = 0 }", "$.retention.bronze.activity: Expected `int` >= 1"),
    ],
)
def test_days_of_what_there_is_not_are_refused_with_their_place(
    empty: World, text: str, said: str
) -> None:
    empty.configure(f"[retention]\n{text}\n")
    ended = empty.do("retain", "--dry-run")
    assert ended.code == 2
    assert said in ended.error


# --- matches ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def match(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Match 1 of 2020, published; its files are past their days, its gold tables are kept."""
    made = world(tmp_path_factory.mktemp("match"))
    made.publish(files(1, day=OLD))
    made.configure(
        "[retention]\ntables = { 'tracking.frames' = 700 }\nbronze = { tracking = 700 }\n"
    )
    made.well("retain")
    return made


def test_a_match_is_as_old_as_its_kick_off(match: World) -> None:
    assert match.one("SELECT count(*) FROM tracking.frames") == 0
    assert match.one("SELECT count(*) FROM tracking.player_metrics") > 0
    assert match.well("status", "--json").rows[0]["state"] == "fresh"


def test_a_page_needs_no_bronze_and_not_what_it_does_not_show(match: World) -> None:
    match.well("report", "match", "1")
    assert (match.folder / "match-1.html").exists()


def test_a_page_whose_tables_are_retired_is_refused(match: World) -> None:
    match.configure("[retention]\ntables = { 'tracking.sprints' = 700 }\n")
    assert match.well("retain", "--json").rows == []  # as old as its publish, now
    made = match.data.parent / "again"
    again = world(made)
    again.publish(files(1, day=OLD))
    again.configure("[retention]\ntables = { 'tracking.sprints' = 700 }\n")
    again.well("retain")
    ended = again.do("report", "match", "1")
    assert ended.code == 4
    assert "past the days that retention keeps: tracking.sprints" in ended.error
