"""check: input that was due, partitions that are not published, bytes in bronze; exit codes for cron."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from limited import without_override
from world import EVENTS, World, files, world

from touchline.adapters.sqlite import SqliteLedger
from touchline.core.ports import Incident

NOON = datetime(2025, 4, 5, 12, tzinfo=UTC)
DAILY = '[activity]\ndue = { cron = "0 0 * * *", zone = "UTC", grace_minutes = 0 }\n'


@pytest.fixture
def empty(tmp_path: Path) -> World:
    return world(tmp_path)


def day(before: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=before):%Y-%m-%d}"


def arrive(into: World, of: str, users: str = "u") -> None:
    place = into.folder / f"raw/ingestion_date={of}/events.json"
    place.parent.mkdir(parents=True)
    event = {"event_type": "login", "event_ts": f"{of}T10:00:00Z", "amount": None}
    lines = [json.dumps({**event, "event_id": f"e{n}", "user_id": users or None}) for n in range(9)]
    place.write_text("\n".join(lines))
    into.well("ingest", "activity", place)


def test_where_everything_came_and_is_published_all_is_well(empty: World) -> None:
    empty.configure(DAILY)
    for before in (3, 2, 1):
        arrive(empty, day(before))
    empty.well("run")
    assert "all is well" in empty.well("check").out
    assert "all is well" in empty.well("check", "--bronze").out


def test_input_that_was_due_and_has_not_come_exits_4(empty: World) -> None:
    empty.configure(DAILY)
    arrive(empty, day(3))
    arrive(empty, day(1))
    empty.well("run")
    ended = empty.do("check", "--json")
    assert ended.code == 4
    (lacking,) = ended.rows
    assert (lacking["pipeline"], lacking["where"]) == ("activity", f"ingestion_date={day(2)}")
    assert f"due {day(1)} 00:00Z, missing since {day(1)} 00:00Z" in lacking["what"]


def test_without_a_due_time_no_input_is_missing(empty: World) -> None:
    arrive(empty, day(6))
    empty.well("run")
    assert empty.do("check").code == 0


def test_a_refused_partition_exits_3_although_input_is_missing_too(empty: World) -> None:
    empty.configure(DAILY)
    arrive(empty, day(2), users="")
    assert empty.do("run").code == 3
    ended = empty.do("check", "--json")
    assert ended.code == 3
    said = {r["where"]: r["what"] for r in ended.rows}
    assert said[f"ingestion_date={day(2)}"].startswith("refused: ")
    assert f"ingestion_date={day(1)}" in said


def test_a_match_that_waits_for_a_file_exits_4(empty: World) -> None:
    some = files(1)
    del some[EVENTS]
    empty.ingest(some)
    ended = empty.do("check", "tracking", "--json")
    assert ended.code == 4
    assert ended.rows[0]["what"] == f"waits for {EVENTS}"


def test_what_is_stale_and_only_needs_a_run_is_no_fault(empty: World) -> None:
    arrive(empty, day(1))
    assert empty.do("check").code == 0


@pytest.mark.parametrize(("edit", "said"), [("alter", "is not what came"), ("delete", "is gone")])
def test_damaged_bronze_is_found_and_exits_7(empty: World, edit: str, said: str) -> None:
    arrive(empty, day(1))
    empty.well("run")
    (stored,) = (f for f in (empty.data / "objects/objects").rglob("*") if f.is_file())
    stored.chmod(0o644)
    if edit == "alter":
        stored.write_bytes(stored.read_bytes().replace(b"login", b"logIn"))
    else:
        stored.unlink()
    assert empty.do("check").code == 0
    ended = empty.do("check", "--bronze", "--json")
    assert ended.code == 7
    assert said in ended.rows[0]["what"]
    assert "raw/ingestion_date" in ended.rows[0]["what"]


def test_the_progress_of_bronze_names_each_file_and_its_partition(empty: World) -> None:
    arrive(empty, day(1))
    told = [json.loads(x) for x in empty.well("check", "--bronze").err.splitlines() if x[0] == "{"]
    assert [(x["name"], x["status"]) for x in told] == [
        (f"ingestion_date={day(1)}/events/app/events.json", "well")
    ]


def test_bronze_that_may_not_be_read_is_told(empty: World) -> None:
    arrive(empty, day(1))
    empty.well("run")
    (stored,) = (f for f in (empty.data / "objects/objects").rglob("*") if f.is_file())
    stored.chmod(0)
    ended = empty.apart("check", "--bronze", "--json", preexec_fn=without_override)
    assert ended.code == 7, ended.err
    assert "cannot be read: Permission denied" in ended.rows[0]["what"]


def test_a_run_that_failed_over_its_store_exits_7_as_the_run_did(empty: World) -> None:
    arrive(empty, day(1))
    (stored,) = (f for f in (empty.data / "objects/objects").rglob("*") if f.is_file())
    stored.write_bytes(b"x")
    assert empty.do("run").code == 7
    ended = empty.do("check", "--json")
    assert (ended.code, ended.rows[0]["what"][:7]) == (7, "failed:")


@pytest.mark.parametrize(
    ("due", "said"),
    [
        ('{ cron = "0 25 * * *" }', "$.activity.due: '0 25 * * *' is no cron expression: Bad hour"),
        ('{ cron = "0 0 0 * * *" }', "has 6 fields, expected five"),
        ('{ zone = "Mars/Base" }', "no time zone 'Mars/Base'"),
        ('{ zone = "../x" }', "no time zone '../x'"),
        ("{ grace_minutes = -1 }", "$.activity.due.grace_minutes"),
        ('{ day = "next" }', "$.activity.due.day"),
    ],
)
def test_a_due_time_that_no_clock_knows_is_refused_by_every_command(
    empty: World, due: str, said: str
) -> None:
    empty.configure(f"[activity]\ndue = {due}\n")
    for command in ("check", "status"):
        ended = empty.do(command)
        assert ended.code == 2
        assert said in ended.error


def test_a_match_longer_than_those_before_it_is_told_if_that_is_wanted(empty: World) -> None:
    empty.configure('[tracking.baseline]\nseverity = "warn"\n')
    for number in range(1, 6):
        empty.ingest(files(number, minutes=4.0 if number == 5 else 2.0), number)
    empty.well("run", "--workers", "1")
    (found,) = empty.well("check", "--json").rows
    assert (found["pipeline"], found["where"]) == ("tracking", "match_id=5")
    assert "warned: " in found["what"]
    assert "tracking.frames: baseline rows: " in found["what"]
    assert "median of 4 comparable partitions" in found["what"]


# --- what only `up` can see ---------------------------------------------------------------------


def met(into: World, key: str, where: str, code: int) -> None:
    """An incident that `up` has noted."""
    pipeline = key.split(maxsplit=1)[0]
    into.well("status")
    with closing(SqliteLedger(into.ledger)) as ledger:
        ledger.notes.note([Incident(key, pipeline, where, "it went wrong", code, NOON)])


def test_files_and_commands_that_up_has_met_are_told_with_their_codes(empty: World) -> None:
    met(empty, "tracking /in/1_match.json file", "/in/1_match.json", 3)
    met(empty, "up nightly command", "nightly", 2)
    for words, code, where in (
        ((), 3, ["nightly", "/in/1_match.json"]),
        (("tracking",), 3, ["/in/1_match.json"]),
        (("activity",), 0, []),
        (("up",), 2, ["nightly"]),
    ):
        ended = empty.do("check", *words, "--json")
        assert (ended.code, [row["where"] for row in ended.rows]) == (code, where)


def test_a_command_that_was_killed_counts_as_a_service_that_failed(empty: World) -> None:
    met(empty, "up nightly command", "nightly", -9)
    assert empty.do("check").code == 5


def test_a_scheduled_check_is_not_told_of_its_own_failure(empty: World) -> None:
    empty.configure("schedules.hourly = { cron = '0 * * * *', command = 'check' }\n")
    met(empty, "up hourly command", "hourly", 3)
    assert "all is well" in empty.well("check").out


# --- schedules ----------------------------------------------------------------------------------


def test_schedules_that_no_command_would_take_are_told_all_at_once(empty: World) -> None:
    empty.configure(
        "[schedules]\n"
        "good = { cron = '0 6 * * *', command = 'fetch skillcorner --from {day} --to {day}' }\n"
        "none = { cron = '0 6 * * *', command = 'rum' }\n"
        "option = { cron = '0 6 * * *', command = 'run --wrokers 2' }\n"
        "value = { cron = '0 6 * * *', command = 'run --workers many' }\n"
        "lacks = { cron = '0 6 * * *', command = 'backfill activity {day}' }\n"
        "word = { cron = '0 6 * * *', command = 'run -p ingestion_date={date}' }\n"
        "within = { cron = '0 6 * * *', command = 'quarantine replya' }\n"
        "inner = { cron = '0 6 * * *', command = 'quarantine replay --jsn' }\n"
        "group = { cron = '0 6 * * *', command = 'quarantine' }\n"
        "help = { cron = '0 6 * * *', command = 'run --help' }\n"
        "row = { cron = '0 6 * * *', command = 'quarantine fix a:1 --row {} --because b' }\n"
    )
    said = {
        "none": "'rum' is no command; there is: demo, ",
        "option": "No such option '--wrokers'",
        "value": "Invalid value for '--workers': 'many' is no",
        "lacks": "Missing argument 'LAST'",
        "word": "{date} stands for nothing; only {day} is replaced",
        "within": "'replya' is no command; there is: ",
        "inner": "No such option '--jsn'",
        "group": "quarantine needs a command; there is: ",
        "help": "'run --help' only shows help",
    }
    ended = empty.apart("up")
    assert (ended.code, ended.out) == (2, "")
    lines = ended.err.removeprefix("error: ").splitlines()
    told = dict(line.removeprefix("$.schedules.").split(".command: ") for line in lines[:-1])
    assert list(told) == list(said)
    for name, words in said.items():
        assert told[name].startswith(words), told[name]
    assert lines[-1].startswith("hint: ")
    checked = empty.do("check", "--json")
    assert checked.code == 2
    assert {r["where"]: r["what"].split(".command: ")[1] for r in checked.rows} == told


def test_a_wrong_schedule_keeps_check_from_no_other_look(empty: World) -> None:
    empty.configure(f"{DAILY}[schedules]\nnone = {{ cron = '0 6 * * *', command = 'rum' }}\n")
    arrive(empty, day(9))
    empty.well("run")
    ended = empty.do("check", "--json")
    assert {r["where"].partition("=")[0] for r in ended.rows} == {"ingestion_date", "none"}
    assert empty.do("check", "activity").code == 4
    assert empty.well("alerts", "--json").rows


def test_a_schedule_may_name_a_file_that_is_yet_to_come(empty: World) -> None:
    empty.configure(
        "[schedules]\nfeed = { cron = '0 6 * * *', command = 'replay feeds/{day}.ndjson' }\n"
    )
    empty.well("check")


def test_matches_are_checked_as_every_pipeline_is(empty: World) -> None:
    said = {"match_id": "m1", "event_id": "e1", "event_type": "goal"}
    feed = empty.folder / "feed.ndjson"
    feed.write_text(json.dumps(said | {"timestamp": "2025-04-05T12:00:00Z"}))
    empty.well("ingest", "matches", feed)
    empty.well("run")
    empty.well("check", "matches", "--bronze")
    for path in (empty.data / "objects/objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"x" + path.read_bytes()[1:])
    assert empty.do("check", "matches", "--bronze").code == 7


def test_the_schedules_that_are_there_without_configuration_are_right(empty: World) -> None:
    empty.well("check")
