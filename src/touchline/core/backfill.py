"""A range of partitions: by the day they belong to, or by their key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from touchline.core.pipeline import Pipeline
from touchline.core.ports import Ledger, ObjectStore, Partition, Receipt, keys_of
from touchline.errors import ConfigError, TouchlineError


@dataclass(frozen=True)
class Range:
    """The partitions of a range, in order, and those whose day nobody can tell yet."""

    parts: list[Partition]
    undated: list[Partition]


def partitions(
    pipeline: Pipeline, first: str, last: str, *, ledger: Ledger, objects: ObjectStore
) -> Range:
    """The partitions that have arrived, of days or keys from `first` to `last` inclusive.

    Raises:
        ConfigError: The ends are neither two dates nor two whole numbers, or the wrong way round.
    """
    low, high = _ends(first, last)
    arrivals = ledger.arrivals(pipeline.name)
    found: list[tuple[date | int, Partition]] = []
    undated: list[Partition] = []
    for part, receipts in sorted(arrivals.items()):
        at = _key(part) if isinstance(low, int) else _day(pipeline, receipts, objects)
        if at is None:
            undated.append(part)
        elif low <= at <= high:  # type: ignore[operator]
            found.append((at, part))
    in_order = sorted(found, key=lambda f: (str(f[0]).zfill(20), f[1]))
    return Range([part for _, part in in_order], undated)


def _ends(first: str, last: str) -> tuple[date | int, date | int]:
    ends: tuple[date | int, date | int]
    try:
        if first.isdecimal() and last.isdecimal():
            ends = (int(first), int(last))
        else:
            ends = (date.fromisoformat(first), date.fromisoformat(last))
    except ValueError as exc:
        raise ConfigError(
            f"{first} to {last}: {exc}", hint="give two dates such as 2025-04-01, or two ids"
        ) from exc
    if ends[0] > ends[1]:  # type: ignore[operator]
        raise ConfigError(f"{first} to {last}: the first is after the last")
    return ends


def _key(part: Partition) -> int | None:
    value = next(iter(keys_of(part).values()))
    return int(value) if value.isdecimal() else None


def _day(pipeline: Pipeline, receipts: Mapping[str, Receipt], objects: ObjectStore) -> date | None:
    """The partition's day, None where its file is missing or cannot be read: `run` says so."""
    if pipeline.dated is None:
        return None
    file, read = pipeline.dated
    if file not in receipts:
        return None
    try:
        with objects.local(receipts[file].path) as path:
            return read(path)
    except TouchlineError:
        return None
