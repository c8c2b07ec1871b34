"""Physical output per player: by hand, its zeros and nulls, and against the planted truth."""

import numpy as np
import polars as pl
import pytest
from positions import (
    AWAY,
    SAMPLE_ID,
    frames,
    phase,
    phases,
    player,
    players,
    run,
    sample_frames,
    sample_truth,
    straight_run,
)
from provider_files import phases as provider_phases
from provider_files import players as provider_players

from touchline.core.contracts import enforce
from touchline.tracking.contracts.events import RateRule
from touchline.tracking.contracts.physical import (
    PLAYER_COUNTS,
    PLAYER_DISTANCES,
    PLAYER_PHYSICAL,
)
from touchline.tracking.gold.efforts import PhysicalRule
from touchline.tracking.gold.kinematics import kinematics
from touchline.tracking.gold.physical import player_physical
from touchline.tracking.gold.rates import Rated
from touchline.tracking.gold.sprints import sprints

COUNTS = [name for name, _ in PLAYER_COUNTS]
MEASURES = [
    c.name for c in PLAYER_PHYSICAL.columns[8:] if c.name not in ("frames_share", "detected_share")
]


def physical(
    seen: pl.DataFrame, squad: pl.DataFrame | None = None, known: pl.DataFrame | None = None
) -> pl.DataFrame:
    squad = players(player()) if squad is None else squad
    return player_physical(seen, squad, phases() if known is None else known)


def counted(seen: pl.DataFrame) -> dict[str, int]:
    """The counts that are not 0 of a match with one player."""
    row = physical(seen).row(0, named=True)
    return {name: row[name] for name in COUNTS if row[name]}


def surge(ms2: float, seconds: float, *, from_kmh: float) -> pl.DataFrame:
    """An even acceleration between a second at one speed and a second at the other."""
    gains = [ms2 * 0.36 * i for i in range(round(seconds * 10) + 1)]
    return run(from_kmh + gain for gain in [0.0] * 10 + gains + [gains[-1]] * 10)


def test_ten_seconds_of_running_worked_by_hand() -> None:
    # 10 s at 18 km/h with the ball, 5 s at 21.6 in dead ball; nothing seen without the ball.
    seen = pl.concat([straight_run(18, 10), straight_run(21.6, 5, first_frame=300, detected=False)])
    row = physical(seen, known=phase(100, 200)).row(0, named=True)
    expected = {
        "frames_share": 0.25,  # 150 frames of a minute's 600
        "detected_share": 2 / 3,
        "distance_measured_m": 80.0,
        "distance_tip_m": 150.0,  # 5 m/s for half a minute
        "distance_otip_m": 80.0,  # never seen: 80 m / 15 s for a quarter
        "distance_m": 320.0,  # and 6 m/s for the quarter that is left
        "metres_per_min": 320.0,
        "metres_per_min_tip": 300.0,
        "distance_per_90_m": 28800.0,
        "distance_per_30_tip_m": 9000.0,
        "running_distance_tip_m": 150.0,
        "running_distance_m": 200.0,  # 150, 50 m / 15 s for a quarter, 0 in dead ball
        "hsr_distance_m": 120.0,
        "hsr_distance_tip_m": 0.0,
        "hi_distance_m": 120.0,
        "sprint_band_distance_m": 0.0,
        "running_count": 1,
        "running_count_tip": 1,
        "running_count_per_30_tip": 60.0,
        "hsr_count": 1,
        "hsr_count_tip": 0,
        "hsr_count_otip": 0,
        "hi_count": 1,
        "hi_count_per_90": 90.0,
        "sprint_band_count": 0,
        "top_speed_kmh": 21.6,
        "speed_p99_kmh": 21.6,
        "psv99_kmh": 21.6,
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected)


def test_no_players_give_no_rows() -> None:
    found = physical(frames(), players())
    assert found.height == 0
    assert found.schema == pl.Schema(PLAYER_PHYSICAL.polars_schema())


def test_the_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    drift = np.abs(np.cumsum(rng.normal(0, 1.2, (2, 400)), axis=1)) % 32
    seen = pl.concat([run(drift[p - 1], player_id=p) for p in (2, 1)])
    squad = players(player(2), player(1))
    known = pl.concat([phase(100, 250), phase(250, 400, index=1, team_id=AWAY)])
    first = physical(seen, squad, known)
    assert first["player_id"].to_list() == [1, 2]
    assert first["medium_acceleration_count"].to_list() == [0, 3]
    for seed in range(3):
        tables = [t.sample(fraction=1.0, shuffle=True, seed=seed) for t in (seen, squad, known)]
        assert physical(*tables).equals(first)


def test_a_player_who_was_seen_standing_has_zeros() -> None:
    row = physical(straight_run(0, 5)).row(0, named=True)
    assert {row[name] for name in COUNTS} == {0}
    assert (row["distance_m"], row["hsr_distance_tip_m"], row["hsr_count_per_90"]) == (0, 0, 0)
    assert (row["top_speed_kmh"], row["psv99_kmh"]) == (0.0, None)


def test_a_player_without_positions_has_nulls() -> None:
    row = physical(straight_run(20, 5), players(player(), player(9))).row(1, named=True)
    assert {row[name] for name in MEASURES} == {None}
    assert (row["frames_share"], row["detected_share"]) == (0.0, None)


def test_a_match_without_frames_has_rows_of_nulls() -> None:
    row = physical(frames()).row(0, named=True)
    assert {row[name] for name in MEASURES} == {None}


def test_without_minutes_only_what_was_seen_is_told() -> None:
    squad = players(player(minutes_played=None, minutes_tip=None, minutes_otip=None))
    row = physical(straight_run(18, 10), squad).row(0, named=True)
    assert row["distance_measured_m"] == pytest.approx(50.0)
    assert (row["running_count"], row["top_speed_kmh"]) == (1, pytest.approx(18.0))
    rates = (
        "distance_m",
        "distance_tip_m",
        "metres_per_min",
        "running_count_per_90",
        "frames_share",
    )
    assert [row[name] for name in rates] == [None] * 5


def test_without_minutes_in_possession_the_pace_over_all_is_used() -> None:
    squad = players(player(minutes_tip=None, minutes_otip=None))
    row = physical(straight_run(18, 10), squad, phase(100, 120)).row(0, named=True)
    assert row["distance_m"] == pytest.approx(300.0)
    assert row["distance_tip_m"] is None


def test_a_substitute_who_stayed_on_the_bench_has_no_row() -> None:
    squad = players(player(), player(2, started=False, played=False))
    assert physical(straight_run(18, 1), squad)["player_id"].to_list() == [1]


def test_nothing_is_measured_across_a_gap() -> None:
    far = straight_run(18, 1, first_frame=150).with_columns(pl.col("x_m") + 60)
    row = physical(pl.concat([straight_run(18, 1), far])).row(0, named=True)
    assert row["distance_measured_m"] == pytest.approx(10.0)
    assert row["top_speed_kmh"] == pytest.approx(18.0)


def test_a_bout_counts_in_its_fastest_band_alone() -> None:
    rising = run([*np.linspace(10, 28, 40), *[28.0] * 20, *np.linspace(28, 10, 40)])
    assert counted(rising)["sprint_band_count"] == counted(rising)["hi_count"] == 1
    assert "hsr_count" not in counted(rising)
    assert "running_count" not in counted(rising)


@pytest.mark.parametrize(
    ("ms2", "kind"),
    [
        (2.0, "medium_acceleration_count"),
        (4.0, "high_acceleration_count"),
        (-2.0, "medium_deceleration_count"),
        (-4.0, "high_deceleration_count"),
    ],
)
def test_an_acceleration_counts_once_in_its_class(ms2: float, kind: str) -> None:
    found = counted(surge(ms2, 1.0, from_kmh=14.5))
    assert {name: n for name, n in found.items() if "eleration" in name} == {kind: 1}


def test_a_short_or_weak_acceleration_does_not_count() -> None:
    assert counted(surge(4, 0.4, from_kmh=5)) == {}
    assert counted(surge(1.4, 2, from_kmh=2)) == {}


def test_an_explosive_acceleration_begins_slowly_and_gets_fast() -> None:
    to_hsr, to_sprint = (f"explosive_acceleration_to_{band}_count" for band in ("hsr", "sprint"))
    fastest = counted(surge(4, 1.8, from_kmh=0))  # 26 km/h
    assert (fastest[to_hsr], fastest[to_sprint]) == (1, 1)
    fast = counted(surge(4, 1.5, from_kmh=0))  # 22 km/h
    assert fast[to_hsr] == 1
    assert to_sprint not in fast
    from_a_run = counted(surge(4, 1.2, from_kmh=12))
    assert from_a_run["high_acceleration_count"] == 1
    assert to_hsr not in from_a_run


def test_speed_after_a_gap_does_not_make_an_acceleration_explosive() -> None:
    begun = surge(4, 1.0, from_kmh=0)
    both = counted(pl.concat([begun, straight_run(27, 1, first_frame=135)]))
    assert (both["high_acceleration_count"], both["sprint_band_count"]) == (1, 1)
    assert "explosive_acceleration_to_hsr_count" not in both


def test_motion_that_is_there_already_gives_the_same() -> None:
    seen, squad, known = straight_run(18, 10), players(player()), phase(100, 150)
    again = player_physical(seen, squad, known, rule=Rated(PhysicalRule()), motion=kinematics(seen))
    assert again.equals(physical(seen, squad, known))


def sample() -> pl.DataFrame:
    squad, known = provider_players(SAMPLE_ID), provider_phases(SAMPLE_ID)
    return player_physical(sample_frames(), squad, known)


def test_true_distances_and_top_speeds_are_measured() -> None:
    truth = pl.DataFrame(sample_truth()["players"])
    both = sample().join(truth, on="player_id", suffix="_true")
    assert both.height == 32
    error, seen, faster = (
        both.select(
            pl.col("distance_m") / pl.col("distance_m_true") - 1,
            seen=pl.col("distance_measured_m") / pl.col("distance_m_true"),
            faster=pl.col("top_speed_kmh") - pl.col("top_speed_ms") * 3.6,
        )
        .to_numpy()
        .T
    )
    assert abs(error.mean()) <= 0.01  # -0.6 %
    assert np.quantile(abs(error), 0.95) <= 0.03  # 2.4 %
    assert seen.mean() < 0.75
    assert abs(faster.mean()) <= 0.25  # 0.18 km/h
    assert abs(faster).max() <= 0.6  # 0.55 km/h


def test_the_tables_of_a_match_agree() -> None:
    found = sample()
    assert enforce(found, PLAYER_PHYSICAL).rejected.is_empty()
    assert found.null_count().pipe(lambda counts: counts.sum_horizontal().sum()) == 0
    assert found["sprint_band_count"].sum() == sprints(sample_frames(), phases()).height
    assert found["frames_share"].is_between(0.6, 0.8).all()
    for name, _ in PLAYER_DISTANCES:
        parts = found[f"{name}_tip_m"] + found[f"{name}_otip_m"]
        assert (parts <= found[f"{name}_m"] + 1e-6).all()
    for name in COUNTS:
        assert (found[f"{name}_tip"] + found[f"{name}_otip"] <= found[name]).all()
    assert (found["psv99_kmh"] <= found["top_speed_kmh"]).all()
    assert (found["hsr_distance_m"] + found["sprint_band_distance_m"]).to_list() == pytest.approx(
        found["hi_distance_m"].to_list()
    )


def test_rates_are_stated_for_the_minutes_of_the_rule() -> None:
    seen, squad, known = straight_run(18, 10), players(player()), phase(100, 200)
    rate = RateRule(per_90_min=60.0, per_30_min=10.0)
    usual, other = (
        player_physical(seen, squad, known, rule=rule).row(0, named=True)
        for rule in (None, Rated(PhysicalRule(), rate))
    )
    shares = {"distance_per_90_m": 60 / 90, "distance_per_30_tip_m": 10 / 30}
    shares |= {"running_count_per_90": 60 / 90, "running_count_per_30_tip": 10 / 30}
    for name, share in shares.items():
        assert usual[name] > 0
        assert other[name] == pytest.approx(usual[name] * share)


def test_psv_99_is_over_the_fast_frames_and_speed_p99_over_all() -> None:
    seen = run([9.0] * 600 + [27.0] * 20)
    row = physical(seen).row(0, named=True)
    assert row["psv99_kmh"] == pytest.approx(27.0)
    assert row["speed_p99_kmh"] == pytest.approx(27.0)
    longer = physical(run([9.0] * 3000 + [27.0] * 20)).row(0, named=True)
    assert longer["psv99_kmh"] == pytest.approx(27.0)
    assert longer["speed_p99_kmh"] == pytest.approx(9.0)
