"""What changed in a partition between two publishes, or would change if it were made now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import polars as pl
import pyarrow as pa

from touchline.core import planner
from touchline.core.contracts import Contract
from touchline.core.pipeline import Job, Outcome, Pipeline, work
from touchline.core.pipeline.ends import warned
from touchline.core.pipeline.job import Platform
from touchline.core.pipeline.judging import judged
from touchline.core.ports import Partition, Piece, Publish, Staged
from touchline.errors import ConfigError, ContractError, MissingInputError

NOTHING = "nothing"
"""In the place of a run, where there was no publish before."""

_WOULD = "would be"
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ColumnDiff:
    """How one column differs over rows that both have: in how many, and the most, if it is a number.

    `before` and `after` are sums over all rows of each side, null where the column is no number.
    """

    column: str
    changed: int
    before: float | None = None
    after: float | None = None
    largest: float | None = None


@dataclass(frozen=True)
class Diff:
    """Two versions of a partition, row by row; `rows` holds the first rows that differ.

    Each of `rows` has the key, what happened (added, removed, changed), and for a changed one the
    columns that differ as (before, after). `warned` is what the rules warn of, of a dry run.
    """

    table: str
    partition: Partition
    runs: tuple[str, str]
    counts: tuple[int, int]
    added: int
    removed: int
    changed: int
    columns: tuple[ColumnDiff, ...]
    rows: tuple[dict[str, Any], ...] = ()
    warned: str = ""

    @property
    def same(self) -> bool:
        """Whether both hold the same rows."""
        return not (self.added or self.removed or self.changed)


def published(
    contract: Contract,
    part: Partition,
    *,
    platform: Platform,
    runs: tuple[str | None, str | None] = (None, None),
    most: int = 10,
) -> Diff:
    """The difference of two publishes: by default of the current one and the one before it.

    Where nothing was published before, all rows were added.

    Args:
        contract: The table's contract.
        part: The partition.
        platform: Where to read.
        runs: Run ids, or their beginnings, of the earlier and the later publish.
        most: How many differing rows to tell.

    Raises:
        MissingInputError: It was never published, or what was before it is no longer kept.
        ConfigError: A run published nothing of it that is kept.
    """
    history = platform.ledger.history(contract.table, part)
    if not history:
        raise MissingInputError(
            f"{contract.table} {part}: never published", hint="see: touchline status"
        )
    later = _of_run(history, runs[1]) if runs[1] else history[0]
    earlier = _of_run(history, runs[0]) if runs[0] else _before(later, history, platform=platform)
    return compared(
        contract,
        part,
        before=_rows(contract, earlier.pieces if earlier else (), platform),
        after=_rows(contract, later.pieces, platform),
        runs=(earlier.run_id if earlier else NOTHING, later.run_id),
        most=most,
    )


def _before(later: Publish, history: Sequence[Publish], *, platform: Platform) -> Publish | None:
    """The newest publish before one that is not the same written anew; None where there was none.

    Maintenance writes a run's rows anew as they are; another run may have made the same rows.
    Whether there was one is not known where publishes were forgotten: the ledger then refuses to say
    how things stood in the beginning.
    """
    same = (later.run_id, later.content, later.retired)
    earlier = history[history.index(later) + 1 :]
    found = next((p for p in earlier if (p.run_id, p.content, p.retired) != same), None)
    if found is None:
        try:
            platform.ledger.current([later.table], [later.partition], as_of=_BEGINNING)
        except ConfigError as exc:
            raise MissingInputError(
                f"{later.table} {later.partition}: no publish before that of run {later.run_id}"
                " is kept",
                hint="it is beyond retention.publishes and retention.days",
            ) from exc
    return found


def _of_run(history: Sequence[Publish], run: str) -> Publish:
    found = [p for p in history if p.run_id.startswith(run)]
    if len({p.run_id for p in found}) != 1:
        runs = ", ".join(dict.fromkeys(p.run_id for p in history))
        said = "several runs begin with" if found else "no publish that is kept is of a run"
        raise ConfigError(
            f"{history[0].table} {history[0].partition}: {said} {run!r}",
            hint=f"runs that can be named: {runs}",
        )
    return found[0]


def _rows(contract: Contract, pieces: Sequence[Piece], platform: Platform) -> pl.DataFrame:
    found = pl.from_arrow(platform.tables.read(contract, pieces))
    assert isinstance(found, pl.DataFrame)
    return found


# --- before publishing --------------------------------------------------------------------------


def tried(
    pipeline: Pipeline, contract: Contract, part: Partition, *, platform: Platform, most: int = 10
) -> Diff:
    """The difference of what is current and what a run would publish now; nothing is published.

    Raises:
        MissingInputError: Not all its files have arrived.
        ContractError, QualityError: A run would refuse it.
    """
    arrived = platform.ledger.arrivals(pipeline.name, [part])
    hashes = planner.hashes(arrived)
    plans = planner.plan(pipeline, platform.ledger, parts=[part], force=True, arrived=hashes)
    if not plans or plans[0].withdrawn:
        raise MissingInputError(
            f"{pipeline.name} {part}: every file was withdrawn",
            hint=f"touchline withdraw {pipeline.name} {part} lists them",
        )
    (plan,) = plans
    if plan.missing:
        raise MissingInputError(
            f"{pipeline.name} {part}: missing {', '.join(plan.missing)}",
            hint="run again once it has landed (touchline ingest)",
        )
    aside = _Aside(platform)
    job = Job(
        run_id=_WOULD,
        pipeline=pipeline.name,
        partition=part,
        started_at=platform.clock(),
        makes=tuple(s.table for s in plan.steps),
        files=arrived[part],
        tables={},
    )
    worked = work(job, pipeline=pipeline, objects=platform.objects, tables=aside)
    (outcome,) = judged(pipeline, platform.ledger, [worked])
    _must_pass(outcome)
    current = platform.ledger.current([contract.table], [part])[contract.table].get(part)
    before = _rows(contract, current.pieces if current else (), platform)
    after = pl.from_arrow(aside.rows[contract.table])
    assert isinstance(after, pl.DataFrame)
    runs = (current.run_id if current else NOTHING, _WOULD)
    found = compared(
        contract, part, before=before, after=after.select(contract.names), runs=runs, most=most
    )
    return replace(found, warned=warned(msgspec.to_builtins(outcome.steps)))


def _must_pass(outcome: Outcome) -> None:
    """Raise what refuses it; a dry run leaves no report and no rejected rows to look at."""
    if outcome.error is not None:
        hint = "touchline run would refuse it so, and keeps its report and the rejected rows"
        raise type(outcome.error)(str(outcome.error), hint=hint, **outcome.error.facts)


class _Aside:
    """A table store that keeps what is staged in this process, and gives it to nobody."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.rows: dict[str, pa.Table] = {}

    def stage(self, contract: Contract, part: Partition, rows: pa.Table, *, run_id: str) -> Staged:  # noqa: ARG002
        self.rows[contract.table] = rows
        return Staged(contract.table, part, rows.num_rows, ())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform.tables, name)


# --- two tables ---------------------------------------------------------------------------------


def compared(
    contract: Contract,
    part: Partition,
    *,
    before: pl.DataFrame,
    after: pl.DataFrame,
    runs: tuple[str, str],
    most: int = 10,
) -> Diff:
    """Two tables of one contract, row by row; rows are the same if their keys are.

    A contract without a key, such as that of rejected rows, has the whole row for one; `run_id`
    aside, which differs by itself.

    Raises:
        ContractError: A side has rows of one key twice.
    """
    key = list(contract.key) or [n for n in contract.names if n != "run_id"]
    others = [name for name in contract.names if name not in key and name != "run_id"]
    before, after = (_once(contract, key, rows) for rows in (before, after))
    added = after.join(before, on=key, how="anti", nulls_equal=True)
    removed = before.join(after, on=key, how="anti", nulls_equal=True)
    both = before.join(after, on=key, how="inner", nulls_equal=True, suffix=" after")
    differs = {n: both[n].ne_missing(both[f"{n} after"]) for n in others}
    changed = both.filter(pl.any_horizontal(differs.values())) if others else both.clear()
    return Diff(
        table=contract.table,
        partition=part,
        runs=runs,
        counts=(before.height, after.height),
        added=added.height,
        removed=removed.height,
        changed=changed.height,
        columns=tuple(
            _column(n, differs[n], both, before=before, after=after)
            for n in others
            if differs[n].any()
        ),
        rows=_told(key, others, most, changed=changed, added=added, removed=removed),
    )


def _once(contract: Contract, key: list[str], rows: pl.DataFrame) -> pl.DataFrame:
    if contract.key and rows.select(key).is_duplicated().any():
        raise ContractError(f"{contract.table}: a key ({', '.join(key)}) stands for several rows")
    return rows if contract.key else rows.unique(key, maintain_order=True)


def _column(
    name: str, differs: pl.Series, both: pl.DataFrame, *, before: pl.DataFrame, after: pl.DataFrame
) -> ColumnDiff:
    count = int(differs.sum())
    if not before.schema[name].is_numeric():
        return ColumnDiff(name, count)
    largest = (both[f"{name} after"] - both[name]).abs().max()
    sums = [float(side[name].sum() or 0) for side in (before, after)]
    return ColumnDiff(name, count, sums[0], sums[1], None if largest is None else float(largest))  # type: ignore[arg-type]


def _told(
    key: list[str],
    others: list[str],
    most: int,
    *,
    changed: pl.DataFrame,
    added: pl.DataFrame,
    removed: pl.DataFrame,
) -> tuple[dict[str, Any], ...]:
    told = []
    for row in changed.head(most).to_dicts():
        pairs = {n: (row[n], row[f"{n} after"]) for n in others if row[n] != row[f"{n} after"]}
        told.append({**{k: row[k] for k in key}, "what": "changed", "columns": pairs})
    for what, rows in (("added", added), ("removed", removed)):
        left = max(0, most - len(told))
        told += [{**{k: r[k] for k in key}, "what": what} for r in rows.head(left).to_dicts()]
    return tuple(told)
