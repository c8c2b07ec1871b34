"""player_runs.sql, by hand and against a plain recomputation from the provider's files."""

from typing import Any

import polars as pl
import provider_files
import pytest
import recomputed

from touchline.core.contracts import enforce
from touchline.core.sql import rule_row, select, text
from touchline.tracking.contracts.events import PLAYER_RUNS, RateRule
from touchline.tracking.contracts.silver import EVENT_PHASES, EVENTS, PLAYERS, RUN_SUBTYPES

MATCH = {"partition_date": "2024-11-02", "competition_id": "aus1", "match_id": 7}
UNMEASURED = ("avg_xthreat", "max_xthreat", "high_value_run_pct", "avg_run_speed", "avg_opponents_beaten")  # fmt: skip


def player(player_id: int = 1, **said: Any) -> dict[str, Any]:
    """A starter with 45 minutes, 15 of them with the ball."""
    usual = {"team_id": 10, "started": True, "played": True, "minutes_played": 45.0}
    return MATCH | {"player_id": player_id, "minutes_tip": 15.0} | usual | said


def run(event_id: str = "8_1", **said: Any) -> dict[str, Any]:
    """A harmless run behind of player 1 in build-up."""
    usual = {"event_type": "off_ball_run", "event_subtype": "behind", "player_id": 1, "team_id": 10}
    worth = {"xthreat": 0.01, "dangerous": False, "speed_avg_kmh": 20.0, "n_opponents_overtaken": 0}
    phase = {"team_in_possession_phase_type": "build_up"}
    ends = dict.fromkeys(("targeted", "received", "lead_to_shot", "lead_to_goal"), False)
    return MATCH | {"event_id": event_id} | usual | worth | phase | ends | said


def players(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=pl.Schema(PLAYERS.polars_schema()))


def events(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=pl.Schema(EVENTS.polars_schema()))


def player_runs(squad: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
    sql = text("touchline.tracking.gold", "player_runs.sql")
    tables = {"players": squad, "events": seen, "rule": rule_row(RateRule())}
    found = pl.from_arrow(select(sql, tables, name="player_runs.sql"))
    assert isinstance(found, pl.DataFrame)
    return found


def test_three_runs_worked_by_hand() -> None:
    seen = events(
        run("8_1", xthreat=0.03, dangerous=True, targeted=True, n_opponents_overtaken=4),
        run("8_2", xthreat=0.05, dangerous=True, targeted=True, received=True, lead_to_shot=True,
            lead_to_goal=True, event_subtype="overlap", speed_avg_kmh=None),
        run("8_3", xthreat=0.01, n_opponents_overtaken=-1, speed_avg_kmh=23.0,
            event_subtype="overlap", team_in_possession_phase_type="disruption"),
    )  # fmt: skip
    row = player_runs(players(player()), seen).row(0, named=True)
    expected = {
        "match_id": 7,
        "player_id": 1,
        "minutes_played": 45.0,
        "minutes_tip": 15.0,
        "run_count": 3,
        "runs_per_90": 6.0,
        "runs_per_30_tip": 6.0,
        "avg_xthreat": pytest.approx(0.03),
        "max_xthreat": 0.05,
        "total_xthreat": 0.09,
        "threat_per_90": pytest.approx(0.18),
        "threat_per_30_tip": pytest.approx(0.18),
        "high_value_run_count": 2,
        "high_value_run_pct": pytest.approx(2 / 3),
        "high_value_runs_per_90": 4.0,
        "high_value_runs_per_30_tip": 4.0,
        "avg_run_speed": 21.5,
        "avg_opponents_beaten": 1.0,
        "runs_targeted": 2,
        "runs_received": 1,
        "runs_leading_to_shot": 1,
        "runs_leading_to_goal": 1,
        "run_count_behind": 1,
        "run_count_overlap": 2,
        "run_count_support": 0,
        "run_count_in_build_up": 2,
        "run_count_in_disruption": 1,
        "run_count_in_finish": 0,
    }
    assert {name: row[name] for name in expected} == expected


def test_only_the_rules_minutes_make_rates() -> None:
    sql = text("touchline.tracking.gold", "player_runs.sql")
    rule = rule_row(RateRule(per_90_min=60.0, per_30_min=10.0))
    tables = {"players": players(player()), "events": events(run()), "rule": rule}
    row = select(sql, tables).to_pylist()[0]
    assert row["runs_per_90"] == pytest.approx(60 / 45)
    assert row["runs_per_30_tip"] == pytest.approx(10 / 15)


def test_a_player_without_runs_has_zeros_and_no_means() -> None:
    row = player_runs(players(player()), events()).row(0, named=True)
    keys = {*MATCH, "player_id", "team_id", "minutes_played", "minutes_tip"}
    assert {row[name] for name in UNMEASURED} == {None}
    assert {row[name] for name in row.keys() - keys - {*UNMEASURED}} == {0}


@pytest.mark.parametrize("minutes", [None, 0.0])
def test_unknown_minutes_leave_counts_and_no_rates(minutes: float | None) -> None:
    squad = players(player(minutes_played=minutes, minutes_tip=minutes))
    row = player_runs(squad, events(run())).row(0, named=True)
    assert row["run_count"] == 1
    assert {value for name, value in row.items() if "_per_" in name} == {None}


def test_whoever_started_or_played_has_a_row_and_nobody_else() -> None:
    squad = players(
        player(4, started=False, played=False, minutes_played=None, minutes_tip=None),
        player(3, started=False, minutes_played=0.4),
        player(2, played=False, minutes_played=None, minutes_tip=None),
        player(1),
    )
    assert player_runs(squad, events()).get_column("player_id").to_list() == [1, 2, 3]


def test_runs_count_for_their_match_and_their_event_type() -> None:
    squad = players(player(), player(match_id=6))
    seen = events(run(), run(match_id=6), run("8_2", match_id=6), run("9_1", event_type="passing_option"))  # fmt: skip
    found = player_runs(squad, seen)
    assert found.select("match_id", "run_count").rows() == [(6, 2), (7, 1)]


def test_no_players_give_no_rows_in_the_contracts_columns() -> None:
    found = player_runs(players(), events(run()))
    assert found.is_empty()
    assert tuple(found.columns) == PLAYER_RUNS.names
    assert dict(found.schema) == PLAYER_RUNS.polars_schema()


def test_player_50955_has_the_known_values() -> None:
    found = player_runs(provider_files.players(2017461), provider_files.events(2017461))
    row = found.row(by_predicate=pl.col("player_id") == 50955, named=True)
    expected = {
        "run_count": 30,
        "avg_xthreat": pytest.approx(0.0145566666666666, abs=1e-15),
        "max_xthreat": 0.0537,
        "high_value_run_pct": pytest.approx(0.2333333333333333, abs=1e-15),
        "minutes_played": 84.36,
    }
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize("match_id", provider_files.MATCH_IDS)
def test_every_player_equals_a_plain_recomputation(match_id: int) -> None:
    found = player_runs(provider_files.players(match_id), provider_files.events(match_id))
    expected = recomputed.runs(match_id)
    assert found.get_column("player_id").to_list() == sorted(expected)
    for row in found.to_dicts():
        own = expected[row["player_id"]]
        assert own.keys() == row.keys() - {*MATCH, "team_id"}
        assert provider_files.differing(row, own) == {}


@pytest.mark.parametrize("match_id", provider_files.MATCH_IDS)
def test_the_order_of_rows_does_not_matter(match_id: int) -> None:
    squad, seen = provider_files.players(match_id), provider_files.events(match_id)
    usual = player_runs(squad, seen)
    for seed in range(5):
        assert player_runs(shuffled(squad, seed), shuffled(seen, seed)).equals(usual)


@pytest.mark.parametrize("match_id", provider_files.MATCH_IDS)
def test_real_matches_keep_the_contract(match_id: int) -> None:
    found = player_runs(provider_files.players(match_id), provider_files.events(match_id))
    kept = enforce(found, PLAYER_RUNS)
    assert kept.rejected.is_empty()
    assert kept.rows.equals(found)
    subtypes = pl.sum_horizontal(f"run_count_{s}" for s in RUN_SUBTYPES)
    in_phases = pl.sum_horizontal(f"run_count_in_{p}" for p in EVENT_PHASES)
    assert found.filter((subtypes != pl.col("run_count")) | (in_phases != pl.col("run_count"))).is_empty()  # fmt: skip


def shuffled(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    return frame.sample(fraction=1.0, shuffle=True, seed=seed)
