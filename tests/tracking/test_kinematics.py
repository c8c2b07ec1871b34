"""Speed and acceleration: worked by hand, against a fitted line, and at every kind of border."""

import numpy as np
import polars as pl
import pytest
from positions import frames, run, straight_run

from touchline.errors import ContractError
from touchline.tracking.gold.kinematics import (
    KinematicsRule,
    given_or_made,
    in_order,
    kinematics,
    slope,
)


def speeds(rows: pl.DataFrame) -> list[float]:
    return kinematics(rows).speeds["speed_kmh"].to_list()


def test_five_positions_worked_by_hand() -> None:
    # Steps of 0.1, 0.2, 0.3, 0.4 m; a line over five, three and two positions.
    found = kinematics(run([3.6, 7.2, 10.8, 14.4, 0])).speeds
    assert found["speed_kmh"].to_list() == pytest.approx([3.6, 5.4, 9.0, 12.6, 14.4])
    assert found["joined"].to_list() == [False, True, True, True, True]
    assert found["held_speed_kmh"].to_list() == pytest.approx([None, None, 9.0, None, None])
    # 1.8, 3.6, 3.6 and 1.8 km/h a frame: 5, 10, 10 and 5 m/s2.
    assert found["acceleration_ms2"].to_list() == pytest.approx([5.0, 7.5, 8.0, 7.5, 5.0])


def test_no_frames_give_no_speeds() -> None:
    found = kinematics(frames())
    assert found.speeds.height == found.frames.height == 0
    assert found.speeds.schema == kinematics(straight_run(20, 1)).speeds.schema


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = pl.concat([run(np.linspace(0, 30, 40), player_id=p) for p in (3, 1, 2)])
    first = kinematics(rows)
    for seed in range(5):
        again = kinematics(rows.sample(fraction=1.0, shuffle=True, seed=seed))
        assert again.frames.equals(first.frames)
        assert again.speeds.equals(first.speeds)


def test_frames_in_order_are_not_copied() -> None:
    rows = straight_run(20, 2)
    assert in_order(rows) is rows


@pytest.mark.parametrize("half_window", [1, 2, 3, 5])
def test_the_slope_is_that_of_the_fitted_line(half_window: int) -> None:
    values = np.random.default_rng(half_window).normal(size=30)
    found = pl.DataFrame({"v": values}).select(slope(pl.col("v").diff(), half_window)).to_series()
    for at in range(half_window, 30 - half_window):
        around = values[at - half_window : at + half_window + 1]
        expected = np.polyfit(np.arange(len(around)), around, 1)[0]
        assert found[at] == pytest.approx(expected, abs=1e-12)


def test_two_missing_frames_do_not_break_a_run() -> None:
    rows = straight_run(27, 3).filter(~pl.col("frame").is_in([110, 111]))
    found = kinematics(rows).speeds
    assert found["joined"].sum() == rows.height - 1
    assert found["speed_kmh"].to_list() == pytest.approx([27.0] * rows.height)
    assert found["step_frames"].sum() == 30


def test_three_missing_frames_break_a_run() -> None:
    rows = straight_run(27, 3).filter(~pl.col("frame").is_in([110, 111, 112]))
    found = kinematics(rows)
    assert found.frames["frame"].filter(~found.speeds["joined"]).to_list() == [100, 113]


def test_a_gap_is_never_taken_for_running() -> None:
    moved = straight_run(7, 1, first_frame=200).with_columns(pl.col("x_m") + 40)
    assert speeds(pl.concat([straight_run(7, 1), moved])) == pytest.approx([7.0] * 20)


def test_a_period_ends_a_stretch_even_where_frames_run_on() -> None:
    second = straight_run(7, 1, first_frame=110, period=2).with_columns(pl.col("x_m") + 0.5)
    found = kinematics(pl.concat([straight_run(7, 1), second]))
    assert found.frames["frame"].filter(~found.speeds["joined"]).to_list() == [100, 110]
    assert found.speeds["speed_kmh"].to_list() == pytest.approx([7.0] * 20)


def test_players_do_not_run_into_one_another() -> None:
    second = straight_run(9, 1, first_frame=110, player_id=2)
    assert speeds(pl.concat([straight_run(7, 1), second])) == pytest.approx([7.0] * 10 + [9.0] * 10)


@pytest.mark.parametrize("frames_away", [1, 3, 5])
def test_a_jump_out_and_back_leaves_no_trace(frames_away: int) -> None:
    clean = straight_run(27, 3)
    away = pl.col("frame").is_between(112, 111 + frames_away)
    torn = clean.with_columns(y_m=pl.when(away).then(pl.col("y_m") + 8).otherwise("y_m"))
    assert speeds(torn) == pytest.approx([27.0] * 30)
    assert torn["y_m"].max() == 13.0


def test_two_jumps_to_the_same_place_are_both_undone() -> None:
    away = pl.col("frame").is_in([112, 115])
    torn = straight_run(27, 3).with_columns(y_m=pl.when(away).then(13.0).otherwise("y_m"))
    found = kinematics(torn)
    assert found.frames["y_m"].to_list() == [5.0] * 30
    assert found.speeds["speed_kmh"].to_list() == pytest.approx([27.0] * 30)


def test_a_jump_that_lasts_ends_the_stretch() -> None:
    after = pl.col("frame") >= 115
    torn = straight_run(27, 3).with_columns(y_m=pl.when(after).then(20.0).otherwise("y_m"))
    found = kinematics(torn)
    assert found.frames["frame"].filter(~found.speeds["joined"]).to_list() == [100, 115]
    assert found.speeds["speed_kmh"].to_list() == pytest.approx([27.0] * 30)


def test_rows_without_a_position_are_left_out() -> None:
    lost = (
        pl.when(pl.col("frame") == 105).then(None).when(pl.col("frame") == 120).then(float("nan"))
    )
    rows = straight_run(27, 3).with_columns(x_m=lost.otherwise("x_m"))
    found = kinematics(rows)
    assert found.frames["frame"].to_list() == [f for f in range(100, 130) if f not in (105, 120)]
    assert found.speeds["speed_kmh"].to_list() == pytest.approx([27.0] * 28)


def test_a_row_alone_has_no_speed() -> None:
    found = kinematics(straight_run(27, 0.1)).speeds
    assert found["speed_kmh"].to_list() == [None]
    assert found["acceleration_ms2"].to_list() == [None]


def test_frames_of_two_matches_are_refused() -> None:
    other = straight_run(20, 1).with_columns(match_id=pl.lit(8, pl.Int64))
    with pytest.raises(ContractError, match="from 7 to 8; expected one match"):
        kinematics(pl.concat([straight_run(20, 1), other]))


def test_motion_made_by_another_rule_is_refused() -> None:
    rows = straight_run(20, 1)
    motion = kinematics(rows)
    assert given_or_made(motion, rows, KinematicsRule()) is motion
    with pytest.raises(ValueError, match="half_window_frames=3"):
        given_or_made(motion, rows, KinematicsRule(half_window_frames=3))
