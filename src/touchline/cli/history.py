"""status, runs, show: the ledger, for people."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from touchline import config
from touchline.cli.kinds import Whole
from touchline.cli.output import JSON, table, tell
from touchline.errors import ConfigError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.pipeline import Pipeline
    from touchline.core.ports import Run

_WHOLE = "use --json, or touchline show RUN"

LIMIT = click.option(
    "--limit", type=Whole(1, 100_000), default=20, show_default=True, help="How many."
)


@click.command()
@click.argument("pipeline", required=False)
@JSON
@click.pass_obj
def status(file: Path | None, pipeline: str | None, *, as_json: bool) -> None:
    """Show how each partition of PIPELINE, or of all, stands.

    It is fresh, warned, stale, waiting, refused, failed, retired or withdrawn.
    """
    here = Touchline(config.load(file))
    chosen = [here.pipeline(pipeline)] if pipeline else here.pipelines.values()
    rows = [row for each in chosen for row in _states(here, each)]
    table(
        rows,
        as_json=as_json,
        empty="nothing has arrived yet; see: touchline ingest --help",
        least=("of", "published", "pipeline", "ended"),
        below="message",
        more=_WHOLE,
    )


def _states(here: Touchline, chosen: "Pipeline") -> list[dict[str, Any]]:
    from touchline.core import health

    return [
        {
            "pipeline": chosen.name,
            "partition": s.partition,
            "state": f"waiting for {', '.join(s.missing)}" if s.missing else s.state,
            "published": s.published,
            "of": len(chosen.steps),
            "last run": s.run.run_id if s.run else None,
            "ended": s.run.ended_at if s.run else None,
            "message": _news(s.run) if s.run and not s.missing else None,
        }
        for s in health.states(chosen, here.ledger)
    ]


def _news(run: "Run") -> str | None:
    """What a run's message tells beside its pipeline and partition, which have columns of their own."""
    return run.message.removeprefix(f"{run.pipeline} {run.partition}: ") or None


@click.command()
@click.argument("pipeline", required=False)
@LIMIT
@JSON
@click.pass_obj
def runs(file: Path | None, pipeline: str | None, limit: int, *, as_json: bool) -> None:
    """List the newest runs."""
    here = Touchline(config.load(file))
    if pipeline is not None:
        here.pipeline(pipeline)
    rows = [
        {
            "run": r.run_id,
            "pipeline": r.pipeline,
            "partition": r.partition,
            "status": r.status,
            "started": r.started_at,
            "seconds": None if r.seconds is None else round(r.seconds, 2),
            "message": _news(r),
        }
        for r in here.ledger.runs(pipeline=pipeline, limit=limit)
    ]
    least = ("seconds", "started", "pipeline")
    table(rows, as_json=as_json, empty="no runs yet", least=least, below="message", more=_WHOLE)


@click.command()
@click.argument("run_id", metavar="RUN")
@JSON
@click.pass_obj
def show(file: Path | None, run_id: str, *, as_json: bool) -> None:
    """Show one RUN, by its id or a unique beginning of it."""
    here = Touchline(config.load(file))
    found = here.ledger.runs(run_id=run_id, limit=2) if run_id else ()
    if not found:
        said = f"no run {run_id!r}" if run_id else "give a run id, or the beginning of one"
        raise ConfigError(said, hint="see: touchline runs")
    if len(found) > 1:
        raise ConfigError(f"several runs begin with {run_id!r}", hint="give more of it")
    run = found[0]
    if as_json:
        click.echo(json.dumps(run.report or {"run_id": run.run_id, "status": run.status}, indent=1))
        return
    head = f"{run.run_id}  {run.pipeline}  {run.partition}  {run.status}"
    tell(f"{head}  {run.message}" if run.message else head)
    _show_failures(run)
    table(run.report.get("inputs", []), title="inputs", empty="no inputs recorded")
    steps = run.report.get("steps", [])
    table([_step(s) for s in steps], title="tables", empty="no table was made", counts=True)
    rules = [
        {
            "table": s["table"].removeprefix(f"{run.pipeline}."),
            "rule": r["rule"],
            "passed": "warns" if _warns(r) else r["passed"],
            "seen": r["seen"],
            "expected": r["expected"],
        }
        for s in steps
        for r in s["rules"]
    ]
    table(rules, title="rules", empty="no rule was reached", whole=("table",))


def _show_failures(run: "Run") -> None:
    """What else was wrong, and the ways out; the first failure is the run's message."""
    failures = run.report.get("failures", [])
    for failure in failures[1:]:
        tell(failure["message"], "also: ")
    for hint in dict.fromkeys(failure["hint"] for failure in failures if failure["hint"]):
        tell(hint, "hint: ")


def _warns(rule: dict[str, Any]) -> bool:
    return rule["severity"] == "warn" and not rule["passed"]


def _step(step: dict[str, Any]) -> dict[str, Any]:
    rejected = ", ".join(f"{n:,} x {reason}" for reason, n in step["rejected"].items())
    return {
        "table": step["table"],
        "rows in": step["rows_in"],
        "rows": step["rows"],
        "rejected": rejected or None,
        "notes": "; ".join(step["notes"]) or None,
        "seconds": round(step["seconds"], 2),
    }
