"""Partitions as they are asked for: one by its key, or a range of days or of keys."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from touchline.core.due import day_column
from touchline.core.pipeline import Pipeline
from touchline.core.ports import Ledger, ObjectStore, Partition, Receipt, keys_of
from touchline.core.withdrawing import received
from touchline.errors import ConfigError, TouchlineError

_NUMBER = re.compile(r"[0-9]{1,18}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Range:
    """The partitions of a range, in order, and those whose day nobody can tell yet.

    `span` is the first and the last day, or key, of all that has arrived; None if there is none.
    """

    parts: list[Partition]
    undated: list[Partition]
    span: tuple[date | int, date | int] | None = None


def checked(pipeline: Pipeline, part: Partition) -> Partition:
    """The partition unchanged, if it is one that could arrive.

    Raises:
        ConfigError: Its columns are not the pipeline's, or a value is none of its column.
    """
    hint = f"such as {_example(pipeline)}; touchline status lists those that have arrived"
    try:
        keys, contract = keys_of(part), pipeline.steps[0].makes
    except ConfigError as exc:
        raise ConfigError(str(exc), hint=hint) from exc
    if tuple(keys) != contract.replace_by:
        raise ConfigError(
            f"{pipeline.name} {part}: no key {', '.join(keys)}; there is: "
            f"{', '.join(contract.replace_by)}",
            hint=hint,
        )
    for name, value in keys.items():
        if contract.column(name).type in ("int", "long") and not _NUMBER.fullmatch(value):
            raise ConfigError(
                f"{pipeline.name} {part}: {name} is not a whole number of 1 to 18 digits", hint=hint
            )
        if name == day_column(pipeline) and not _is_day(value):
            raise ConfigError(f"{pipeline.name} {part}: {name} is not a day", hint=hint)
    return part


def _example(pipeline: Pipeline) -> Partition:
    """A partition of the pipeline as it is written."""
    day, keys = day_column(pipeline), pipeline.steps[0].makes.replace_by
    return "/".join(f"{key}={'2025-01-31' if key == day else '2017461'}" for key in keys)


def _is_day(text: str) -> bool:
    """Whether it is a day as partitions have it, YYYY-MM-DD."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def owner(pipelines: Sequence[Pipeline], part: Partition) -> Pipeline:
    """The pipeline that the partition is one of: its columns tell.

    Raises:
        ConfigError: It is none of theirs, or a value is none of its column.
    """
    try:
        keys = tuple(keys_of(part))
    except ConfigError as exc:
        hint = f"such as {' or '.join(dict.fromkeys(map(_example, pipelines)))}"
        raise ConfigError(str(exc), hint=hint) from exc
    found = next((p for p in pipelines if p.steps[0].makes.replace_by == keys), pipelines[0])
    checked(found, part)
    return found


def partitions(
    pipeline: Pipeline, first: str, last: str, *, ledger: Ledger, objects: ObjectStore
) -> Range:
    """The partitions that have arrived, withdrawn or not, of days or keys from `first` to `last` inclusive.

    Raises:
        ConfigError: The ends are neither two dates nor two whole numbers, or the wrong way round.
    """
    low, high = _ends(first, last)
    if day_column(pipeline) and isinstance(low, int):
        raise ConfigError(
            f"{pipeline.name} {first} to {last}: its partitions are days",
            hint="give two dates such as 2025-04-01",
        )
    arrivals = received(ledger, pipeline.name)
    found: list[tuple[date | int, Partition]] = []
    undated: list[Partition] = []
    for part, receipts in sorted(arrivals.items()):
        key = _key(part)
        at = _told(pipeline, receipts, objects) if type(key) is not type(low) else key
        at = at if type(at) is type(low) else None
        if at is None:
            undated.append(part)
        else:
            found.append((at, part))
    in_order = sorted(found, key=lambda f: (str(f[0]).zfill(20), f[1]))
    parts = [part for at, part in in_order if low <= at <= high]  # type: ignore[operator]
    span = (in_order[0][0], in_order[-1][0]) if in_order else None
    return Range(parts, undated, span)


def _ends(first: str, last: str) -> tuple[date | int, date | int]:
    low, high = _end(first), _end(last)
    for end, text in ((low, first), (high, last)):
        if end is None and _DAY.fullmatch(text):
            raise ConfigError(
                f"{first} to {last}: {text} is no day", hint="give two dates such as 2025-04-01"
            )
    if low is None or high is None or type(low) is not type(high):
        raise ConfigError(
            f"{first} to {last}: expected two dates or two ids, seen {_said(low)} and {_said(high)}",
            hint="give two dates such as 2025-04-01, or two ids",
        )
    if low > high:  # type: ignore[operator]
        raise ConfigError(f"{first} to {last}: the first is after the last")
    return low, high


def _end(text: str) -> date | int | None:
    """An id or a day, None where the text is neither."""
    try:
        return int(text) if text.isdecimal() else date.fromisoformat(text)
    except ValueError:
        return None


def _said(end: date | int | None) -> str:
    return "neither" if end is None else "a date" if isinstance(end, date) else "an id"


def _key(part: Partition) -> date | int | None:
    """The partition's key as what it is, None where it is neither a day nor a number."""
    return _end(next(iter(keys_of(part).values())))


def day_of(
    pipeline: Pipeline, part: Partition, receipts: Mapping[str, Receipt], *, objects: ObjectStore
) -> date | None:
    """The day that a partition is, or that its file tells; None where neither does."""
    key = _key(part) if day_column(pipeline) else _told(pipeline, receipts, objects)
    return key if isinstance(key, date) else None


def _told(pipeline: Pipeline, receipts: Mapping[str, Receipt], objects: ObjectStore) -> date | None:
    """The day that the partition's file tells, None where its file is missing or cannot be read: `run` says so."""
    if pipeline.dated is None:
        return None
    file, read = pipeline.dated
    if file not in receipts:
        return None
    try:
        with objects.local(receipts[file].path) as path:
            return read(path)
    except (TouchlineError, OSError):
        return None
