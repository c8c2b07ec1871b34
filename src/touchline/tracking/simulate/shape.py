"""Where each player's place in the formation is, given where the ball is heading.

Coordinates are those of the files: metres, origin at the pitch's centre, the same for both teams.
"""

from dataclasses import dataclass

import numpy as np

from touchline.tracking.simulate.arrays import Bools, Floats, Ints
from touchline.tracking.simulate.lineup import SLOTS, TEAM, Lineup
from touchline.tracking.simulate.phases import Phases


@dataclass(frozen=True)
class Pitch:
    """Its size in metres."""

    length_m: float
    width_m: float

    @property
    def half(self) -> Floats:
        """Distance of the lines from the centre, along and across."""
        return np.array([self.length_m / 2, self.width_m / 2])


@dataclass(frozen=True)
class ShapeRule:
    """How a team moves with the ball: fractions of the ball's place, and a shift in metres."""

    along_with_ball: tuple[float, float] = (0.52, 0.46)
    across_with_ball: tuple[float, float] = (0.30, 0.42)
    depth: float = 0.82
    breadth: tuple[float, float] = (0.98, 0.78)
    push_m: tuple[float, float] = (7.5, 2.0)
    keeper: float = 0.14


def attacks(lineup: Lineup, sides: Ints, periods: Ints) -> Ints:
    """1 where a side attacks to +x, else -1."""
    table = np.array([[lineup.attack(side, period) for period in (1, 2)] for side in (0, 1)])
    return table[sides, periods - 1].astype(np.int64)


def focus(phases: Phases, lineup: Lineup, frames: Ints) -> Floats:
    """Where the ball is heading at each frame, as x and y."""
    turn = attacks(lineup, phases.side, phases.period)[:, None]
    knots = np.stack([phases.first, phases.last], axis=1).ravel()
    places = np.stack([phases.start_xy * turn, phases.end_xy * turn], axis=1).reshape(-1, 2)
    return np.stack([np.interp(frames, knots, places[:, axis]) for axis in (0, 1)], axis=1)


def phase_at(phases: Phases, frames: Ints) -> Ints:
    """The phase each frame is in, half-open; -1 while the ball is dead."""
    index = np.searchsorted(phases.first, frames, side="right") - 1
    inside = (index >= 0) & (frames < phases.last[np.maximum(index, 0)])
    return np.where(inside, index, -1)


def places(
    lineup: Lineup,
    pitch: Pitch,
    ball: Floats,
    *,
    on_ball: Ints,
    periods: Ints,
    rule: ShapeRule = ShapeRule(),
) -> Floats:
    """The place of every slot, by moment and slot, as x and y.

    Args:
        lineup: Both teams.
        pitch: Its size.
        ball: Where the ball is heading, one row per moment.
        on_ball: The side on the ball at each moment, -1 for none.
        periods: The period of each moment.
        rule: How teams move with the ball.
    """  # fmt: skip
    starters = sorted((spell for spell in lineup.spells if spell.started), key=lambda s: s.slot)
    stand = np.array([spell.role.stand for spell in starters])
    sides = np.arange(SLOTS) // TEAM
    turn = attacks(lineup, np.broadcast_to(sides, (len(ball), SLOTS)), periods[:, None])
    attacking = on_ball[:, None] == sides[None, :]
    seen = ball[:, None, :] * turn[:, :, None]
    x = (
        stand[:, 0] * pitch.half[0] * rule.depth
        + _by(attacking, rule.along_with_ball) * seen[:, :, 0]
    )
    y = stand[:, 1] * pitch.half[1] * _by(attacking, rule.breadth)
    x += _by(attacking, rule.push_m)
    y += _by(attacking, rule.across_with_ball) * seen[:, :, 1]
    keeper = stand[:, 0] < -0.8
    x[:, keeper] = stand[keeper, 0] * pitch.half[0] + rule.keeper * seen[:, keeper, 0]
    y[:, keeper] = rule.keeper * seen[:, keeper, 1]
    found = np.stack([x * turn, y * turn], axis=2)
    edge = pitch.half - 1.5
    inside: Floats = np.clip(found, -edge, edge)
    return inside


def _by(attacking: Bools, values: tuple[float, float]) -> Floats:
    return np.where(attacking, values[0], values[1])
