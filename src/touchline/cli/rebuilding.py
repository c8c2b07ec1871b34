"""rebuild: what is served of match events, made anew of what came."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import click

from touchline import config
from touchline.cli.output import JSON, say, table
from touchline.cli.tables import Instant
from touchline.errors import ConfigError
from touchline.wiring import Touchline


class Place(click.ParamType[tuple[int, int]]):
    """An offset of the log, or LANE:OFFSET where it has several lanes."""

    name = "place"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Lane and offset."""
        found = re.fullmatch(r"(?:(\d{1,6}):)?(\d{1,18})", str(value), re.ASCII)
        if found is None:
            self.fail(f"{value!r} is no offset such as 1200, or 3:1200", param, ctx)
        return int(found[1] or 0), int(found[2])


@click.command()
@click.option("--since", type=Instant(), help="Read again what came since.")
@click.option(
    "--offset",
    "places",
    type=Place(),
    multiple=True,
    metavar="[LANE:]OFFSET",
    help="Read again from there; may be repeated, once for each lane of the log.",
)
@JSON
@click.pass_obj
def rebuild(
    file: Path | None,
    since: datetime | None,
    places: Sequence[tuple[int, int]],
    *,
    as_json: bool,
) -> None:
    """Make the live store anew: of bronze, and then of the log.

    It has the same content again. With --since or --offset nothing is forgotten first: what came since
    is read again, what is there stays, and what lacks comes. A server may run meanwhile.

    Example: touchline rebuild --since 2025-05-18T12:00:00Z
    """
    from touchline.core.ports import Asked
    from touchline.core.stream import replay
    from touchline.matches.live import ALL, DEAD, MATCHES, STREAM, WAITING

    if since is not None and places:
        raise ConfigError("--since and --offset are both given", hint="give one of them, or none")
    here = Touchline(config.load(file))
    if not here.has_live:
        say("nothing was ever posted")
        return
    at: Mapping[int, int] | datetime | None = since or (dict(places) if places else None)
    store = here.serving
    store.prepare(STREAM.views)
    replay(STREAM, here.log, store, since=at)
    row = {
        "topic": STREAM.topic,
        "matches": store.count(MATCHES, ALL, Asked()),
        "unusable": store.count(DEAD, ALL, Asked()),
        "waiting": store.count(DEAD, WAITING, Asked()),
    }
    table([row], as_json=as_json)
