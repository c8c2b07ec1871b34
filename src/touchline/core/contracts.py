"""Column and Contract: what a table promises, and how frames and Arrow tables are held to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, get_args

import polars as pl

from touchline.core.quality import Rule, outside_range, outside_values, repeats
from touchline.core.wording import counted
from touchline.errors import ContractError

if TYPE_CHECKING:
    import pyarrow as pa

Type = Literal["bool", "int", "long", "double", "string", "date", "instant"]
Origin = Literal["provider", "derived"]

_POLARS: Mapping[Type, pl.DataType] = {
    "bool": pl.Boolean(),
    "int": pl.Int32(),
    "long": pl.Int64(),
    "double": pl.Float64(),
    "string": pl.String(),
    "date": pl.Date(),
    "instant": pl.Datetime("us", "UTC"),
}


@dataclass(frozen=True)
class Column:
    """One column: what it means, in which unit, and what a row must satisfy to be kept.

    `version` counts changes of the definition, not of the code. A row with a null where `null` is
    False, a value outside `allowed` or outside `within` (both ends included) is rejected.
    """

    name: str
    type: Type
    definition: str
    unit: str = ""
    null: bool = True
    allowed: tuple[str, ...] = ()
    within: tuple[float, float] | None = None
    origin: Origin = "provider"
    version: int = 1


@dataclass(frozen=True)
class Contract:
    """A table's promise: columns in order, the key of its grain, how it is partitioned.

    `replace_by` names the columns that make the unit of replacement; `partition_by` those that lay
    out files, in order. `rules` are the thresholds its gate holds a whole partition to.
    """

    table: str
    grain: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    replace_by: tuple[str, ...]
    partition_by: tuple[str, ...]
    layer: Literal["bronze", "silver", "gold"] = "gold"
    rules: tuple[Rule, ...] = ()
    version: int = 1

    def __post_init__(self) -> None:
        names = [c.name for c in self.columns]
        twice = {n for n in names if names.count(n) > 1}
        unknown = {*self.key, *self.replace_by, *self.partition_by} - set(names)
        bad_types = {c.type for c in self.columns} - set(get_args(Type))
        if twice or unknown or bad_types:
            raise ValueError(f"{self.table}: {twice=} {unknown=} {bad_types=}")

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(c.name for c in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name; KeyError if there is none."""
        return next((c for c in self.columns if c.name == name), None) or _no_column(self, name)

    def polars_schema(self) -> dict[str, pl.DataType]:
        """Name -> Polars type, in the contract's order."""
        return {c.name: _POLARS[c.type] for c in self.columns}

    def arrow_schema(self) -> "pa.Schema":
        """The Arrow schema that staged files have, nullability included."""
        import pyarrow as pa

        types = _arrow()
        return pa.schema([pa.field(c.name, types[c.type], nullable=c.null) for c in self.columns])


@cache
def _arrow() -> "Mapping[Type, pa.DataType]":
    """Not at the top, as planning knows contracts and needs no Arrow."""
    import pyarrow as pa

    return {
        "bool": pa.bool_(),
        "int": pa.int32(),
        "long": pa.int64(),
        "double": pa.float64(),
        "string": pa.string(),
        "date": pa.date32(),
        "instant": pa.timestamp("us", tz="UTC"),
    }


def _no_column(contract: Contract, name: str) -> Column:
    raise KeyError(f"{contract.table} has no column {name}")


def conformed(frame: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """The frame with exactly the contract's columns, in its order and types.

    Raises:
        ContractError: A column is missing or cannot be cast without loss of values.
    """
    missing = [n for n in contract.names if n not in frame.columns]
    if missing:
        raise ContractError(
            f"{contract.table}: missing columns {missing}; seen {frame.columns}",
            hint="the step must return every column of its contract",
            table=contract.table,
        )
    given = frame.select(contract.names)
    try:
        cast = given.cast(pl.Schema(contract.polars_schema()))
        losses = [
            loss
            for c in contract.columns
            if (before := given.get_column(c.name)).dtype != _POLARS[c.type]
            and (loss := _loss(before, cast.get_column(c.name), c))
        ]
    except pl.exceptions.PolarsError as exc:
        raise ContractError(f"{contract.table}: {exc}", table=contract.table) from exc
    if losses:
        raise ContractError(
            f"{contract.table}: {'; '.join(losses)}",
            hint="the step must round or convert such values itself, as the column's definition says",
            table=contract.table,
        )
    return cast


def _loss(before: pl.Series, after: pl.Series, column: Column) -> str:
    """What a column's cast lost, empty if nothing; text is read, or written, and loses nothing."""
    if pl.String() in {before.dtype, after.dtype}:
        return ""
    lost = before.filter(before.ne_missing(after.cast(before.dtype, strict=False)))
    if lost.is_empty():
        return ""
    return (
        f"{column.name}: {lost.len()} of {counted(before.len(), 'value is', 'values are')} lost,"
        f" such as {lost[0]}; seen {before.dtype}, expected {column.type}"
    )


@dataclass(frozen=True)
class Enforced:
    """Rows that keep the contract, and those that do not, with the reason for each.

    `rejected` has the columns `reason`, `line` (null where unknown) and `row` (as it arrived where
    the step says so, else as JSON); and `_file`, its logical name, if the
    step's result has it.
    """

    rows: pl.DataFrame
    rejected: pl.DataFrame


REJECTED_SCHEMA = {"reason": pl.String(), "line": pl.Int64(), "row": pl.String()}


def enforce(frame: pl.DataFrame, contract: Contract) -> Enforced:
    """Split a step's result by its contract; of rows with one key the first stays.

    A step may name rows that break a rule across tables in a column `_reject` (the reason, else
    null), and say of a row where in its input it came from: `_line`, `_file` where there are several,
    and `_row`, the row as it arrived. One aggregate pass finds whether any row offends at all; only
    then are rows looked at one by one.

    Raises:
        ContractError: A column is missing or has values that its type cannot hold.
    """
    named = frame.get_column("_reject") if "_reject" in frame.columns else None
    rows = conformed(frame, contract)
    checks = _row_checks(contract, rows)
    counts = rows.select(
        [expr.sum().alias(str(i)) for i, (_, expr) in enumerate(checks)]
        + [repeats(rows, contract.key).alias("repeats")]
    ).row(0)
    if not any(counts) and (named is None or named.null_count() == rows.height):
        return Enforced(rows, pl.DataFrame(schema=REJECTED_SCHEMA))
    reason = _reasons(rows, contract, checks, named=named)
    return Enforced(rows.filter(reason.is_null()), _rejected(rows, reason, frame))


def _row_checks(contract: Contract, rows: pl.DataFrame) -> list[tuple[str, pl.Expr]]:
    checks: list[tuple[str, pl.Expr]] = []
    for c in contract.columns:
        if not c.null:
            checks.append((f"{c.name} is null", pl.col(c.name).is_null()))
        if c.allowed:
            checks.append((f"{c.name} is not an allowed value", outside_values(c.name, c.allowed)))
        if c.within:
            low, high = c.within
            outside = outside_range(c.name, c.within, rows.schema)
            checks.append((f"{c.name} outside [{low:g}, {high:g}]", outside))
    return checks


def _reasons(
    rows: pl.DataFrame,
    contract: Contract,
    checks: list[tuple[str, pl.Expr]],
    *,
    named: pl.Series | None,
) -> pl.Series:
    """The first reason each row is rejected for, null where it is kept."""
    first = pl.coalesce(
        *([pl.lit(named)] if named is not None else []),
        *[pl.when(broken).then(pl.lit(reason)) for reason, broken in checks],
        pl.lit(None, dtype=pl.String),
    )
    reason = rows.select(reason=first).get_column("reason")
    good = rows.with_row_index("_at").filter(reason.is_null())
    twice = good.filter(~pl.struct(contract.key).is_first_distinct()).get_column("_at")
    if twice.is_empty():
        return reason
    text = f"repeats the key ({', '.join(contract.key)})"
    return reason.scatter(twice, [text] * len(twice))


def _rejected(rows: pl.DataFrame, reason: pl.Series, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows with a reason, each with what the step's frame says of where it came from."""
    broken = reason.is_not_null()
    bad, came = rows.filter(broken), frame.filter(broken)
    found = bad.select(
        reason=reason.filter(broken),
        line=_said(came, "_line", pl.lit(None)),
        row=_said(came, "_row", pl.struct(pl.all()).struct.json_encode()),
    ).cast(pl.Schema(REJECTED_SCHEMA))
    return found.with_columns(came.get_column("_file")) if "_file" in came.columns else found


def _said(frame: pl.DataFrame, name: str, otherwise: pl.Expr) -> pl.Expr:
    return pl.lit(frame.get_column(name)) if name in frame.columns else otherwise
