"""The match as its events see it: who is where at a frame, from the acting team's point of view."""

from dataclasses import dataclass

import numpy as np

from touchline.tracking.simulate.arrays import Bools, Floats, Ints
from touchline.tracking.simulate.clock import Clock
from touchline.tracking.simulate.lineup import SLOTS, TEAM, Lineup
from touchline.tracking.simulate.phases import Phases
from touchline.tracking.simulate.plan import FRAMES_PER_S
from touchline.tracking.simulate.possessions import Possessions
from touchline.tracking.simulate.shape import Pitch, attacks

KMH = 3.6
SIDES = np.arange(SLOTS) // TEAM
KEEPERS = np.arange(SLOTS) % TEAM == 0


@dataclass(frozen=True)
class Scene:
    """Everything that events are read from.

    `xy` are true positions by row and slot, `walked_m` the metres covered until then, `held` who
    holds each slot (an index into the line-up's spells, -1 for nobody).
    """

    clock: Clock
    lineup: Lineup
    pitch: Pitch
    phases: Phases
    possessions: Possessions
    xy: Floats
    walked_m: Floats
    held: Ints

    def turn(self, sides: Ints, frames: Ints) -> Ints:
        """1 where a side attacks to +x at a frame, else -1."""
        return attacks(self.lineup, sides, self.clock.period_of(frames))

    def spells(self, frames: Ints, slots: Ints) -> Ints:
        """The spell of who holds each slot at a frame."""
        found: Ints = self.held[self.clock.row(frames), slots]
        return found

    def everybody(self, frames: Ints, sides: Ints) -> Floats:
        """All places by event and slot, as a side sees them; nan where nobody holds the slot."""
        rows = self.clock.row(frames)
        seen = self.xy[rows] * self.turn(sides, frames)[:, None, None]
        return np.where((self.held[rows] >= 0)[:, :, None], seen, np.nan)

    def places(self, frames: Ints, slots: Ints, sides: Ints) -> Floats:
        """The place of one slot for each event, as a side sees it."""
        seen: Floats = self.xy[self.clock.row(frames), slots] * self.turn(sides, frames)[:, None]
        return seen

    def covered_m(self, first: Ints, last: Ints, slots: Ints) -> Floats:
        """Metres that a slot covers between two frames."""
        rows = self.clock.row(first), self.clock.row(last)
        found: Floats = self.walked_m[rows[1], slots] - self.walked_m[rows[0], slots]
        return found

    def speeds_kmh(self, first: Ints, last: Ints, slots: Ints) -> Floats:
        """Mean speed between two frames; at a single frame, the speed there."""
        late = np.where(last > first, last, first + 1)
        early = np.where(last > first, first, first - 1)
        metres = self.covered_m(early, late, slots)
        speeds: Floats = metres / (late - early) * FRAMES_PER_S * KMH
        return speeds


def scene(
    clock: Clock, lineup: Lineup, pitch: Pitch, *,
    phases: Phases, possessions: Possessions, xy: Floats, held: Ints,
) -> Scene:  # fmt: skip
    """The scene of a match that has been played."""
    steps = np.diff(xy, axis=0, prepend=xy[:1])
    steps[clock.periods[0].rows] = 0.0
    walked_m = np.cumsum(np.hypot(steps[:, :, 0], steps[:, :, 1]), axis=0)
    return Scene(clock, lineup, pitch, phases, possessions, xy, walked_m, held)


def team(side: Ints) -> Bools:
    """By event and slot: whether the slot belongs to the event's side."""
    members: Bools = SIDES[None, :] == side[:, None]
    return members


def nearest_m(everybody: Floats, at: Floats, members: Bools) -> Floats:
    """Distance of each place to the nearest of some players."""
    gap = everybody - at[:, None, :]
    away = np.hypot(gap[:, :, 0], gap[:, :, 1])
    found: Floats = np.where(members & ~np.isnan(away), away, np.inf).min(axis=1)
    return found


def within(everybody: Floats, at: Floats, members: Bools, *, radius_m: float) -> Ints:
    """How many of some players are that near to each place."""
    gap = everybody - at[:, None, :]
    near = np.hypot(gap[:, :, 0], gap[:, :, 1]) < radius_m
    count: Ints = (near & members).sum(axis=1)
    return count


def ahead(everybody: Floats, x: Floats, members: Bools) -> Ints:
    """How many outfield players are further up the pitch than each place."""
    count: Ints = ((everybody[:, :, 0] > x[:, None]) & members & ~KEEPERS).sum(axis=1)
    return count


def last_line(everybody: Floats, defenders: Bools, *, theirs: bool) -> Floats:
    """Where the last line of defence is: the outfield player nearest to the goal he defends.

    `theirs` tells that the defenders are the opponents of the team whose view this is.
    """
    x = np.where(defenders & ~KEEPERS, everybody[:, :, 0], np.nan)
    found: Floats = np.nanmax(x, axis=1) if theirs else np.nanmin(x, axis=1)
    return found
