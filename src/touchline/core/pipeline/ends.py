"""How a run ends: what is said of it to people, to the ledger and in its report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

import touchline
from touchline.core.pipeline.job import Outcome, Platform
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
    pipeline: str = ""


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

    An end that its caller wanted, or that another partition met, is no failure of this one: the run
    is stopped, not failed.
    """
    if isinstance(exc, GeneratorExit | KeyboardInterrupt | SystemExit | TouchlineError):
        why = f": {exc}" if isinstance(exc, TouchlineError) else ""
        message = f"stopped before it was published{why}"
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
    """The run as it ended, with its report; without an error it was published, or only checked."""
    checked = outcome is not None and outcome.job.decode_only
    status = _status(error) if error or not checked else "checked"
    report = _report(run, status, at, error=error, outcome=outcome)
    if pipeline.summary is not None:
        files = tuple(outcome.job.files.values()) if outcome else ()
        steps = outcome.steps if outcome else ()
        report = {**pipeline.summary(run.partition, files=files, steps=steps), **report}
    more = len(outcome.errors) - 1 if outcome and error in outcome.errors else 0
    message = (
        f"{error}{f' (and {more} more)' if more > 0 else ''}" if error else warned(report["steps"])
    )
    return replace(run, status=status, ended_at=at, message=message, report=report)


def warned(steps: Sequence[Mapping[str, Any]]) -> str:
    """What the rules of these step reports warn of; "" where all is well."""
    said = [
        f"{step['table']}: {rule['rule']}: {rule['seen']}, expected {rule['expected']}"
        for step in steps
        for rule in step["rules"]
        if rule["severity"] == "warn" and not rule["passed"]
    ]
    return f"warned: {'; '.join(said)}" if said else ""


def _status(error: TouchlineError | None) -> RunStatus:
    if error is None:
        return "published"
    if isinstance(error, MissingInputError):
        return "waiting"
    return "refused" if error.exit_code == 3 else "failed"


def reported(pipeline: Pipeline, over: Run, platform: Platform) -> None:
    """Whoever watches has heard of it; its report is an object, and the newest of its partition."""
    tell(pipeline, over, platform)
    folder = f"{pipeline.reports or f'metrics/{pipeline.name}'}/{over.partition}"
    report = msgspec.json.format(msgspec.json.encode(over.report), indent=2)
    platform.objects.write(f"{folder}/{over.run_id}.json", report)
    platform.objects.replace(f"{folder}/report.json", report)


def tell(pipeline: Pipeline, over: Run, platform: Platform) -> None:
    """Whoever watches has heard of the run that ended."""
    for hear in platform.told:
        hear(pipeline, over)


def _errors(error: TouchlineError | None, outcome: Outcome | None) -> list[TouchlineError]:
    """The error first, then what else was wrong."""
    others = [e for e in (outcome.errors if outcome else ()) if e is not error]
    return [error, *others] if error else others


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
        "seconds": outcome.seconds if outcome else 0.0,
        "code_version": touchline.__version__,
        "failures": [_failure(e) for e in _errors(error, outcome)],
        "inputs": [
            {"name": r.name, "source": r.source, "sha256": r.sha256, "size_bytes": r.size}
            for r in files.values()
        ],
        "steps": msgspec.to_builtins(outcome.steps) if outcome else [],
    }
