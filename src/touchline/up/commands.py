"""Scheduled commands, each in a process of its own: it may take long, and its memory is given back."""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from touchline.core.due import Expected
from touchline.core.schedule import Schedule

_TAIL = 4000
_GRACE_S = 2.0


@dataclass(frozen=True)
class Running:
    """A command on its way, for a firing of its schedule; what it says goes to a file without a name."""

    schedule: Schedule
    firing: Expected
    process: subprocess.Popen[bytes]
    said: IO[bytes]


@dataclass(frozen=True)
class Ended:
    """How a command ended, and its last line."""

    running: Running
    code: int
    last_line: str


def started(schedule: Schedule, firing: Expected, file: Path | None) -> Running:
    """The schedule's command of that firing, begun with the same configuration."""
    given = ["--config", str(file)] if file else []
    words = [sys.executable, "-m", "touchline.cli", *given, *schedule.at(firing)]
    said = tempfile.TemporaryFile()  # noqa: SIM115 (closed when it ended)
    process = subprocess.Popen(  # noqa: S603 (words of the configuration, checked there; no shell)
        words, stdin=subprocess.DEVNULL, stdout=said, stderr=said
    )
    return Running(schedule, firing, process, said)


def ended(running: Sequence[Running]) -> Iterator[Ended]:
    """Those that have ended."""
    for each in running:
        code = each.process.poll()
        if code is not None:
            yield Ended(each, code, _last_line(each.said))


def stop(running: Sequence[Running]) -> None:
    """All are ended: asked to, as by a shutdown, and after two seconds made to."""
    for each in running:
        each.process.send_signal(signal.SIGTERM)
    for each in running:
        try:
            each.process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            each.process.kill()
            each.process.wait()
        each.said.close()


def _last_line(said: IO[bytes]) -> str:
    size = said.seek(0, 2)
    said.seek(max(size - _TAIL, 0))
    lines = said.read().decode(errors="replace").strip().splitlines()
    said.close()
    errors = [line for line in lines if line.startswith("error: ")]
    return (errors or lines or [""])[-1].removeprefix("error: ")
