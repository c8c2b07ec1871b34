"""Wyscout's events, version 2: real matches counted by hand, and each rule in small."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from feeds import NOW
from made_files import only, put, told, types, wyscout

from sample_data import sample
from touchline.matches.live import EventRule, accepted
from touchline.matches.live.event import KNOWN_TYPES
from touchline.matches.source import Feed, kick_offs, read, timed

RUSSIA, SAUDI_ARABIA, FRANCE, CROATIA = "14358", "16521", "4418", "9598"
ARSENAL, LEICESTER = "1609", "1631"
MANDZUKIC, GRIEZMANN = "14943", "3682"


def real(match_id: int) -> Feed:
    return read(sample(f"wyscout/{match_id}.json"))


def goals(feed: Feed, kind: str = "goal") -> Counter[str]:
    return Counter(e["team_id"] for e in told(feed) if e["event_type"] == kind)


def test_russia_beat_saudi_arabia_5_0() -> None:
    feed = real(2057954)
    assert goals(feed) == {RUSSIA: 5}
    assert goals(feed, "own_goal") == {}


def test_france_beat_croatia_4_2_with_an_own_goal_and_a_penalty() -> None:
    feed = real(2058017)
    assert goals(feed) == {FRANCE: 3, CROATIA: 2}
    (own,) = [e for e in told(feed) if e["event_type"] == "own_goal"]
    assert (own["team_id"], own["player_id"], own["minute"]) == (CROATIA, MANDZUKIC, 17)
    (penalty,) = [e for e in told(feed) if e.get("sub_type") == "penalty"]
    assert (penalty["event_type"], penalty["player_id"], penalty["minute"]) == ("goal", GRIEZMANN, 37)  # fmt: skip


def test_arsenal_beat_leicester_4_3() -> None:
    assert goals(real(2499719)) == {ARSENAL: 4, LEICESTER: 3}


@pytest.mark.parametrize("match_id", [2057954, 2058017, 2499719])
def test_every_event_of_a_real_match_is_accepted_under_a_known_type(match_id: int) -> None:
    feed, known = real(match_id), kick_offs(["2018-06-14T15:00:00Z"])
    assert feed.refused == []
    assert feed.matches == (str(match_id),)
    taken = [accepted(timed(e, known), EventRule("refuse"), NOW) for e in told(feed)]
    assert len({each.event_id for each in taken}) == len(taken)
    assert [each.at for each in taken] == sorted(each.at for each in taken if each.at)
    assert set(types(feed)) <= set(KNOWN_TYPES)


def test_cards_are_events_of_their_own() -> None:
    cards = {m: types(real(m))["card"] for m in (2057954, 2058017, 2499719)}
    assert sum(cards.values()) == 6


def test_events_of_no_player_have_none() -> None:
    assert sum("player_id" not in e for e in told(real(2499719))) == 164


# --- in small -----------------------------------------------------------------------------------


def one(tmp_path: Path, *words: Any, **more: Any) -> dict[str, Any]:
    return only(read(put(tmp_path, "events.json", [wyscout(*words, **more)])))


def test_an_event_is_told_with_its_places_and_tags(tmp_path: Path) -> None:
    assert one(tmp_path, "Pass", "Head pass", 403, 1802) == {
        "match_id": "2058017",
        "event_id": "263883958",
        "event_type": "pass",
        "team_id": "9598",
        "player_id": "14943",
        "period": 1,
        "minute": 1,
        "second": 1.892,
        "sequence": 1,
        "sub_type": "head_pass",
        "accurate": False,
        "body_part": "head_or_body",
        "tags": ["head_or_body", "inaccurate"],
        "x_pct": 50,
        "y_pct": 51,
        "end_x_pct": 40,
        "end_y_pct": 60,
        "provider": "wyscout",
    }


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("Shot", "Shot", 101), "goal"),
        (("Shot", "Shot", 1802), "shot"),
        (("Free Kick", "Free kick shot", 101), "goal"),
        (("Free Kick", "Free kick shot"), "shot"),
        (("Free Kick", "Penalty", 101), "goal"),
        (("Free Kick", "Penalty", 1802), "penalty"),
        (("Free Kick", "Corner"), "corner"),
        (("Free Kick", "Free kick cross"), "free_kick"),
        (("Save attempt", "Reflexes", 101), "save"),
        (("Save attempt", "Save attempt", 102), "save"),
        (("Others on the ball", "Clearance", 102), "own_goal"),
        (("Others on the ball", "Touch"), "touch"),
        (("Pass", "Cross"), "cross"),
        (("Interruption", "Ball out of the field"), "ball_out"),
        (("Interruption", ""), "interruption"),
        (("Something new", ""), "something_new"),
    ],
)
def test_types_follow_names_and_the_tags_of_goals(
    tmp_path: Path, words: tuple[Any, ...], expected: str
) -> None:
    assert one(tmp_path, *words)["event_type"] == expected


@pytest.mark.parametrize(
    ("period", "sec", "expected"),
    [("1H", 59.9999, (1, 1, 0.0)), ("2H", 3002.1, (2, 95, 2.1)), ("E1", 5, (3, 90, 5.0)),
     ("E2", 61, (4, 106, 1.0)), ("P", 0, (5, 120, 0.0))],
)  # fmt: skip
def test_the_clock_is_that_of_the_scoreboard(
    tmp_path: Path, period: str, sec: float, expected: Any
) -> None:
    found = one(tmp_path, matchPeriod=period, eventSec=sec)
    assert (found["period"], found["minute"], found["second"]) == expected


def test_the_kicks_of_a_shoot_out_are_no_goals(tmp_path: Path) -> None:
    found = one(tmp_path, "Free Kick", "Penalty", 101, matchPeriod="P")
    assert (found["event_type"], found["outcome"]) == ("penalty", "goal")


def test_places_that_nobody_collected_are_left_out(tmp_path: Path) -> None:
    nowhere = [{"x": 93, "y": 60}, {"x": 0, "y": 0}]
    found = one(tmp_path, "Shot", "Shot", positions=nowhere)
    assert (found["x_pct"], found.get("end_x_pct")) == (93, None)
    corner = one(tmp_path, "Free Kick", "Corner", positions=[{"x": 100, "y": 100}])
    assert (corner["x_pct"], corner["y_pct"]) == (100, 100)


def test_nobody_is_absent(tmp_path: Path) -> None:
    for nobody in (0, None):
        found = one(tmp_path, playerId=nobody, teamId=nobody)
        assert not {"player_id", "team_id"} & found.keys()


def test_a_card_is_on_its_foul_and_an_event_of_its_own(tmp_path: Path) -> None:
    foul, card = told(read(put(tmp_path, "e.json", [wyscout("Foul", "Foul", 1703)])))
    assert (foul["event_type"], foul["card"]) == ("foul", "second_yellow")
    assert (card["event_type"], card["card"]) == ("card", "second_yellow")
    assert card["event_id"] == f"{foul['event_id']}-card"
    assert (card["player_id"], card["sequence"]) == (foul["player_id"], foul["sequence"])


def test_a_file_of_many_matches_counts_each_for_itself(tmp_path: Path) -> None:
    given = [wyscout(id=1), wyscout(id=2, matchId=7), wyscout(id=3)]
    feed = read(put(tmp_path, "events_World_Cup.json", given))
    assert [e["sequence"] for e in told(feed)] == [1, 1, 2]
    assert feed.matches == ("2058017", "7")


def test_the_form_with_teams_and_players_is_the_same(tmp_path: Path) -> None:
    whole = {"events": [wyscout()], "teams": {}, "players": {}}
    assert told(read(put(tmp_path, "a.json", whole))) == [one(tmp_path)]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"eventSec": "soon"}, "eventSec"),
        ({"id": None}, "id"),
        ({"matchPeriod": "3H"}, "matchPeriod '3H'"),
        ({"tags": [7]}, "tags"),
    ],
)
def test_an_event_of_another_form_is_told_and_keeps_no_other_out(
    tmp_path: Path, more: dict[str, Any], said: str
) -> None:
    feed = read(put(tmp_path, "a.json", [wyscout(), wyscout(**more), 7]))
    assert len(feed.events) == 1
    assert [r.place for r in feed.refused] == ["event 2", "event 3"]
    assert said in feed.refused[0].reason
