"""Each player's sprints: by hand, with zeros and nulls where they belong."""

from typing import Any

import polars as pl
import pytest
from positions import AWAY, frames, phase, phases, player, players, straight_run

from touchline.core.contracts import enforce
from touchline.tracking.contracts.events import RateRule
from touchline.tracking.contracts.physical import PLAYER_SPRINTS
from touchline.tracking.gold.player_sprints import player_sprints
from touchline.tracking.gold.rates import Rated
from touchline.tracking.gold.sprints import PrototypeRule, SprintRule, sprints

COUNTS = [c.name for c in PLAYER_SPRINTS.columns if c.type == "long" and c.unit == "count"]


def sprint(first_frame: int, seconds: float = 1.0, kmh: float = 27.0, **said: Any) -> pl.DataFrame:
    """A sprint alone: nothing is seen for a second before and after."""
    return straight_run(kmh, seconds, first_frame=first_frame, **said)


def told(
    squad: pl.DataFrame, seen: pl.DataFrame, known: pl.DataFrame | None = None
) -> pl.DataFrame:
    known = phases() if known is None else known
    return player_sprints(sprints(seen, known), squad, seen)


def test_four_sprints_worked_by_hand() -> None:
    seen = pl.concat(
        [
            sprint(100),
            sprint(120, 2.0, 30.6, detected=False),
            sprint(200),
            sprint(300),
            sprint(100, player_id=2, team_id=AWAY),
        ]
    )
    against = {
        "team_in_possession_phase_type": "chaotic",
        "team_out_of_possession_phase_type": "chaotic",
    }
    known = pl.concat([phase(100, 150), phase(190, 250, index=1, team_id=AWAY, **against)])
    squad = players(
        player(minutes_played=45.0, minutes_tip=15.0, minutes_otip=10.0), player(2, team_id=AWAY)
    )
    found = told(squad, seen, known)
    expected = dict.fromkeys(COUNTS, 0) | {
        "player_id": 1,
        "minutes_played": 45.0,
        "sprint_count": 4,
        "sprints_per_90": 8.0,
        "sprint_count_tip": 2,
        "sprint_count_tip_build_up": 2,
        "sprint_count_otip": 1,
        "sprint_count_otip_chaotic": 1,
        "sprint_count_dead_ball": 1,
        "sprints_per_30_tip": 4.0,
        "sprints_per_30_otip": 3.0,
        "sprint_distance_m": 39.5,  # 3 x 7.5 + 17
        "sprint_distance_per_90_m": 79.0,
        "top_sprint_speed_kmh": 30.6,
        "avg_top_sprint_speed_kmh": 27.9,
        "avg_sprint_speed_kmh": 27.9,
        "avg_sprint_distance_m": 9.875,
        "avg_sprint_duration_s": 1.25,
        "sprint_detected_share": 0.6,  # 3 s of 5
        "sprint_rule": "default",
    }
    row = found.row(0, named=True)
    assert {name: row[name] for name in expected} == pytest.approx(expected)
    assert found["sprint_count_otip_high_block"].to_list() == [0, 1]
    assert enforce(found, PLAYER_SPRINTS).rejected.is_empty()


def test_no_players_give_no_rows() -> None:
    found = told(players(), frames())
    assert found.height == 0
    assert found.schema == pl.Schema(PLAYER_SPRINTS.polars_schema())


def test_a_player_who_was_seen_and_did_not_sprint_has_zeros() -> None:
    row = told(players(player()), straight_run(10, 5)).row(0, named=True)
    assert {row[name] for name in COUNTS} == {0}
    assert (row["sprint_distance_m"], row["sprints_per_90"], row["sprints_per_30_tip"]) == (0, 0, 0)
    assert row["top_sprint_speed_kmh"] is None
    assert row["avg_sprint_speed_kmh"] is None


def test_a_player_without_positions_has_nulls() -> None:
    row = told(players(player(), player(9)), sprint(100)).row(1, named=True)
    assert {row[name] for name in COUNTS} == {None}
    assert row["sprints_per_90"] is row["sprint_distance_m"] is row["sprints_per_30_tip"] is None
    assert (row["player_id"], row["minutes_played"], row["sprint_rule"]) == (9, 1.0, "default")


@pytest.mark.parametrize("minutes", [None, 0.0])
def test_without_minutes_there_are_no_rates(minutes: float | None) -> None:
    squad = players(player(minutes_played=minutes, minutes_tip=minutes, minutes_otip=minutes))
    row = told(squad, sprint(100)).row(0, named=True)
    assert row["sprint_count"] == 1
    assert row["sprints_per_90"] is row["sprints_per_30_tip"] is row["sprints_per_30_otip"] is None


def test_an_unused_substitute_has_no_row() -> None:
    squad = players(
        player(started=False),
        player(2, started=False, played=False),
        player(3, played=False),
    )
    assert told(squad, sprint(100))["player_id"].to_list() == [1, 3]


def test_the_order_of_rows_does_not_matter() -> None:
    seen = pl.concat([sprint(f, player_id=p) for p in (1, 2, 3) for f in (100, 200, 300)])
    squad = players(*(player(p) for p in (3, 1, 2)))
    found = sprints(seen, phases())
    first = player_sprints(found, squad, seen)
    assert first["player_id"].to_list() == [1, 2, 3]
    for seed in range(3):
        shuffled = [
            table.sample(fraction=1.0, shuffle=True, seed=seed) for table in (found, squad, seen)
        ]
        assert player_sprints(*shuffled).equals(first)


def test_the_rules_name_is_told_even_without_a_sprint() -> None:
    seen, rule = straight_run(10, 5), PrototypeRule()
    found = player_sprints(sprints(seen, phases(), rule), players(player()), seen, rule=Rated(rule))
    assert found.select("sprint_rule", "sprint_count").rows() == [("prototype", 0)]


def test_other_thresholds_are_told_with_the_rules_name() -> None:
    seen, rule = straight_run(10, 5), SprintRule(min_speed_kmh=24.0)
    found = player_sprints(sprints(seen, phases(), rule), players(player()), seen, rule=Rated(rule))
    assert found["sprint_rule"].to_list() == ["default, 24 km/h, 0.7 s"]


def test_rates_are_stated_for_the_minutes_of_the_rule() -> None:
    seen, rate = straight_run(27, 5), RateRule(per_90_min=60.0, per_30_min=10.0)
    known, squad = phase(100, 200), players(player())
    made = sprints(seen, known)
    usual, other = (
        player_sprints(made, squad, seen, rule=rule).row(0, named=True)
        for rule in (None, Rated(SprintRule(), rate))
    )
    assert other["sprints_per_90"] == pytest.approx(usual["sprints_per_90"] * 60 / 90)
    assert other["sprints_per_30_tip"] == pytest.approx(usual["sprints_per_30_tip"] * 10 / 30)
    assert usual["sprints_per_90"] > 0
    assert usual["sprints_per_30_tip"] > 0
