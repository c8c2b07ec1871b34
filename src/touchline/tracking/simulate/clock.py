"""When a match is on: its periods, and the frames of its files around them."""

from dataclasses import dataclass

import numpy as np

from touchline.tracking.simulate.arrays import Ints
from touchline.tracking.simulate.plan import FRAMES_PER_S, MatchPlan

FRAMES_PER_MIN = 60 * FRAMES_PER_S
SECOND_HALF_MIN = 45
LONG_BREAK_SHARE = 0.4


@dataclass(frozen=True)
class Period:
    """A half: its first and last frame, both part of it."""

    number: int
    first_frame: int
    last_frame: int

    @property
    def rows(self) -> int:
        """Frames in the period."""
        return self.last_frame - self.first_frame + 1

    @property
    def clock_start_s(self) -> int:
        """What the provider's match clock shows at its first frame."""
        return SECOND_HALF_MIN * 60 * (self.number - 1)


@dataclass(frozen=True)
class Clock:
    """The periods, and how many lines the tracking file has.

    A row numbers the frames inside the periods without a break; arrays of positions hold rows.
    """

    periods: tuple[Period, Period]
    lines: int

    @property
    def rows(self) -> int:
        """Frames inside the periods."""
        return sum(period.rows for period in self.periods)

    @property
    def frames(self) -> Ints:
        """The frame of each row."""
        return np.concatenate([np.arange(p.first_frame, p.last_frame + 1) for p in self.periods])

    def row(self, frames: Ints) -> Ints:
        """The row of each frame; a frame outside the periods takes the nearest row."""
        first, second = self.periods
        late = frames >= second.first_frame
        rows = np.where(
            late,
            np.minimum(frames, second.last_frame) - second.first_frame + first.rows,
            np.clip(frames - first.first_frame, 0, first.rows - 1),
        )
        return rows.astype(np.int64)

    def period_of(self, frames: Ints) -> Ints:
        """1 or 2 for each frame."""
        return np.where(frames >= self.periods[1].first_frame, 2, 1).astype(np.int64)

    def elapsed(self, frames: Ints) -> Ints:
        """Tenths of a second on the match clock; it starts again at 45 minutes in period 2."""
        first, second = self.periods
        late = frames >= second.first_frame
        since = frames - np.where(late, second.first_frame, first.first_frame)
        ticks = since + np.where(late, second.clock_start_s * FRAMES_PER_S, 0)
        return ticks.astype(np.int64)


def clock(plan: MatchPlan) -> Clock:
    """Two periods with stoppage time; four matches in ten have long breaks in their files."""
    random = plan.random("clock")
    half = plan.minutes / 2
    stoppage = (random.uniform(1.0, 3.5) * plan.scale, random.uniform(3.0, 7.0) * plan.scale)
    lengths = [max(10, round((half + extra) * 60)) * FRAMES_PER_S for extra in stoppage]
    lead, rest, tail = _breaks(random, plan.scale)
    first = Period(1, lead, lead + lengths[0])
    second = Period(2, first.last_frame + rest, first.last_frame + rest + lengths[1])
    return Clock((first, second), second.last_frame + 1 + tail)


def _breaks(random: np.random.Generator, scale: float) -> tuple[int, int, int]:
    """Frames before kick-off, over half time and after the end, in whole seconds."""
    lead, rest, tail = (
        max(10, int(random.integers(low, high) * scale) // 10 * 10)
        for low, high in ((2_210, 4_040), (8_000, 9_800), (300, 1_200))
    )
    return (lead, rest, tail) if random.random() < LONG_BREAK_SHARE else (10, 10, 0)
