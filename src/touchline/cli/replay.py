"""replay: a recorded feed, posted to a running server as it was sent then."""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from touchline.cli.kinds import KICK_OFF, Finite, Place
from touchline.cli.output import JSON, progress, say, table
from touchline.errors import ConfigError, ContractError

if TYPE_CHECKING:
    from touchline.adapters.posting import Answered

_LINE_EACH = 100
_CONFLICT, _WAITS = 409, 202


@click.command()
@click.argument("path", metavar="FILE", type=Place(path_type=Path))
@click.option(
    "--speed",
    type=Finite(0),
    default=1.0,
    show_default=True,
    help="How many times as fast as it was; 60 takes 2 minutes for a match, 0 is as fast as it goes.",
)
@click.option(
    "--to",
    "url",
    default="http://127.0.0.1:8640",
    show_default=True,
    help="The server.",
)
@click.option(
    "--key-env",
    default="TOUCHLINE_API_KEY",
    show_default=True,
    help="The variable that the key is in.",
)
@KICK_OFF
@JSON
def replay(
    path: Path, speed: float, url: str, key_env: str, kick_offs: tuple[str, ...], *, as_json: bool
) -> None:
    """Post the events of FILE to a running server, in their order and at their pace.

    FILE is whatever ingest matches takes. Events keep the instants that they have. What the server
    knows already it does not take twice, so that the same command can be given again.

    Example: touchline replay feeds/900001.ndjson --speed 60
    """
    from touchline.adapters.posting import Poster
    from touchline.cli.match_files import known_events, tell_refusals
    from touchline.core.landing import must_be_readable, unreadable

    if path.is_dir():
        raise ConfigError(f"{path}: a folder", hint="give one recorded feed")
    try:
        must_be_readable(path)
    except FileNotFoundError as exc:
        hint = f"give a recorded feed; paths are taken from {Path.cwd()}"
        raise ConfigError(f"{path}: no such file or folder", hint=hint) from exc
    except OSError as exc:
        raise unreadable(exc, str(path)) from exc
    feed, events = known_events(path, kick_offs)
    poster = Poster(url, os.environ.get(key_env, "").strip(), tell=say)
    seen: Counter[str] = Counter()
    refusals = [{"place": r.place, "reason": r.reason} for r in feed.refused]
    seen["refused"] = len(refusals)
    began = time.monotonic()
    try:
        for place, answered, again in _posted(poster.post, events, speed):
            kind = _kind(answered.status, again=again)
            seen[kind] += 1
            seen["retries"] += answered.retries
            if kind in ("conflicts", "refused"):
                refusals.append({"place": place, "reason": _reason(answered)})
    finally:
        poster.close()
    names = ("accepted", "waiting", "repeated", "conflicts", "refused", "retries")
    row: dict[str, Any] = {"file": str(path), **{name: seen[name] for name in names}}
    row["seconds"] = round(time.monotonic() - began, 1)
    table([{**row, "refusals": refusals} if as_json else row], as_json=as_json)
    tell_refusals(str(path), refusals)
    sys.exit(ContractError.exit_code if refusals else 0)


def _posted(
    post: Any, events: Sequence[tuple[str, dict[str, Any]]], speed: float
) -> "Iterator[tuple[str, Answered, bool]]":
    """Each event's place, what was answered, and whether the feed has said the same before."""
    import msgspec

    from touchline.matches.source.pacing import due_s

    each = 1 if sys.stderr.isatty() else _LINE_EACH
    said = set[bytes]()
    began = time.monotonic()
    with progress("replay", -(-len(events) // each)) as tell:
        due = due_s([event for _, event in events])
        for number, ((place, event), at_s) in enumerate(zip(events, due, strict=True), start=1):
            if speed:
                time.sleep(max(began + at_s / speed - time.monotonic(), 0))
            body = msgspec.json.encode(event)
            yield place, post(body), body in said
            said.add(body)
            if number % each == 0 or number == len(events):
                tell(_clock(event), "posted")


def _clock(event: dict[str, Any]) -> str:
    """The minute that an event is of, for people."""
    minute = event.get("minute")
    return f"minute {minute}" if minute is not None else str(event.get("timestamp", ""))


def _kind(status: int, *, again: bool) -> str:
    if status == _CONFLICT:
        return "conflicts"
    if status >= 300:
        return "refused"
    if again:
        return "repeated"
    return "waiting" if status == _WAITS else "accepted"


def _reason(answered: "Answered") -> str:
    error = answered.body.get("error")
    said = error.get("message") if isinstance(error, dict) else None
    return str(said or f"answered {answered.status}")
