"""plan, run, backfill."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from touchline import config
from touchline.cli.finishing import FRESH, finish
from touchline.cli.kinds import Whole
from touchline.cli.output import JSON, counted, say, table
from touchline.errors import ConfigError, MissingInputError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.backfill import Range
    from touchline.core.pipeline import Pipeline
    from touchline.core.pipeline.drive import Done
    from touchline.core.planner import Plan

_NOTHING = "nothing has arrived yet; see: touchline ingest --help"

PARTITION = click.option(
    "--partition",
    "-p",
    "parts",
    multiple=True,
    metavar="K=V",
    help="Only this partition; may be repeated.",
)
ONLY = click.option(
    "--only", type=click.Choice(["bronze", "silver", "gold"]), help="Only this layer."
)
WORKERS = click.option(
    "--workers", type=Whole(1, 64), default=1, show_default=True, help="Worker processes."
)
ENGINE = click.option(
    "--engine",
    type=click.Choice(["process", "spark"]),
    default="process",
    show_default=True,
    help="Where partitions are worked on.",
)


@click.command()
@click.argument("pipeline", required=False)
@PARTITION
@ONLY
@JSON
@click.pass_obj
def plan(
    file: Path | None, pipeline: str | None, parts: tuple[str, ...], only: Any, *, as_json: bool
) -> None:
    """Show what is stale in PIPELINE, or in all, and why.

    Example: touchline plan tracking
    """
    from touchline.core import planner

    here = Touchline(config.load(file))
    rows, arrived = list[dict[str, Any]](), False
    for each, wanted in chosen(here, pipeline, parts):
        came = here.ledger.contents(each.name, wanted)
        plans = planner.plan(each, here.ledger, parts=wanted, only=only, arrived=came)
        arrived = arrived or bool(came or here.ledger.withdrawn(each.name, wanted))
        rows += [row for p in planner.explained(plans, each, here.ledger) for row in _lines(p)]
    table(rows, as_json=as_json, empty="nothing is stale" if arrived else _NOTHING)


def _lines(p: "Plan") -> list[dict[str, Any]]:
    if p.missing:
        return [
            {
                "partition": p.partition,
                "table": "-",
                "reason": f"waiting for {', '.join(p.missing)}",
            }
        ]
    return [{"partition": p.partition, "table": s.table, "reason": s.reason} for s in p.steps]


def chosen(
    here: Touchline, name: str | None, parts: Sequence[str], *, force: bool = False
) -> "list[tuple[Pipeline, list[str] | None]]":
    """The pipeline of that name, or all; with the partitions asked for, or None where none was.

    A partition is its pipeline's: its columns tell which that is.
    """
    pipelines = [here.pipeline(name)] if name else list(here.pipelines.values())
    if not parts:
        return [(pipeline, None) for pipeline in pipelines]
    from touchline.core import backfill as ranges

    found: dict[str, tuple[Pipeline, list[str]]] = {}
    for part in dict.fromkeys(parts):
        pipeline = ranges.owner(pipelines, part)
        found.setdefault(pipeline.name, (pipeline, []))[1].append(part)
    for pipeline, wanted in found.values():
        _must_have_arrived(here, pipeline, wanted, force=force)
    return list(found.values())


def _must_have_arrived(
    here: Touchline, pipeline: "Pipeline", parts: Sequence[str], *, force: bool
) -> None:
    """Refuse a partition of which nothing is there; tell of one that retention took away."""
    from touchline.core.retention import unplanned

    known = {
        *here.ledger.contents(pipeline.name, parts),
        *here.ledger.withdrawn(pipeline.name, parts),
    }
    gone = unplanned(pipeline, here.ledger, parts)
    for part in parts:
        if part not in known:
            said = "its files are past their days" if part in gone else "nothing has arrived for it"
            hint = (
                "ingest them again, then run --force" if part in gone else "see: touchline status"
            )
            raise MissingInputError(f"{pipeline.name} {part}: {said}", hint=hint)
        if part in gone and not force:
            say(f"{pipeline.name} {part} is retired: touchline run --force makes it again")


@click.command()
@click.argument("pipeline", required=False)
@PARTITION
@ONLY
@click.option("--force", is_flag=True, help="Make fresh tables again, too.")
@WORKERS
@ENGINE
@JSON
@click.pass_obj
def run(
    file: Path | None,
    pipeline: str | None,
    parts: tuple[str, ...],
    only: Any,
    *,
    force: bool,
    workers: int,
    engine: str,
    as_json: bool,
) -> None:
    """Make everything that is stale in PIPELINE, or in all; the rest stays as it is.

    Each partition is published in all its tables or in none.

    Example: touchline run tracking --partition match_id=2017461
    """
    from touchline.core import planner
    from touchline.core.pipeline import drive

    here = Touchline(config.load(file))
    platform = here.platform(workers=workers, engine=engine)
    ends: list[Iterator[Done]] = []
    total, arrived = 0, False
    for each, wanted in chosen(here, pipeline, parts, force=force):
        drive.settle(each, platform)
        came = here.ledger.contents(each.name, wanted)
        plans = planner.plan(each, here.ledger, parts=wanted, only=only, force=force, arrived=came)
        total += len(plans) if only != "bronze" else len(came)
        ends.append(drive.run(each, platform, parts=wanted, plans=plans, only=only, force=force))
        arrived = arrived or bool(came or here.ledger.withdrawn(each.name, wanted))
    empty = FRESH if arrived else _NOTHING
    finish(here, chain.from_iterable(ends), total, as_json=as_json, keep_going=True, empty=empty)


@click.command()
@click.argument("pipeline")
@click.argument("first")
@click.argument("last")
@click.option("--redo", is_flag=True, help="Run partitions again that are fresh.")
@click.option("--keep-going", is_flag=True, help="Go on after a failure; exit with the worst.")
@WORKERS
@ENGINE
@JSON
@click.pass_obj
def backfill(
    file: Path | None,
    pipeline: str,
    first: str,
    last: str,
    *,
    redo: bool,
    keep_going: bool,
    workers: int,
    engine: str,
    as_json: bool,
) -> None:
    """Run PIPELINE from FIRST to LAST, both dates (YYYY-MM-DD) or both match ids, inclusive.

    Stops at the first failure. Give the same command again to resume: what is fresh is passed over.

    Example: touchline backfill tracking 2025-04-01 2025-05-31 --workers 2
    """
    from touchline.core import backfill as ranges
    from touchline.core import planner
    from touchline.core.pipeline import drive

    here = Touchline(config.load(file))
    chosen = here.pipeline(pipeline)
    platform = here.platform(workers=workers, engine=engine)
    chosen_range = ranges.partitions(chosen, first, last, ledger=here.ledger, objects=here.objects)
    wanted = chosen_range.parts
    if chosen_range.undated:
        say(f"left out, as their day cannot be told: {', '.join(chosen_range.undated)}")
    _must_hold_some(chosen_range, chosen, first, last=last)
    drive.settle(chosen, platform)
    plans = planner.plan(chosen, here.ledger, parts=wanted, force=redo)
    fresh = len(wanted) - len(plans)
    say(f"{counted(len(wanted), 'partition')} from {first} to {last}, {fresh} fresh already")
    ends = drive.run(chosen, platform, plans=plans, force=redo, pause=not keep_going)
    finish(here, ends, len(plans), as_json=as_json, keep_going=keep_going)


def _must_hold_some(found: "Range", pipeline: "Pipeline", first: str, *, last: str) -> None:
    """Refuse a range with nothing in it: it was mistyped, or its days are still to come."""
    from touchline.core.due import day_column

    if found.parts:
        return
    if found.span is None:
        arrived = "the day of none that has arrived can be told"
        raise MissingInputError(
            f"{pipeline.name} {first} to {last}: {arrived if found.undated else 'nothing has arrived'}",
            hint="run again once it has landed (touchline ingest)",
        )
    low, high = found.span
    ids, column = isinstance(low, int), pipeline.steps[0].makes.replace_by[0]
    dated = "" if ids or day_column(pipeline) else "with a day "
    said = (
        f"{pipeline.name}: no {column} {dated}from {first} to {last};"
        f" there are {'ids' if ids else 'days'} {low} to {high}"
    )
    if not ids and first > str(high):
        raise MissingInputError(said, hint="run again once it has landed (touchline ingest)")
    raise ConfigError(said, hint="touchline status lists what has arrived")
