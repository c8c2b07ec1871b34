"""Rules for the gate, compiled into one aggregate pass, and their results.

A rule is a frozen value, stated on a contract or in configuration. `measure` turns any number of
them into a single Polars select over the partition, so ten rules cost little more than one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Literal

import polars as pl

from touchline.core.wording import percent

Severity = Literal["fail", "warn"]


@dataclass(frozen=True)
class NotNull:
    """At most `max_ratio` of the rows have no value in `column`."""

    column: str
    max_ratio: float = 0.0
    severity: Severity = "fail"


@dataclass(frozen=True)
class Allowed:
    """At most `max_ratio` of the rows have a value outside `values`; null counts as allowed."""

    column: str
    values: tuple[str, ...]
    max_ratio: float = 0.0
    severity: Severity = "fail"


@dataclass(frozen=True)
class Within:
    """At most `max_ratio` of the rows lie outside [low, high]; null counts as inside, NaN not."""

    column: str
    low: float | None = None
    high: float | None = None
    max_ratio: float = 0.0
    severity: Severity = "fail"


@dataclass(frozen=True)
class Unique:
    """At most `max_ratio` of the rows repeat a key that another row has already."""

    columns: tuple[str, ...]
    max_ratio: float = 0.0
    severity: Severity = "fail"


@dataclass(frozen=True)
class Rows:
    """The partition has between `at_least` and `at_most` rows."""

    at_least: int = 1
    at_most: int | None = None
    severity: Severity = "fail"


@dataclass(frozen=True)
class Ratio:
    """The share of rows that satisfy the SQL predicate `where` is within [at_least, at_most]."""

    name: str
    where: str
    at_least: float = 0.0
    at_most: float = 1.0
    severity: Severity = "fail"


@dataclass(frozen=True)
class Fresh:
    """The newest `column` is at most `max_age_s` seconds older than the run's start.

    A date counts from its beginning, in UTC.
    """

    column: str
    max_age_s: float
    severity: Severity = "fail"


@dataclass(frozen=True)
class RowPer:
    """Each row of input table `of` that satisfies SQL `where` has a row here with the same `on`."""

    of: str
    on: tuple[str, ...]
    where: str = "true"
    severity: Severity = "fail"


Rule = NotNull | Allowed | Within | Unique | Rows | Ratio | Fresh | RowPer


@dataclass(frozen=True)
class Result:
    """What one rule saw, against what it expects, and whether it passed.

    `value` is what was measured: rows that offend, or all of them (`Rows`), a share, an age in
    seconds; `of` is how many rows it was measured on.
    """

    rule: str
    severity: Severity
    passed: bool
    seen: str
    expected: str
    value: float | None = None
    of: int | None = None

    @property
    def failed(self) -> bool:
        """Whether this result keeps the partition from being published."""
        return not self.passed and self.severity == "fail"


def measure(
    frame: pl.DataFrame,
    rules: Sequence[Rule],
    *,
    inputs: Mapping[str, pl.DataFrame] | None = None,
    now: datetime | None = None,
) -> list[Result]:
    """One result per rule, in their order, from a single aggregate pass over the frame.

    Args:
        frame: The rows that are to be published.
        rules: What they must keep.
        inputs: The step's input tables by name, for `RowPer`.
        now: The run's start, for `Fresh`; without it a `Fresh` rule raises ValueError.
    """
    exprs = [_expression(rule, frame).alias(str(i)) for i, rule in enumerate(rules)]
    seen = frame.select(exprs).row(0) if exprs else ()
    return [
        _judged(rule, value, frame, inputs=inputs or {}, now=now)
        for rule, value in zip(rules, seen, strict=True)
    ]


def _expression(rule: Rule, frame: pl.DataFrame) -> pl.Expr:
    """The aggregate that measures one rule: a count of offending rows, or a single value."""
    match rule:
        case NotNull():
            return pl.col(rule.column).null_count()
        case Allowed():
            return outside_values(rule.column, rule.values).sum()
        case Within():
            return outside_range(rule.column, (rule.low, rule.high), frame.schema).sum()
        case Unique():
            return repeats(frame, rule.columns)
        case Ratio():
            return pl.sql_expr(rule.where).fill_null(value=False).mean()
        case Fresh():
            return pl.col(rule.column).max()
        case Rows() | RowPer():
            return pl.len()


def outside_values(column: str, values: Sequence[str]) -> pl.Expr:
    """True where the column has a value that is not among `values`; false for null."""
    return ~pl.col(column).is_in(list(values)).fill_null(value=True)


def outside_range(
    column: str, ends: tuple[float | None, float | None], schema: Mapping[str, pl.DataType]
) -> pl.Expr:
    """True where the column lies outside its ends (included) or is NaN; false for null."""
    low, high = ends
    col = pl.col(column)
    bad = pl.lit(value=False)
    if low is not None:
        bad = bad | (col < low)
    if high is not None:
        bad = bad | (col > high)
    if schema[column].is_float():
        bad = bad | col.is_nan()
    return bad.fill_null(value=False)


def repeats(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Expr:
    """The number of rows whose key an earlier row has; cheap where rows are sorted by the key."""
    if frame.select(_strictly_increasing(columns)).item():
        return pl.lit(0)
    return (~pl.struct(columns).is_first_distinct()).sum()


def _strictly_increasing(columns: Sequence[str]) -> pl.Expr:
    """Whether each row's key is greater than the one before it, compared from the left."""
    greater = pl.lit(value=False)
    for name in reversed(columns):
        col, before = pl.col(name), pl.col(name).shift()
        greater = (col > before) | ((col == before) & greater)
    return greater.slice(1).fill_null(value=False).all()


def _judged(
    rule: Rule,
    seen: object,
    frame: pl.DataFrame,
    *,
    inputs: Mapping[str, pl.DataFrame],
    now: datetime | None,
) -> Result:
    match rule:
        case Rows():
            return _rows(rule, frame.height)
        case Ratio():
            share = float(seen) if isinstance(seen, int | float) else 0.0
            fits = frame.is_empty() or rule.at_least <= share <= rule.at_most
            expected = f"{percent(rule.at_least)} to {percent(rule.at_most)}"
            name = f"ratio {rule.name}"
            return Result(name, rule.severity, fits, percent(share), expected, share, frame.height)
        case Fresh():
            return _fresh(rule, seen, now)
        case RowPer():
            return _row_per(rule, frame, inputs)
        case NotNull() | Allowed() | Within() | Unique():
            return _share(rule, seen if isinstance(seen, int) else 0, frame.height)


def _share(rule: NotNull | Allowed | Within | Unique, bad: int, rows: int) -> Result:
    """Compares the exact share, not what is shown: 3.01 % is over 3.00 %, and 29 of 100 is 29 %."""
    match rule:
        case NotNull():
            name, wanted = f"not null {rule.column}", "null"
        case Allowed():
            name, wanted = f"allowed {rule.column}", f"outside {', '.join(rule.values)}"
        case Within():
            low, high = (
                "-inf" if rule.low is None else f"{rule.low:g}",
                "inf" if rule.high is None else f"{rule.high:g}",
            )
            name, wanted = f"range {rule.column}", f"outside [{low}, {high}]"
        case Unique():
            name, wanted = f"unique {', '.join(rule.columns)}", "repeated"
    seen = f"{bad:,} of {rows:,} {wanted}" + (
        f" ({percent(bad / rows, rule.max_ratio)})" if bad else ""
    )
    passed = rows == 0 or bad / rows <= rule.max_ratio
    return Result(
        name, rule.severity, passed, seen, f"at most {percent(rule.max_ratio)}", bad, rows
    )


def _rows(rule: Rows, height: int) -> Result:
    fits = rule.at_least <= height and (rule.at_most is None or height <= rule.at_most)
    expected = f"at least {rule.at_least:,}" + (
        f", at most {rule.at_most:,}" if rule.at_most is not None else ""
    )
    return Result("row count", rule.severity, fits, f"{height:,}", expected, height, height)


def _fresh(rule: Fresh, newest: object, now: datetime | None) -> Result:
    if now is None:
        raise ValueError("a freshness rule needs the run's start")
    name, expected = f"freshness {rule.column}", f"at most {rule.max_age_s:g} s old"
    if isinstance(newest, date) and not isinstance(newest, datetime):
        newest = datetime.combine(newest, time(), UTC)
    if not isinstance(newest, datetime):
        return Result(name, rule.severity, passed=False, seen="no value", expected=expected)
    age_s = (now - newest).total_seconds()
    fits, seen = age_s <= rule.max_age_s, f"{age_s:.0f} s old"
    return Result(name, rule.severity, fits, seen, expected, age_s)


def _row_per(rule: RowPer, frame: pl.DataFrame, inputs: Mapping[str, pl.DataFrame]) -> Result:
    wanted = inputs[rule.of].filter(pl.sql_expr(rule.where)).select(rule.on).unique()
    absent = wanted.join(frame.select(rule.on), on=rule.on, how="anti").sort(rule.on)
    name = f"a row per {rule.of}" + ("" if rule.where == "true" else f" where {rule.where}")
    seen = f"{absent.height:,} of {wanted.height:,} missing"
    if absent.height:
        seen += f", such as {absent.row(0, named=True)}"
    fits = absent.is_empty()
    return Result(name, rule.severity, fits, seen, "none missing", absent.height, wanted.height)
