"""What is usual: a partition's rows and shares beside those of comparable partitions before it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import sqrt
from statistics import median
from typing import Literal

import polars as pl

from touchline.core.ports import Partition, keys_of
from touchline.core.quality import Result, Severity
from touchline.core.wording import counted, percent

KINDS_KEPT = 50
NO_VALUE = "(null)"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Profile:
    """How many rows a partition has, and of some columns the share of rows with each value."""

    rows: int
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Baseline:
    """How far a partition may be from what is usual, and what of the past tells what is usual.

    Looked at are the newest `days` comparable days of the last `within_days`; with fewer than
    `at_least` nothing is judged. Days compare with those of their own kind: that of `kinds` which
    has them, else their weekday. `incidents` are days known to be odd: neither judged nor compared
    with. `max_rows_change` is a share of the usual rows. The share of a value may change by
    `max_share_change` in absolute points and by `max_relative_change` of what is usual, and in any
    case by `chance` standard deviations of a share of so many rows.
    """

    severity: Literal["off", "warn", "fail"] = "off"
    max_rows_change: float = 0.5
    max_share_change: float = 0.1
    max_relative_change: float = 0.3
    days: int = 8
    within_days: int = 90
    at_least: int = 4
    chance: float = 3.0
    kinds: Mapping[str, frozenset[date]] = field(default_factory=dict)
    incidents: frozenset[date] = frozenset()


@dataclass(frozen=True)
class Comparable:
    """What a partition compares with, newest first, and what to call it; None for all others."""

    what: str
    parts: tuple[Partition, ...] | None = None


def profiled(rows: pl.DataFrame, columns: Sequence[str]) -> tuple[Profile, tuple[str, ...]]:
    """The profile of these rows, and notes on columns that have too many values to keep them all.

    The most frequent 50 are kept; rows without a value count as one more value.
    """
    shares, notes = {}, []
    for name in columns:
        values = pl.col(name).cast(pl.String).fill_null(NO_VALUE)
        counts = rows.group_by(values).len().sort("len", name, descending=[True, False])
        kept = counts.head(KINDS_KEPT).iter_rows()
        shares[name] = {str(value): round(int(n) / rows.height, 6) for value, n in kept}
        if counts.height > KINDS_KEPT:
            notes.append(f"{name}: shares of {KINDS_KEPT} of {counts.height} values are kept")
    return Profile(rows.height, shares), tuple(notes)


# --- which partitions compare -------------------------------------------------------------------


def comparable(part: Partition, rule: Baseline) -> Comparable:
    """Of a day, the earlier days of its kind; of a partition that is no day, all others."""
    found = day_of(part)
    if found is None:
        return Comparable("partitions")
    day, before = found, found.toordinal() - 1
    kind = _kind(day, rule)
    back = map(date.fromordinal, range(before, max(before - rule.within_days, 0), -1))
    days = [d for d in back if _kind(d, rule) == kind and d not in rule.incidents]
    return Comparable(kind, tuple(part.replace(f"={day}", f"={d}") for d in days))


def is_incident(part: Partition, rule: Baseline) -> bool:
    """Whether the partition is a day that is known to be odd."""
    return day_of(part) in rule.incidents


def day_of(part: Partition) -> date | None:
    """The day that the partition is; None where it is none."""
    days = [v for k, v in keys_of(part).items() if k.endswith("_date") and _DAY.fullmatch(v)]
    return date.fromisoformat(days[0]) if len(days) == 1 else None


def _kind(day: date, rule: Baseline) -> str:
    special = (name for name, days in rule.kinds.items() if day in days)
    return next(special, f"{_WEEKDAYS[day.weekday()]}s")


# --- the verdict --------------------------------------------------------------------------------


def verdict(
    seen: Profile, past: Sequence[Profile], rule: Baseline, *, what: str = "partitions"
) -> list[Result]:
    """How a profile stands beside those of the past, whatever their order.

    Usual is the median, which one odd day does not move. A value that one side does not have
    counts there as a share of 0.

    Args:
        seen: The profile to be judged.
        past: Those of what compares with it.
        rule: How far it may be from them; one that is off judges nothing.
        what: What to call them.
    """
    if rule.severity == "off":
        return []
    if len(past) < rule.at_least:
        return [_none_yet("baseline", len(past), rule, what=what)]
    columns = seen.shares if seen.rows else ()
    shares = [_share(name, seen, past, rule=rule, what=what) for name in columns]
    return [_rows(seen.rows, past, rule, what=what), *shares]


def unjudged(rule: Baseline) -> Result:
    """The result of a day that is known to be odd."""
    return Result("baseline", _severity(rule), True, "an incident", "not judged")


def _severity(rule: Baseline) -> Severity:
    return "fail" if rule.severity == "fail" else "warn"


def _none_yet(name: str, count: int, rule: Baseline, *, what: str) -> Result:
    seen = f"no baseline yet: {counted(count, f'comparable {what[:-1]}', f'comparable {what}')}"
    return Result(name, _severity(rule), True, seen, f"at least {rule.at_least}")


def _rows(rows: int, past: Sequence[Profile], rule: Baseline, *, what: str) -> Result:
    usual = median(p.rows for p in past)
    change = (rows - usual) / usual if usual else None
    passed = rows == usual if change is None else abs(change) <= rule.max_rows_change
    said = f" ({change:+.0%})".replace("%", " %") if change is not None else ""
    return Result(
        "baseline rows",
        _severity(rule),
        passed,
        f"{rows:,} rows, median of {len(past)} comparable {what} {usual:,.0f}{said}",
        f"within {rule.max_rows_change * 100:g} % of it",
        change,
        rows,
    )


def _share(
    column: str, seen: Profile, past: Sequence[Profile], *, rule: Baseline, what: str
) -> Result:
    """The value whose share is farthest from its usual one; of those that are too far, if any is."""
    name = f"baseline {column}"
    known = [p.shares[column] for p in past if p.rows and column in p.shares]
    if len(known) < rule.at_least:
        return _none_yet(name, len(known), rule, what=what)
    now = seen.shares[column]
    usual = {
        v: median(s.get(v, 0.0) for s in known) for v in {*now, *(v for s in known for v in s)}
    }
    change = {v: round(now.get(v, 0.0) - usual[v], 6) for v in usual}
    odd = [v for v in usual if _is_odd(now.get(v, 0.0), usual[v], seen.rows, rule=rule)]
    worst = min(odd or change, key=lambda v: (-abs(change[v]), v))
    return Result(
        name,
        _severity(rule),
        not odd,
        f"{worst} {percent(now.get(worst, 0.0))}, usually {percent(usual[worst])}",
        f"within {rule.max_share_change * 100:g} points and {rule.max_relative_change * 100:g} %"
        " of the usual share",
        change[worst],
        seen.rows,
    )


def _is_odd(share: float, usual: float, rows: int, *, rule: Baseline) -> bool:
    """Whether a share changed by more than it may, and by more than chance explains."""
    change = round(abs(share - usual), 6)
    most = min(rule.max_share_change, rule.max_relative_change * usual)
    by_chance = rule.chance * sqrt(max(p * (1 - p) for p in (share, usual)) / rows)
    return change > round(most, 6) and change > by_chance
