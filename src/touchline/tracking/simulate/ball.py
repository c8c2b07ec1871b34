"""Where the ball is: at the feet of who has it, and on its way between them."""

from dataclasses import dataclass

import numpy as np

from touchline.tracking.simulate.arrays import Bools, Floats, Ints
from touchline.tracking.simulate.clock import Clock
from touchline.tracking.simulate.lineup import Lineup
from touchline.tracking.simulate.phases import Phases
from touchline.tracking.simulate.plan import MatchPlan
from touchline.tracking.simulate.possessions import Possessions
from touchline.tracking.simulate.shape import Pitch, attacks, phase_at

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


def ball(
    plan: MatchPlan, clock: Clock, xy: Floats, *,
    lineup: Lineup, phases: Phases, possessions: Possessions, pitch: Pitch,
) -> Ball:  # fmt: skip
    """The ball's path through all possessions."""
    random = plan.random("ball")
    frames = clock.frames
    holder = _holders(possessions, clock)
    at_feet = np.flatnonzero(holder >= 0)
    sides = phases.side[np.maximum(phase_at(phases, frames), 0)]
    ahead = AHEAD_M * attacks(lineup, holder[at_feet] // 11, clock.period_of(frames[at_feet]))
    feet = xy[at_feet, holder[at_feet]] + np.stack([ahead, 0.0 * ahead], axis=1)
    kick_offs = clock.row(np.array([period.first_frame for period in clock.periods]))
    knots = np.concatenate([at_feet, kick_offs])
    places = np.concatenate([feet, np.zeros((len(kick_offs), 2))])
    order = np.argsort(knots, kind="stable")
    rows = np.arange(clock.rows)
    path = np.stack([np.interp(rows, knots[order], places[order, k]) for k in (0, 1)], axis=1)
    return Ball(
        xy=np.clip(path, -pitch.half, pitch.half),
        z=_height(rows, at_feet, path) + random.uniform(0.0, 0.18, len(rows)),
        detected=random.random(len(rows)) < DETECTED_SHARE,
        holder=holder,
        side=np.where(phase_at(phases, frames) >= 0, sides, -1),
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
