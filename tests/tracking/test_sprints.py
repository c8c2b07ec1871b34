"""Sprints by the default rule: by hand, at every border, and against the planted truth."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from positions import (
    AWAY,
    HOME,
    SAMPLE_ID,
    frames,
    phase,
    phases,
    run,
    sample_frames,
    sample_truth,
    straight_run,
)
from provider_files import phases as provider_phases

from touchline.core.contracts import enforce
from touchline.tracking.contracts.physical import SPRINTS
from touchline.tracking.gold.kinematics import kinematics
from touchline.tracking.gold.sprints import PrototypeRule, SprintRule, sprints

KMH = 3.6


def spans(found: pl.DataFrame) -> list[tuple[int, ...]]:
    return found.select("first_frame", "last_frame").rows()


def test_one_sprint_worked_by_hand() -> None:
    seen = pl.col("frame") < 109
    rows = straight_run(27, 1.2).with_columns(is_detected=seen)
    found = sprints(rows, phase(100, 106))
    assert found.schema == pl.Schema(SPRINTS.polars_schema())
    assert found.row(0, named=True) == {
        "partition_date": "2024-11-02",
        "competition_id": "aus1",
        "match_id": 7,
        "player_id": 1,
        "team_id": HOME,
        "period": 1,
        "first_frame": 100,
        "last_frame": 111,
        "duration_s": pytest.approx(1.2),
        "distance_m": pytest.approx(9.0),  # 7.5 m/s for 1.2 s
        "top_speed_kmh": pytest.approx(27.0),
        "avg_speed_kmh": pytest.approx(27.0),
        "start_x_m": 0.0,
        "start_y_m": 5.0,
        "end_x_m": pytest.approx(8.25),
        "end_y_m": 5.0,
        "team_in_possession_phase_type": "build_up",  # frame 105, the last of the phase
        "team_out_of_possession_phase_type": "high_block",
        "in_possession": True,
        "detected_share": 0.75,
        "sprint_rule": "default",
    }


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (SprintRule(), "default"),
        (SprintRule(min_speed_kmh=24.0), "default, 24 km/h, 0.7 s"),
        (SprintRule(min_duration_s=1), "default, 25 km/h, 1 s"),
        (SprintRule(min_speed_kmh=25.0000001), "default, 25.0000001 km/h, 0.7 s"),
        (PrototypeRule(), "prototype"),
    ],
)
def test_a_sprint_names_its_rule_and_thresholds_that_are_not_the_rules_own(
    rule: SprintRule | PrototypeRule, said: str
) -> None:
    found = sprints(straight_run(27, 1.2), phases(), rule)
    assert found["sprint_rule"].to_list() == [said]


def test_no_frames_give_no_sprints() -> None:
    found = sprints(frames(), phases())
    assert found.height == 0
    assert found.schema == pl.Schema(SPRINTS.polars_schema())


def test_the_order_of_rows_and_phases_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    rows = pl.concat([run(rng.uniform(20, 32, 300), player_id=p) for p in (2, 1)])
    known = pl.concat([phase(100, 250), phase(250, 400, index=1, team_id=AWAY)])
    first = sprints(rows, known)
    assert first.height > 3
    for seed in range(5):
        shuffled = rows.sample(fraction=1.0, shuffle=True, seed=seed)
        assert sprints(shuffled, known.reverse()).equals(first)


def test_a_sprint_lasts_at_least_as_long_as_the_rule_says() -> None:
    assert sprints(straight_run(27, 0.6), phases()).height == 0
    assert sprints(straight_run(27, 0.7), phases()).height == 1
    assert sprints(straight_run(27, 0.7), phases(), SprintRule(min_duration_s=1.0)).height == 0


def test_a_high_speed_run_is_not_a_sprint() -> None:
    assert sprints(straight_run(24.9, 5), phases()).height == 0
    assert sprints(straight_run(24.9, 5), phases(), SprintRule(min_speed_kmh=24.0)).height == 1


def test_a_gap_makes_two_sprints() -> None:
    rows = straight_run(27, 4).filter(~pl.col("frame").is_between(110, 119))
    assert spans(sprints(rows, phases())) == [(100, 109), (120, 139)]


def test_a_lost_frame_does_not_make_two() -> None:
    rows = straight_run(27, 2).filter(pl.col("frame") != 110)
    found = sprints(rows, phases())
    assert spans(found) == [(100, 119)]
    assert found.select("duration_s", "distance_m").row(0) == pytest.approx((2.0, 15.0))


def test_a_sprint_ends_with_its_period() -> None:
    second = straight_run(27, 1, first_frame=110, period=2).with_columns(pl.col("x_m") + 7.5)
    found = sprints(pl.concat([straight_run(27, 1), second]), phases())
    assert spans(found) == [(100, 109), (110, 119)]
    assert found["period"].to_list() == [1, 2]


def test_one_player_does_not_run_on_as_another() -> None:
    rows = pl.concat([straight_run(27, 1), straight_run(27, 1, first_frame=110, player_id=2)])
    found = sprints(rows, phases())
    assert found.select("player_id", "first_frame").rows() == [(1, 100), (2, 110)]


def test_jumps_of_the_tracking_are_not_sprints() -> None:
    away = (pl.col("frame") // 3 % 2) * 1.5
    rows = straight_run(7, 20).with_columns(y_m=pl.col("y_m") + away)
    assert sprints(rows, phases()).height == 0


def test_a_jump_inside_a_sprint_changes_nothing() -> None:
    clean = straight_run(30, 3)
    torn = clean.with_columns(y_m=pl.when(pl.col("frame") == 115).then(60.0).otherwise("y_m"))
    assert sprints(torn, phases()).equals(sprints(clean, phases()))


def test_the_real_top_speed_is_kept() -> None:
    rising = run([*np.linspace(20, 35, 30), *[35.0] * 6, *np.linspace(35, 20, 30)])
    assert sprints(rising, phases())["top_speed_kmh"][0] == pytest.approx(35.0, abs=0.05)


def test_the_phase_is_that_of_the_middle_frame_and_the_teams_own() -> None:
    rows = pl.concat(
        [
            straight_run(27, 1, first_frame=f, player_id=p, team_id=t)
            for p, t in ((1, HOME), (2, AWAY))
            for f in (200, 300)
        ]
    )
    known = pl.concat([phase(190, 204), phase(204, 220, index=1, team_id=AWAY)])
    found = sprints(rows, known)
    assert found["in_possession"].to_list() == [False, None, True, None]
    assert found["team_in_possession_phase_type"].to_list() == ["build_up", None] * 2


def test_motion_that_is_there_already_gives_the_same() -> None:
    rows = straight_run(27, 2)
    assert sprints(rows, phases(), motion=kinematics(rows)).equals(sprints(rows, phases()))


def matched(found: pl.DataFrame, bout: dict[str, Any]) -> pl.DataFrame:
    """The sprints of the bout's player that overlap it, or the half second in which he slows."""
    return found.filter(
        (pl.col("player_id") == bout["player_id"])
        & (pl.col("last_frame") >= bout["frame_start"])
        & (pl.col("first_frame") <= bout["frame_end"] + 5)
    )


def test_planted_sprints_are_found_and_nothing_else() -> None:
    found = sprints(sample_frames(), provider_phases(SAMPLE_ID))
    planted = [b for b in sample_truth()["bouts"] if b["kind"] == "sprint"]
    hits = [matched(found, bout) for bout in planted]
    in_view = [
        hit.height > 0
        for bout, hit in zip(planted, hits, strict=True)
        if bout["blank_share"] == 0 and bout["top"] * KMH >= 25
    ]
    true = pl.concat(hits).unique(["player_id", "first_frame"])
    assert len(planted) == 255
    assert sum(hit.height > 0 for hit in hits) >= 207  # 209 of 255; the rest is out of view
    assert (len(in_view), sum(in_view)) == (157, 157)
    assert true.height / found.height >= 0.99  # 210 of 210
    assert enforce(found, SPRINTS).rejected.is_empty()


def test_planted_top_speeds_are_measured() -> None:
    found = sprints(sample_frames(), provider_phases(SAMPLE_ID))
    seen = [
        (matched(found, b)["top_speed_kmh"].max(), b["top"] * KMH)
        for b in sample_truth()["bouts"]
        if b["kind"] == "sprint" and b["blank_share"] == 0 and b["top"] * KMH >= 25
    ]
    errors = np.array([top - planted for top, planted in seen if isinstance(top, float)])
    assert abs(errors.mean()) <= 0.2  # 0.16 km/h
    assert np.quantile(abs(errors), 0.95) <= 0.45  # 0.42 km/h
