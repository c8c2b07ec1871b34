"""Commands at their times: which firing is to be done now, and how the last one ended.

How far a schedule has come is a checkpoint in the ledger, so that a firing that was missed, or cut
off, is done when the scheduler is back, and none is done twice because a clock was set back.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from touchline.core.due import Due, Expected, expected
from touchline.core.ports import Notes
from touchline.errors import (
    ConflictError,
    MissingInputError,
    StorageError,
    TransientError,
)

CATCH_UP = timedelta(days=7)
TOO_FAR = timedelta(days=1)
"""A position that lies further ahead was set by a clock that was wrong: the schedule begins anew."""

DAY = "{day}"
"""Stands in a command for the day that a firing is about."""

_TRY_AGAIN = {
    error.exit_code for error in (MissingInputError, TransientError, ConflictError, StorageError)
}


@dataclass(frozen=True)
class Backoff:
    """Waits between attempts: `first_s`, doubled each time, at most `most_s`; so many attempts."""

    first_s: float = 60.0
    most_s: float = 3600.0
    attempts: int = 6

    def after(self, attempts: int) -> timedelta:
        """The wait after so many attempts that failed."""
        return timedelta(seconds=min(self.first_s * 2.0 ** max(attempts - 1, 0), self.most_s))


BACKOFF = Backoff()


@dataclass(frozen=True)
class Schedule:
    """A command of Touchline at the firings of `due`; `{day}` in it is the day a firing is about."""

    name: str
    due: Due
    command: tuple[str, ...]

    @property
    def reader(self) -> str:
        """The name of its checkpoint."""
        return f"schedule {self.name}"

    def at(self, firing: Expected) -> tuple[str, ...]:
        """The command of that firing."""
        return tuple(word.replace(DAY, firing.day.isoformat()) for word in self.command)


class Position(msgspec.Struct, frozen=True):
    """How far a schedule has come: the last firing that is over, and how its command ended.

    `attempts` are those of the firing after it that failed so far; the next is at `next_at`.
    """

    at: datetime
    code: int = 0
    said: str = ""
    attempts: int = 0
    next_at: datetime | None = None


def position(schedule: Schedule, notes: Notes) -> Position | None:
    """How far the schedule has come; None before it was first seen."""
    found = notes.checkpoint(schedule.reader)
    return msgspec.json.decode(found, type=Position) if found else None


def firing(
    schedule: Schedule, notes: Notes, now: datetime, *, backoff: Backoff = BACKOFF
) -> Expected | None:
    """The firing to be done now, if any.

    Of several that were missed each is done in order where the command is about a day, within the
    last week; else the newest stands for all. A schedule begins when it is first seen.
    """
    place = position(schedule, notes)
    if place is None or place.at > now + TOO_FAR:
        _put(schedule, Position(now), notes)
        return None
    wait = place.next_at - now if place.next_at else timedelta(0)
    if timedelta(0) < wait <= backoff.after(place.attempts):
        return None
    missed = _missed(schedule, place, now)
    by_day = any(DAY in word for word in schedule.command)
    return missed[0 if by_day else -1] if missed else None


def _missed(schedule: Schedule, place: Position, now: datetime) -> list[Expected]:
    return list(expected(schedule.due, since=max(place.at, now - CATCH_UP), until=now))


def ended(
    schedule: Schedule,
    done: Expected,
    *,
    code: int,
    said: str,
    notes: Notes,
    now: datetime,
    backoff: Backoff = BACKOFF,
) -> None:
    """Record how the command of a firing ended; what may yet succeed is tried again, later."""
    before = position(schedule, notes) or Position(done.due_at)
    attempts = before.attempts + 1
    if may_succeed(code) and attempts < backoff.attempts:
        told = msgspec.structs.replace(
            before, code=code, said=said, attempts=attempts, next_at=now + backoff.after(attempts)
        )
        _put(schedule, told, notes)
        return
    _put(schedule, Position(done.due_at, code, said), notes)


def may_succeed(code: int) -> bool:
    """Whether giving the same command again later is what the code asks for; negative: killed."""
    return code in _TRY_AGAIN or code < 0 or code > 128


def next_at(schedules: Iterable[Schedule], notes: Notes, now: datetime) -> datetime:
    """When to look again: the next firing or attempt of any of them, an hour from now at the latest."""
    until = now + timedelta(hours=1)
    found = [until]
    for schedule in schedules:
        place = position(schedule, notes)
        if place and place.next_at and _missed(schedule, place, now):
            found.append(max(place.next_at, now))
        found += [e.due_at for e in expected(schedule.due, since=now, until=until)][:1]
    return min(found)


def failing(schedules: Sequence[Schedule], notes: Notes) -> Iterator[tuple[Schedule, Position]]:
    """The schedules whose last command did not end well, and how it did."""
    for schedule in schedules:
        place = position(schedule, notes)
        if place and place.code != 0:
            yield schedule, place


def _put(schedule: Schedule, place: Position, notes: Notes) -> None:
    notes.advance(schedule.reader, msgspec.json.encode(place).decode())
