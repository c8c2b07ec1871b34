"""Which partitions are to be made again because of what was said of their lines."""

from collections.abc import Sequence

from touchline.core import attempts, planner
from touchline.core.pipeline import Pipeline
from touchline.core.planner import Plan, Planned
from touchline.core.ports import Ledger, Partition
from touchline.core.quarantine.mends import PREFIX


def to_replay(
    pipeline: Pipeline, ledger: Ledger, *, parts: Sequence[Partition] | None = None
) -> list[Plan]:
    """The plans, of all or of these partitions, that what was said of lines has a part in.

    What the gate refused just as it is planned is not among them: another run would end alike.
    """
    last = ledger.last(pipeline.name)
    plans = planner.explained(planner.plan(pipeline, ledger), pipeline, ledger)
    return [
        plan
        for plan in plans
        if (parts is None or plan.partition in parts)
        and any(map(_was_mended, plan.steps))
        and not attempts.refused(plan, last.get(plan.partition))
    ]


def _was_mended(stale: Planned) -> bool:
    """Whether what was said of lines is what makes it stale, or what may let it pass at last."""
    said = any(name.startswith(PREFIX) for name in stale.made_from)
    return said and ("mended: " in stale.reason or stale.reason == "never made")
