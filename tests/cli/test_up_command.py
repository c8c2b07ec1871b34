"""`touchline up`: what comes is landed and made, commands are given, and it goes on after any end."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from days import lines, put, rows
from going import PATIENCE_S, behind, going
from limited import without_override
from world import World

DAY, NEXT = "ingestion_date=2025-01-01", "ingestion_date=2025-01-02"


def schedule(world: World, command: str, cron: str = "* * * * *") -> None:
    """A command at any minute, as in configuration; no other schedules."""
    world.configure(f"schedules.often = {{ cron = '{cron}', command = '{command}' }}\n")


# --- what comes ---------------------------------------------------------------------------------


def test_a_file_that_comes_is_published(empty: World) -> None:
    with going(empty) as up:
        put(empty, "2025-01-01", lines("2025-01-01"))
        up.until("run", partition=DAY, status="published")
        assert rows(empty, "2025-01-01") == 60
        put(empty, "2025-01-01", lines("2025-01-01", rows=5, seed=2), "late.json")
        up.until("run", count=2, partition=DAY, status="published")
    assert rows(empty, "2025-01-01") == 65


def test_what_came_while_it_was_down_is_published_when_it_is_up_again(empty: World) -> None:
    put(empty, "2025-01-01", lines("2025-01-01"))
    with going(empty) as up:
        up.until("run", partition=DAY, status="published")
        up.kill()
    put(empty, "2025-01-02", lines("2025-01-02"))
    with going(empty) as up:
        up.until("run", partition=NEXT, status="published")
        made = [e["partition"] for e in up.events if e["event"] == "run"]
    assert made == [NEXT]


def test_a_file_that_cannot_be_landed_is_told_and_keeps_no_other_out(empty: World) -> None:
    folder = empty.folder / "landing/activity"
    with going(empty) as up:
        put(empty, "2025-01-01", lines("2025-01-01"))
        (folder / "events_2025-13-45.json").write_text("{}\n")
        (folder / "notes.txt").write_text("not ours")
        told = up.until("not landed", file=str(folder / "events_2025-13-45.json"))
        assert "not a day" in told["message"]
        assert "ingestion_date=2025-01-01/" in told["hint"]
        up.until("left alone", such_as=str(folder / "notes.txt"))
        up.until("run", partition=DAY, status="published")


def test_a_refused_day_stays_as_it_was_until_another_file_comes(empty: World) -> None:
    with going(empty) as up:
        put(empty, "2025-01-01", lines("2025-01-01"))
        up.until("run", partition=DAY, status="published")
        put(empty, "2025-01-01", lines("2025-01-01", seed=2, null_user_rate=0.5))
        told = up.until("run", partition=DAY, status="refused")
        assert "null" in told["message"]
        put(empty, "2025-01-02", lines("2025-01-02"))
        up.until("run", partition=NEXT, status="published")
        refused = [e for e in up.events if e.get("status") == "refused"]
        assert len(refused) == 1
        assert rows(empty, "2025-01-01") == 60
        put(empty, "2025-01-01", lines("2025-01-01", rows=70, seed=3))
        up.until("run", count=2, partition=DAY, status="published")
    assert rows(empty, "2025-01-01") == 70


def test_matches_are_landed_too(empty: World) -> None:
    from world import files

    empty.configure("[tracking]\nlanding = 'landing'\n[activity]\nlanding = ''\n")
    with going(empty) as up:
        empty.put(files(1))
        up.until("run", partition="match_id=1", status="published")
    assert empty.heads(1)


def test_a_file_that_comes_again_unchanged_is_not_told(empty: World) -> None:
    with going(empty) as up:
        put(empty, "2025-01-01", lines("2025-01-01"))
        up.until("run", partition=DAY, status="published")
        put(empty, "2025-01-01", lines("2025-01-01"))
        put(empty, "2025-01-02", lines("2025-01-02"))
        up.until("run", partition=NEXT, status="published")
        told = [(e["files"], e["partitions"]) for e in up.events if e["event"] == "landed"]
    assert told == [(1, 1), (1, 1)]


def test_metrics_without_a_file_are_on_standard_output_apart_from_events(empty: World) -> None:
    empty.configure("monitoring.emf = 'Club'\nserver.port = 0\n")
    put(empty, "2025-01-01", lines("2025-01-01"))
    with empty.process("up") as process:
        assert process.stdout is not None
        metrics = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert (metrics["partition"], metrics["status"]) == (DAY, "published")
    assert out == ""
    assert all("event" in json.loads(line) for line in err.splitlines())


# --- how it ends --------------------------------------------------------------------------------


def test_it_ends_in_order_and_holds_nothing(empty: World) -> None:
    with going(empty) as up:
        put(empty, "2025-01-01", lines("2025-01-01"))
        up.until("run", partition=DAY, status="published")
        assert up.stop() == 128 + signal.SIGTERM
        assert up.events[-1]["event"] == "stopped"
        assert "error" not in up.text
        assert "Traceback" not in up.text
    assert empty.asked("SELECT * FROM claims") == []
    assert list((empty.data / "ledger.db.owners").iterdir()) == []


def test_where_there_is_no_room_for_what_it_says_it_goes_on(empty: World) -> None:
    with going(empty) as up:
        assert up.stop() == 143
    with (
        Path("/dev/full").open("w") as full,
        empty.process("up", stdout=subprocess.DEVNULL, stderr=full) as process,
    ):
        try:
            put(empty, "2025-01-01", lines("2025-01-01"))
            end = time.monotonic() + PATIENCE_S
            while not empty.asked("SELECT 1 FROM runs WHERE status = 'published'"):
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 143
        finally:
            process.kill()


def test_only_one_is_up(empty: World) -> None:
    with going(empty) as up:
        second = empty.apart("up")
        assert second.code == 6
        assert f"process {up.process.pid} is up" in second.err
        up.kill()
        with going(empty):
            pass


def test_a_ledger_of_a_newer_version_is_refused(empty: World) -> None:
    empty.data.mkdir()
    with closing(sqlite3.connect(empty.ledger)) as db:
        db.execute("PRAGMA user_version = 99")
    ended = empty.apart("up")
    assert ended.code == 2
    assert "version 99" in ended.err


@pytest.mark.parametrize("place", ["/proc/nope", "afile", "afile/below"])
@pytest.mark.parametrize("domain", ["activity", "tracking"])
def test_a_landing_folder_that_cannot_be_is_told_by_its_key(
    empty: World, domain: str, place: str
) -> None:
    (empty.folder / "afile").write_text("something else")
    empty.configure(f"{domain}.landing = '{place}'\n")
    ended = empty.apart("up")
    assert ended.code == 2, ended.err
    assert f"$.{domain}.landing: " in ended.error
    assert place in ended.error


def test_a_folder_without_the_right_to_write_is_refused(empty: World) -> None:
    empty.folder.chmod(0o500)
    try:
        ended = empty.apart("up", preexec_fn=without_override)
    finally:
        empty.folder.chmod(0o700)
    assert (ended.code, "Traceback" in ended.err) == (7, False), ended.err
    assert "Permission denied" in ended.error
    assert "$.tracking.landing: " in ended.error


# --- commands at their times --------------------------------------------------------------------


def test_a_command_that_was_missed_is_given_and_how_it_ended_is_told(empty: World) -> None:
    schedule(empty, "runs --json")
    behind(empty, "often", hours=1)
    with going(empty) as up:
        up.until("command begun", schedule="often", command="runs --json")
        up.until("command ended", schedule="often", code=0)


def test_a_day_that_was_missed_is_given_as_the_day(empty: World) -> None:
    schedule(empty, "run activity --partition ingestion_date={day}", cron="0 0 * * *")
    behind(empty, "often", hours=24)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    with going(empty) as up:
        command = f"run activity --partition ingestion_date={yesterday}"
        up.until("command begun", command=command)
        ended = up.until("command ended", schedule="often", code=4)
    assert "nothing has arrived for it" in ended["message"]


def test_a_command_that_is_under_way_ends_with_it(empty: World, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "events_2025-01-01.json")
    schedule(empty, f"ingest activity {tmp_path}/events_2025-01-01.json")
    behind(empty, "often", hours=1)
    with going(empty) as up:
        up.until("command ended", schedule="often")
        assert up.stop() == 143


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schedules.x = { cron = '0 6 * * *' }", "a schedule needs cron and command"),
        ("schedules.x = { cron = '0 6 * *', command = 'run' }", "no cron expression"),
        ("schedules.x = { cron = '0 6 * * *', command = 'up' }", "no command for a schedule"),
        ("schedules.x = { cron = '0 6 * * *', command = 'rum' }", "'rum' is no command"),
        ("schedules.x = { cron = '0 6 * * *', command = 'run \"x' }", "No closing quotation"),
        ("schedules.x = { cron = '0 6 * * *', command = 'run', zone = 'Mars' }", "no time zone"),
        ("up.workers = 0", "$.up.workers"),
        (
            "activity.landing = 'l'\ntracking.landing = 'l/x'",
            "is not apart from $.activity.landing",
        ),
        ("activity.landing = 'data/objects/in'", "is not apart from a store"),
        ("activity.landing = '.'", "$.activity.landing"),
    ],
)
def test_a_schedule_that_is_none_is_refused_with_its_place(
    empty: World, text: str, said: str
) -> None:
    empty.configure(f"{text}\n")
    ended = empty.apart("up")
    assert ended.code == 2
    assert said in ended.err
