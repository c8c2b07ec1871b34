"""The script against what happened: the ball goes to who really is near it, and so do presses."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from touchline.tracking.simulate.arrays import Floats, Ints
from touchline.tracking.simulate.bouts import Bout
from touchline.tracking.simulate.clock import Clock
from touchline.tracking.simulate.lineup import SLOTS, TEAM
from touchline.tracking.simulate.plan import FRAMES_PER_S
from touchline.tracking.simulate.possessions import Possessions
from touchline.tracking.simulate.presses import Presses

PASS_MS = 16.0
FAVOUR_M2 = 60.0
RUNNER_M2 = 220.0
PRESS_WITHIN_M = 9.8


def settled_possessions(
    made: Possessions, xy: Floats, clock: Clock, *, held: Ints, bouts: Sequence[Bout]
) -> Possessions:
    """The possessions, each given to a player whom the ball could reach, runners before others.

    Args:
        made: The script.
        xy: Positions by row and slot.
        clock: The periods.
        held: Who holds each slot, by row; -1 where nobody does.
        bouts: Planned efforts, among them the runs of each possession.
    """
    rows, ends = clock.row(made.first), clock.row(made.last)
    away = np.square(xy[rows] - made.point[:, None, :]).sum(axis=2)
    own = (np.arange(SLOTS) // TEAM)[None, :] == made.side[:, None]
    cost = np.where(own & (held[rows] >= 0), away, np.inf)
    cost[np.arange(len(made)), made.slot] -= FAVOUR_M2
    for bout in bouts:
        if 0 <= bout.possession < len(made) - 1 and not made.opens[bout.possession + 1]:
            cost[bout.possession + 1, bout.slot] -= RUNNER_M2
    gap_s = np.diff(made.first, prepend=0) / FRAMES_PER_S
    slot = np.empty(len(made), dtype=np.int64)
    for k in range(len(made)):
        if k and made.phase[k] - made.phase[k - 1] < 2:
            ball = xy[ends[k - 1], slot[k - 1]]
            travel = np.sqrt(np.square(xy[rows[k]] - ball).sum(axis=1)) - PASS_MS * gap_s[k]
            cost[k] += 4.0 * np.square(np.maximum(travel, 0.0))
        if k and not made.opens[k]:
            cost[k, slot[k - 1]] = np.inf
        slot[k] = int(cost[k].argmin())
    meant = np.where(made.target == slot, -1, made.target)
    target = np.where(made.passed, np.roll(slot, -1), meant)
    return replace(made, slot=slot, target=target)


def settled_presses(
    made: Presses, possessions: Possessions, xy: Floats, *, clock: Clock, held: Ints
) -> Presses:
    """The presses, each by an opponent who is near the player on the ball; the rest fall away."""
    rows = clock.row(made.first)
    ball = xy[rows, possessions.slot[made.possession]]
    away = np.sqrt(np.square(xy[rows] - ball[:, None, :]).sum(axis=2))
    own = (np.arange(SLOTS) // TEAM)[None, :] == possessions.side[made.possession][:, None]
    keeper = np.arange(SLOTS) % TEAM == 0
    away = np.where(own | keeper | (held[rows] < 0), np.inf, away)
    away[np.arange(len(made)), made.slot] -= 2.0
    slot = np.empty(len(made), dtype=np.int64)
    taken: dict[int, list[int]] = {}
    for k in range(len(made)):
        others = taken.setdefault(int(made.possession[k]), [])
        away[k, others] = np.inf
        slot[k] = int(away[k].argmin())
        others.append(int(slot[k]))
    near = away[np.arange(len(made)), slot] < PRESS_WITHIN_M - 2.0
    kept = {name: values[near] for name, values in vars(replace(made, slot=slot)).items()}
    return Presses(**kept)
