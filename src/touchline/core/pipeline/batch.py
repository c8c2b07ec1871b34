"""What one commit holds: the staged partitions of several runs, and what the ledger says of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import touchline
from touchline.core.pipeline.job import Outcome
from touchline.core.planner import Plan, Planned
from touchline.core.ports import Partition, Piece, Publish, Staged

REFUSED = "refused pieces"
"""In `made_from` of a table of rejected rows: how many of its last pieces a refused run left."""


@dataclass(frozen=True)
class Batch:
    """Staged partitions by table, and their publishes."""

    staged: Mapping[str, Sequence[Staged]]
    publishes: Sequence[Publish]

    def properties(self, table: str) -> dict[str, str]:
        """Of a table's snapshot: its runs, and in the same order what each made it from."""
        mine = [p for p in self.publishes if p.table == table]
        return {
            "touchline.run-id": ",".join(p.run_id for p in mine),
            "touchline.inputs-digest": ",".join(p.derivation for p in mine),
            "touchline.code-version": touchline.__version__,
        }


def batch(
    outcomes: Sequence[Outcome],
    commit_id: str,
    *,
    plans: Mapping[Partition, Plan],
    rejected: Mapping[str, Mapping[Partition, Publish]],
) -> Batch:
    """What is to be committed together.

    Args:
        outcomes: Jobs that ended, well or not: rejected rows are published either way, those of a
            refused run beside those of what stays published.
        commit_id: The commit's name.
        plans: The plan of each job's partition.
        rejected: The current publishes of the tables of rejected rows. Such a table is left alone
            where it has no rows, now and before.
    """
    staged: dict[str, list[Staged]] = {}
    publishes = []
    for outcome in outcomes:
        part, plan = outcome.job.partition, plans[outcome.job.partition]
        for made in outcome.staged:
            staged.setdefault(made.table, []).append(made)
            publishes.append(_publish(made, commit_id, outcome=outcome, plan=plan))
        for aside in outcome.rejected:
            before = rejected[aside.table].get(part)
            if aside.pieces or (before and before.rows):
                whole, left = _beside(aside, before, refused=outcome.error is not None)
                staged.setdefault(aside.table, []).append(whole)
                publish = _publish(whole, commit_id, outcome=outcome, plan=plan)
                publishes.append(replace(publish, made_from=left))
    return Batch(staged, publishes)


def _beside(
    aside: Staged, before: Publish | None, *, refused: bool
) -> tuple[Staged, dict[str, str]]:
    """A run's rejected rows; a refused run's come after those of the publish that stays."""
    if not refused:
        return aside, {}
    pieces = (*_of_publish(before), *aside.pieces)
    whole = replace(aside, rows=sum(p.rows for p in pieces), pieces=pieces)
    return whole, {REFUSED: str(len(aside.pieces))}


def _of_publish(before: Publish | None) -> tuple[Piece, ...]:
    if before is None:
        return ()
    return tuple(before.pieces[: len(before.pieces) - int(before.made_from.get(REFUSED, "0"))])


def _publish(staged: Staged, commit_id: str, *, outcome: Outcome, plan: Plan) -> Publish:
    planned = {s.table: s for s in plan.steps}
    run_id = outcome.job.run_id
    found = planned.get(staged.table) or Planned(staged.table, run_id, run_id, {})
    rejected = {s.table: sum(s.rejected.values()) for s in outcome.steps}
    return Publish(
        table=staged.table,
        partition=staged.partition,
        run_id=run_id,
        commit_id=commit_id,
        derivation=found.derivation,
        content=found.content,
        rows=staged.rows,
        pieces=staged.pieces,
        made_from=found.made_from,
        rejected=rejected.get(staged.table, 0),
    )
