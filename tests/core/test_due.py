"""When input is due, at both clock changes too, and what is missing."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_pipeline import World, match

from touchline.activity.pipeline import Rules, pipeline
from touchline.core.due import Due, day_column, expected, missing
from touchline.core.memory import MemoryLedger
from touchline.core.ports import Receipt
from touchline.core.quarantine.mends import name_of

ACTIVITY = pipeline(Rules())


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def firings(cron: str, zone: str, first: str, last: str) -> list[str]:
    found = expected(Due(cron, zone), since=at(first), until=at(last))
    return [f"{e.due_at:%m-%dT%H:%M}" for e in found]


def test_a_firing_is_an_instant_of_its_zone_and_of_the_day_before() -> None:
    due = Due("30 6 * * *", "Europe/Berlin", grace_minutes=90)
    (one,) = expected(due, since=at("2025-01-09"), until=at("2025-01-10"))
    assert (one.due_at, one.late_at) == (at("2025-01-09T05:30"), at("2025-01-09T07:00"))
    assert one.day == date(2025, 1, 8)


def test_the_day_of_a_firing_is_that_of_its_zone() -> None:
    due = Due("30 0 * * *", "Asia/Tokyo", day="same")
    (one,) = expected(due, since=at("2025-01-09"), until=at("2025-01-10"))
    assert (one.due_at, one.day) == (at("2025-01-09T15:30"), date(2025, 1, 10))


def test_a_firing_in_the_hour_that_is_lost_comes_once_at_its_end() -> None:
    """Berlin's clocks go from 02:00 to 03:00, which is 01:00 UTC, on 2025-03-30."""
    found = firings("30 2 * * *", "Europe/Berlin", "2025-03-29T00:00", "2025-03-31T12:00")
    assert found == ["03-29T01:30", "03-30T01:00", "03-31T00:30"]


def test_a_firing_in_the_hour_that_comes_twice_comes_once() -> None:
    """Berlin's clocks go from 03:00 back to 02:00, which is 01:00 UTC, on 2025-10-26."""
    found = firings("30 2 * * *", "Europe/Berlin", "2025-10-25T00:00", "2025-10-27T12:00")
    assert found == ["10-25T00:30", "10-26T00:30", "10-27T01:30"]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Sydney"])
def test_every_day_of_a_year_has_its_firing_exactly_once(zone: str) -> None:
    for cron in ("30 2 * * *", "0 3 * * *", "59 23 * * *", "0 0 * * *"):
        found = list(expected(Due(cron, zone), since=at("2025-01-01"), until=at("2026-01-01")))
        days = [e.day for e in found]
        assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
        assert len(days) == 365


@settings(deadline=None)
@given(
    st.datetimes(datetime(2025, 3, 29), datetime(2025, 3, 31))
    | st.datetimes(datetime(2025, 10, 25), datetime(2025, 10, 27)),
    st.sampled_from(["30 2 * * *", "0 * * * *", "*/10 1-3 * * *"]),
)
def test_no_firing_lies_before_whoever_asks_at_either_clock_change(
    since: datetime, cron: str
) -> None:
    start = since.replace(tzinfo=UTC)
    found = expected(Due(cron, "Europe/Berlin"), since=start, until=start + timedelta(hours=30))
    instants = [each.due_at for each in found]
    assert instants == sorted(set(instants))
    assert all(at > start for at in instants)


# --- what is missing ----------------------------------------------------------------------------


def ledger(*days: str) -> MemoryLedger:
    found = MemoryLedger()
    for day in days:
        part = f"ingestion_date={day}"
        found.receive(
            [Receipt("activity", part, "events/app/e.json", "aa", 1, "e", at("2025-01-01"), "p")]
        )
    return found


DAILY = Due("0 6 * * *", grace_minutes=60)
NOW = at("2025-01-05T08:00")


def lacking(*days: str, now: datetime = NOW, due: Due = DAILY) -> list[str]:
    return [part for _, part in missing(ACTIVITY, due, ledger(*days), now=now)]


def test_a_day_that_was_due_and_has_not_come_is_missing() -> None:
    assert lacking("2025-01-01", "2025-01-02", "2025-01-04") == ["ingestion_date=2025-01-03"]
    assert lacking("2025-01-03", "2025-01-04") == []


def test_a_day_of_which_only_what_was_said_of_lines_counts_is_missing() -> None:
    found, part = ledger("2025-01-02", "2025-01-04"), "ingestion_date=2025-01-03"
    name = name_of("aa")
    found.receive([Receipt("activity", part, name, "bb", 1, "e", at("2025-01-01"), "p")])
    assert [where for _, where in missing(ACTIVITY, DAILY, found, now=NOW)] == [part]


def test_within_the_grace_nothing_is_missing_and_from_its_end_on_it_is() -> None:
    came = ("2025-01-02", "2025-01-03")
    assert lacking(*came, now=at("2025-01-05T06:59:59")) == []
    assert lacking(*came, now=at("2025-01-05T07:00")) == ["ingestion_date=2025-01-04"]


def test_the_same_day_may_be_due() -> None:
    due = Due("0 6 * * *", grace_minutes=60, day="same")
    assert lacking("2025-01-04", due=due) == ["ingestion_date=2025-01-05"]


def test_days_that_are_not_due_are_not_missing() -> None:
    """Nothing is due on Saturday and Sunday, 2025-01-04 and 05."""
    due = Due("0 6 * * MON-FRI", grace_minutes=60, day="same")
    assert lacking("2025-01-02", "2025-01-03", due=due) == []


def test_before_anything_came_only_the_newest_is_missing() -> None:
    assert lacking() == ["ingestion_date=2025-01-04"]
    assert lacking(now=at("2025-01-05T06:30")) == ["ingestion_date=2025-01-03"]


def test_where_partitions_are_no_days_something_must_have_come(tmp_path: Path) -> None:
    world = World(tmp_path)
    assert day_column(world.pipeline) is None
    world.clock.now = at("2025-01-04T09:00")
    world.arrive_match(1)
    at_noon = missing(world.pipeline, DAILY, world.ledger, now=at("2025-01-05T12:00"))
    assert at_noon == []
    (late,) = missing(world.pipeline, DAILY, world.ledger, now=at("2025-01-06T12:00"))
    assert (late[0].due_at, late[1]) == (at("2025-01-06T06:00"), "")
    assert match(1) in world.ledger.arrivals("club")
