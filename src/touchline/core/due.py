"""When input is due: by cron in a time zone, with a grace."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim

from touchline.core.pipeline import Pipeline
from touchline.core.ports import Ledger, Partition
from touchline.core.withdrawing import received


@dataclass(frozen=True)
class Due:
    """Input is there at each firing of `cron`, five fields as in Debian's cron, in `zone`.

    At a change to summer time a firing within the lost hour comes at its end; at the change back
    one within the repeated hour comes once. What is due at a firing is the input of the `same` or
    the `previous` day there; it is missing `grace_minutes` later.
    """

    cron: str
    zone: str = "UTC"
    grace_minutes: float = 60.0
    day: Literal["same", "previous"] = "previous"


@dataclass(frozen=True)
class Expected:
    """One firing, in UTC: when its input is due, since when it is missing, and which day it is of."""

    due_at: datetime
    late_at: datetime
    day: date


def expected(due: Due, *, since: datetime, until: datetime) -> Iterator[Expected]:
    """What is due after `since` and up to `until`, in order."""
    zone = ZoneInfo(due.zone)
    for local in CronSim(due.cron, since.astimezone(zone)):
        at = local.astimezone(UTC)
        if at > until:
            return
        if at <= since:
            continue  # of an hour that comes twice, and this began in the second
        day = local.date() - timedelta(days=due.day == "previous")
        yield Expected(at, at + timedelta(minutes=due.grace_minutes), day)


def missing(
    pipeline: Pipeline, due: Due, ledger: Ledger, *, now: datetime, days: int = 7
) -> list[tuple[Expected, Partition]]:
    """What was due in the last days and has not come, with the partition that lacks it.

    Nothing is missing of days before the first that has arrived; before any has, the newest firing
    counts. Where partitions are no days, something must have come since the firing before the newest
    one that is late, whatever was withdrawn of it; the partition is "" then.
    """
    firings = late(due, now=now, days=days)
    column = day_column(pipeline)
    if column is None:
        files = received(ledger, pipeline.name).values()
        instants = [r.received_at for each in files for r in each.values()]
        since = _before(due, firings[-1].due_at) if firings else now
        return [] if not firings or any(at > since for at in instants) else [(firings[-1], "")]
    there = came(pipeline, ledger)
    named = [(each, f"{column}={each.day.isoformat()}") for each in firings]
    counted = [(e, part) for e, part in named if part >= min(there)] if there else named[-1:]
    gone = ledger.retired(pipeline.name)
    return [(each, part) for each, part in counted if part not in there and part not in gone]


def came(pipeline: Pipeline, ledger: Ledger) -> frozenset[Partition]:
    """The partitions of which a file counts; what was said of lines is no file."""
    found = ledger.contents(pipeline.name).items()
    return frozenset(part for part, files in found if any(b.of(files) for b in pipeline.bronze))


def late(due: Due, *, now: datetime, days: int) -> list[Expected]:
    """What was due in the last days and would be missing by now, in order."""
    since = now - timedelta(days=days)
    return [each for each in expected(due, since=since, until=now) if each.late_at <= now]


def is_due(due: Due, day: date) -> bool:
    """Whether the input of that day is due at any time."""
    noon = datetime.combine(day, time(12), UTC)
    around = timedelta(days=3)
    return any(e.day == day for e in expected(due, since=noon - around, until=noon + around))


def _before(due: Due, at: datetime) -> datetime:
    """The firing before that one."""
    local: datetime = next(CronSim(due.cron, at.astimezone(ZoneInfo(due.zone)), reverse=True))
    return local.astimezone(UTC)


def day_column(pipeline: Pipeline) -> str | None:
    """The column that names a pipeline's partitions, if they are days."""
    keys = pipeline.steps[0].makes.replace_by
    return keys[0] if len(keys) == 1 and keys[0].endswith("_date") else None
