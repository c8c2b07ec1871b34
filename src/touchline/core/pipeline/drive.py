"""The driver: claims partitions, lets an engine work on them, and alone publishes the results."""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import msgspec

from touchline.core import planner
from touchline.core.contracts import Contract
from touchline.core.pipeline import ends
from touchline.core.pipeline.batch import Batch, batch
from touchline.core.pipeline.ends import Done
from touchline.core.pipeline.job import Job, Outcome, Platform
from touchline.core.pipeline.settling import settle
from touchline.core.pipeline.steps import Layer, Pipeline, rejected_contract
from touchline.core.planner import Plan
from touchline.core.ports import (
    Claims,
    Partition,
    Run,
)
from touchline.errors import StorageError, TouchlineError

__all__ = ["Done", "Platform", "run", "settle"]

CLAIMED_AT_ONCE = 64
PUBLISHED_AT_ONCE = 16
COMMITTED_AT_ONCE = 4


def run(
    pipeline: Pipeline,
    platform: Platform,
    *,
    parts: Sequence[Partition] | None = None,
    plans: Sequence[Plan] | None = None,
    only: Layer | None = None,
    force: bool = False,
    pause: bool = False,
) -> Iterator[Done]:
    """Make everything that is stale, partition by partition, each all or nothing.

    Partitions end in any order. One that another run holds ends with ConflictError, one whose files
    are not all there with MissingInputError; the others go on. With `pause`, a failure is told
    before anything behind it is published, so that the caller can stop there. `plans` is what
    `planner.plan` found for the same arguments, where the caller has asked already.
    """
    settle(pipeline, platform)
    if plans is None:
        plans = planner.plan(pipeline, platform.ledger, parts=parts, only=only, force=force)
    chosen = [p for p in plans if p.steps or p.missing]
    if only == "bronze":
        chosen += [Plan(part, ()) for part in _whole(pipeline, platform, parts)]
    for first in range(0, len(chosen), CLAIMED_AT_ONCE):
        chunk = [p.partition for p in chosen[first : first + CLAIMED_AT_ONCE]]
        with platform.ledger.claim(pipeline.name, chunk) as claims:
            for part, holder in claims.refused.items():
                yield Done(part, None, ends.held_by(pipeline, part, holder))
            again = planner.plan(
                pipeline, platform.ledger, parts=claims.held, only=only, force=force
            )
            if only == "bronze":
                again += [Plan(part, ()) for part in _whole(pipeline, platform, claims.held)]
            yield from _claimed(pipeline, platform, claims, plans=again, only=only, pause=pause)


def _whole(
    pipeline: Pipeline, platform: Platform, parts: Sequence[Partition] | None
) -> list[Partition]:
    arrivals = platform.ledger.arrivals(pipeline.name, parts)
    return [
        part
        for part, files in sorted(arrivals.items())
        if all(b.of(files) for b in pipeline.bronze)
    ]


def _claimed(
    pipeline: Pipeline,
    platform: Platform,
    claims: Claims,
    *,
    plans: Sequence[Plan],
    only: Layer | None,
    pause: bool,
) -> Iterator[Done]:
    """Work on the partitions held: announce the runs, map, publish in batches, record the ends."""
    runs = {p.partition: _begun(pipeline, platform, p) for p in plans}
    platform.ledger.record(list(runs.values()))
    ready = {p.partition: p for p in plans if not p.missing}
    with _crash_recorded(platform, runs):
        for p in plans:
            if p.missing:
                yield _waiting(pipeline, platform, runs, plan=p)
        jobs = _jobs(pipeline, platform, ready, runs=runs, decode_only=only == "bronze")
        with _prepared(pipeline, platform, jobs) as prepared:
            for waiting in _batches(platform.engine.map(platform.task, jobs), pause=pause):
                prepared()
                yield from _published(
                    pipeline, platform, claims, waiting=waiting, ready=ready, runs=runs
                )


def _batches(outcomes: Iterable[Outcome], *, pause: bool) -> Iterator[list[Outcome]]:
    """What is published together: so many, or with `pause` all up to an error."""
    waiting: list[Outcome] = []
    for outcome in outcomes:
        waiting.append(outcome)
        if len(waiting) >= PUBLISHED_AT_ONCE or (pause and outcome.error):
            yield waiting
            waiting = []
    if waiting:
        yield waiting


@contextmanager
def _prepared(
    pipeline: Pipeline, platform: Platform, jobs: Sequence[Job]
) -> Iterator[Callable[[], None]]:
    """The tables are made beside the first work; yields what waits until they are there."""
    if not any(job.makes for job in jobs):
        yield lambda: None
        return
    with ThreadPoolExecutor(1) as beside:
        yield beside.submit(platform.tables.prepare, pipeline.contracts).result


@contextmanager
def _crash_recorded(platform: Platform, runs: dict[Partition, Run]) -> Iterator[None]:
    """A bug's traceback goes on to the user; the runs it ended are recorded, `ends.crashed` says how."""
    try:
        yield
    except BaseException as exc:
        now = platform.clock()
        left = [ends.crashed(r, exc, now) for r in runs.values() if r.status == "running"]
        platform.ledger.record(left)
        raise


def _begun(pipeline: Pipeline, platform: Platform, p: Plan) -> Run:
    now = platform.clock()
    run_id = f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
    derivations = {s.table: s.derivation for s in p.steps}
    return Run(run_id, pipeline.name, p.partition, "running", now, derivations=derivations)


def _waiting(
    pipeline: Pipeline, platform: Platform, runs: dict[Partition, Run], *, plan: Plan
) -> Done:
    """The end of a run that could not begin, as files are missing."""
    part, error = plan.partition, ends.lacks(pipeline, plan)
    over = ends.ended(pipeline, runs[part], platform.clock(), error=error, outcome=None)
    _reported(pipeline, platform, over)
    platform.ledger.record([over])
    runs[part] = over
    return Done(part, over, error)


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
    """Commit a batch, and record how each partition ended."""
    if not waiting:
        return
    settle(pipeline, platform)
    commit_id = uuid.uuid4().hex
    rejected = platform.ledger.current(
        [rejected_contract(s.makes).table for s in pipeline.steps],
        [o.job.partition for o in waiting],
    )
    found = batch(waiting, commit_id, plans=ready, rejected=rejected)
    over = [
        ends.ended(pipeline, runs[o.job.partition], platform.clock(), error=o.error, outcome=o)
        for o in waiting
    ]
    try:
        with platform.ledger.publishing(claims, found.publishes) as done:
            for table, snapshot in _committed(pipeline, found, commit_id, platform=platform):
                done(table, snapshot)
            platform.ledger.record(over)
    except TouchlineError:
        with suppress(TouchlineError):  # if it fails too, the next run does it
            settle(pipeline, platform)
        if not _is_current(found, platform):
            raise
        platform.ledger.record(over)
    for run_, outcome in zip(over, waiting, strict=True):
        runs[run_.partition] = run_
        untold = _untold(pipeline, platform, run_)
        yield Done(run_.partition, run_, outcome.error or untold)


def _untold(pipeline: Pipeline, platform: Platform, run_: Run) -> StorageError | None:
    """Write the report; the error if there is no room for it. The ledger has it, too."""
    try:
        _reported(pipeline, platform, run_)
    except StorageError as exc:
        said = f"{run_.partition}: {run_.status}, but its report has no place: {exc}"
        return StorageError(said, hint=exc.hint)
    return None


def _is_current(found: Batch, platform: Platform) -> bool:
    """Whether the commit took place after all, although its last word failed."""
    tables = sorted(found.staged)
    current = platform.ledger.current(tables, [p.partition for p in found.publishes])
    return bool(found.publishes) and all(
        p.partition in current[p.table] and current[p.table][p.partition].commit_id == p.commit_id
        for p in found.publishes
    )


def _committed(
    pipeline: Pipeline, found: Batch, commit_id: str, *, platform: Platform
) -> Iterator[tuple[str, str]]:
    """Each table and its snapshot. Several at a time, as a commit mostly waits for the disk."""

    def commit(contract: Contract) -> str:
        return platform.tables.publish(
            contract,
            found.staged[contract.table],
            commit_id=commit_id,
            properties=found.properties(contract.table),
        )

    contracts = [c for c in pipeline.contracts if c.table in found.staged]
    with ThreadPoolExecutor(COMMITTED_AT_ONCE) as pool:
        yield from zip([c.table for c in contracts], pool.map(commit, contracts), strict=True)


def _reported(pipeline: Pipeline, platform: Platform, over: Run) -> None:
    """The run's report as an object of its own, and as the newest of its partition."""
    folder = f"{pipeline.reports or f'metrics/{pipeline.name}'}/{over.partition}"
    report = msgspec.json.format(msgspec.json.encode(over.report), indent=2)
    platform.objects.write(f"{folder}/{over.run_id}.json", report)
    platform.objects.replace(f"{folder}/report.json", report)
