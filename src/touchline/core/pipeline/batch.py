"""What one commit holds: the staged partitions of several runs, and what the ledger says of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import touchline
from touchline.core.pipeline.job import Outcome
from touchline.core.planner import Plan, Planned
from touchline.core.ports import Partition, Publish, Staged


@dataclass(frozen=True)
class Batch:
    """Staged partitions by table, their publishes, and the properties of each table's snapshot."""

    staged: Mapping[str, Sequence[Staged]]
    publishes: Sequence[Publish]
    properties: Mapping[str, str]


def batch(
    outcomes: Sequence[Outcome],
    commit_id: str,
    *,
    plans: Mapping[Partition, Plan],
    rejected: Mapping[str, Mapping[Partition, Publish]],
) -> Batch:
    """What is to be committed together.

    Args:
        outcomes: Jobs that ended, well or not: rejected rows are published either way.
        commit_id: The commit's name.
        plans: The plan of each job's partition.
        rejected: The current publishes of the tables of rejected rows. Such a table is left alone
            where it has no rows, now and before.
    """
    staged: dict[str, list[Staged]] = {}
    publishes = []
    for outcome in outcomes:
        for piece in (*outcome.staged, *outcome.rejected):
            before = rejected.get(piece.table, {}).get(piece.partition)
            if piece.pieces or piece.table not in rejected or (before and before.rows):
                staged.setdefault(piece.table, []).append(piece)
                plan = plans[outcome.job.partition]
                publishes.append(_publish(piece, commit_id, outcome=outcome, plan=plan))
    return Batch(staged, publishes, _properties(outcomes, publishes))


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


def _properties(outcomes: Sequence[Outcome], publishes: Sequence[Publish]) -> dict[str, str]:
    return {
        "touchline.run-id": ",".join(o.job.run_id for o in outcomes),
        "touchline.inputs-digest": ",".join(p.derivation for p in publishes if p.made_from),
        "touchline.code-version": touchline.__version__,
    }
