"""Where the ball is: at the feet of who has it, and on its way between them."""

from dataclasses import dataclass

import numpy as np

from touchline.tracking.simulate.arrays import Bools, Floats, Ints
from touchline.tracking.simulate.clock import Clock
from touchline.tracking.simulate.events.scene import Scene
from touchline.tracking.simulate.lineup import TEAM
from touchline.tracking.simulate.plan import MatchPlan
from touchline.tracking.simulate.possessions import Possessions
from touchline.tracking.simulate.shape import phase_at

AHEAD_M = 0.45
GROUND_M = 0.12
HIGH_PASS_M = 22.0
DETECTED_SHARE = 0.86


@dataclass(frozen=True)
class Ball:
    """The ball by row; `holder` is the slot that has it, `side` the team in possession, else -1."""

    xy: Floats
    z: Floats
    detected: Bools
    holder: Ints
    side: Ints


def ball(plan: MatchPlan, scene: Scene) -> Ball:
    """The ball's path through all possessions."""
    random = plan.random("ball")
    clock, frames, xy = scene.clock, scene.clock.frames, scene.xy
    holder = _holders(scene.possessions, clock)
    at_feet = np.flatnonzero(holder >= 0)
    held = holder[at_feet]
    ahead = AHEAD_M * scene.turn(held // TEAM, frames[at_feet])
    feet = xy[at_feet, held] + np.stack([ahead, np.zeros(len(ahead))], axis=1)
    kick_offs = clock.row(np.array([period.first_frame for period in clock.periods]))
    knots = np.concatenate([at_feet, kick_offs])
    places = np.concatenate([feet, np.zeros((len(kick_offs), 2))])
    order = np.argsort(knots, kind="stable")
    rows = np.arange(clock.rows)
    path = np.stack([np.interp(rows, knots[order], places[order, k]) for k in (0, 1)], axis=1)
    phase = phase_at(scene.phases, frames)
    return Ball(
        xy=np.clip(path, -scene.pitch.half, scene.pitch.half),
        z=_height(rows, at_feet, path) + random.uniform(0.0, 0.18, len(rows)),
        detected=random.random(len(rows)) < DETECTED_SHARE,
        holder=holder,
        side=np.where(phase >= 0, scene.phases.side[phase], -1),
    )


def _holders(possessions: Possessions, clock: Clock) -> Ints:
    holder = np.full(clock.rows, -1, dtype=np.int64)
    firsts, lasts = clock.row(possessions.first), clock.row(possessions.last)
    for first, last, slot in zip(firsts, lasts, possessions.slot, strict=True):
        holder[first : last + 1] = slot
    return holder


def _height(rows: Ints, at_feet: Ints, path: Floats) -> Floats:
    """On the ground, and in an arc between two players who are far apart."""
    after = np.searchsorted(at_feet, rows)
    before = at_feet[np.maximum(after - 1, 0)]
    until = at_feet[np.minimum(after, len(at_feet) - 1)]
    length = np.maximum(until - before, 1)
    share = ((rows - before) / length).clip(0.0, 1.0)
    span_m = np.sqrt(np.square(path[until] - path[before]).sum(axis=1))
    arc = np.where((span_m > HIGH_PASS_M) & (length < 60), span_m * 0.16, 0.0)
    height: Floats = GROUND_M + 4 * arc * share * (1 - share)
    return height
