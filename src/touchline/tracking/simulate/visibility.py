"""What the camera shows: where it looks, whom it sees, and which frames show no play at all."""

from dataclasses import dataclass

import numpy as np

from touchline.tracking.simulate.arrays import Bools, Floats
from touchline.tracking.simulate.clock import Clock
from touchline.tracking.simulate.plan import FRAMES_PER_S, MatchPlan
from touchline.tracking.simulate.shape import Pitch

FLICKER_FRAMES = 6


@dataclass(frozen=True)
class CameraRule:
    """Shares and lengths of what the broadcast does not show."""

    blank_share: float = 0.265
    blank_s: float = 8.0
    least_s: float = 1.5
    missed_share: float = 0.035
    near_half_m: float = 24.5
    far_half_m: float = 49.0
    lag_s: float = 2.4


def blanks(plan: MatchPlan, clock: Clock, rule: CameraRule = CameraRule()) -> Bools:
    """Rows in which the broadcast shows a replay or a close-up: no player has a position."""
    random = plan.random("blanks")
    seen_s = rule.blank_s * (1 - rule.blank_share) / rule.blank_share
    count = int(clock.rows / FRAMES_PER_S / (seen_s + rule.blank_s) * 2) + 20
    on = 1.0 + random.exponential(seen_s - 1.0, count)
    off = rule.least_s + random.exponential(rule.blank_s - rule.least_s, count)
    switches = np.cumsum(np.stack([on, off], axis=1).ravel() * FRAMES_PER_S)
    state = np.searchsorted(switches, np.arange(clock.rows), side="right")
    blank: Bools = state % 2 == 1
    starts = np.cumsum([0] + [period.rows for period in clock.periods[:-1]])
    for start in starts:
        blank[start : start + 3 * FRAMES_PER_S] = False
    return blank


def camera(ball_x: Floats, clock: Clock, rule: CameraRule = CameraRule()) -> Floats:
    """Where along the pitch the camera looks, by row: it follows the ball, smoothly and late."""
    width = round(rule.lag_s * FRAMES_PER_S)
    found = []
    start = 0
    for period in clock.periods:
        path = ball_x[start : start + period.rows]
        sums = np.cumsum(np.concatenate([np.repeat(path[:1], width), path]))
        found.append(0.9 * (sums[width:] - sums[:-width]) / width)
        start += period.rows
    return np.concatenate(found)


def detected(
    plan: MatchPlan, xy: Floats, looks_at: Floats, *, pitch: Pitch, rule: CameraRule = CameraRule()
) -> Bools:
    """Whether each player is seen, by row and slot; the others are extrapolated."""
    random = plan.random("detected")
    depth = (xy[:, :, 1] / pitch.width_m + 0.5).clip(0.0, 1.0)
    half = rule.near_half_m + (rule.far_half_m - rule.near_half_m) * depth
    in_view = np.abs(xy[:, :, 0] - looks_at[:, None]) < half
    spells = random.random((len(xy) // FLICKER_FRAMES + 1, xy.shape[1])) >= rule.missed_share
    flicker = np.repeat(spells, FLICKER_FRAMES, axis=0)[: len(xy)]
    seen: Bools = in_view & flicker
    return seen
