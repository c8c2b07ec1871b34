"""Made-up matches and their feeds: of the real shape, and what is planted is found again."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from feeds import NOW, letters, listed, waiting

from touchline.core.memory import MemoryLog, MemoryServing
from touchline.matches.live import EventRule
from touchline.matches.live.event import KNOWN_TYPES
from touchline.matches.simulate import Faults, Feed, Plan, feed, play, write
from touchline.matches.source import kick_offs, read, taken

KICK_OFF = datetime(2024, 11, 2, 15, tzinfo=UTC)
NONE = Faults()
ALL = Faults(late=0.02, duplicates=0.03, corrections=0.02, shuffle=0.1)


def made(seed: int = 1, faults: Faults = NONE) -> Feed:
    return feed(Plan(900001, KICK_OFF, seed), faults)


def known(folder: Path, given: Feed) -> MemoryServing:
    """The store after the feed has come."""
    path = folder / "feed.ndjson"
    path.write_text("\n".join(given.lines))
    log, store = MemoryLog(), MemoryServing()
    found = taken(
        read(path),
        kick_offs([]),
        file=path.name,
        log=log,
        store=store,
        rule=EventRule("refuse"),
        now=NOW,
    )
    assert not found.refused
    return store


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_a_match_has_the_shape_of_a_real_one(seed: int) -> None:
    events = play(Plan(900001, KICK_OFF, seed))
    types = Counter(e["event_type"] for e in events)
    assert 1300 < len(events) < 1900
    assert set(types) <= set(KNOWN_TYPES)
    assert types["period_start"] == types["period_end"] == 2
    assert 700 < types["pass"] < 1200
    assert 8 < types["shot"] + types["goal"] < 60
    assert {e["team_id"] for e in events} == {"9000011", "9000012"}
    assert all(0 <= e[k] <= 100 for e in events for k in e if k.endswith("_pct"))
    times = [e["timestamp"] for e in events]
    assert times == sorted(times)


def test_who_was_replaced_or_sent_off_plays_no_more() -> None:
    gone = set[str]()
    for event in play(Plan(900001, KICK_OFF, 4)):
        assert event.get("player_id") not in gone
        if event["event_type"] == "substitution" or event.get("card") == "red":
            gone.add(event["player_id"])
    assert gone


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert made(1, ALL) == made(1, ALL)
    assert made(1).lines != made(2).lines


def test_faults_are_planted_as_asked() -> None:
    found = made(1, ALL)
    sent, events = found.truth["sent"], len(made(1).lines)
    assert sent["late"] == round(events * 0.02)
    assert sent["repeated"] == round(events * 0.03)
    assert sent["corrections"] == len(found.truth["cancelled"]) + len(found.truth["amended"])
    assert sent["corrections_before_their_event"] > 0
    assert len(found.lines) == sent["lines"] == events + sent["repeated"] + sent["corrections"]


def test_without_faults_a_feed_is_in_the_order_of_the_match_but_for_latency() -> None:
    found = made()
    assert found.truth["sent"]["corrections"] == found.truth["sent"]["repeated"] == 0
    times = [datetime.fromisoformat(json.loads(line)["timestamp"]) for line in found.lines]
    last = times[0]
    for at in times:
        assert at >= last - timedelta(seconds=2)
        last = max(last, at)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("faults", [NONE, ALL, Faults(corrections=1.0, shuffle=1.0)])
def test_what_was_planted_is_known_in_the_end(tmp_path: Path, seed: int, faults: Faults) -> None:
    given = made(seed, faults)
    store, truth = known(tmp_path, given), given.truth
    events = listed(store, "900001")
    assert len(events) == truth["events"]
    assert Counter(e["event_type"] for e in events) == truth["types"]
    assert not set(truth["cancelled"]) & {e["event_id"] for e in events}
    players = {e["event_id"]: e.get("player_id") for e in events}
    assert {i: players[i] for i in truth["amended"]} == truth["amended"]
    scored = Counter(e["team_id"] for e in events if e["event_type"] == "goal")
    own = Counter(e["team_id"] for e in events if e["event_type"] == "own_goal")
    home, away = "9000011", "9000012"
    assert truth["score"] == {home: scored[home] + own[away], away: scored[away] + own[home]}
    assert letters(store) == waiting(store) == []


def test_each_match_has_its_feed_and_its_truth(tmp_path: Path) -> None:
    plans = [Plan(1, KICK_OFF), Plan(2, KICK_OFF)]
    paths = [p.relative_to(tmp_path).as_posix() for p in write(tmp_path, plans, ALL)]
    assert paths == ["feeds/1.ndjson", "truth/1.json", "feeds/2.ndjson", "truth/2.json"]
    assert read(tmp_path / "feeds" / "1.ndjson").matches == ("1",)
    assert json.loads((tmp_path / "truth" / "2.json").read_text())["match_id"] == "2"
