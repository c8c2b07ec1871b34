"""What refuses a whole partition: rows of another one, too many rejected rows, a broken rule."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from touchline.core.baseline import Profile
from touchline.core.contracts import Contract
from touchline.core.pipeline.steps import Pipeline
from touchline.core.ports import Partition, keys_of
from touchline.core.quality import Result
from touchline.core.wording import counted, percent, without_byte
from touchline.errors import ContractError, QualityError


@dataclass(frozen=True)
class StepReport:
    """How one step ended: rows, rejected rows by reason, what its gate saw, and how long it took."""

    table: str
    rows_in: int = 0
    rows: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    rules: tuple[Result, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    profile: Profile | None = None


def of_this_partition(
    contract: Contract,
    rows: pl.DataFrame,
    part: Partition,
    *,
    pipeline: Pipeline,
    files: Sequence[str],
) -> None:
    """Rows of another match in this match's `files` are refused, never published under it."""
    for name, value in keys_of(part).items():
        if name in contract.names and not rows.is_empty():
            seen = [str(v) for v in rows.get_column(name).unique().sort().head(3)]
            if seen != [value]:
                where = f" in {', '.join(files)}" if files else ""
                raise ContractError(
                    f"{contract.table}: rows of {name} {', '.join(seen)}, expected {value}{where}",
                    hint="a file of another match lies under this one's name:"
                    f" {way_out(pipeline, part)}",
                )


def few_enough(
    table: str,
    rejected: Mapping[str, int],
    part: Partition,
    *,
    pipeline: Pipeline,
    of: int,
    aside: str = "",
) -> None:
    """Refuse the partition where too large a share of a file's lines or a step's rows was rejected.

    `aside` is what chooses them among rejected rows, if they are kept.
    """
    bad, at_most = sum(rejected.values()), pipeline.max_rejected
    if bad / max(of, 1) > at_most:
        reasons = ", ".join(f"{reason}: {n:,}" for reason, n in list(rejected.items())[:3])
        see = f"touchline quarantine list {aside} --each" if aside else "the report"
        raise QualityError(
            f"{table} {part}: {bad:,} of {counted(of, 'row')} rejected"
            f" ({percent(bad / max(of, 1), at_most)}), expected at most {percent(at_most)}; {reasons}",
            hint=f"the partition is as it was; see: {see}; if what arrived should not count:"
            f" {way_out(pipeline, part)}",
            table=table,
            rejected=bad,
        )


def passes(
    contract: Contract, part: Partition, results: list[Result], *, pipeline: Pipeline
) -> None:
    """Refuse the partition where a rule failed."""
    failed = [r for r in results if r.failed]
    if failed:
        said = "; ".join(f"{r.rule}: {r.seen}, expected {r.expected}" for r in failed)
        raise QualityError(
            f"{contract.table} {part}: {said}",
            hint="the partition is as it was; the report has every rule's result; if what arrived is"
            f" wrong: {way_out(pipeline, part)}",
            table=contract.table,
        )


def way_out(pipeline: Pipeline, part: Partition) -> str:
    """What to do where what arrived for the partition should not count."""
    files = f"touchline withdraw {pipeline.name} {part} lists its files and takes one out"
    return pipeline.put_right or files


def by_reason(rejected: pl.DataFrame) -> dict[str, int]:
    """How many rows each reason rejected, most first; at which byte of a line makes no other reason."""
    counts = Counter(map(without_byte, rejected["reason"]))
    return dict(sorted(counts.items(), key=lambda found: (-found[1], found[0])))
