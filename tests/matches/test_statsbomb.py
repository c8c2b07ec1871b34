"""StatsBomb's events, in the form of its open data."""

from pathlib import Path
from typing import Any

import pytest
from feeds import NOW
from made_files import named, only, put, shot, statsbomb, statsbomb_feed, told, types

from touchline.errors import ContractError
from touchline.matches.live import EventRule, accepted
from touchline.matches.source import kick_offs, read, timed

PASS = {
    "recipient": named(5470, "Ivan Rakitić"),
    "length": 13.152946,
    "angle": 2.9889433,
    "height": named(1, "Ground Pass"),
    "end_location": [47.0, 42.0],
    "body_part": named(40, "Right Foot"),
    "type": named(65, "Kick Off"),
}


def test_a_pass_is_told_with_its_details_and_units(tmp_path: Path) -> None:
    assert only(statsbomb_feed(tmp_path, statsbomb(5, **{"pass": PASS}))) == {
        "match_id": "16120",
        "event_id": "d75ff896-74ec-4600-b747-2be421330005",
        "event_type": "pass",
        "team_id": "217",
        "player_id": "5246",
        "period": 1,
        "minute": 5,
        "second": 9.168,
        "sequence": 5,
        "x_pct": 50.0,
        "y_pct": 50.0,
        "recipient_id": "5470",
        "length_yd": 13.152946,
        "angle_rad": 2.9889433,
        "height": "ground_pass",
        "end_x_pct": 39.17,
        "end_y_pct": 52.5,
        "body_part": "right_foot",
        "sub_type": "kick_off",
        "accurate": True,
        "duration_s": 1.064173,
        "possession": 2,
        "play_pattern": "from_kick_off",
        "position": "center_forward",
        "related_event_ids": ["6c444e0a-8375-4060-a0ce-d475d17b4361"],
        "team_name": "Barcelona",
        "player_name": "Luis Alberto Suárez Díaz",
        "provider": "statsbomb",
    }


def test_a_shot_that_went_in_is_a_goal(tmp_path: Path) -> None:
    found = only(statsbomb_feed(tmp_path, shot()))
    assert (found["event_type"], found["xg"], found["outcome"]) == ("goal", 0.12042114, "goal")
    assert "freeze_frame" not in found


def sub(kind: str) -> dict[str, Any]:
    return {"type": named(1, kind)}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (shot(outcome="Saved"), "shot"),
        (shot(sort="Penalty"), "goal"),
        (shot(outcome="Saved", sort="Penalty"), "penalty"),
        (shot(sort="Penalty", period=5), "penalty"),
        (statsbomb(1, "Own Goal Against"), "own_goal"),
        (statsbomb(1, "Own Goal For"), "own_goal_for"),
        (statsbomb(1, **{"pass": sub("Corner")}), "corner"),
        (statsbomb(1, **{"pass": sub("Throw-in")}), "throw_in"),
        (statsbomb(1, **{"pass": sub("Free Kick") | {"cross": True}}), "free_kick"),
        (statsbomb(1, **{"pass": {"cross": True}}), "cross"),
        (statsbomb(1, "Goal Keeper", goalkeeper=sub("Shot Saved")), "save"),
        (statsbomb(1, "Goal Keeper", goalkeeper=sub("Goal Conceded")), "goalkeeper"),
        (statsbomb(1, "Duel", duel=sub("Tackle")), "tackle"),
        (statsbomb(1, "Duel", duel=sub("Aerial Lost")), "duel"),
        (statsbomb(1, "50/50"), "duel"),
        (statsbomb(1, "Dribble"), "take_on"),
        (statsbomb(1, "Ball Receipt*"), "ball_receipt"),
        (statsbomb(1, "Half Start"), "period_start"),
        (statsbomb(1, "Something New"), "something_new"),
    ],
)
def test_types_follow_names_and_outcomes(
    tmp_path: Path, given: dict[str, Any], expected: str
) -> None:
    assert only(statsbomb_feed(tmp_path, given))["event_type"] == expected


def test_an_own_goal_that_is_told_of_both_sides_counts_once(tmp_path: Path) -> None:
    feed = statsbomb_feed(
        tmp_path,
        statsbomb(1, "Own Goal Against"),
        statsbomb(2, "Own Goal For", team=named(216, "Getafe")),
    )
    assert types(feed)["own_goal"] == 1


def test_a_pass_that_did_not_arrive_says_how(tmp_path: Path) -> None:
    details = {**PASS, "outcome": named(9, "Incomplete")}
    del details["recipient"]
    found = only(statsbomb_feed(tmp_path, statsbomb(1, out=True, **{"pass": details})))
    assert (found["accurate"], found["outcome"], found["out"]) == (False, "incomplete", True)


def test_cards_of_fouls_and_of_bad_behaviour_count_once_each(tmp_path: Path) -> None:
    yellow, red = {"card": named(7, "Yellow Card")}, {"card": named(66, "Second Yellow")}
    feed = statsbomb_feed(
        tmp_path,
        statsbomb(1, "Foul Committed", foul_committed=yellow),
        statsbomb(2, "Bad Behaviour", bad_behaviour=red),
    )
    cards = [e["card"] for e in told(feed) if e["event_type"] == "card"]
    assert cards == ["yellow", "second_yellow"]
    assert types(feed) == {"foul": 1, "card": 2}


def test_a_substitution_says_who_comes(tmp_path: Path) -> None:
    details = {"outcome": named(103, "Tactical"), "replacement": named(5211, "Jordi Alba Ramos")}
    found = only(statsbomb_feed(tmp_path, statsbomb(1, "Substitution", substitution=details)))
    assert (found["player_id"], found["player_on_id"]) == ("5246", "5211")


def test_a_line_up_has_no_player_and_says_who_plays(tmp_path: Path) -> None:
    lineup = [{"player": named(20055, "ter Stegen"), "position": named(1, "Goalkeeper"), "jersey_number": 1}]  # fmt: skip
    given = statsbomb(1, "Starting XI", tactics={"formation": 442, "lineup": lineup})
    del given["player"], given["location"]
    found = only(statsbomb_feed(tmp_path, given))
    assert "player_id" not in found
    assert (found["event_type"], found["formation"]) == ("line_up", 442)
    assert found["line_up_player_ids"] == ["20055"]


def test_the_clock_of_a_later_period_goes_on_from_its_first_minute(tmp_path: Path) -> None:
    given = statsbomb(1, period=2, timestamp="00:47:12.500", minute=92, second=12)
    found = only(statsbomb_feed(tmp_path, given))
    assert (found["period"], found["minute"], found["second"]) == (2, 92, 12.5)
    event = accepted(timed(found, kick_offs(["2020-02-15T15:00:00Z"])), EventRule(), NOW)
    assert str(event.at) == "2020-02-15 16:47:12.500000+00:00"


def test_the_match_is_named_by_the_file_alone(tmp_path: Path) -> None:
    assert statsbomb_feed(tmp_path, statsbomb(), name="7298.json.gz").matches == ("7298",)
    with pytest.raises(ContractError, match="no match id") as raised:
        read(put(tmp_path, "my match.json", [statsbomb()]))
    assert "MATCH_ID.json" in raised.value.hint


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"id": 7}, "id"),
        ({"timestamp": "5:09"}, "timestamp '5:09'"),
        ({"location": ["left", 1]}, "location"),
        ({"pass": {"end_location": ["x"]}}, "float"),
    ],
)
def test_an_event_of_another_form_is_told_and_keeps_no_other_out(
    tmp_path: Path, more: dict[str, Any], said: str
) -> None:
    feed = statsbomb_feed(tmp_path, statsbomb(1), statsbomb(2, **more))
    assert len(feed.events) == 1
    assert [r.place for r in feed.refused] == ["event 2"]
    assert said in feed.refused[0].reason
