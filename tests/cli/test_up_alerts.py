"""What `touchline up` tells people: once when something is wrong, once when it is well again."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from days import lines, put
from going import Going, behind, going
from sinks import Sink, titles
from world import World, world

DAY = "ingestion_date=2025-01-01"
TARGETS = "alerts.targets = { chat = { env = 'CHAT' } }\nschedules = {}\n"


@pytest.fixture
def told(tmp_path: Path, web: Sink, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose alerts go to the sink."""
    monkeypatch.setenv("CHAT", f"json://127.0.0.1:{web.port}/s3cret")
    made = world(tmp_path)
    made.configure(TARGETS)
    return made


def until(up: Going, web: Sink, *wanted: str) -> None:
    """These were told, in this order, and nothing else."""
    up.until("alert delivered", count=len(wanted))
    assert titles(web) == list(wanted)


def test_a_refused_day_is_told_once_and_once_when_it_is_well(told: World, web: Sink) -> None:
    with going(told) as up:
        put(told, "2025-01-01", lines("2025-01-01", null_user_rate=0.5))
        until(up, web, f"activity {DAY}: refused")
        up.kill()
    with going(told) as up:
        put(told, "2025-01-01", lines("2025-01-01", seed=2, null_user_rate=0.6))
        up.until("run", partition=DAY, status="refused")
        assert titles(web) == [f"activity {DAY}: refused"]
        put(told, "2025-01-01", lines("2025-01-01"))
        up.until("alert delivered")
    assert titles(web) == [f"activity {DAY}: refused", f"activity {DAY}: it is well again"]


def test_a_file_that_cannot_be_landed_is_told_until_it_is_gone(told: World, web: Sink) -> None:
    bad = told.folder / "landing/activity/events_2025-13-01.json"
    with going(told) as up:
        bad.write_text("{}\n")
        until(up, web, f"activity {bad}: cannot be landed")
        up.stop()
    bad.unlink()
    with going(told) as up:
        up.until("alert delivered")
    assert titles(web)[1:] == [f"activity {bad}: the file is gone"]


def test_a_file_that_is_taken_away_meanwhile_is_over_at_the_next_look(
    told: World, web: Sink
) -> None:
    bad = told.folder / "landing/activity/events_2025-13-01.json"
    with going(told) as up:
        bad.write_text("{}\n")
        until(up, web, f"activity {bad}: cannot be landed")
        bad.unlink()
        put(told, "2025-01-01", lines("2025-01-01"))
        up.until("alert delivered", count=2)
    assert titles(web)[1:] == [f"activity {bad}: the file is gone"]


def test_input_that_was_due_is_told_once_and_once_when_it_has_come(told: World, web: Sink) -> None:
    today = datetime.now(UTC).date()
    day = f"{today - timedelta(days=1)}"
    due = "activity.due = { cron = '0 0 * * *', grace_minutes = 0 }\n"
    told.configure(TARGETS + due)
    with going(told) as up:
        until(up, web, f"activity ingestion_date={day}: input is missing")
        up.kill()
    with going(told) as up:
        put(told, day, lines(day))
        up.until("alert delivered")
    assert titles(web)[1:] == [f"activity ingestion_date={day}: its input has come"]


def test_a_command_that_fails_is_told_and_when_it_goes_well_again(told: World, web: Sink) -> None:
    command = "run activity --partition ingestion_date=2025-01-01"
    scheduled = f"schedules.often = {{ cron = '* * * * *', command = '{command}' }}\n"
    told.configure(TARGETS.replace("schedules = {}\n", scheduled))
    behind(told, "often", hours=1)
    with going(told) as up:
        until(up, web, "up often: a command failed")
        up.stop()
    put(told, "2025-01-01", lines("2025-01-01"))
    told.well("ingest", "activity", told.folder / "landing")
    told.well("run")
    behind(told, "often", hours=1)
    with going(told) as up:
        up.until("command ended", code=0)
        up.until("alert delivered")
    assert titles(web)[1:] == ["up often: it went well again"]


def test_a_target_that_is_dead_keeps_nothing_waiting(told: World, web: Sink) -> None:
    told.configure(
        "alerts.targets = { chat = { env = 'CHAT' }, dead = { env = 'NOWHERE' } }\nschedules = {}\n"
    )
    with going(told) as up:
        first = up.until("no alerts", target="dead")
        assert "$.alerts.targets.dead: environment variable NOWHERE is not set" in first["message"]
        put(told, "2025-01-01", lines("2025-01-01", null_user_rate=0.5))
        failed = up.until("alert not delivered", target="dead")
        assert "NOWHERE is not set" in failed["message"]
        up.until("alert delivered", target="chat")
        put(told, "2025-01-02", lines("2025-01-02"))
        up.until("run", partition="ingestion_date=2025-01-02", status="published")
        assert "s3cret" not in up.text
        assert [e["target"] for e in up.events if e["event"] == "no alerts"] == ["dead"]


def test_the_page_is_there_meanwhile(told: World) -> None:
    with going(told) as up:
        put(told, "2025-01-01", lines("2025-01-01", null_user_rate=0.5))
        up.until("run", partition=DAY, status="refused")
        address = up.until("up")["page"]
        with urlopen(address) as answer:
            page = answer.read().decode()
        assert "1 open incident" in page
        assert "2025-01-01" in page
        with urlopen(address.replace("/health", "/metrics")) as answer:
            figures = answer.read().decode()
        assert 'touchline_incidents_open{pipeline="activity"} 1.0' in figures


def test_files_of_a_match_that_are_on_their_way_are_nobodys_alarm(told: World, web: Sink) -> None:
    from world import files

    given = files(1)
    told.configure(TARGETS + "tracking.landing = 'landing/tracking'\n")
    place = told.folder / "landing/tracking/1"
    with going(told) as up:
        place.mkdir(parents=True)
        for name, data in list(given.items())[:3]:
            (place / f"1_{name}").write_bytes(data)
        up.until("landed", domain="tracking")
        up.stop()
    with going(told) as up:
        put(told, "2025-01-01", lines("2025-01-01"))
        up.until("run", partition=DAY, status="published")
        assert titles(web) == []
        assert json.loads(told.well("status", "tracking", "--json").out)[0]["state"].startswith(
            "waiting"
        )
