"""simulate, fetch, ingest: what brings data in."""

import math
import os
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from touchline import config
from touchline.cli.output import JSON, complain, counted, progress, say, table, worst
from touchline.errors import ConfigError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.landing import Arrival

DAY = click.DateTime(["%Y-%m-%d"])


class Place(click.Path):
    """A path; an empty one is refused, as it would mean the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See click.Path."""
        if not os.fspath(value):
            self.fail("the path is empty; the current folder is .", param, ctx)
        return super().convert(value, param, ctx)


class Finite(click.FloatRange):
    """A number within a range; neither nan nor inf is one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See click.FloatRange."""
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value} is not a finite number", param, ctx)
        return found


@click.command()
@click.argument("domain", type=click.Choice(["tracking"]))
@click.argument("paths", nargs=-1, required=True, type=Place(path_type=Path))
@JSON
@click.pass_obj
def ingest(file: Path | None, domain: str, paths: tuple[Path, ...], *, as_json: bool) -> None:
    """Land the files of DOMAIN under PATHS (folders, zips, files) in bronze, as they are.

    The same files again change nothing; other content under the same name is a re-issue. What
    cannot be read or named is told, and does not keep the rest from landing.

    Example: touchline ingest tracking matches/
    """
    from touchline.cli import ingesting
    from touchline.tracking.source import files

    here = Touchline(config.load(file))
    for path in paths:
        ingesting.must_be_there(path)
    with tempfile.TemporaryDirectory(prefix="touchline-") as scratch:
        found, others, bad = ingesting.found(paths, Path(scratch))
        if others:
            say(
                f"left alone, as not {domain}'s: {counted(len(others), 'file')}, such as {others[0]}"
            )
        for error in bad:
            complain(str(error), error.hint)
        for line in ingesting.misplaced(found):
            say(line)
        if found:
            land(here, list(files.arrivals(found)), as_json=as_json)
    sys.exit(worst(error.exit_code for error in bad))


def land(here: Touchline, arrivals: "list[Arrival]", *, as_json: bool) -> None:
    """Land these arrivals, show what became of each partition, and what it still lacks."""
    parts = sorted({a.partition for a in arrivals})
    counts: dict[str, dict[str, int]] = {
        p: {"new": 0, "re-issued": 0, "unchanged": 0} for p in parts
    }
    with progress("land", len(arrivals)) as tell:
        for arrival, kind in landed(here, arrivals, now=datetime.now(UTC)):
            counts[arrival.partition][kind] += 1
            tell(f"{arrival.partition}/{arrival.name}", kind)
    after = here.ledger.arrivals("tracking", parts)
    from touchline.tracking.source import files

    wanted = [files.MATCH_JSON, files.TRACKING, files.EVENTS, files.PHASES]
    rows = [
        {
            "partition": p,
            **counts[p],
            "missing": ", ".join(f for f in wanted if f not in after[p]) or None,
        }
        for p in parts
    ]
    table(rows, as_json=as_json)


def landed(
    here: Touchline, arrivals: "list[Arrival]", *, now: datetime
) -> "Iterator[tuple[Arrival, str]]":
    """Each arrival once it is durable, and whether it is new, re-issued or unchanged."""
    from touchline.core import landing

    parts = sorted({a.partition for a in arrivals})
    latest = {
        (p, n): r
        for p, rs in here.ledger.arrivals("tracking", parts).items()
        for n, r in rs.items()
    }
    receipts = landing.land(arrivals, objects=here.objects, ledger=here.ledger, now=now)
    for arrival, receipt in zip(arrivals, receipts, strict=True):
        old = latest.get((receipt.partition, receipt.name))
        latest[receipt.partition, receipt.name] = receipt
        same = old is not None and old.sha256 == receipt.sha256
        yield arrival, "new" if old is None else "unchanged" if same else "re-issued"


@click.command()
@click.argument("domain", type=click.Choice(["tracking"]))
@click.argument("out", type=Place(path_type=Path, file_okay=False))
@click.option(
    "--matches",
    type=click.IntRange(1, 10_000),
    default=1,
    show_default=True,
    help="How many, a day apart.",
)
@click.option(
    "--first-id",
    type=click.IntRange(1, 10**18 - 1),
    default=900001,
    show_default=True,
    help="Id of the first match.",
)
@click.option(
    "--date",
    "first_day",
    type=DAY,
    default="2024-11-02",
    show_default=True,
    help="Day of the first match.",
)
@click.option(
    "--competition",
    type=click.IntRange(1, 10**9 - 1),
    default=61,
    show_default=True,
    help="The provider's competition id.",
)
@click.option(
    "--minutes",
    type=Finite(2, 130),
    default=90.0,
    show_default=True,
    help="Length of a match.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same bytes.")
@click.option(
    "--layout",
    type=click.Choice(["provider", "landing"]),
    default="provider",
    show_default=True,
    help="Names of files and folders.",
)
@click.option("--gzip", "packed", is_flag=True, help="Pack the tracking files.")
@click.option(
    "--gap-s",
    type=Finite(0),
    default=0.0,
    help="Positions vanish for that long in period 1.",
)
@click.option(
    "--teleports",
    type=click.IntRange(0),
    default=0,
    help="Single-frame jumps in players' positions.",
)
@click.option(
    "--missing",
    type=click.Choice(["match", "tracking", "events", "phases"]),
    help="Leave this file out.",
)
@click.option(
    "--reissue", is_flag=True, help="Write the re-issue of the same matches, with other numbers."
)
def simulate(domain: str, out: Path, **options: Any) -> None:  # noqa: ARG001
    """Make matches of DOMAIN under OUT: the provider's four files each, and the planted truth.

    Prints the files' paths. Files of these matches that are there already are not written over.

    Example: touchline simulate tracking landing/ --matches 2 --minutes 20
    """
    from touchline.cli.simulating import simulated

    made = simulated(out, **options)
    for path in made:
        click.echo(path)


@click.command()
@click.argument("source", type=click.Choice(["skillcorner", "skillcorner-open"]))
@click.option(
    "--match",
    "match_ids",
    type=click.IntRange(1, 10**18 - 1),
    multiple=True,
    help="Only this match; may be repeated.",
)
@click.option("--from", "first", type=DAY, help="First day of matches.")
@click.option("--to", "last", type=DAY, help="Last day of matches.")
@click.option("--modified-since", type=DAY, help="Also matches whose files changed since then.")
@JSON
@click.pass_obj
def fetch(
    file: Path | None,
    source: str,
    match_ids: tuple[int, ...],
    first: datetime | None,
    last: datetime | None,
    modified_since: datetime | None,
    *,
    as_json: bool,
) -> None:
    """Fetch matches from SOURCE and land them; what is unchanged there is not fetched again.

    skillcorner needs SKILLCORNER_USERNAME and SKILLCORNER_PASSWORD, or SKILLCORNER_TOKEN.
    skillcorner-open is the provider's public repository.

    Example: touchline fetch skillcorner-open --match 2017461
    """
    from touchline.cli.fetching import fetched

    days = (first.date() if first else None, last.date() if last else None)
    if first and last and first > last:
        raise ConfigError(f"--from {days[0]} --to {days[1]}: the first is after the last")
    here = Touchline(config.load(file))
    fetched(
        here, source, match_ids=match_ids, days=days, modified_since=modified_since, as_json=as_json
    )
