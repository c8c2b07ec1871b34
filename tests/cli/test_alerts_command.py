"""Alerts as commands raise them: once an incident, never to a run's harm, without secrets."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from limited import without_override
from sinks import Sink, titles
from world import World, world

from touchline.adapters.sqlite import SqliteLedger

SECRET = "s3cretT0ken"
DUE = '[activity]\ndue = { cron = "0 0 * * *", grace_minutes = 0 }\n'


@pytest.fixture
def told(tmp_path: Path, web: Sink, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose alerts go to the sink."""
    monkeypatch.setenv("CHAT", f"json://127.0.0.1:{web.port}/{SECRET}")
    made = world(tmp_path)
    made.configure('[alerts]\ntargets = { chat = { env = "CHAT" } }\n')
    return made


def configure(of: World, alerts: str = "", more: str = "") -> None:
    of.configure(f'[alerts]\ntargets = {{ chat = {{ env = "CHAT" }} }}\n{alerts}\n{more}')


def day(before: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=before):%Y-%m-%d}"


def arrive(into: World, of: str, users: str = "u") -> None:
    place = into.folder / f"raw/ingestion_date={of}/events.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    event = {"event_type": "login", "event_ts": f"{of}T10:00:00Z", "amount": None}
    lines = [json.dumps({**event, "event_id": f"e{n}", "user_id": users or None}) for n in range(9)]
    place.write_text("\n".join(lines))
    into.well("ingest", "activity", place)


def overdue(of: World) -> None:
    """What waits in the outbox may be tried at once."""
    ledger = SqliteLedger(of.ledger)
    with ledger._file.writing() as db:
        db.execute("UPDATE outbox SET next_at = at WHERE next_at IS NOT NULL")
    ledger.close()


# --- once an incident ---------------------------------------------------------------------------


def test_a_refused_day_is_told_once_over_three_runs_and_once_when_mended(
    told: World, web: Sink
) -> None:
    arrive(told, "2025-01-02", users="")
    assert [told.do("run").code for _ in range(3)] == [3, 3, 3]
    assert told.do("backfill", "activity", "2025-01-01", "2025-01-03").code == 3
    assert told.do("check").code == 3
    assert titles(web) == ["activity ingestion_date=2025-01-02: refused"]
    arrive(told, "2025-01-02")
    told.well("run")
    told.well("run")
    told.well("check")
    assert titles(web)[1:] == ["activity ingestion_date=2025-01-02: it is well again"]


def test_a_replay_of_mended_rows_ends_the_incident(told: World, web: Sink) -> None:
    arrive(told, "2025-01-02", users="")
    place = told.folder / "raw/ingestion_date=2025-01-02/events.json"
    place.write_text(place.read_text() + "\nnot json\n")
    told.well("ingest", "activity", place)
    configure(told, more="[activity]\nmax_null_user = 1.0\nmax_rejected = 0.0\n")
    assert told.do("run").code == 3
    told.well("quarantine", "discard", "--reason", "malformed", "--because", "cut off")
    told.well("quarantine", "replay")
    assert [title.rpartition(": ")[2] for title in titles(web)] == ["refused", "it is well again"]


def test_check_tells_missing_input_once_and_once_when_it_has_come(told: World, web: Sink) -> None:
    configure(told, more=DUE)
    arrive(told, day(3))
    arrive(told, day(1))
    told.well("run")
    for days in ("7", "7", "1"):
        told.do("check", "--days", days)
    where = f"activity ingestion_date={day(2)}"
    assert titles(web) == [f"{where}: input is missing"]
    arrive(told, day(2))
    told.well("run")
    for _ in range(2):
        told.well("check")
    assert titles(web)[1:] == [f"{where}: its input has come"]


def test_damaged_bronze_is_over_when_it_was_read_again_and_not_before(
    told: World, web: Sink
) -> None:
    arrive(told, "2025-01-02")
    told.well("run")
    (stored,) = (f for f in (told.data / "objects/objects").rglob("*") if f.is_file())
    good = stored.read_bytes()
    stored.chmod(0o644)
    stored.write_bytes(b"x")
    assert told.do("check", "--bronze").code == 7
    told.well("check")
    assert titles(web) == ["activity ingestion_date=2025-01-02: bronze is damaged"]
    stored.write_bytes(good)
    told.well("check", "--bronze")
    assert titles(web)[1:] == ["activity ingestion_date=2025-01-02: it is well again"]


def test_each_published_day_is_told_where_that_is_wanted(told: World, web: Sink) -> None:
    configure(told, "completed = true")
    arrive(told, "2025-01-02")
    told.well("run")
    told.well("run")
    assert titles(web) == ["activity: completed for 2025-01-02"]


# --- to no run's harm ---------------------------------------------------------------------------


def test_a_target_that_fails_changes_no_exit_code_and_gets_it_later(told: World, web: Sink) -> None:
    configure(told, "completed = true")
    web.status = 500
    arrive(told, "2025-01-01")
    ended = told.well("run")
    line = (
        "alert not delivered to chat: it answered 500;"
        " it stays in the outbox, `touchline check` tries again"
    )
    assert line in ended.err.splitlines()
    arrive(told, "2025-01-02", users="")
    assert told.do("run").code == 3
    assert told.do("check").code == 3
    web.status = 200
    overdue(told)
    assert told.do("check").code == 3
    assert titles(web) == [
        "activity: completed for 2025-01-01",
        "activity ingestion_date=2025-01-02: refused",
    ]


def test_a_variable_that_is_not_set_fails_no_run_and_is_told(
    told: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHAT")
    configure(told, "completed = true")
    arrive(told, "2025-01-01")
    ended = told.well("run")
    assert "not delivered to chat: environment variable CHAT is not set" in ended.err
    (waiting,) = told.well("alerts", "--json").rows["undelivered"]
    assert waiting["error"] == "environment variable CHAT is not set"


def test_a_run_that_finds_nothing_to_do_says_and_imports_nothing_of_alerts(told: World) -> None:
    configure(told, "completed = true")
    arrive(told, "2025-01-01")
    told.well("run")
    ask = (
        "import sys\nfrom touchline.cli import cli\n"
        "try: cli(['run'], standalone_mode=False)\n"
        "except SystemExit: pass\n"
        "print(sorted(m for m in sys.modules if m == 'apprise' or 'touchline.core.alerts' in m))"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=told.folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["nothing to do: everything is fresh", "[]"]


def test_without_targets_incidents_are_listed_and_nobody_is_told(empty: World) -> None:
    arrive(empty, "2025-01-02", users="")
    assert empty.do("run").code == 3
    listed = empty.well("alerts", "--json").rows
    (incident,) = listed["incidents"]
    assert (incident["pipeline"], incident["where"]) == ("activity", "ingestion_date=2025-01-02")
    assert incident["what"].startswith("refused: ")
    assert listed["undelivered"] == []


def test_check_works_where_it_may_not_write_and_says_that_nothing_is_noted(told: World) -> None:
    arrive(told, "2025-01-01")
    told.well("run")
    configure(told, more=DUE)
    places = [told.data, *told.data.rglob("*")]
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    ended = told.apart("check", "--json", preexec_fn=without_override)
    for place in places:
        place.chmod(0o755)
    assert ended.code == 4, ended.err
    assert len(json.loads(ended.out)) > 1
    (line,) = [line for line in ended.err.splitlines() if "incidents cannot be noted" in line]
    assert "ledger.db" in line


def test_where_all_is_well_check_makes_no_ledger(empty: World) -> None:
    empty.well("check")
    assert not empty.ledger.exists()


# --- alerts -------------------------------------------------------------------------------------


def test_alerts_says_that_there_is_nothing(told: World) -> None:
    ended = told.well("alerts")
    assert ended.out.splitlines() == ["no open incidents", "no undelivered alerts"]


def test_alerts_lists_open_incidents_and_what_was_not_delivered(told: World, web: Sink) -> None:
    web.status = 503
    arrive(told, "2025-01-02", users="")
    assert told.do("run").code == 3
    said = told.well("alerts").out
    assert "open incidents" in said
    assert "refused: activity.curated_events" in said
    assert "undelivered" in said
    assert "it answered 503" in said
    found = told.well("alerts", "--json").rows
    assert [d["attempts"] for d in found["undelivered"]] == [1]
    assert datetime.fromisoformat(found["undelivered"][0]["next"]).tzinfo is not None
    assert SECRET not in said + json.dumps(found)


def test_alerts_says_what_is_to_be_done_about_each_incident(told: World) -> None:
    arrive(told, "2025-01-02", users="")
    assert told.do("run").code == 3
    (incident,) = told.well("alerts", "--json").rows["incidents"]
    assert "`touchline show RUN` says why" in incident["to_do"]


def test_an_alert_that_something_is_over_says_what_it_waits_for(told: World, web: Sink) -> None:
    web.status = 503
    arrive(told, "2025-01-02", users="")
    assert told.do("run").code == 3
    arrive(told, "2025-01-02")
    told.well("run")
    began, over = told.well("alerts", "--json").rows["undelivered"]
    assert (began["kind"], began["waits_for"]) == ("opened", None)
    assert began["next"] is not None
    assert (over["kind"], over["next"]) == ("recovered", None)
    assert over["waits_for"] == began["alert"]


def test_what_was_published_before_there_was_a_target_is_not_told_to_it(
    told: World, web: Sink
) -> None:
    told.configure("")
    arrive(told, "2025-01-02")
    told.well("run")
    configure(told, "completed = true")
    told.well("check")
    arrive(told, "2025-01-03")
    told.well("run")
    assert titles(web) == ["activity: completed for 2025-01-03"]


def test_alerts_test_says_how_each_target_answered(
    told: World, web: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told.well("alerts", "--test").out.split() == ["target", "answer", "chat", "taken"]
    assert titles(web) == ["a test"]
    told.configure('[alerts]\ntargets = { chat = { env = "CHAT" }, mail = { env = "MAIL" } }\n')
    ended = told.do("alerts", "--test", "--json")
    assert ended.code == 2
    assert ended.rows == [
        {"target": "chat", "answer": "taken"},
        {"target": "mail", "answer": "environment variable MAIL is not set"},
    ]
    assert told.well("alerts", "--json").rows["undelivered"] == []


def test_check_tells_of_a_target_whose_variable_is_not_set(told: World) -> None:
    told.configure('[alerts]\ntargets = { chat = { env = "CHAT" }, mail = { env = "MAIL" } }\n')
    ended = told.do("check", "--json")
    assert ended.code == 2
    assert ended.rows == [
        {
            "pipeline": "alerts",
            "where": "mail",
            "what": "$.alerts.targets.mail: environment variable MAIL is not set",
        }
    ]
    assert told.do("check", "activity", "--json").rows == []


def test_alerts_test_without_a_target_says_how_to_name_one(empty: World) -> None:
    ended = empty.do("alerts", "--test")
    assert ended.code == 2
    assert "$.alerts.targets is empty" in ended.error
    assert "env =" in ended.hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'targets = {{ chat = "json://u:{SECRET}@host" }}', "$.alerts.targets.chat"),
        ('targets = { "a b" = { env = "X" } }', "1 to 64 letters, digits"),
        (f'targets = {{ chat = {{ url = "{SECRET}" }} }}', "$.alerts.targets"),
        ('completed = "yes"', "$.alerts.completed"),
    ],
)
def test_a_wrong_target_is_refused_without_showing_what_may_be_a_secret(
    empty: World, text: str, said: str
) -> None:
    empty.configure(f"[alerts]\n{text}\n")
    ended = empty.do("alerts")
    assert ended.code == 2
    assert said in ended.error
    assert SECRET not in ended.err
