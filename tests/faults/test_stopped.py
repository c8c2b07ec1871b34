"""Ctrl-C and SIGTERM: the command unwinds, tells no traceback, and gives up what it held."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from phases import children, claims, gone, marks, reached
from stored import orphans
from world import World, files

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}


@pytest.mark.parametrize(
    ("sent", "workers", "at"),
    [
        (signal.SIGINT, "1", "working"),
        (signal.SIGINT, "2", "staging"),
        (signal.SIGTERM, "1", "staging"),
        (signal.SIGTERM, "2", "working"),
    ],
)
def test_a_run_that_is_stopped_says_so_and_holds_nothing(
    empty: World, sent: signal.Signals, workers: str, at: str
) -> None:
    empty.ingest(files(1))
    empty.well("status")
    before = marks(empty)

    with empty.process("run", "--workers", workers, start_new_session=True) as process:
        reached(empty, process, before, at)
        others = children(process.pid)
        if sent == signal.SIGINT:
            os.killpg(process.pid, sent)
        else:
            process.send_signal(sent)
        _, err = process.communicate(timeout=60)

    assert process.returncode == CODES[sent], err
    assert "Traceback" not in err
    assert "stopped" in err
    assert gone(others)
    assert claims(empty) == []
    assert list((empty.data / "ledger.db.owners").iterdir()) == []
    assert empty.heads() == {}
    (row,) = empty.well("runs", "--json").rows
    assert row["status"] == "stopped"
    empty.well("run")
    empty.well("maintain")
    assert orphans(empty) == []


def test_a_stopped_backfill_is_resumed_by_the_same_command(empty: World) -> None:
    for match_id in (1, 2, 3):
        empty.ingest(files(match_id), match_id)
    before = marks(empty)
    command = ("backfill", "tracking", "1", "3")

    with empty.process(*command, start_new_session=True) as process:
        reached(empty, process, before, "staging")
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=60)
    ended = empty.well(*command, "--json")

    assert process.returncode == 130
    assert claims(empty) == []
    assert {row["status"] for row in ended.rows} <= {"published"}
    assert all(empty.heads(match_id) for match_id in (1, 2, 3))


BREAKS = """
import os, signal, sys, time
import touchline.cli as cli
from touchline.errors import StorageError

def broken(**_):
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(10)
    except SystemExit:
        raise ERROR from None

cli.cli = broken
cli.main()
"""


ERRORS = {
    "RuntimeError": 'RuntimeError("cut off")',
    "StorageError": '__import__("touchline.errors").errors.StorageError("cut off")',
    "PanicException": '__import__("polars").exceptions.PanicException("cut off")',
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_ordered_end_that_breaks_something_off_is_an_ordered_end_and_tells_it(name: str) -> None:
    breaks = BREAKS.replace("ERROR", ERRORS[name])
    ended = subprocess.run([sys.executable, "-c", breaks], capture_output=True, text=True)
    assert ended.returncode == 143, ended.stderr
    assert "Traceback" not in ended.stderr
    assert f"stopped; on the way {name}: cut off" in ended.stderr


def test_where_there_is_no_room_to_tell_it_the_code_is_that_of_the_end(empty: World) -> None:
    breaks = BREAKS.replace("raise ERROR from None", "raise")
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run([sys.executable, "-c", breaks], stderr=full)
        assert ended.returncode == 143
        said = [sys.executable, "-c", breaks.replace("    try:", "    print('a line')\n    try:")]
        held_back = {**os.environ, "PYTHONUNBUFFERED": ""}
        ended = subprocess.run(said, stdout=full, stderr=full, env=held_back)
        assert ended.returncode == 143
        assert empty.apart("withdraw", "activity", "day=1", stderr=full).code == 2
        assert empty.apart("status", stdout=full, stderr=full).code == 7
