"""The driver: claims partitions, lets an engine work on them, and alone publishes the results."""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

import touchline
from touchline.core import planner
from touchline.core.pipeline.steps import Layer, Pipeline, rejected_contract
from touchline.core.pipeline.work import Job, Outcome
from touchline.core.planner import Plan, Planned
from touchline.core.ports import (
    Claims,
    Engine,
    Ledger,
    ObjectStore,
    Partition,
    Publish,
    Run,
    Staged,
    TableStore,
)
from touchline.errors import ConflictError, MissingInputError, TouchlineError

CLAIMED_AT_ONCE = 64
PUBLISHED_AT_ONCE = 16


@dataclass(frozen=True)
class Platform:
    """Where a run reads, works and writes; `task` is what an engine can carry to its workers."""

    objects: ObjectStore
    tables: TableStore
    ledger: Ledger
    engine: Engine
    task: Callable[[Job], Outcome]
    clock: Callable[[], datetime]


@dataclass(frozen=True)
class Done:
    """How one partition ended: its run (None if it never began) and the error, if any."""

    partition: Partition
    run: Run | None
    error: TouchlineError | None = None


def run(
    pipeline: Pipeline,
    platform: Platform,
    *,
    parts: Sequence[Partition] | None = None,
    only: Layer | None = None,
    force: bool = False,
) -> Iterator[Done]:
    """Make everything that is stale, partition by partition, each all or nothing.

    Partitions end in any order. One that another run holds ends with ConflictError, one whose files
    are not all there with MissingInputError; the others go on.
    """
    settle(platform)
    plans = planner.plan(pipeline, platform.ledger, parts=parts, only=only, force=force)
    chosen = [p for p in plans if p.steps or p.missing]
    if only == "bronze":
        chosen += [Plan(part, ()) for part in _whole(pipeline, platform, parts)]
    for first in range(0, len(chosen), CLAIMED_AT_ONCE):
        chunk = [p.partition for p in chosen[first : first + CLAIMED_AT_ONCE]]
        with platform.ledger.claim(pipeline.name, chunk) as claims:
            for part, holder in claims.refused.items():
                yield Done(part, None, _held_by(pipeline, part, holder))
            again = planner.plan(
                pipeline, platform.ledger, parts=claims.held, only=only, force=force
            )
            if only == "bronze":
                again += [Plan(part, ()) for part in _whole(pipeline, platform, claims.held)]
            yield from _claimed(pipeline, platform, claims, plans=again, only=only)


def settle(platform: Platform) -> None:
    """Find out how publishes ended whose process died in the middle, and record it."""
    for publish in platform.ledger.unsettled():
        snapshot = platform.tables.committed(publish.table, publish.commit_id)
        platform.ledger.settle(publish.commit_id, publish.table, snapshot)


def _whole(
    pipeline: Pipeline, platform: Platform, parts: Sequence[Partition] | None
) -> list[Partition]:
    arrivals = platform.ledger.arrivals(pipeline.name, parts)
    wanted = {b.file for b in pipeline.bronze}
    return [part for part, files in sorted(arrivals.items()) if wanted <= set(files)]


def _held_by(pipeline: Pipeline, part: Partition, holder: str) -> ConflictError:
    return ConflictError(
        f"{pipeline.name} {part}: held by {holder}", hint="run again when the other run has ended"
    )


def _claimed(
    pipeline: Pipeline,
    platform: Platform,
    claims: Claims,
    *,
    plans: Sequence[Plan],
    only: Layer | None,
) -> Iterator[Done]:
    """Work on the partitions held: announce the runs, map, publish in batches, record the ends."""
    runs = {p.partition: _begun(pipeline, platform, p) for p in plans}
    platform.ledger.record(list(runs.values()))
    for p in plans:
        if p.missing:
            yield _ended(platform, runs[p.partition], _lacks(pipeline, p), None)
    ready = {p.partition: p for p in plans if not p.missing}
    jobs = _jobs(pipeline, platform, ready, runs=runs, decode_only=only == "bronze")
    if any(job.makes for job in jobs):
        platform.tables.prepare(pipeline.contracts)
    waiting: list[Outcome] = []
    with _crash_recorded(platform, runs):
        for outcome in platform.engine.map(platform.task, jobs):
            waiting.append(outcome)
            if len(waiting) >= PUBLISHED_AT_ONCE:
                yield from _published(
                    pipeline, platform, claims, waiting=waiting, ready=ready, runs=runs
                )
                waiting = []
        yield from _published(pipeline, platform, claims, waiting=waiting, ready=ready, runs=runs)


@contextmanager
def _crash_recorded(platform: Platform, runs: dict[Partition, Run]) -> Iterator[None]:
    """A bug's traceback goes on to the user; the runs it ended are recorded as failed."""
    try:
        yield
    except BaseException as exc:
        now = platform.clock()
        left = [
            replace(r, status="failed", ended_at=now, message=f"{type(exc).__name__}: {exc}")
            for r in runs.values()
            if r.status == "running"
        ]
        platform.ledger.record(left)
        raise


def _begun(pipeline: Pipeline, platform: Platform, p: Plan) -> Run:
    now = platform.clock()
    run_id = f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    derivations = {s.table: s.derivation for s in p.steps}
    return Run(run_id, pipeline.name, p.partition, "running", now, derivations=derivations)


def _lacks(pipeline: Pipeline, p: Plan) -> MissingInputError:
    return MissingInputError(
        f"{pipeline.name} {p.partition}: missing {', '.join(p.missing)}",
        hint="run again once it has landed (touchline ingest)",
        missing=list(p.missing),
    )


def _jobs(
    pipeline: Pipeline,
    platform: Platform,
    ready: Mapping[Partition, Plan],
    *,
    runs: Mapping[Partition, Run],
    decode_only: bool,
) -> list[Job]:
    """Each partition's job, with the pieces of those tables it reads but does not make."""
    makes = {part: tuple(s.table for s in p.steps) for part, p in ready.items()}
    arrivals = platform.ledger.arrivals(pipeline.name, list(ready))
    bronze = {b.table for b in pipeline.bronze}
    read = {n for made in makes.values() for t in made for n in pipeline.step(t).reads} - bronze
    current = platform.ledger.current(sorted(read), list(ready))
    return [
        Job(
            run_id=runs[part].run_id,
            pipeline=pipeline.name,
            partition=part,
            started_at=runs[part].started_at,
            makes=made,
            files=arrivals.get(part, {}),
            tables={
                t: current[t][part].pieces for t in read if t not in made and part in current[t]
            },
            decode_only=decode_only,
        )
        for part, made in makes.items()
    ]


def _published(
    pipeline: Pipeline,
    platform: Platform,
    claims: Claims,
    *,
    waiting: Sequence[Outcome],
    ready: Mapping[Partition, Plan],
    runs: dict[Partition, Run],
) -> Iterator[Done]:
    """Commit a batch, table by table in the order of steps, and record how each partition ended."""
    if not waiting:
        return
    commit_id = uuid.uuid4().hex
    earlier = platform.ledger.current(
        [rejected_contract(s.makes).table for s in pipeline.steps],
        [o.job.partition for o in waiting],
    )
    staged: dict[str, list[Staged]] = {}
    for piece in (s for o in waiting for s in (*o.staged, *o.rejected)):
        before = earlier.get(piece.table, {}).get(piece.partition)
        if piece.pieces or piece.table not in earlier or (before and before.rows):
            staged.setdefault(piece.table, []).append(piece)
    publishes = [
        _publish(s, commit_id, outcome=o, plan=ready[o.job.partition])
        for o in waiting
        for s in (*o.staged, *o.rejected)
        if s in staged.get(s.table, ())
    ]
    properties = _properties(waiting, publishes)
    with platform.ledger.publishing(claims, publishes) as done:
        for contract in pipeline.contracts:
            if contract.table in staged:
                snapshot = platform.tables.publish(
                    contract, staged[contract.table], commit_id=commit_id, properties=properties
                )
                done(contract.table, snapshot)
    for outcome in waiting:
        ended = _ended(platform, runs[outcome.job.partition], outcome.error, outcome)
        if ended.run is not None:
            runs[ended.partition] = ended.run
        yield ended


def _publish(staged: Staged, commit_id: str, *, outcome: Outcome, plan: Plan) -> Publish:
    planned = {s.table: s for s in plan.steps}
    found = planned.get(staged.table) or Planned(staged.table, outcome.job.run_id, {})
    rejected = {s.table: sum(s.rejected.values()) for s in outcome.steps}
    return Publish(
        table=staged.table,
        partition=staged.partition,
        run_id=outcome.job.run_id,
        commit_id=commit_id,
        derivation=found.derivation,
        content=found.derivation,
        rows=staged.rows,
        pieces=staged.pieces,
        made_from=found.made_from,
        rejected=rejected.get(staged.table, 0),
    )


def _properties(waiting: Sequence[Outcome], publishes: Sequence[Publish]) -> dict[str, str]:
    return {
        "touchline.run-id": ",".join(o.job.run_id for o in waiting),
        "touchline.inputs-digest": ",".join(p.derivation for p in publishes if p.made_from),
        "touchline.code-version": touchline.__version__,
    }


def _ended(
    platform: Platform, run: Run, error: TouchlineError | None, outcome: Outcome | None
) -> Done:
    """The run's last word: its report as an object and in the ledger."""
    status = _status(error)
    ended = platform.clock()
    report = _report(run, status, ended, error=error, outcome=outcome)
    path = f"metrics/{run.pipeline}/{run.partition}/{run.run_id}.json"
    platform.objects.write(path, msgspec.json.format(msgspec.json.encode(report), indent=2))
    over = replace(
        run, status=status, ended_at=ended, message=str(error) if error else "", report=report
    )
    platform.ledger.record([over])
    return Done(run.partition, over, error)


def _status(error: TouchlineError | None) -> Any:
    if error is None:
        return "published"
    if isinstance(error, MissingInputError):
        return "waiting"
    return "refused" if error.exit_code == 3 else "failed"


def _report(
    run: Run,
    status: str,
    ended: datetime,
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
        "ended_at": ended.isoformat(),
        "seconds": round((ended - run.started_at).total_seconds(), 3),
        "code_version": touchline.__version__,
        "failures": [{"error": type(error).__name__, "message": str(error), "hint": error.hint}]
        if error
        else [],
        "inputs": [
            {"name": r.name, "source": r.source, "sha256": r.sha256, "size_bytes": r.size}
            for r in files.values()
        ],
        "steps": msgspec.to_builtins(outcome.steps) if outcome else [],
    }
