"""A range of partitions: by the day they belong to, or by their key."""

from datetime import date

from touchline.core.pipeline import Pipeline
from touchline.core.ports import Ledger, ObjectStore, Partition, Receipt, keys_of
from touchline.errors import ConfigError, TouchlineError


def partitions(
    pipeline: Pipeline, first: str, last: str, *, ledger: Ledger, objects: ObjectStore
) -> list[Partition]:
    """The partitions that have arrived, of days or keys from `first` to `last` inclusive, in order.

    Raises:
        ConfigError: The ends are neither two dates nor two whole numbers, or the wrong way round.
    """
    low, high = _ends(first, last)
    arrivals = ledger.arrivals(pipeline.name)
    found: list[tuple[date | int, Partition]] = []
    for part, receipts in arrivals.items():
        at = _key(part) if isinstance(low, int) else _day(pipeline, receipts, objects)
        if at is not None and low <= at <= high:  # type: ignore[operator]
            found.append((at, part))
    return [part for _, part in sorted(found, key=lambda f: (str(f[0]).zfill(20), f[1]))]


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


def _day(pipeline: Pipeline, receipts: dict[str, Receipt], objects: ObjectStore) -> date | None:
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
