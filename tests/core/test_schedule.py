"""Commands at their times: once each, in order, after a standstill, a failure and a clock set back."""

from datetime import UTC, datetime, timedelta

import pytest

from touchline.core import schedule
from touchline.core.due import Due
from touchline.core.memory import MemoryLedger
from touchline.core.schedule import Backoff, Position, Schedule

DAILY = Schedule("morning", Due("0 6 * * *", "Europe/Berlin"), ("fetch", "x", "--from", "{day}"))
UPKEEP = Schedule("upkeep", Due("0 3 * * *"), ("maintain",))
WAITS = Backoff(first_s=60, most_s=600, attempts=3)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Told:
    """A ledger's notes, and the commands that a scheduler would give of one schedule."""

    def __init__(self, of: Schedule, begun: str) -> None:
        self.of, self.notes = of, MemoryLedger().notes
        assert schedule.firing(of, self.notes, at(begun)) is None

    def due(self, now: str) -> str | None:
        """The command that is to be given now."""
        found = schedule.firing(self.of, self.notes, at(now), backoff=WAITS)
        return " ".join(self.of.at(found)) if found else None

    def give(self, now: str, code: int = 0) -> str | None:
        """The command is given now, and ends at once with this code."""
        found = schedule.firing(self.of, self.notes, at(now), backoff=WAITS)
        if found is None:
            return None
        schedule.ended(
            self.of, found, code=code, said="why", notes=self.notes, now=at(now), backoff=WAITS
        )
        return " ".join(self.of.at(found))


def test_a_command_is_given_once_at_its_time_about_the_day_before() -> None:
    told = Told(DAILY, "2025-01-09T00:00")
    assert told.due("2025-01-09T04:59") is None
    assert told.give("2025-01-09T05:00") == "fetch x --from 2025-01-08"
    assert told.give("2025-01-09T05:00:01") is None
    assert told.give("2025-01-10T05:00") == "fetch x --from 2025-01-09"


def test_a_new_schedule_begins_when_it_is_first_seen() -> None:
    assert Told(DAILY, "2025-01-09T12:00").due("2025-01-09T23:00") is None


def test_after_a_standstill_each_day_is_done_in_order_for_a_week_at_most() -> None:
    told = Told(DAILY, "2025-01-09T12:00")
    assert [told.give("2025-01-12T12:00") for _ in range(4)] == [
        "fetch x --from 2025-01-09",
        "fetch x --from 2025-01-10",
        "fetch x --from 2025-01-11",
        None,
    ]
    assert told.give("2025-03-01T12:00") == "fetch x --from 2025-02-22"


def test_after_a_standstill_what_is_about_no_day_is_done_once() -> None:
    told = Told(UPKEEP, "2025-01-09T12:00")
    assert [told.give("2025-01-12T12:00") for _ in range(2)] == ["maintain", None]


def test_nothing_is_done_twice_when_the_clock_is_set_back_an_hour() -> None:
    told = Told(DAILY, "2025-01-09T00:00")
    assert told.give("2025-01-09T05:30")
    assert told.give("2025-01-09T04:30") is None
    assert told.give("2025-01-09T05:10") is None
    assert told.give("2025-01-10T05:00") == "fetch x --from 2025-01-09"


@pytest.mark.parametrize(
    ("begun", "times"),
    [
        ("2025-03-29T12:00", ["2025-03-30T01:00", "2025-03-31T00:30"]),
        ("2025-10-25T12:00", ["2025-10-26T00:30", "2025-10-27T01:30"]),
    ],
    ids=["to summer", "back"],
)
def test_at_both_clock_changes_half_past_two_in_berlin_comes_once(
    begun: str, times: list[str]
) -> None:
    told = Told(Schedule("s", Due("30 2 * * *", "Europe/Berlin"), ("maintain",)), begun)
    start = at(begun)
    given = []
    for minutes in range(0, 60 * 40, 10):
        now = start + timedelta(minutes=minutes)
        if told.give(f"{now:%Y-%m-%dT%H:%M}"):
            given.append(f"{now:%Y-%m-%dT%H:%M}")
    assert given == times


# --- what fails ---------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [4, 5, 6, 7, -9, 143])
def test_what_may_yet_succeed_is_tried_again_with_growing_waits(code: int) -> None:
    told = Told(DAILY, "2025-01-09T00:00")
    assert told.give("2025-01-09T05:00", code)
    assert told.due("2025-01-09T05:00:59") is None
    assert told.give("2025-01-09T05:01", code)
    assert told.due("2025-01-09T05:02:59") is None
    assert told.give("2025-01-09T05:03", code)
    assert told.due("2025-01-09T12:00") is None
    (_, place) = next(schedule.failing([DAILY], told.notes))
    assert (place.code, place.said) == (code, "why")
    assert told.give("2025-01-10T05:00") == "fetch x --from 2025-01-09"
    assert not list(schedule.failing([DAILY], told.notes))


@pytest.mark.parametrize("code", [1, 2, 3])
def test_what_will_not_succeed_by_itself_is_told_and_not_tried_again(code: int) -> None:
    told = Told(DAILY, "2025-01-09T00:00")
    assert told.give("2025-01-09T05:00", code)
    assert told.due("2025-01-09T12:00") is None
    assert [place.code for _, place in schedule.failing([DAILY], told.notes)] == [code]


def test_a_wait_does_not_grow_by_the_hour_that_a_clock_is_set_back() -> None:
    told = Told(DAILY, "2025-01-09T00:00")
    assert told.give("2025-01-09T05:30", 5)
    assert told.due("2025-01-09T05:00") == "fetch x --from 2025-01-08"


def test_a_wait_outlives_the_scheduler() -> None:
    told = Told(DAILY, "2025-01-09T00:00")
    told.give("2025-01-09T05:00", 5)
    place = schedule.position(DAILY, told.notes)
    assert place is not None
    assert (place.attempts, place.next_at) == (1, at("2025-01-09T05:01"))


def test_it_is_looked_at_again_when_something_is_due_and_within_an_hour() -> None:
    told = Told(DAILY, "2025-01-09T00:00")
    look = schedule.next_at([DAILY], told.notes, at("2025-01-09T04:30"))
    assert look == at("2025-01-09T05:00")
    look = schedule.next_at([DAILY], told.notes, at("2025-01-09T01:00"))
    assert look == at("2025-01-09T02:00")
    told.give("2025-01-09T05:00", 5)
    look = schedule.next_at([DAILY], told.notes, at("2025-01-09T05:00:10"))
    assert look == at("2025-01-09T05:01")


def test_a_clock_that_was_years_ahead_stops_no_schedule() -> None:
    told = Told(DAILY, "2035-01-09T00:00")
    assert told.due("2025-01-09T05:00") is None
    assert told.give("2025-01-10T05:00") == "fetch x --from 2025-01-09"


def test_nothing_is_waited_for_that_will_not_be_done() -> None:
    """The command failed, the scheduler was away, and the firing is too long ago to be made up for."""
    weekly = Schedule("s", Due("0 6 1 1 *"), ("maintain",))
    told = Told(weekly, "2024-12-31T00:00")
    assert told.give("2025-01-01T06:00", 5)
    now = at("2025-02-01T00:00")
    assert told.due("2025-02-01T00:00") is None
    assert schedule.next_at([weekly], told.notes, now) == now + timedelta(hours=1)


def test_an_unknown_position_is_none() -> None:
    notes = MemoryLedger().notes
    assert schedule.position(DAILY, notes) is None
    schedule.firing(DAILY, notes, at("2025-01-09T00:00"))
    assert schedule.position(DAILY, notes) == Position(at("2025-01-09T00:00"))
