"""From what happened to what the tracking file says: noise, the camera's view, blank frames."""

import numpy as np

from touchline.tracking.simulate.arrays import Bools, Floats, Ints
from touchline.tracking.simulate.ball import Ball
from touchline.tracking.simulate.events.scene import Scene
from touchline.tracking.simulate.jsonl import Frames
from touchline.tracking.simulate.lineup import SLOTS, TEAM, Lineup
from touchline.tracking.simulate.plan import MatchPlan
from touchline.tracking.simulate.visibility import camera, detected

NOISE_M = 0.028
NOISE_FRAMES = 8
BLANK_CORNERS_SHARE = 0.4


def recording(plan: MatchPlan, scene: Scene, *, ball: Ball, blank: Bools) -> Frames:
    """What the provider's cameras make of the match."""
    lineup, xy = scene.lineup, scene.xy
    looks_at = camera(ball.xy[:, 0], scene.clock)
    ids = np.array([spell.player.player_id for spell in lineup.spells] + [0])
    return Frames(
        xy=xy + _noise(plan, len(xy)),
        detected=detected(plan, xy, looks_at, pitch=scene.pitch),
        players=ids[scene.held],
        order=(_order(lineup, 1), _order(lineup, 2)),
        ball_xyz=np.column_stack([ball.xy, ball.z]),
        ball_detected=ball.detected,
        holder=ball.holder,
        side=ball.side,
        corners=_corners(plan, looks_at, ball.xy[:, 1], blank=blank),
        blank=blank,
    )


def _order(lineup: Lineup, period: int) -> Ints:
    """Slots as the file lists them: the team on the left of the pitch comes first."""
    slots = np.arange(SLOTS)
    return slots if lineup.attack(0, period) > 0 else np.roll(slots, TEAM)


def _noise(plan: MatchPlan, count: int) -> Floats:
    """Error of the measurement: a moving average, so that it changes slowly."""
    random = plan.random("noise")
    steps = random.standard_normal((count + NOISE_FRAMES, SLOTS, 2), dtype=np.float32)
    sums = np.cumsum(steps, axis=0, dtype=np.float64)
    noise: Floats = (sums[NOISE_FRAMES:] - sums[:-NOISE_FRAMES]) * (NOISE_M / NOISE_FRAMES**0.5)
    return noise


def _corners(plan: MatchPlan, looks_at: Floats, ball_y: Floats, *, blank: Bools) -> Floats:
    """Where the corners of the picture meet the pitch; most blank stretches have none."""
    random = plan.random("corners")
    tilt = looks_at * 0.12
    lift = np.convolve(ball_y, np.full(25, 1 / 25), mode="same") * 0.12
    corners = np.column_stack([
        looks_at - 51 + tilt, np.full(len(looks_at), 39.0),
        looks_at - 23 - tilt, lift - 37.0,
        looks_at + 23 - tilt, lift - 36.8,
        looks_at + 51 + tilt, np.full(len(looks_at), 39.0),
    ])  # fmt: skip
    stretch = np.cumsum(np.diff(blank.astype(np.int8), prepend=0) == 1)
    known = random.random(int(stretch[-1]) + 1) < BLANK_CORNERS_SHARE
    corners[blank & ~known[stretch]] = np.nan
    return corners
