"""The process that reads on is begun anew however it ended, and what it failed at is told."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from live_world import until

from touchline.config import Config
from touchline.server import following
from touchline.server.following import Following

PATIENCE_S = 30.0
BEGUN_ANEW = "the process that reads the log {}, and is begun anew"


class Heard:
    """What a Following told, and its children, each a program in the place of the real one."""

    def __init__(self, *programs: str | OSError) -> None:
        self.programs = list(programs)
        self.failed = list[str]()
        self.changed = threading.Event()

    def popen(self, _words: list[str], **more: Any) -> "subprocess.Popen[bytes]":
        program = self.programs.pop(0)
        if isinstance(program, OSError):
            raise program
        return POPEN([sys.executable, "-uc", program], **more)


POPEN = subprocess.Popen
WAITS = "import sys; sys.stdin.buffer.read()"
READS = f"print('[]'); {WAITS}"


@contextmanager
def followed(monkeypatch: pytest.MonkeyPatch, heard: Heard) -> Iterator[Following]:
    """It follows until it has heard of a change."""
    monkeypatch.setattr(following, "_AGAIN_S", 0.0)
    monkeypatch.setattr(following.subprocess, "Popen", heard.popen)
    found = Following(Config(), changed=lambda _: heard.changed.set(), failed=heard.failed.append)
    with closing(found):
        assert heard.changed.wait(PATIENCE_S), heard.failed
        yield found


def test_a_process_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Heard(BlockingIOError(11, "Resource temporarily unavailable"), READS)
    with followed(monkeypatch, heard) as found:
        assert heard.failed == [
            "the process that reads the log cannot be started: Resource temporarily unavailable"
        ]
        assert found.trouble == ""


def test_lines_that_are_no_json_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Heard(f"print('odd: line'); print('5'); print('null'); {READS}")
    with followed(monkeypatch, heard):
        assert heard.failed == ["odd: line", "5"]


def test_a_process_that_ends_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Heard("pass", READS)
    with followed(monkeypatch, heard):
        assert heard.failed[-1] in [BEGUN_ANEW.format(how) for how in ("ended", "ended at once")]


def test_a_process_that_falls_silent_is_killed_and_begun_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(following, "_SILENT_S", 1.0)
    heard = Heard(WAITS, *[READS] * 30)
    with followed(monkeypatch, heard):
        assert heard.failed[0] == BEGUN_ANEW.format("said nothing for 1 s")


def test_what_failed_is_told_until_something_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Heard(f"print('[]'); print('\"no brokers\"'); {WAITS}")
    with followed(monkeypatch, heard) as found:
        until(lambda: heard.failed, bool)
        assert (heard.failed, found.trouble) == (["no brokers"], "no brokers")
        monkeypatch.setattr(following, "_FORGOTTEN_S", 0.0)
        assert found.trouble == ""
