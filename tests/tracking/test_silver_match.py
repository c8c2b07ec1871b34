"""Matches and players from match.json."""

import json
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import small_match as small

from touchline.core.contracts import enforce
from touchline.tracking.contracts.silver import MATCHES, PLAYERS
from touchline.tracking.silver import MatchRule, matches, players

RULE = MatchRule()


def bronze(**members: Any) -> pl.DataFrame:
    said = json.loads(small.files()[small.MATCH]) | members
    return pl.DataFrame({"json": [json.dumps(said)]})


def test_a_match_says_when_where_and_between_whom_it_was() -> None:
    found = matches(bronze(), rule=RULE)

    assert enforce(found, MATCHES).rejected.is_empty()
    (row,) = found.to_dicts()
    assert row == {
        "partition_date": "2024-11-02",
        "competition_id": "aus1",
        "match_id": 7001,
        "kick_off_at": datetime(2024, 11, 2, 9, 30, tzinfo=UTC),
        "provider_competition_id": 61,
        "competition_name": "A-League",
        "season_id": 95,
        "season_name": "2024/2025",
        "round_name": "Round 3",
        "home_team_id": small.HOME,
        "home_team_name": "Home FC",
        "away_team_id": small.AWAY,
        "away_team_name": "Away FC",
        "home_score": 1,
        "away_score": 0,
        "stadium_name": "Small Park",
        "pitch_length_m": 105.0,
        "pitch_width_m": 68.0,
        "home_side_period_1": "left_to_right",
        "period_1_start_frame": 10,
        "period_1_end_frame": 159,
        "period_2_start_frame": 170,
        "period_2_end_frame": 309,
        "period_3_start_frame": None,
        "period_3_end_frame": None,
        "period_4_start_frame": None,
        "period_4_end_frame": None,
        "home_minutes_tip": 20.0,
        "away_minutes_tip": 15.0,
    }


def test_the_day_of_a_match_is_the_utc_day_of_its_kick_off() -> None:
    found = matches(bronze(date_time="2024-11-03T00:30:00+11:00"), rule=RULE)

    assert found.item(0, "partition_date") == "2024-11-02"
    assert found.item(0, "kick_off_at") == datetime(2024, 11, 2, 13, 30, tzinfo=UTC)


def test_a_competition_without_a_code_goes_by_its_id() -> None:
    assert matches(bronze(), rule=MatchRule(())).item(0, "competition_id") == "61"
    assert matches(bronze(), rule=MatchRule(((61, "one"),))).item(0, "competition_id") == "one"


def test_what_the_provider_leaves_out_is_null() -> None:
    found = matches(
        bronze(stadium=None, competition_round=None, home_team_side=[], home_team_score=None),
        rule=RULE,
    )

    assert found.select(
        "stadium_name", "round_name", "home_side_period_1", "home_score"
    ).row(0) == (None,) * 4  # fmt: skip


def test_a_player_has_his_team_his_role_and_his_minutes() -> None:
    found = players(bronze(), matches(bronze(), rule=RULE))

    assert enforce(found, PLAYERS).rejected.is_empty()
    substitute = found.row(by_predicate=pl.col("player_id") == small.SUBSTITUTE, named=True)
    assert substitute == {
        "partition_date": "2024-11-02",
        "competition_id": "aus1",
        "match_id": 7001,
        "player_id": 112,
        "player_name": "Player 112",
        "player_short_name": "P. 112",
        "shirt_number": 12,
        "birth_date": date(2000, 1, 31),
        "team_id": small.HOME,
        "team_name": "Home FC",
        "is_home": True,
        "position": "CF",
        "position_group": "Center Forward",
        "started": False,
        "played": True,
        "start_frame": 240,
        "end_frame": 309,
        "minutes_played": 20.0,
        "minutes_tip": 20 / 3,
        "minutes_otip": 5.0,
        "goals": 0,
        "own_goals": 0,
        "yellow_cards": 0,
        "red_cards": 0,
    }


def test_players_come_in_the_order_of_their_ids_whatever_the_order_of_the_file() -> None:
    said = json.loads(small.files()[small.MATCH])["players"]
    match = matches(bronze(), rule=RULE)

    found = players(bronze(players=said[::-1]), match)

    assert found["player_id"].is_sorted()
    assert found.equals(players(bronze(), match))


def test_no_players_give_no_rows_of_the_right_types() -> None:
    found = players(bronze(players=[]), matches(bronze(), rule=RULE))

    assert found.is_empty()
    assert found.schema == pl.Schema(PLAYERS.polars_schema())
