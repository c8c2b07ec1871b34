"""up: everything by itself, until it is stopped."""

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

import click

from touchline import config
from touchline.cli.output import say
from touchline.cli.scratch import scratch
from touchline.errors import ConfigError
from touchline.wiring import Touchline

_ENDED_BY_THEN_S = 4.0


@click.command()
@click.pass_obj
def up(file: Path | None) -> None:
    """Land what comes, make what is stale, give commands at their times, and show the page.

    Files that arrive in the folders `landing` of the configuration are landed and their partitions
    made. It goes on until it is stopped, and after a stop, a kill or a loss of power where it was.

    Example: touchline up
    """
    from touchline.adapters.local import translated
    from touchline.adapters.watch import WatchedFolders
    from touchline.server import served
    from touchline.up import shift
    from touchline.up.telling import delivering

    here = Touchline(config.load(file))
    _must_be_commands(here)
    landing = here.landing
    for folder in landing.values():
        with translated(folder):
            folder.mkdir(parents=True, exist_ok=True)
    with (
        _ending_in_time(),
        shift.alone(here),
        served(here.config) as address,
        scratch() as free,
        WatchedFolders(landing) as watched,
    ):
        _tell("up", page=f"{address}/health", watching=", ".join(map(str, landing.values())))
        shift.work_on(
            shift.Shift(
                here,
                here.platform(workers=here.config.up.workers),
                file,
                free,
                _tell,
                watched,
                here.schedules,
                alert=delivering(here.config, _tell),
            )
        )


def _must_be_commands(here: Touchline) -> None:
    """Refuse a schedule of what is no command: it would fail at night."""
    from touchline.cli import cli

    known = cli.list_commands(click.Context(cli))
    for each in here.schedules:
        if each.command[0] not in known:
            raise ConfigError(
                f"$.schedules.{each.name}.command: {each.command[0]!r} is no command",
                hint=f"there is: {', '.join(known)}",
            )


@contextmanager
def _ending_in_time() -> Iterator[None]:
    """SIGTERM unwinds the command; what has not ended by then is left as a kill leaves it.

    That loses nothing: nothing is half published, and the ledger says where to go on.
    """

    def end(number: int, _: FrameType | None) -> None:
        late = threading.Timer(_ENDED_BY_THEN_S, os._exit, [128 + number])
        late.daemon = True
        late.start()
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(event: str, **facts: Any) -> None:
    """A line for each event: for people on a terminal, as JSON elsewhere."""
    at = datetime.now().astimezone()
    if sys.stderr.isatty():
        words = [f"{value}" for value in facts.values() if value not in (None, "")]
        say(click.style(f"{at:%H:%M:%S} ", dim=True) + f"{event}  {'  '.join(words)}")
        return
    line = {"at": at.isoformat(timespec="milliseconds"), "event": event, **facts}
    click.echo(json.dumps(line, default=str), err=True)
