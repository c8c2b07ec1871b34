"""How things stand: each partition, how fresh a pipeline is, what lies in quarantine."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from touchline.core import attempts, planner
from touchline.core.due import day_column
from touchline.core.pipeline import Pipeline, rejected_contract
from touchline.core.planner import Plan
from touchline.core.ports import RETIRED, WITHDRAWN, Ledger, Partition, Publish, Run
from touchline.core.retention import retired
from touchline.core.withdrawing import without_files

State = Literal[
    "fresh", "warned", "stale", "waiting", "refused", "failed", "running", "retired", "withdrawn"
]  # fmt: skip
STATES: tuple[State, ...] = get_args(State)
AMISS: tuple[State, ...] = ("refused", "failed", "waiting")
"""What somebody must see to; the rest is well, or only needs a `run`."""

_UNDECIDED = ("running", "stopped", "checked")
_LOOKED_BACK = 8


@dataclass(frozen=True)
class Standing:
    """How one partition stands; `published` of its tables are there.

    `run` is its newest run that says so, `newest` the newest that ever began.
    """

    partition: Partition
    state: State
    published: int
    missing: tuple[str, ...] = ()
    run: Run | None = None
    newest: Run | None = None


@dataclass(frozen=True)
class Health:
    """How a pipeline stands: its last partitions, the newest of them last.

    `of` is how many partitions there are, `published_at` when anything was last published, and
    `newest` the newest partition of which something is.
    """

    pipeline: str
    standings: tuple[Standing, ...]
    of: int
    published_at: datetime | None
    newest: Partition | None


@dataclass(frozen=True)
class Quarantined:
    """Rejected rows of one table for one reason; None where the run that would tell is not kept."""

    table: str
    reason: str | None
    rows: int
    partitions: tuple[Partition, ...]


def states(pipeline: Pipeline, ledger: Ledger) -> list[Standing]:
    """Every partition that has arrived, or of which something is published, in order of names."""
    last = ledger.last(pipeline.name)
    plans = {p.partition: p for p in planner.plan(pipeline, ledger)}
    heads = ledger.heads([s.table for s in pipeline.steps])
    gone, published = retired(pipeline, ledger), _published(heads)
    there = ledger.contents(pipeline.name)
    emptied = without_files(pipeline, ledger, there)
    return [
        Standing(
            part,
            "retired"
            if part in gone
            else _state(
                pipeline, ledger, plans.get(part), run=last.get(part), emptied=part in emptied
            ),
            published.get(part, 0),
            _missing(plans.get(part)),
            last.get(part),
            last.get(part),
        )
        for part in sorted({*there, *emptied, *published, *gone})
    ]


def _published(heads: Mapping[str, Mapping[Partition, tuple[str, str]]]) -> dict[Partition, int]:
    """Of how many of its tables each partition has something."""
    return Counter(
        part
        for found in heads.values()
        for part, (made, holds) in found.items()
        if made != RETIRED and holds != WITHDRAWN
    )


def health(pipeline: Pipeline, ledger: Ledger, *, most: int = 30) -> Health:
    """The pipeline's last partitions and how fresh it is; quick, however many partitions there are."""
    counting = ledger.contents(pipeline.name)
    emptied = without_files(pipeline, ledger, counting)
    there = {**dict.fromkeys(emptied), **counting}
    order = _in_order(pipeline, there, ledger.retired(pipeline.name))
    sizes = ledger.sizes()
    instants = [sizes[s.table].published_at for s in pipeline.steps if s.table in sizes]
    standings = standings_of(pipeline, ledger, order[-most:])
    made = [s.partition for s in standings if s.published and s.state != "retired"]
    return Health(
        pipeline.name,
        standings,
        of=len(order),
        published_at=max(instants, default=None),
        newest=made[-1] if made else None,
    )


def standings_of(
    pipeline: Pipeline, ledger: Ledger, parts: Sequence[Partition]
) -> tuple[Standing, ...]:
    """How these partitions stand, runs at work among it; in the order given."""
    gone = retired(pipeline, ledger, parts)
    published = _published(ledger.heads([s.table for s in pipeline.steps], parts))
    counting = ledger.contents(pipeline.name, parts)
    emptied = without_files(pipeline, ledger, counting, parts=parts)
    asked = [part for part in parts if part in counting or part in emptied]
    plans = {p.partition: p for p in planner.plan(pipeline, ledger, parts=asked)}
    return tuple(
        _standing(
            pipeline,
            ledger,
            part,
            plan=plans.get(part),
            published=published.get(part, 0),
            there=part not in gone,
            emptied=part in emptied,
        )
        for part in parts
    )


def _in_order(
    pipeline: Pipeline, there: Mapping[Partition, Any], others: frozenset[Partition]
) -> list[Partition]:
    """Days in their order; all else as it first arrived, that whose files are gone before that."""
    gone = sorted(others.difference(there))
    return sorted([*gone, *there]) if day_column(pipeline) else [*gone, *there]


def _standing(
    pipeline: Pipeline,
    ledger: Ledger,
    part: Partition,
    *,
    plan: Plan | None,
    published: int,
    there: bool,
    emptied: bool,
) -> Standing:
    runs = ledger.runs(pipeline=pipeline.name, part=part, limit=_LOOKED_BACK)
    run = next((r for r in runs if r.status not in _UNDECIDED), None)
    newest = runs[0] if runs else None
    if not there:
        return Standing(part, "retired", 0, run=run, newest=newest)
    state = _state(pipeline, ledger, plan, run=run, emptied=emptied)
    if newest is not None and newest.status == "running":
        state = "running"
    return Standing(part, state, published, _missing(plan), run, newest)


def _state(
    pipeline: Pipeline, ledger: Ledger, plan: Plan | None, *, run: Run | None, emptied: bool
) -> State:
    if plan is None:
        if emptied:
            return "withdrawn"
        if run and attempts.in_vain(run, pipeline, ledger):
            return "failed" if run.status == "failed" else "refused"
        return "warned" if run and warns(run) else "fresh"
    if plan.missing:
        return "waiting"
    if plan.withdrawn:
        return "stale"
    return run.status if run and run.status in ("refused", "failed") else "stale"


def _missing(plan: Plan | None) -> tuple[str, ...]:
    return plan.missing if plan else ()


def warns(run: Run) -> bool:
    """Whether the run was published although rules warn of it: such a run has a message, others none."""
    return run.status == "published" and bool(run.message)


def quarantined(
    pipeline: Pipeline, ledger: Ledger, parts: Sequence[Partition]
) -> list[Quarantined]:
    """The rejected rows of these partitions, by table and reason, most first.

    Rows that somebody has seen to are among them until their partition is made again.
    """
    beside = {rejected_contract(s.makes).table: s.table for s in pipeline.steps}
    found: dict[tuple[str, str | None], dict[Partition, int]] = {}
    for aside, published in ledger.current(list(beside), list(parts)).items():
        table = beside[aside]
        for part, publish in published.items():
            told = _reasons(table, publish, ledger) if publish.rows else {}
            for reason, rows in told.items():
                found.setdefault((table, reason), {})[part] = rows
    listed = [
        Quarantined(table, reason, sum(of.values()), tuple(sorted(of)))
        for (table, reason), of in found.items()
    ]
    return sorted(listed, key=lambda q: (-q.rows, q.table, q.reason or ""))


def _reasons(table: str, publish: Publish, ledger: Ledger) -> dict[str | None, int]:
    """How many rows each reason rejected; those that the run's report does not tell under None."""
    runs = ledger.runs(run_id=publish.run_id, limit=1)
    steps = runs[0].report.get("steps", ()) if runs else ()
    told: dict[str | None, int] = {}
    for step in steps:
        if step["table"] == table:
            told |= step["rejected"]
    left = publish.rows - sum(told.values())
    return {**told, None: left} if left > 0 else told
