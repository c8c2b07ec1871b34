"""The prototype's sprint rule against a plain recomputation, row by row."""

from itertools import pairwise
from math import hypot, isnan, nan
from typing import Any

import numpy as np
import polars as pl
import pytest
from positions import AWAY, HOME, MATCH, frames, phase, phases, run, straight_run

from touchline.tracking.gold.sprints import PrototypeRule, sprints

RULE = PrototypeRule()
Row = dict[str, Any]


def rolling(values: list[float], window: int, summary: Any) -> list[float]:
    """Centred, at least one value that is not missing, shorter at the ends."""
    half = window // 2
    found = []
    for at in range(len(values)):
        seen = [v for v in values[max(0, at - half) : at + half + 1] if not isnan(v)]
        found.append(float(summary(seen)) if seen else nan)
    return found


def smooth(rows: list[Row]) -> list[float]:
    steps = [nan]
    for before, row in pairwise(rows):
        places = (before["x_m"], before["y_m"], row["x_m"], row["y_m"])
        known = all(p is not None for p in places)
        step = hypot(row["x_m"] - before["x_m"], row["y_m"] - before["y_m"]) if known else nan
        steps.append(step if step <= 1.0 else nan)
    clipped = [min(step * 36, 32.0) for step in steps]
    return rolling(rolling(clipped, 11, np.median), 7, np.mean)


def recomputed(rows: list[Row]) -> list[dict[str, float]]:
    """The sprints of one player's rows, in order of frames."""
    found = []
    group: list[tuple[int, float]] = []
    for frame, kmh in [*((r["frame"], s) for r, s in zip(rows, smooth(rows), strict=True)), (0, 0)]:
        if kmh >= 24.5:
            group.append((frame, kmh))
            continue
        found += kept(group)
        group = []
    return found


def kept(group: list[tuple[int, float]]) -> list[dict[str, float]]:
    if len(group) < 6:
        return []
    seen = [kmh for _, kmh in group]
    mean, top = float(np.mean(seen)), float(np.quantile(seen, 0.9))
    duration_s = (group[-1][0] - group[0][0] + 1) / 10
    told = {
        "first_frame": group[0][0],
        "last_frame": group[-1][0],
        "duration_s": duration_s,
        "distance_m": mean / 3.6 * duration_s,
        "top_speed_kmh": top,
        "avg_speed_kmh": mean,
    }
    fits = 24.5 <= mean <= 29 and 26 <= top <= 33 and told["distance_m"] >= 7
    return [told] if fits else []


def wandering(seed: int) -> pl.DataFrame:
    """Three players whose speed drifts about 24 km/h, with gaps, jumps and lost positions."""
    rng = np.random.default_rng(seed)
    rows = []
    for player_id in (1, 2, 3):
        kmh, x, y, frame = 24.0, 0.0, 0.0, 100
        for _ in range(700):
            kmh = min(max(kmh + rng.normal(0, 1.5) + 0.03 * (24 - kmh), 0), 36)
            x, y = x + kmh / 36 * 0.96, y + kmh / 36 * 0.28
            frame += 1 if rng.random() > 0.01 else int(rng.integers(2, 60))
            away = 5.0 if rng.random() < 0.01 else 0.0
            lost = rng.random() < 0.01
            rows.append(
                MATCH
                | {"period": 1, "frame": frame, "player_id": player_id, "team_id": HOME}
                | {"x_m": None if lost else round(x + away, 2), "y_m": round(y, 2)}
                | {"is_detected": bool(rng.random() < 0.85)}
            )
    return frames(rows)


@pytest.mark.parametrize("seed", range(30))
def test_equal_to_a_plain_recomputation(seed: int) -> None:
    rows = wandering(seed)
    found = sprints(rows.sample(fraction=1.0, shuffle=True, seed=seed), phases(), RULE)
    expected = [
        {"player_id": player_id} | sprint
        for player_id in (1, 2, 3)
        for sprint in recomputed(rows.filter(pl.col("player_id") == player_id).to_dicts())
    ]
    assert found.height > 5
    for seen, said in zip(found.to_dicts(), expected, strict=True):
        assert {name: seen[name] for name in said} == pytest.approx(said, rel=0, abs=1e-9)


def test_one_sprint_worked_by_hand() -> None:
    rows = pl.concat([straight_run(27, 2), straight_run(27, 2, player_id=2, team_id=AWAY)])
    found = sprints(rows, phase(100, 110), RULE)
    assert found["player_id"].to_list() == [1, 2]
    row = found.row(0, named=True)
    assert (row["first_frame"], row["last_frame"], row["duration_s"]) == (100, 119, 2.0)
    assert row["distance_m"] == pytest.approx(15.0)
    assert row["top_speed_kmh"] == row["avg_speed_kmh"] == pytest.approx(27.0)
    assert (row["sprint_rule"], row["detected_share"]) == ("prototype", 1.0)
    assert row["in_possession"] is True  # frame 109, the last of the phase
    assert found["in_possession"].to_list() == [True, False]


def test_it_runs_on_over_a_gap_as_the_prototype_did() -> None:
    later = straight_run(27, 1, first_frame=150, period=2).with_columns(pl.col("x_m") + 7.5)
    found = sprints(pl.concat([straight_run(27, 1), later]), phases(), RULE)
    assert found.select("first_frame", "last_frame", "duration_s").rows() == [(100, 159, 6.0)]


def test_it_clips_what_the_default_rule_reports() -> None:
    fast = run([34.0] * 20)
    assert sprints(fast, phases(), RULE).height == 0
    assert sprints(fast, phases())["top_speed_kmh"].to_list() == pytest.approx([34.0])


def test_no_frames_give_no_sprints() -> None:
    assert sprints(frames(), phases(), RULE).height == 0
