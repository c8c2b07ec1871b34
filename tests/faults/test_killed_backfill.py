"""A backfill that is killed is resumed by the same command; two at once never wait for each other."""

import re
from datetime import date, timedelta

import pytest
from days import ids, lines, put
from phases import children, claims, gone
from world import World

from touchline import config
from touchline.wiring import Touchline

DAYS = [f"{date(2025, 1, 1) + timedelta(days=n)}" for n in range(48)]
COMMAND = ("backfill", "activity", DAYS[0], DAYS[-1])


@pytest.fixture
def landed(empty: World) -> World:
    """A day's events each, landed and not run."""
    for day in DAYS:
        put(empty, day, lines(day, 20))
    empty.well("ingest", "activity", empty.folder / "landing")
    return empty


def published(world: World) -> set[str]:
    """The days that are published."""
    found = world.asked("SELECT partition FROM heads WHERE table_name = 'activity.curated_events'")
    return {part.partition("=")[2] for (part,) in found}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_killed_backfill_is_resumed_by_the_same_command(landed: World, workers: str) -> None:
    command = (*COMMAND, "--workers", workers)
    with landed.process(*command, start_new_session=True) as process:
        while process.poll() is None and not published(landed):
            pass
        others = children(process.pid)
        process.kill()
        process.communicate()
    assert gone(others)
    before = published(landed)
    assert before

    ended = landed.do(*command)

    assert ended.code == 0, ended.err
    fresh = re.search(r"48 partitions from \S+ to \S+, (\d+) fresh already", ended.err)
    assert fresh
    assert int(fresh[1]) >= len(before)
    assert published(landed) == set(DAYS)
    events = landed.query("SELECT event_id FROM activity.curated_events").column(0).to_pylist()
    assert sorted(events) == sorted(set().union(*(ids(lines(day, 20)) for day in DAYS)))
    landed.well("maintain")
    assert claims(landed) == []


def test_two_backfills_at_once_do_all_days_and_neither_waits(landed: World) -> None:
    with landed.process(*COMMAND, "--json") as first, landed.process(*COMMAND, "--json") as second:
        codes = {first.communicate(timeout=120) and first.returncode}
        codes |= {second.communicate(timeout=120) and second.returncode}
    assert codes <= {0, 6}
    assert landed.do(*COMMAND).code == 0
    assert published(landed) == set(DAYS)
    runs = landed.asked("SELECT partition, count(*) FROM publishes GROUP BY 1")
    assert {count for _, count in runs} == {1}


def test_a_day_that_somebody_holds_is_passed_over(landed: World) -> None:
    here = Touchline(config.load(landed.folder / "touchline.toml"))
    with here.ledger.claim("activity", [f"ingestion_date={DAYS[1]}"]):
        ended = landed.do("backfill", "activity", DAYS[0], DAYS[3])
    assert ended.code == 6
    assert f"ingestion_date={DAYS[1]}: held by process" in ended.error
    assert "4 partitions: 3 published, 1 held" in ended.err
    assert published(landed) == {DAYS[0], DAYS[2], DAYS[3]}
