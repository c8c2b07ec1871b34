"""player_pressing.sql, by hand and against a plain recomputation from the provider's files."""

from typing import Any

import polars as pl
import provider_files
import pytest
import recomputed

from touchline.core.contracts import enforce
from touchline.core.sql import rule_row, select, text
from touchline.tracking.contracts.events import PLAYER_PRESSING, PRESSING_SUBTYPES, RateRule
from touchline.tracking.contracts.silver import EVENTS, PHASES, PLAYERS
from touchline.tracking.gold.phases import phase_rows

MATCH = {"partition_date": "2024-11-02", "competition_id": "aus1", "match_id": 7}
BLOCKS = ("high", "medium", "low")


def player(player_id: int = 1, **said: Any) -> dict[str, Any]:
    """A starter of team 10 with 45 minutes, 15 of them without the ball."""
    usual = {"team_id": 10, "started": True, "played": True, "minutes_played": 45.0}
    return MATCH | {"player_id": player_id, "minutes_otip": 15.0} | usual | said


def engagement(event_id: str = "7_1", **said: Any) -> dict[str, Any]:
    """Player 1 of team 10 presses at frame 100, to no effect."""
    usual = {"event_type": "on_ball_engagement", "event_subtype": "pressing", "frame_start": 100}
    ends = {"end_type": None, "lead_to_shot": False, "lead_to_goal": False}
    return MATCH | {"event_id": event_id, "player_id": 1, "team_id": 10} | usual | ends | said


def phase(first: int, after: int, block: str, **said: Any) -> dict[str, Any]:
    """A phase in which team 10 defends."""
    frames = {"phase_index": first, "frame_start": first, "frame_end": after}
    teams = {"team_in_possession_id": 20, "team_out_of_possession_id": 10}
    return MATCH | frames | teams | {"team_out_of_possession_phase_type": block} | said


def players(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=pl.Schema(PLAYERS.polars_schema()))


def events(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=pl.Schema(EVENTS.polars_schema()))


def phases(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=pl.Schema(PHASES.polars_schema()))


def player_pressing(squad: pl.DataFrame, seen: pl.DataFrame, play: pl.DataFrame) -> pl.DataFrame:
    sql = text("touchline.tracking.gold", "player_pressing.sql")
    tables = {"players": squad, "events": seen, "phases": play, "rule": rule_row(RateRule())}
    found = pl.from_arrow(select(sql, tables, name="player_pressing.sql"))
    assert isinstance(found, pl.DataFrame)
    return found


def real(match_id: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    source = provider_files
    return source.players(match_id), source.events(match_id), source.phases(match_id)


def test_six_engagements_worked_by_hand() -> None:
    seen = events(
        engagement("7_1", end_type="direct_regain", lead_to_shot=True, lead_to_goal=True),
        engagement("7_2", end_type="indirect_disruption", event_subtype="counter_press"),
        engagement("7_3", end_type="foul_committed"),
        engagement("7_4"),
        engagement("7_5", end_type="indirect_regain", event_subtype="pressure", lead_to_shot=True),
        engagement("7_6", event_subtype="recovery_press"),
        engagement("7_7", end_type="direct_regain", event_subtype="other"),
    )
    play = phases(phase(50, 200, "high_block"))
    row = player_pressing(players(player()), seen, play).row(0, named=True)
    expected = {
        "pressing_action_count": 4,
        "pressing_actions_per_90": 8.0,
        "pressing_actions_per_30_otip": 8.0,
        "successful_press_count": 2,
        "press_success_rate": 0.5,
        "successful_presses_per_90": 4.0,
        "successful_presses_per_30_otip": 4.0,
        "total_regain_count": 1,
        "direct_regain_count": 1,
        "indirect_regain_count": 0,
        "regain_rate": 0.25,
        "regains_per_90": 2.0,
        "regains_per_30_otip": 2.0,
        "total_disruption_count": 1,
        "direct_disruption_count": 0,
        "indirect_disruption_count": 1,
        "disruption_rate": 0.25,
        "presses_leading_to_shot": 1,
        "presses_leading_to_goal": 1,
        "shot_creation_rate": 0.25,
        "high_block_press_count": 4,
        "medium_block_press_count": 0,
        "low_block_press_count": 0,
        "counter_press_count": 1,
        "counter_presses_per_90": 2.0,
        "counter_presses_per_30_otip": 2.0,
        "engagement_count": 6,
        "engagements_per_90": 12.0,
        "engagements_per_30_otip": 12.0,
        "engagement_count_pressing": 3,
        "engagement_count_counter_press": 1,
        "engagement_count_pressure": 1,
        "engagement_count_recovery_press": 1,
        "successful_engagement_count": 3,
        "engagement_success_rate": 0.5,
        "engagement_regain_count": 2,
        "engagement_regain_rate": pytest.approx(2 / 6),
        "engagement_disruption_count": 1,
        "engagement_disruption_rate": pytest.approx(1 / 6),
        "engagements_leading_to_shot": 2,
        "engagements_leading_to_goal": 1,
    }
    same = {"player_id": 1, "team_id": 10, "minutes_played": 45.0, "minutes_otip": 15.0}
    assert row == MATCH | same | expected


def test_a_press_on_a_border_frame_belongs_to_the_later_phase_alone() -> None:
    play = phases(phase(50, 100, "low_block"), phase(100, 150, "high_block"))
    row = player_pressing(players(player()), events(engagement()), play).row(0, named=True)
    assert [row[f"{b}_block_press_count"] for b in BLOCKS] == [1, 0, 0]
    assert row["pressing_action_count"] == 1


def test_a_press_is_in_the_block_at_its_first_frame_whichever_team_has_the_ball() -> None:
    ours = {"team_in_possession_id": 10, "team_out_of_possession_id": 20}
    play = phases(phase(50, 90, "low_block"), phase(110, 150, "high_block", **ours))
    seen = events(engagement("7_1"), engagement("7_2", frame_start=120))
    row = player_pressing(players(player()), seen, play).row(0, named=True)
    assert [row[f"{b}_block_press_count"] for b in BLOCKS] == [1, 0, 0]
    assert row["pressing_action_count"] == 2


def test_a_press_in_dead_ball_or_in_a_phase_that_is_no_block_is_in_no_block() -> None:
    play = phases(phase(50, 90, "low_block"), phase(110, 150, "defending_direct"))
    seen = events(engagement("7_1"), engagement("7_2", frame_start=120))
    row = player_pressing(players(player()), seen, play).row(0, named=True)
    assert [row[f"{b}_block_press_count"] for b in BLOCKS] == [0, 0, 0]
    assert row["pressing_action_count"] == 2


@pytest.mark.parametrize(("earlier", "later"), [("low", "high"), ("high", "low")])
def test_of_overlapping_phases_the_later_start_holds_the_press_as_in_sprints(
    earlier: str, later: str
) -> None:
    play = phases(phase(50, 150, f"{earlier}_block"), phase(90, 180, f"{later}_block"))
    row = player_pressing(players(player()), events(engagement()), play).row(0, named=True)
    assert row[f"{later}_block_press_count"] == 1
    assert row[f"{earlier}_block_press_count"] == 0
    assert row["pressing_action_count"] == 1
    held = phase_rows(play, pl.Series([100]))
    assert play["team_out_of_possession_phase_type"].gather(held).to_list() == [f"{later}_block"]


def test_of_phases_that_start_together_the_higher_index_holds_the_press() -> None:
    play = phases(
        phase(50, 150, "high_block", phase_index=8), phase(50, 150, "medium_block", phase_index=9)
    )
    row = player_pressing(players(player()), events(engagement()), play).row(0, named=True)
    assert [row[f"{b}_block_press_count"] for b in BLOCKS] == [0, 1, 0]
    assert phase_rows(play, pl.Series([100])).to_list() == [1]


def test_a_player_without_a_press_has_zeros_and_no_rates() -> None:
    row = player_pressing(players(player()), events(), phases()).row(0, named=True)
    rates = {name for name in row if name.endswith("_rate")}
    keys = {*MATCH, "player_id", "team_id", "minutes_played", "minutes_otip"}
    assert {row[name] for name in rates} == {None}
    assert {row[name] for name in row.keys() - keys - rates} == {0}


@pytest.mark.parametrize("minutes", [None, 0.0])
def test_unknown_minutes_leave_counts_and_no_rates(minutes: float | None) -> None:
    squad = players(player(minutes_played=minutes, minutes_otip=minutes))
    row = player_pressing(squad, events(engagement()), phases()).row(0, named=True)
    assert row["pressing_action_count"] == 1
    assert row["press_success_rate"] == 0.0
    assert {value for name, value in row.items() if "_per_" in name} == {None}


def test_whoever_started_or_played_has_a_row_and_nobody_else() -> None:
    squad = players(
        player(4, started=False, played=False, minutes_played=None, minutes_otip=None),
        player(3, started=False, minutes_played=0.4),
        player(2, played=False, minutes_played=None, minutes_otip=None),
        player(1),
    )
    found = player_pressing(squad, events(), phases())
    assert found.get_column("player_id").to_list() == [1, 2, 3]


def test_events_and_phases_of_another_match_do_not_count() -> None:
    squad = players(player(), player(match_id=6))
    seen = events(engagement(), engagement(match_id=6), engagement("7_2", match_id=6))
    play = phases(phase(50, 150, "low_block"), phase(50, 150, "high_block", match_id=6))
    found = player_pressing(squad, seen, play)
    names = ("match_id", "pressing_action_count", "high_block_press_count", "low_block_press_count")
    assert found.select(names).rows() == [(6, 2, 2, 0), (7, 1, 0, 1)]


def test_no_players_give_no_rows_in_the_contracts_columns() -> None:
    found = player_pressing(players(), events(engagement()), phases())
    assert found.is_empty()
    assert tuple(found.columns) == PLAYER_PRESSING.names
    assert dict(found.schema) == PLAYER_PRESSING.polars_schema()


def test_player_50955_has_the_known_values() -> None:
    found = player_pressing(*real(2017461))
    row = found.row(by_predicate=pl.col("player_id") == 50955, named=True)
    expected = {
        "pressing_action_count": 10,
        "press_success_rate": 0.3,
        "regain_rate": 0.1,
        "counter_press_count": 7,
        "minutes_played": 84.36,
    }
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize("match_id", provider_files.MATCH_IDS)
def test_every_player_equals_a_plain_recomputation(match_id: int) -> None:
    found = player_pressing(*real(match_id))
    expected = recomputed.pressing(match_id)
    assert found.get_column("player_id").to_list() == sorted(expected)
    for row in found.to_dicts():
        own = expected[row["player_id"]]
        assert own.keys() == row.keys() - {*MATCH, "team_id"}
        assert provider_files.differing(row, own) == {}


@pytest.mark.parametrize("match_id", provider_files.MATCH_IDS)
def test_the_order_of_rows_does_not_matter(match_id: int) -> None:
    usual = player_pressing(*real(match_id))
    for seed in range(5):
        mixed = [f.sample(fraction=1.0, shuffle=True, seed=seed) for f in real(match_id)]
        assert player_pressing(*mixed).equals(usual)


@pytest.mark.parametrize("match_id", provider_files.MATCH_IDS)
def test_real_matches_keep_the_contract(match_id: int) -> None:
    found = player_pressing(*real(match_id))
    kept = enforce(found, PLAYER_PRESSING)
    assert kept.rejected.is_empty()
    assert kept.rows.equals(found)
    subtypes = pl.sum_horizontal(f"engagement_count_{s}" for s in PRESSING_SUBTYPES)
    assert found.filter(subtypes != pl.col("engagement_count")).is_empty()
