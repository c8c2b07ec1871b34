"""`touchline up` in a process of its own, and what it says meanwhile."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from world import World

PATIENCE_S = 60.0
Event = dict[str, Any]


@dataclass
class Going:
    """A process that is up, and the file that it tells its events to."""

    process: subprocess.Popen[str]
    log: Path

    @property
    def events(self) -> list[Event]:
        """What it has told so far; lines that are no events are left out."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    @property
    def text(self) -> str:
        """All of it, as it is."""
        return self.log.read_text()

    def until(self, event: str, count: int = 1, **facts: object) -> Event:
        """The event with these facts, once it was told so many times."""
        end = time.monotonic() + PATIENCE_S
        while True:
            found = [e for e in self.events if e["event"] == event and facts.items() <= e.items()]
            if len(found) >= count:
                return found[count - 1]
            assert self.process.poll() is None, self.text
            assert time.monotonic() < end, f"no {event} {facts} in:\n{self.text}"
            time.sleep(0.02)

    def stop(self) -> int:
        """Ask it to end, as a shutdown does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        self.process.kill()
        self.process.wait(30)


@contextmanager
def going(world: World, env: Mapping[str, str] | None = None) -> Iterator[Going]:
    """`touchline up` in the world's folder; ended with the context if it is still there."""
    _on_any_port(world)
    log = world.folder / f"up-{time.monotonic_ns()}.log"
    with log.open("w") as err:
        process = world.process(
            "up", stdout=subprocess.DEVNULL, stderr=err, env={**os.environ, **(env or {})}
        )
    found = Going(process, log)
    try:
        found.until("up")
        yield found
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(30)


def _on_any_port(world: World) -> None:
    """Its page is on a port that is free: tests run beside each other."""
    file = world.folder / "touchline.toml"
    if "[server]" not in file.read_text():
        file.write_text(file.read_text() + "\n[server]\nport = 0\n")
