"""Stretches of speed in the true positions: off-ball runs, high-speed runs, sprints."""

from dataclasses import dataclass

import numpy as np

from touchline.tracking.simulate.arrays import Floats
from touchline.tracking.simulate.bouts import Bout
from touchline.tracking.simulate.clock import Clock
from touchline.tracking.simulate.plan import FRAMES_PER_S

SETTLING_FRAMES = 25


@dataclass(frozen=True)
class Stretch:
    """Consecutive rows in which a slot is faster than some speed."""

    bout: Bout
    first_row: int
    last_row: int
    top_ms: float
    distance_m: float

    @property
    def rows(self) -> int:
        """How many."""
        return self.last_row - self.first_row + 1


def speeds(xy: Floats, clock: Clock) -> Floats:
    """Speed in m/s by row and slot, from the row before; 0 in the first row of a period."""
    steps = np.diff(xy, axis=0, prepend=xy[:1])
    steps[clock.periods[0].rows] = 0.0
    found: Floats = np.hypot(steps[:, :, 0], steps[:, :, 1]) * FRAMES_PER_S
    return found


def stretch(bout: Bout, speed_ms: Floats, clock: Clock, *, above_ms: float) -> Stretch | None:
    """The rows about a bout's top speed in which the player is faster than that, if there are any.

    Args:
        bout: The effort that was planned.
        speed_ms: Speeds by row and slot.
        clock: The periods.
        above_ms: The speed to hold.
    """
    begin, end = clock.row(np.array([bout.first_frame, bout.first_frame + bout.frames])).tolist()
    path = speed_ms[begin - 5 : end + SETTLING_FRAMES, bout.slot]
    slow = np.flatnonzero(path < above_ms)
    top = int(path[5 : end - begin + 10].argmax()) + 5
    if path[top] < above_ms:
        return None
    after = int(np.searchsorted(slow, top))
    first = int(slow[after - 1]) + 1 if after else 0
    last = int(slow[after]) - 1 if after < len(slow) else len(path) - 1
    return Stretch(
        bout=bout,
        first_row=begin - 5 + first,
        last_row=begin - 5 + last,
        top_ms=float(path[first : last + 1].max()),
        distance_m=float(path[first : last + 1].sum() / FRAMES_PER_S),
    )
