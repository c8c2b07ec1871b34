"""Which stale partitions are to be run now by whoever runs them without being asked.

A person's `run` tries everything again. A scheduler does not: what was refused waits for another
file or rule, what failed is tried again with growing waits. Both are read off the ledger, so that
a scheduler that was killed goes on where it was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from touchline.core.pipeline import Pipeline
from touchline.core.planner import Plan, through
from touchline.core.ports import Ledger, Run
from touchline.core.schedule import Backoff

RETRIES = Backoff(first_s=5.0, most_s=3600.0)
_LOOKED_AT = 12


@dataclass(frozen=True)
class Ready:
    """Plans to be run now, and when the next of the others is to be tried again, if ever."""

    plans: tuple[Plan, ...]
    next_at: datetime | None = None


def ready(
    plans: Sequence[Plan],
    pipeline: Pipeline,
    ledger: Ledger,
    *,
    now: datetime,
    backoff: Backoff = RETRIES,
) -> Ready:
    """Those of the plans that have never been tried as they are, or whose wait is over.

    What waits for files is not among them: nothing can be made of it.
    """
    last = ledger.last(pipeline.name)
    chosen, later = [], list[datetime]()
    for plan in (plan for plan in plans if plan.steps):
        run = last.get(plan.partition)
        if run is None or not _same(plan, run):
            chosen.append(plan)
        elif run.status == "failed":
            wait = _wait(run, ledger, now=now, backoff=backoff)
            if wait <= timedelta(0):
                chosen.append(plan)
            else:
                later.append(now + wait)
    return Ready(tuple(chosen), min(later, default=None))


def _same(plan: Plan, run: Run) -> bool:
    """Whether that run tried just what is planned, and did not succeed."""
    tried = {step.table: step.derivation for step in plan.steps}
    return run.status in ("refused", "failed") and run.derivations == tried


def refused(plan: Plan, run: Run | None) -> bool:
    """Whether that run tried just what is planned, and the gate refused it."""
    return run is not None and run.status == "refused" and _same(plan, run)


def in_vain(run: Run | None, pipeline: Pipeline, ledger: Ledger) -> bool:
    """Whether the run was to make again, by force, just what is published, and did not succeed.

    What is forced counts as another content, so only tables made of none of the same run compare.
    """
    if run is None or run.status not in ("refused", "failed"):
        return False
    tried, shared = run.derivations, {s.name: s for s in pipeline.shared}
    mine = [step for step in pipeline.steps if step.table in tried]
    first = [s.table for s in mine if tried.keys().isdisjoint(through(s, shared))]
    heads = ledger.heads(first, [run.partition])
    made = [heads[table].get(run.partition, ("", ""))[0] == tried[table] for table in first]
    return bool(made) and all(made)


def _wait(run: Run, ledger: Ledger, *, now: datetime, backoff: Backoff) -> timedelta:
    """How long until the next attempt.

    None where the one run was killed with its process, or a clock that was set back would say long.
    """
    attempts = sum(1 for _ in _alike(run, ledger))
    if run.ended_at is None and attempts == 1:
        return timedelta(0)
    whole = backoff.after(attempts)
    wait = (run.ended_at or run.started_at) + whole - now
    return wait if wait <= whole else timedelta(0)


def _alike(newest: Run, ledger: Ledger) -> Iterator[Run]:
    """The newest runs of the partition that failed one after the other at the same."""
    for run in ledger.runs(pipeline=newest.pipeline, part=newest.partition, limit=_LOOKED_AT):
        if run.status != "failed" or run.derivations != newest.derivations:
            return
        yield run
