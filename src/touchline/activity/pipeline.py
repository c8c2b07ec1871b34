"""Activity's table of contents: files of a day -> curated events."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePath
from typing import Any

from touchline.activity import silver, source
from touchline.activity.contracts import CURATED_EVENTS, EVENT_TYPES
from touchline.core.baseline import Baseline
from touchline.core.pipeline import Bronze, Pipeline, Step, StepReport
from touchline.core.ports import Partition, Receipt
from touchline.core.quality import Allowed, NotNull, Rows, Unique


@dataclass(frozen=True)
class Rules:
    """Every number that activity's gate depends on. Source of the defaults: design 002."""

    max_null_user: float = 0.03
    max_duplicates: float = 0.02
    max_rejected: float = 0.01
    baseline: Baseline = field(default_factory=partial(Baseline, "warn"))


BRONZE = Bronze("activity.bronze_events", source.EVENTS, source.decode, source.relation)


def pipeline(rules: Rules) -> Pipeline:
    """The one step of activity under these rules."""
    arriving = (
        Rows(at_least=1),
        NotNull("event_id"),
        NotNull("event_type"),
        Allowed("event_type", EVENT_TYPES),
        NotNull("user_id", max_ratio=rules.max_null_user),
        Unique(("event_id",), max_ratio=rules.max_duplicates),
    )
    return Pipeline(
        "activity",
        (BRONZE,),
        (
            Step(
                CURATED_EVENTS,
                (BRONZE.table,),
                silver.curated_events,
                arriving=arriving,
                profile=("event_type",),
            ),
        ),
        max_rejected=rules.max_rejected,
        baseline=rules.baseline,
        summary=partial(_summary, rules),
        reports="metrics",
    )


def _summary(
    rules: Rules, part: Partition, *, files: Sequence[Receipt], steps: Sequence[StepReport]
) -> Mapping[str, Any]:
    """The keys that design 002's readers know; null where the file could not be read."""
    seen = {r.rule: r for step in steps for r in step.rules}

    def count(rule: str) -> int | None:
        found = seen.get(f"bronze_events: {rule}")
        return None if found is None or found.value is None else int(found.value)

    total = count("row count")
    null_user, repeated = count("not null user_id"), count("unique event_id")
    return {
        "ingestion_date": part.partition("=")[2],
        "raw_path": ", ".join(sorted({str(PurePath(f.source).parent) for f in _events(files)})),
        "curated_partition_path": f"{CURATED_EVENTS.table}/{part}",
        "total_rows": total,
        "null_event_id": count("not null event_id"),
        "null_event_type": count("not null event_type"),
        "null_user_id": null_user,
        "null_user_rate": _rate(null_user, total),
        "invalid_event_type": count("allowed event_type"),
        "duplicate_event_id_extra_rows": repeated,
        "duplicate_event_id_rate": _rate(repeated, total),
        "thresholds": {
            "null_user_rate": rules.max_null_user,
            "duplicate_event_id_rate": rules.max_duplicates,
            "rejected_rate": rules.max_rejected,
        },
    }


def _events(files: Sequence[Receipt]) -> list[Receipt]:
    return list(BRONZE.of({file.name: file for file in files}).values())


def _rate(some: int | None, total: int | None) -> float | None:
    return None if some is None or not total else some / total
