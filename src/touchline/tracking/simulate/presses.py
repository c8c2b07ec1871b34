"""Who goes at the player on the ball, and when: the script's engagements."""

from dataclasses import dataclass

import numpy as np

from touchline.tracking.simulate.arrays import Floats, Ints
from touchline.tracking.simulate.clock import Clock
from touchline.tracking.simulate.lineup import SLOTS, TEAM, Lineup
from touchline.tracking.simulate.plan import MatchPlan
from touchline.tracking.simulate.possessions import Possessions
from touchline.tracking.simulate.shape import Pitch, attacks, places

A_POSSESSION = (0.20, 0.37, 0.27, 0.16)
REACH_M = 5.0
SHORTEST_FRAMES = 4


@dataclass(frozen=True)
class Presses:
    """Engagements in order of their start, one element each.

    `possession` is the one engaged, `slot` who engages; `physical_first` is when he set off. Frames
    are inclusive at both ends.
    """

    possession: Ints
    slot: Ints
    first: Ints
    physical_first: Ints
    last: Ints

    def __len__(self) -> int:
        """How many engagements."""
        return len(self.first)


def presses(
    plan: MatchPlan, clock: Clock, lineup: Lineup, *, possessions: Possessions, pitch: Pitch
) -> Presses:
    """Up to three opponents for each possession: those whose places are nearest."""
    random = plan.random("presses")
    possession, slot = _who(random, clock, lineup, possessions=possessions, pitch=pitch)
    began, ended = possessions.first[possession], possessions.last[possession]
    first = began + np.round(random.normal(-3, 11, len(began))).astype(np.int64)
    first = np.clip(first, began - 30, ended - SHORTEST_FRAMES)
    early = np.where(random.random(len(first)) < 0.68, 0, random.exponential(9, len(first)))
    physical_first = first - np.minimum(early, 40).astype(np.int64)
    begins = np.array([period.first_frame for period in clock.periods])
    inside = physical_first >= begins[possessions.period[possession] - 1]
    order = np.flatnonzero(inside)
    order = order[np.argsort(first[order], kind="stable")]
    return Presses(
        possession[order], slot[order], first[order], physical_first[order], ended[order]
    )


def _who(
    random: np.random.Generator, clock: Clock, lineup: Lineup, *,
    possessions: Possessions, pitch: Pitch,
) -> tuple[Ints, Ints]:  # fmt: skip
    """Possession and slot of each engagement: opponents whose place is near the ball."""
    stood = places(
        lineup, pitch, possessions.point, on_ball=possessions.side, periods=possessions.period
    )
    away = np.square(stood - possessions.point[:, None, :]).sum(axis=2) / (2 * REACH_M**2)
    held = lineup.occupants(clock)[clock.row(possessions.first)]
    own = (np.arange(SLOTS) // TEAM)[None, :] == possessions.side[:, None]
    keeper = np.arange(SLOTS) % TEAM == 0
    near = np.where(~own & ~keeper & (held >= 0), -away / 3, -np.inf)
    order = np.argsort(-(near + random.gumbel(size=near.shape)), axis=1)
    count = random.choice(len(A_POSSESSION), len(possessions), p=A_POSSESSION)
    possession = np.repeat(np.arange(len(possessions)), count)
    rank = np.concatenate([np.arange(n) for n in count]).astype(np.int64)
    return possession, order[possession, rank]


def approach(made: Presses, possessions: Possessions, lineup: Lineup) -> Floats:
    """Where each engaging player heads for: goal side of the player on the ball."""
    side = possessions.side[made.possession]
    own_goal = -attacks(lineup, 1 - side, possessions.period[made.possession])
    shift = np.stack([1.3 * own_goal, np.where(made.slot % 2 == 1, 0.7, -0.7)], axis=1)
    heading: Floats = possessions.point[made.possession] + shift
    return heading
