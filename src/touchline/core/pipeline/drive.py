"""The driver: claims partitions, lets an engine work on them, and alone publishes the results."""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import pairwise

from touchline.core import planner
from touchline.core.pipeline import ends
from touchline.core.pipeline.emptying import withdrawn
from touchline.core.pipeline.ends import Done
from touchline.core.pipeline.job import Job, Outcome, Platform
from touchline.core.pipeline.judging import judged
from touchline.core.pipeline.publishing import published
from touchline.core.pipeline.settling import settle
from touchline.core.pipeline.steps import Layer, Pipeline
from touchline.core.planner import Plan
from touchline.core.ports import Claims, Partition, Receipt, Run
from touchline.errors import TouchlineError

__all__ = ["Done", "Platform", "run", "settle"]

CLAIMED_AT_ONCE = 64
PUBLISHED_AT_ONCE = 16
PUBLISHED_AFTER_S = 5.0


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
    are not all there with MissingInputError; both are told after those that could be made. With
    `pause`, a failure is told before anything behind it is published, so that the caller can stop
    there. `plans` is what `planner.plan` found for the same arguments, where the caller has asked
    already. What arrives once a partition is claimed is left to the next run.
    """
    settle(pipeline, platform)
    if plans is None:
        plans = planner.plan(pipeline, platform.ledger, parts=parts, only=only, force=force)
    chosen = [p for p in plans if p.steps or p.missing]
    if only == "bronze":
        chosen += _decodable(pipeline, platform.ledger.contents(pipeline.name, parts))
    for first in range(0, len(chosen), CLAIMED_AT_ONCE):
        chunk = [p.partition for p in chosen[first : first + CLAIMED_AT_ONCE]]
        with platform.ledger.claim(pipeline.name, chunk) as claims:
            arrived = platform.ledger.arrivals(pipeline.name, claims.held)
            again = planner.plan(
                pipeline,
                platform.ledger,
                parts=claims.held,
                only=only,
                force=force,
                arrived=planner.hashes(arrived),
            )
            if only == "bronze":
                again += _decodable(pipeline, arrived)
            yield from withdrawn(
                pipeline, platform, claims, plans=[p for p in again if p.withdrawn]
            )
            again = [p for p in again if not p.withdrawn]
            yield from _claimed(
                pipeline, platform, claims, plans=again, arrived=arrived, only=only, pause=pause
            )
            for part, holder in claims.refused.items():
                yield Done(part, None, ends.held_by(pipeline, part, holder), pipeline.name)


def _decodable(pipeline: Pipeline, arrived: Mapping[Partition, Mapping[str, object]]) -> list[Plan]:
    """The partitions whose files are all there, to be decoded and no more."""
    wanted = [p for p, files in arrived.items() if all(b.of(files) for b in pipeline.bronze)]
    return [Plan(part, ()) for part in sorted(wanted)]


def _claimed(
    pipeline: Pipeline,
    platform: Platform,
    claims: Claims,
    *,
    plans: Sequence[Plan],
    arrived: Mapping[Partition, Mapping[str, Receipt]],
    only: Layer | None,
    pause: bool,
) -> Iterator[Done]:
    """Work on the partitions held: announce the runs, map, publish in batches, record the ends."""
    runs = {p.partition: _begun(pipeline, platform, p) for p in plans}
    platform.ledger.record(list(runs.values()))
    ready = {p.partition: p for p in plans if not p.missing}
    with _crash_recorded(pipeline, platform, runs):
        jobs = _jobs(
            pipeline, platform, ready, runs=runs, arrived=arrived, decode_only=only == "bronze"
        )
        with _prepared(pipeline, platform, jobs) as prepared:
            for waiting in _judged(pipeline, platform, jobs, pause=pause):
                prepared()
                yield from published(
                    pipeline, platform, claims, waiting=waiting, ready=ready, runs=runs
                )
        for p in plans:
            if p.missing:
                yield _waiting(pipeline, platform, runs, plan=p)


def _judged(
    pipeline: Pipeline, platform: Platform, jobs: Sequence[Job], *, pause: bool
) -> Iterator[Sequence[Outcome]]:
    """The jobs' outcomes in batches, each held to the baseline."""
    for waiting in _batches(platform.engine.map(platform.task, jobs), pause=pause):
        found = judged(pipeline, platform.ledger, waiting)
        yield from _up_to_errors(found) if pause else [found]


def _batches(outcomes: Iterable[Outcome], *, pause: bool) -> Iterator[list[Outcome]]:
    """What is published together: so many, or those of so long; with `pause`, up to an error."""
    waiting, since = list[Outcome](), 0.0
    for outcome in outcomes:
        now = time.monotonic()
        since = since if waiting else now
        waiting.append(outcome)
        full = len(waiting) >= PUBLISHED_AT_ONCE or now - since >= PUBLISHED_AFTER_S
        if full or (pause and outcome.error):
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _up_to_errors(outcomes: Sequence[Outcome]) -> Iterator[Sequence[Outcome]]:
    """The same, cut behind each error, so that what ended behind one can be left alone."""
    cuts = [at for at, outcome in enumerate(outcomes, start=1) if outcome.error]
    for first, end in pairwise([0, *cuts, len(outcomes)]):
        if first < end:
            yield outcomes[first:end]


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
def _crash_recorded(
    pipeline: Pipeline, platform: Platform, runs: dict[Partition, Run]
) -> Iterator[None]:
    """What ended the driver goes on to the user; `ends.crashed` says how the runs it left ended."""
    try:
        yield
    except BaseException as exc:
        now = platform.clock()
        left = [ends.crashed(r, exc, now) for r in runs.values() if r.status == "running"]
        with suppress(TouchlineError):  # what ended the run is what the user must hear of
            platform.ledger.record(left)
        for run_ in left:
            ends.tell(pipeline, run_, platform)
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
    ends.reported(pipeline, over, platform)
    platform.ledger.record([over])
    runs[part] = over
    return Done(part, over, error, pipeline.name)


def _jobs(
    pipeline: Pipeline,
    platform: Platform,
    ready: Mapping[Partition, Plan],
    *,
    runs: Mapping[Partition, Run],
    arrived: Mapping[Partition, Mapping[str, Receipt]],
    decode_only: bool,
) -> list[Job]:
    """Each partition's job, with the pieces of those tables it reads but does not make."""
    makes = {part: tuple(s.table for s in p.steps) for part, p in ready.items()}
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
            files=arrived.get(part, {}),
            tables={
                t: current[t][part].pieces for t in read if t not in made and part in current[t]
            },
            decode_only=decode_only,
        )
        for part, made in makes.items()
    ]
