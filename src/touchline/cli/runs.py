"""plan, run, backfill."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from touchline import config
from touchline.cli.output import JSON, complain, counted, progress, say, seconds, table, worst
from touchline.errors import ConfigError, MissingInputError, TouchlineError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.backfill import Range
    from touchline.core.pipeline import Pipeline
    from touchline.core.pipeline.drive import Done
    from touchline.core.planner import Plan
    from touchline.core.ports import Run

_FRESH = "nothing to do: everything is fresh"
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
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Worker processes."
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
        plans = planner.plan(each, here.ledger, parts=wanted, only=only)
        arrived = arrived or bool(plans or here.ledger.contents(each.name))
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
    here: Touchline, name: str | None, parts: Sequence[str]
) -> "list[tuple[Pipeline, list[str] | None]]":
    """The pipeline of that name, or all; with the partitions asked for, or None where none was.

    A partition is its pipeline's: its columns tell which that is.
    """
    from touchline.core import backfill as ranges
    from touchline.core.ports import keys_of

    pipelines = [here.pipeline(name)] if name else list(here.pipelines.values())
    if not parts:
        return [(pipeline, None) for pipeline in pipelines]
    found: dict[str, tuple[Pipeline, list[str]]] = {}
    for part in dict.fromkeys(parts):
        keyed = [p for p in pipelines if tuple(keys_of(part)) == p.steps[0].makes.replace_by]
        pipeline = (keyed or pipelines)[0]
        ranges.checked(pipeline, part)
        found.setdefault(pipeline.name, (pipeline, []))[1].append(part)
    for pipeline, wanted in found.values():
        _must_have_arrived(here, pipeline.name, wanted)
    return list(found.values())


def _must_have_arrived(here: Touchline, pipeline: str, parts: Sequence[str]) -> None:
    known = here.ledger.contents(pipeline, parts)
    for part in parts:
        if part not in known:
            raise MissingInputError(
                f"{pipeline} {part}: nothing has arrived for it", hint="see: touchline status"
            )


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
    for each, wanted in chosen(here, pipeline, parts):
        drive.settle(each, platform)
        plans = planner.plan(each, here.ledger, parts=wanted, only=only, force=force)
        total += len(plans) if only != "bronze" else len(here.ledger.contents(each.name, wanted))
        ends.append(drive.run(each, platform, parts=wanted, plans=plans, only=only, force=force))
        arrived = arrived or bool(plans or here.ledger.contents(each.name))
    empty = _FRESH if arrived else _NOTHING
    finish(chain.from_iterable(ends), total, as_json=as_json, keep_going=True, empty=empty)


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
    _must_hold_some(chosen_range, pipeline, first, last=last)
    drive.settle(chosen, platform)
    plans = planner.plan(chosen, here.ledger, parts=wanted, force=redo)
    fresh = len(wanted) - len(plans)
    say(f"{counted(len(wanted), 'partition')} from {first} to {last}, {fresh} fresh already")
    ends = drive.run(chosen, platform, plans=plans, force=redo, pause=not keep_going)
    finish(ends, len(plans), as_json=as_json, keep_going=keep_going)


def _must_hold_some(found: "Range", pipeline: str, first: str, *, last: str) -> None:
    """Refuse a range with nothing in it: it was mistyped, or its matches are still to come."""
    if found.parts:
        return
    if found.span is None:
        arrived = "the day of none that has arrived can be told"
        raise MissingInputError(
            f"{pipeline} {first} to {last}: {arrived if found.undated else 'nothing has arrived'}",
            hint="run again once it has landed (touchline ingest)",
        )
    low, high = found.span
    ids = isinstance(low, int)
    raise ConfigError(
        f"{pipeline}: no match {'' if ids else 'kicked off '}from {first} to {last};"
        f" there are {'ids' if ids else 'days'} {low} to {high}",
        hint="touchline status lists what has arrived",
    )


def finish(
    ends: "Iterable[Done]",
    total: int,
    *,
    as_json: bool,
    keep_going: bool,
    empty: str = _FRESH,
) -> None:
    """Show each end as it comes and all of them at last; exit as the worst of them says."""
    rows: list[dict[str, Any]] = []
    codes: list[int] = []
    broken_off = False
    with progress("run", total) as tell:
        for done in ends:
            rows.append(_row(done))
            tell(done.partition, rows[-1]["status"])
            if done.error is None:
                _warned(done)
                continue
            codes.append(done.error.exit_code)
            _told(done.error, done.run)
            if not keep_going:
                broken_off = True
                break
    close = getattr(ends, "close", None)
    if close:
        close()
    table(rows, as_json=as_json, empty=empty)
    if broken_off and len(rows) < total:
        say(f"stopped after {len(rows)} of {total}; give the same command again to resume")
    sys.exit(worst(codes))


def _warned(done: "Done") -> None:
    """What the rules warn of in a partition that was published."""
    if done.run is not None and done.run.message:
        say(f"{done.pipeline} {done.partition}: {done.run.message}")


def _told(error: TouchlineError, run: "Run | None") -> None:
    """Why a partition was not published, and what else is wrong with it."""
    complain(str(error), error.hint)
    for more in (run.report.get("failures", []) if run else [])[1:]:
        complain(more["message"], more["hint"])


def _row(done: "Done") -> dict[str, Any]:
    run = done.run
    made = run.report.get("steps", []) if run and run.status == "published" else []
    steps = run.report.get("steps", []) if run else []
    took = run.report.get("seconds", 0.0) if run else 0.0
    return {
        "pipeline": done.pipeline,
        "partition": done.partition,
        "status": run.status if run else "held",
        "tables": len(made),
        "rows": sum(s["rows"] for s in made),
        "rejected": sum(sum(s["rejected"].values()) for s in steps),
        "took": seconds(took),
        "run": run.run_id if run else None,
    }
