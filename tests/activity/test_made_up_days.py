"""simulate activity: which days there are, what it does not write over, and what of it is data."""

from pathlib import Path

import pytest
from world import World, utc, world

from touchline import config
from touchline.up.arriving import landed
from touchline.wiring import Touchline


@pytest.fixture
def empty(tmp_path: Path) -> World:
    return world(tmp_path)


def simulate(world: World, *words: str) -> list[str]:
    return world.well("simulate", "activity", "landing", "--rows", "10", *words).out.split()


def test_the_planted_truth_does_not_arrive(empty: World) -> None:
    simulate(empty, "--days", "2")
    ended = empty.well("ingest", "activity", "landing", "--json")
    assert [(r["partition"], r["new"]) for r in ended.rows] == [
        ("ingestion_date=2025-01-01", 1),
        ("ingestion_date=2025-01-02", 1),
    ]
    assert "left alone, as not activity's: 2 files" in ended.err
    assert "landing/truth/ingestion_date=2025-01-01.json" in ended.err


def test_the_planted_truth_is_not_landed_by_up_either(empty: World) -> None:
    made = simulate(empty, "--days", "1")
    (truth,) = (empty.folder / name for name in made if "truth" in name)
    here = Touchline(config.load(empty.folder / "touchline.toml"))
    done = landed(here, "activity", [truth], scratch=empty.folder, now=utc("2025-01-02"))
    assert (done.others, done.new, done.refused) == ([str(truth)], 0, {})


def test_the_same_days_again_are_written_again_and_late_events_come_beside_them(
    empty: World,
) -> None:
    made = simulate(empty)
    before = empty.everything()
    assert simulate(empty) == made
    assert empty.everything() == before
    assert len(simulate(empty, "--late", "5")) == len(made) + 1


def test_other_days_are_not_written_over_those_that_are_there(empty: World) -> None:
    simulate(empty, "--days", "1", "--date", "2025-01-02")
    before = empty.everything()
    ended = empty.do("simulate", "activity", "landing", "--rows", "11", "--days", "3")
    assert ended.code == 2
    assert "ingestion_date=2025-01-02/events.json: is there, and is not what would" in ended.error
    assert ended.hint == "give another folder, or delete it"
    assert empty.everything() == before


def test_days_of_any_year_can_be_made_up(empty: World) -> None:
    simulate(empty, "--date", "0001-01-01", "--days", "1", "--duplicate-rate", "0.5")
    simulate(empty, "--date", "9999-12-31", "--days", "1", "--duplicate-rate", "0.5")
    (line, *_) = (
        (empty.landing / "raw/source_system=app/ingestion_date=0001-01-01/events.json")
        .read_text()
        .splitlines()
    )
    assert '"event_ts": "0001-01-01T' in line


@pytest.mark.parametrize(("domain", "name"), [("activity", "days"), ("matches", "matches")])
def test_days_that_there_are_not_are_refused(empty: World, domain: str, name: str) -> None:
    ended = empty.do("simulate", domain, "out", "--date", "9999-12-31", f"--{name}", "3")
    assert ended.code == 2
    assert ended.error == f"--date 9999-12-31 --{name} 3: beyond the year 9999"
    assert ended.hint == f"the {name} are a day apart; give an earlier day"


def test_late_events_of_one_day_are_of_that_day_and_the_help_says_so(empty: World) -> None:
    made = simulate(empty, "--days", "1", "--late", "5")
    assert made[-1].endswith("ingestion_date=2025-01-01/late-events.json")
    said = " ".join(empty.well("simulate", "activity", "--help").out.split())
    assert "Late events for the last day but one, or the only day, in a file of their own." in said
