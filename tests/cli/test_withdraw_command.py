"""withdraw: files that landed and are not to count."""

from pathlib import Path

import pytest
from world import EVENTS, MATCH, World, broken, files, world

ONE = "match_id=1"
DAY = "ingestion_date=2025-01-02"
APP = "events/app/events.json"


@pytest.fixture
def landed(tmp_path: Path) -> World:
    """A match has landed, and an empty file of a day; the day was refused."""
    made = world(tmp_path / "work")
    made.ingest(files(1))
    land(made, "")
    assert made.do("run", "activity").code == 3
    return made


def land(made: World, text: str) -> str:
    """Land a day's one file; what is told."""
    folder = made.landing / "days" / DAY
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "events.json").write_text(text)
    return made.well("ingest", "activity", folder).err


def listed(made: World, *of: str) -> dict[str, str]:
    rows = made.well("withdraw", *of, "--json").rows
    return {row["file"]: row["state"] for row in rows}


def open_incidents(made: World) -> list[tuple[str, str]]:
    found = made.asked("SELECT pipeline, place FROM incidents WHERE closed_at IS NULL")
    return [(pipeline, place) for pipeline, place in found]


def test_an_empty_file_is_withdrawn_and_its_day_is_nobodys_worry_any_more(landed: World) -> None:
    assert open_incidents(landed) == [("activity", DAY)]
    assert f"touchline withdraw activity {DAY}" in landed.do("run", "activity").hint
    ended = landed.well("withdraw", "activity", DAY, APP, "--because", "it was empty")
    assert "no file of it counts" in ended.err
    assert listed(landed, "activity", DAY) == {APP: "withdrawn: it was empty"}
    assert open_incidents(landed) == []
    assert landed.well("run", "activity", "--json").rows == []
    assert landed.well("check", "activity").code == 0
    states = landed.well("status", "activity", "--json").rows
    assert [(row["partition"], row["state"]) for row in states] == [(DAY, "withdrawn")]


def test_the_same_file_again_is_told_to_stay_withdrawn(landed: World) -> None:
    landed.well("withdraw", "activity", DAY, APP, "--because", "it was empty")
    assert f"touchline withdraw activity {DAY} {APP} --undo" in land(landed, "")
    assert listed(landed, "activity", DAY) == {APP: "withdrawn: it was empty"}
    assert "stays withdrawn" not in land(landed, "{}\n")
    assert listed(landed, "activity", DAY) == {APP: "counts"}


def test_a_published_match_goes_with_its_files_and_comes_back(landed: World) -> None:
    landed.well("run", "tracking")
    before = landed.contents(1)
    ended = landed.well("withdraw", "tracking", ONE, "*", "--because", "a test match")
    assert "the rows of 12 tables went" in ended.err
    assert set(landed.contents(1).values()) == {(0, "0")}
    assert landed.one("SELECT count(*) FROM tracking.frames") == 0
    for words in (("run", "-p", ONE), ("report", "match", "1")):
        refused = landed.do(*words)
        assert (refused.code, "withdrawn" in refused.error) == (4, True)
        assert f"touchline withdraw tracking {ONE}" in refused.hint
    landed.well("withdraw", "tracking", ONE, "*", "--undo")
    landed.well("run", "tracking")
    assert landed.contents(1) == before


def test_a_file_that_is_missing_now_is_waited_for(landed: World) -> None:
    ended = landed.well("withdraw", "tracking", ONE, EVENTS, "--because", "of another match")
    assert "3 files of it count" in ended.err
    assert landed.do("run", "tracking").code == 4
    other = {**files(1), EVENTS: broken(files(1), EVENTS, lambda data: data + b"\n")[EVENTS]}
    landed.ingest(other)
    landed.well("run", "tracking")
    assert set(listed(landed, "tracking", ONE).values()) == {"counts"}


def test_twice_changes_nothing(landed: World) -> None:
    words = ("withdraw", "tracking", ONE, MATCH, "--because", "a test")
    landed.well(*words)
    before = landed.asked("SELECT count(*) FROM receipts")
    assert "nothing to change" in landed.well(*words).err
    assert landed.asked("SELECT count(*) FROM receipts") == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("sports", ONE), 2, "no pipeline 'sports'"),
        (("tracking", "match_id=7"), 4, "there are 1, match_id=1 to match_id=1"),
        (("tracking", "day=7"), 2, "no key day; there is: match_id"),
        (("tracking", ONE, "odd.json", "--because", "a test"), 2, f"there is: {EVENTS}, {MATCH}"),
        (("tracking", ONE, MATCH), 2, "--because is missing"),
        (("tracking", ONE, MATCH, "--because", " "), 2, "--because is missing or empty"),
        (("tracking", ONE, "--because", "a test"), 2, f"which files? there is: {EVENTS}, {MATCH}"),
        (("tracking", ONE, MATCH, "--undo", "--because", "a test"), 2, "needs no reason"),
    ],
)
def test_wrong_use_says_what_there_is(
    landed: World, words: tuple[str, ...], code: int, said: str
) -> None:
    ended = landed.do("withdraw", *words)
    assert (ended.code, said in ended.error) == (code, True), ended.err
    assert landed.asked("SELECT count(*) FROM receipts WHERE withdrawn <> ''") == [(0,)]
