"""kill -9 while many append: whatever was told to be durable is there, once, in order."""

import random
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from touchline.adapters.sqlite import SqliteLog

APPEND = """
import os, sys, threading
from pathlib import Path
from touchline.adapters.sqlite import SqliteLog

log = SqliteLog(Path(sys.argv[1]))

def work(who):
    for n in range(1_000_000):
        log.append("events", [(str(who), f"{n}".encode())] * 3).result()
        os.write(1, f"{who} {n}\\n".encode())

for who in range(8):
    threading.Thread(target=work, args=(f"{sys.argv[2]}-{who}",)).start()
"""


def killed(path: Path, at: int, after_s: float) -> list[str]:
    """What was told to be durable by a process that was killed so long after its first word."""
    words = [sys.executable, "-c", APPEND, str(path), str(at)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(after_s)
        process.kill()
        rest = process.stdout.read()
    return [line for line in (first + rest).splitlines(keepends=True) if line.endswith("\n")]


def lose_nothing(path: Path, kills: int, seed: int) -> None:
    dice, told = random.Random(seed), list[str]()
    for at in range(kills):
        told += killed(path, at, dice.uniform(0.0, 0.3))
    log = SqliteLog(path)
    found: dict[str, list[int]] = {}
    position = log.start("events")
    while records := log.read("events", position, timeout_s=0):
        for record in records:
            found.setdefault(record.key, []).append(int(record.value))
        position = {0: records[-1].offset + 1}
    log.close()
    assert len(told) > kills
    for line in told:
        who, n = line.split()
        assert int(n) < len(found[who]) / 3
    for numbers in found.values():
        assert numbers == [n for n in range(len(numbers) // 3) for _ in range(3)]


def test_ten_kills_lose_no_record_that_was_acknowledged(tmp_path: Path) -> None:
    lose_nothing(tmp_path / "log.db", 10, seed=1)


@pytest.mark.soak
def test_a_hundred_kills_lose_no_record_that_was_acknowledged(tmp_path: Path) -> None:
    lose_nothing(tmp_path / "log.db", 100, seed=2)


SHARE = """
import sys, time
from pathlib import Path
from touchline.adapters.sqlite import SqliteLog

with SqliteLog(Path(sys.argv[1])).share("events", "readers") as share:
    print(sorted(share()), flush=True)
    time.sleep(600)
"""


def test_the_lane_of_a_reader_that_was_killed_is_anothers(tmp_path: Path) -> None:
    words = [sys.executable, "-c", SHARE, str(tmp_path / "log.db")]
    with (
        subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process,
        closing(SqliteLog(tmp_path / "log.db")) as log,
        log.share("events", "readers") as share,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "[0]\n"
        assert share() == set()
        process.kill()
        process.wait()
        assert share() == {0}
