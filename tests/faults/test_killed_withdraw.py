"""kill -9 of `touchline withdraw`: all the files it names are withdrawn, or none of them."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from days import lines, put, rows
from phases import gone
from world import MATCH, PHASES, World, files, world

PART = "match_id=1"
NAMES = (MATCH, PHASES)


def seconds(world: World) -> float:
    """How long an undisturbed withdrawal takes in a process of its own."""
    began = time.perf_counter()
    assert world.apart("withdraw", "tracking", PART, *NAMES, "--because", "a test").code == 0
    return time.perf_counter() - began


def withdrawn(world: World) -> set[str]:
    rows = world.well("withdraw", "tracking", PART, "--json").rows
    return {row["name"] for row in rows if row["state"] == "withdrawn"}


def test_a_withdrawal_killed_at_any_moment_is_whole_or_nothing_and_can_be_given_again(
    empty: World,
) -> None:
    empty.ingest(files(1))
    whole_s, rng = seconds(empty), random.Random(7)
    for _ in range(8):
        empty.well("withdraw", "tracking", PART, *NAMES, "--undo")
        words = ("withdraw", "tracking", PART, *NAMES, "--because", "a test")
        with empty.process(*words) as process:
            time.sleep(whole_s * (0.4 + 0.6 * rng.random()))
            process.kill()
            process.communicate()
        assert gone([process.pid])
        assert withdrawn(empty) in (set(), set(NAMES))
        empty.well("withdraw", "tracking", PART, *NAMES, "--because", "a test")
        assert withdrawn(empty) == set(NAMES)
        empty.well("maintain")
    empty.well("withdraw", "tracking", PART, *NAMES, "--undo")
    empty.well("run")


# --- at each write ------------------------------------------------------------------------------

DAY = "2025-01-01"
OF_DAY = f"ingestion_date={DAY}"
NAME = "events/app/events.json"
OUT = ("withdraw", "activity", OF_DAY, NAME, "--because", "a test")
BACK = ("withdraw", "activity", OF_DAY, NAME, "--undo")
DIES = """
import os, signal, sys
from touchline.adapters.iceberg.tables import IcebergTables
from touchline.adapters.local import LocalObjects
from touchline.adapters.sqlite import SqliteLedger

left = int(sys.argv.pop(1))

def reached():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def around(owner, name):
    whole = getattr(owner, name)
    def act(*args, **more):
        reached()
        done = whole(*args, **more)
        reached()
        return done
    setattr(owner, name, act)

around(LocalObjects, "write")
around(IcebergTables, "publish")
for name in ("receive", "settle", "record"):
    around(SqliteLedger, name)
from touchline.cli import main
sys.argv[0] = "touchline"
main()
"""


def killed_at(world: World, step: int, *words: str) -> bool:
    """Give the command, and kill it before or behind one of its writes; whether it came so far."""
    done = subprocess.run(
        [sys.executable, "-c", DIES, str(step), *words],
        cwd=world.folder,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()
    return done.returncode != 0


def stands(world: World) -> tuple[bool, int]:
    """Whether the day's file counts, and how many rows of it are published."""
    (row,) = world.well("withdraw", "activity", OF_DAY, "--json").rows
    return row["state"] == "counts", rows(world, DAY)


@pytest.fixture
def day(tmp_path: Path) -> World:
    """A day of one file, some lines of which are rejected."""
    made = world(tmp_path)
    put(made, DAY, [*lines(DAY, 300), "no JSON"])
    made.well("ingest", "activity", made.folder / "landing")
    made.well("run")
    return made


@pytest.mark.parametrize("words", [OUT, BACK], ids=["withdraw", "undo"])
def test_a_withdrawal_killed_at_any_write_leaves_rows_of_what_counts(
    day: World, words: tuple[str, ...]
) -> None:
    whole, step = rows(day, DAY), 1
    day.well(*(OUT if words is BACK else BACK))
    while killed_at(day, step, *words):
        counts, _ = stands(day)
        day.well("run")
        assert stands(day) == (counts, whole if counts else 0)
        day.well(*(OUT if words is BACK else BACK))
        day.well("run")
        step += 1
    assert step == 5  # the manifest and the receipts, before and behind each


def test_a_run_that_empties_a_day_and_is_killed_at_any_write_is_made_good(day: World) -> None:
    whole, step = rows(day, DAY), 1
    day.well(*OUT)
    while killed_at(day, step, "run"):
        assert stands(day) in ((False, whole), (False, 0))
        back = step % 2 == 1
        if back:
            day.well(*BACK)
        day.well("run")
        assert stands(day) == ((True, whole) if back else (False, 0))
        assert (day.well("quarantine", "list", "--json").rows != []) == back
        day.well(*BACK)
        day.well("run")
        assert stands(day) == (True, whole)
        day.well(*OUT)
        step += 1
    assert step > 4
