"""simulate: sample input of each domain, with planted truth and faults."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from touchline.cli.kinds import DAY, Finite, Place, Whole

Command = TypeVar("Command", bound=Callable[..., Any])

_OUT = click.argument("out", type=Place(path_type=Path, file_okay=False))
_SEED = click.option(
    "--seed", type=int, default=1, show_default=True, help="Same seed, same bytes."
)
_MATCHES = click.option(
    "--matches",
    type=Whole(1, 10_000),
    default=1,
    show_default=True,
    help="How many, a day apart.",
)
_DATE = click.option(
    "--date",
    "first_day",
    type=DAY,
    default="2024-11-02",
    show_default=True,
    help="Day of the first match.",
)


def _share(name: str, what: str) -> Callable[[Command], Command]:
    """An option that is a share of the events, by default none."""
    return click.option(name, type=Finite(0, 1), default=0.0, help=f"Share of {what}.")


@click.group()
def simulate() -> None:
    """Make sample input of a domain, with planted truth and faults.

    Example: touchline simulate tracking landing/ --matches 2 --minutes 20
    """


@simulate.command("tracking")
@_OUT
@_MATCHES
@click.option(
    "--first-id",
    type=Whole(1, 10**18 - 1),
    default=900001,
    show_default=True,
    help="Id of the first match.",
)
@_DATE
@click.option(
    "--competition",
    type=Whole(1, 10**9 - 1),
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
@_SEED
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
    type=Whole(0),
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
def tracking(out: Path, **options: Any) -> None:
    """Make matches under OUT: the provider's four files each, and the planted truth.

    Prints the files' paths. Files of these matches that are there already are not written over.

    Example: touchline simulate tracking landing/ --matches 2 --minutes 20
    """
    from touchline.cli.simulating import simulated

    for path in simulated(out, **options):
        click.echo(path)


@simulate.command("activity")
@_OUT
@click.option("--days", type=Whole(1, 10_000), default=3, show_default=True, help="How many.")
@click.option(
    "--date", "first_day", type=DAY, default="2025-01-01", show_default=True, help="The first day."
)
@click.option(
    "--rows",
    type=Whole(0, 10_000_000),
    default=1010,
    show_default=True,
    help="Rows a day.",
)
@click.option(
    "--late",
    type=Whole(0),
    default=0,
    show_default=True,
    help="Late events for the last day but one, or the only day, in a file of their own.",
)
@click.option(
    "--null-rate",
    type=Finite(0, 1),
    default=0.02,
    show_default=True,
    help="Share of rows without a user.",
)
@click.option(
    "--duplicate-rate",
    type=Finite(0, 1),
    default=0.01,
    show_default=True,
    help="Share of rows that repeat an event.",
)
@click.option("--odd-instants", type=Whole(0), default=0, help="Rows a day whose event_ts is none.")
@click.option("--malformed", type=Whole(0), default=0, help="Lines a day that are cut off.")
@_SEED
def activity(
    out: Path,
    first_day: datetime,
    *,
    days: int,
    rows: int,
    late: int,
    null_rate: float,
    duplicate_rate: float,
    odd_instants: int,
    malformed: int,
    seed: int,
) -> None:
    """Make product events under OUT, a file a day, and the planted truth.

    Prints the files' paths. Other files of these days that are there already are not written over.

    Example: touchline simulate activity landing/ --days 3 --late 50
    """
    from touchline.activity.simulate import Faults, write
    from touchline.cli.simulating import must_end

    must_end(first_day, "days", days)
    faults = Faults(null_rate, duplicate_rate, odd_instants, malformed)
    made = write(out, first_day.date(), days=days, rows=rows, faults=faults, seed=seed, late=late)
    while path := _next_of(made, out):
        click.echo(path)


def _next_of(made: Iterator[Path], out: Path) -> Path | None:
    """The next file; what the system says against writing it, told apart from who reads this."""
    from touchline.cli.simulating import writing_to

    with writing_to(out):
        return next(made, None)


@simulate.command("matches")
@_OUT
@_MATCHES
@click.option(
    "--first-id",
    type=Whole(1, 10**15),
    default=900001,
    show_default=True,
    help="Id of the first match.",
)
@_DATE
@_share("--late", "events that come late")
@_share("--duplicates", "events that come again")
@_share("--corrections", "events that are amended or cancelled, and one goal by VAR")
@_share(
    "--shuffle", "events that come before the one before them, and of corrections before theirs"
)
@_SEED
def matches(
    out: Path,
    first_day: datetime,
    *,
    matches: int,
    first_id: int,
    late: float,
    duplicates: float,
    corrections: float,
    shuffle: float,
    seed: int,
) -> None:
    """Make feeds of match events under OUT, one a match, and the planted truth.

    A feed has an event a line, in the order in which it is sent. Prints the files' paths. Other files
    of these matches that are there already are not written over.

    Example: touchline simulate matches landing/ --matches 2 --late 0.02 --corrections 0.01
    """
    from touchline.cli.simulating import kick_offs
    from touchline.matches.simulate import Faults, Plan, write

    faults = Faults(late, duplicates, corrections, shuffle)
    plans = [Plan(i, at, seed) for i, at in kick_offs(first_id, first_day.date(), matches)]
    made = write(out, plans, faults)
    while path := _next_of(made, out):
        click.echo(path)
