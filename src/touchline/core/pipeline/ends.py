"""How a run ends: what is said of it to people, to the ledger and in its report."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

import touchline
from touchline.core.pipeline.job import Outcome
from touchline.core.pipeline.steps import Pipeline
from touchline.core.planner import Plan
from touchline.core.ports import Partition, Run, RunStatus
from touchline.errors import ConflictError, MissingInputError, TouchlineError


@dataclass(frozen=True)
class Done:
    """How one partition ended: its run (None if it never began) and the error, if any."""

    partition: Partition
    run: Run | None
    error: TouchlineError | None = None


def held_by(pipeline: Pipeline, part: Partition, holder: str) -> ConflictError:
    """The error of a partition that another run holds."""
    return ConflictError(
        f"{pipeline.name} {part}: held by {holder}", hint="run again when the other run has ended"
    )


def lacks(pipeline: Pipeline, plan: Plan) -> MissingInputError:
    """The error of a partition whose inputs are not all there."""
    return MissingInputError(
        f"{pipeline.name} {plan.partition}: missing {', '.join(plan.missing)}",
        hint="run again once it has landed (touchline ingest)",
        missing=list(plan.missing),
    )


def crashed(run: Run, exc: BaseException, at: datetime) -> Run:
    """The run as it ended when an error, or the user, stopped the driver before its turn came.

    An end that its caller wanted is no failure of the partition: the run is stopped, not failed.
    """
    if isinstance(exc, GeneratorExit | KeyboardInterrupt | SystemExit):
        message = "stopped before it was published"
        return replace(run, status="stopped", ended_at=at, message=message)
    return replace(run, status="failed", ended_at=at, message=f"{type(exc).__name__}: {exc}")


def ended(
    pipeline: Pipeline,
    run: Run,
    at: datetime,
    *,
    error: TouchlineError | None,
    outcome: Outcome | None,
) -> Run:
    """The run as it ended, with its report; without an error it was published."""
    status = _status(error)
    report = _report(run, status, at, error=error, outcome=outcome)
    if pipeline.summary is not None:
        files = tuple(outcome.job.files.values()) if outcome else ()
        steps = outcome.steps if outcome else ()
        report = {**pipeline.summary(run.partition, files, steps), **report}
    more = len(outcome.errors) - 1 if outcome else 0
    message = f"{error}{f' (and {more} more)' if more > 0 else ''}" if error else ""
    return replace(run, status=status, ended_at=at, message=message, report=report)


def _status(error: TouchlineError | None) -> RunStatus:
    if error is None:
        return "published"
    if isinstance(error, MissingInputError):
        return "waiting"
    return "refused" if error.exit_code == 3 else "failed"


def _failure(error: TouchlineError) -> dict[str, Any]:
    told = {"error": type(error).__name__, "message": str(error), "hint": error.hint}
    trace = error.facts.get("traceback")
    return told if trace is None else {**told, "traceback": trace}


def _report(
    run: Run,
    status: RunStatus,
    at: datetime,
    *,
    error: TouchlineError | None,
    outcome: Outcome | None,
) -> dict[str, Any]:
    files = outcome.job.files if outcome else {}
    return {
        "run_id": run.run_id,
        "pipeline": run.pipeline,
        "partition": run.partition,
        "status": status,
        "started_at": run.started_at.isoformat(),
        "ended_at": at.isoformat(),
        "seconds": round((at - run.started_at).total_seconds(), 3),
        "code_version": touchline.__version__,
        "failures": [_failure(e) for e in (outcome.errors if outcome else [error]) if e],
        "inputs": [
            {"name": r.name, "source": r.source, "sha256": r.sha256, "size_bytes": r.size}
            for r in files.values()
        ],
        "steps": msgspec.to_builtins(outcome.steps) if outcome else [],
    }
