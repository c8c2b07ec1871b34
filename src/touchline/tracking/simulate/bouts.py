"""Planned efforts: who runs hard when, how fast, in which direction."""

from dataclasses import dataclass

import numpy as np

from touchline.tracking.simulate.plan import FRAMES_PER_S

RUNNING, HIGH_SPEED, SPRINT = 0, 1, 2
PEAKS_MS = ((4.7, 5.5), (5.8, 6.75), (7.4, 9.1))
HOLD_S = ((0.5, 5.0), (0.7, 5.0), (1.2, 2.8))


@dataclass(frozen=True)
class Acceleration:
    """How fast a bout gains speed: `most_ms2` at rest, none at `limit_ms`."""

    most_ms2: float = 5.0
    limit_ms: float = 12.0

    def ramp_s(self, speed_ms: float, from_ms: float = 0.0) -> float:
        """Seconds from one speed to another."""
        decay_s = self.limit_ms / self.most_ms2
        return decay_s * float(np.log((self.limit_ms - from_ms) / (self.limit_ms - speed_ms)))


@dataclass(frozen=True)
class Bout:
    """An effort: from a frame on, the player heads in a direction (radians) at up to `peak_ms`.

    `possession` and `run` (an index into RUN_KINDS) are -1 unless it is an off-ball run.
    """

    slot: int
    first_frame: int
    frames: int
    angle: float
    peak_ms: float
    kind: int
    possession: int = -1
    run: int = -1


def bout(
    random: np.random.Generator, slot: int, first_frame: int, *,
    angle: float, kind: int, top_ms: float,
) -> Bout:  # fmt: skip
    """An effort of a kind, long enough to reach its top speed and to hold it for a while."""
    low, high = PEAKS_MS[kind]
    peak_ms = float(random.uniform(low, min(high, top_ms)))
    hold_s = float(np.clip(random.gamma(2.6, 0.62), *HOLD_S[kind]))
    length_s = Acceleration().ramp_s(peak_ms) + hold_s
    return Bout(slot, first_frame, round(length_s * FRAMES_PER_S), angle, peak_ms, kind)
