"""up: everything by itself, until it is stopped."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from touchline import config
from touchline.cli.alerting import unset
from touchline.cli.output import NO_ROOM, say
from touchline.cli.scheduling import must_be_commands
from touchline.cli.scratch import scratch
from touchline.cli.stopping import until_stopped
from touchline.errors import ConfigError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.up.commands import Running

_ENDED_BY_THEN_S = 4.0


@click.command()
@click.pass_obj
def up(file: Path | None) -> None:
    """Land what comes, make what is stale, give commands at their times, and show the page.

    Files that arrive in the folders `landing` of the configuration are landed and their partitions
    made. It goes on until it is stopped, and after a stop, a kill or a loss of power where it was.

    Example: touchline up
    """
    from touchline.adapters.watch import WatchedFolders
    from touchline.server import served
    from touchline.up import alone, shift
    from touchline.up.commands import Running
    from touchline.up.telling import delivering

    here = Touchline(config.load(file))
    must_be_commands(here)
    landing = here.landing
    _must_be_apart(here)
    _must_be_folders(landing)
    running: list[Running] = []
    with (
        until_stopped(_tell),
        _ending_in_time(running),
        alone(here),
        served(here.config, lambda why: _tell("not followed", why=why)) as address,
        scratch() as free,
        WatchedFolders(landing) as watched,
    ):
        _tell("up", page=f"{address}/health", watching=", ".join(map(str, landing.values())))
        for target, why in unset(here).items():
            _tell(
                "no alerts", target=target, message=str(why), hint=f"{why.hint}, then start again"
            )
        shift.work_on(
            shift.Shift(
                here,
                here.platform(workers=here.config.up.workers, lines=sys.stdout),
                file,
                free,
                _tell,
                watched,
                here.schedules,
                running,
                alert=delivering(here.config, _tell),
            )
        )


def _must_be_folders(landing: "Mapping[str, Path]") -> None:
    """The landing folders are there; refuse one that cannot be."""
    from touchline.adapters.local import failure

    for name, folder in landing.items():
        said = f"$.{name}.landing: {folder}"
        hint = "name a folder, which is made if it is not there"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as exc:
            raise ConfigError(f"{said}: a file is there, expected a folder", hint=hint) from exc
        except FileNotFoundError as exc:
            raise ConfigError(f"{said}: no folder can be made there", hint=hint) from exc
        except OSError as exc:
            raise failure(exc, f"{said}: {exc.strerror}") from exc


def _must_be_apart(here: Touchline) -> None:
    """Refuse a landing folder within another, or within a store: whose a file is could not be told."""
    named = {f"$.{name}.landing": folder for name, folder in here.landing.items()}
    others = {**named, **{f"a store ({folder})": folder for folder in here.folders}}
    for name, folder in named.items():
        for other, place in others.items():
            if other != name and (folder.is_relative_to(place) or place.is_relative_to(folder)):
                raise ConfigError(
                    f"{name}: {folder} is not apart from {other}",
                    hint="give each domain a landing folder of its own, beside the stores",
                )


@contextmanager
def _ending_in_time(children: "Sequence[Running]") -> Iterator[None]:
    """SIGTERM unwinds the command; what has not ended by then is left as a kill leaves it.

    That loses nothing: nothing is half published, and the ledger says where to go on. A thread counts
    the time, as the command may be within a library that hears of signals only when it is done.
    """
    heard, told = os.pipe()
    os.set_blocking(told, False)
    before = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    threading.Thread(target=_end_late, args=(heard, children), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)


def _end_late(heard: int, children: "Sequence[Running]") -> None:
    """End the process, and the commands that it gave, so long after SIGTERM was heard."""
    while signal.SIGTERM not in os.read(heard, 64):
        pass
    time.sleep(_ENDED_BY_THEN_S)
    for child in children:
        child.process.send_signal(signal.SIGTERM)
    os._exit(128 + signal.SIGTERM)


def _tell(event: str, **facts: Any) -> None:
    """A line for each event, where there is room for it: a full disk of lines ends nothing."""
    try:
        _say(event, facts)
    except OSError as exc:
        if exc.errno not in NO_ROOM:
            raise


def _say(event: str, facts: Mapping[str, Any]) -> None:
    """For people on a terminal, as JSON elsewhere."""
    at = datetime.now().astimezone()
    if sys.stderr.isatty():
        words = [f"{value}" for value in facts.values() if value not in (None, "")]
        say(click.style(f"{at:%H:%M:%S} ", dim=True) + f"{event}  {'  '.join(words)}")
        return
    line = {"at": at.isoformat(timespec="milliseconds"), "event": event, **facts}
    click.echo(json.dumps(line, default=str), err=True)
