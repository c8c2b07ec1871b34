"""What to simulate, and what comes out of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np

from touchline.errors import ConfigError
from touchline.tracking.simulate.arrays import randomness

Part = Literal["match", "tracking", "events", "phases"]

PARTS: tuple[Part, ...] = ("match", "tracking", "events", "phases")
FRAMES_PER_S = 10
REGULAR_MINUTES = 90.0
SHORTEST_MINUTES = 2.0


@dataclass(frozen=True)
class Faults:
    """What is wrong with the files, on request.

    `gap_s` takes all positions away for that long in the middle of period 1. `teleports` puts that
    many single-frame jumps of 8-30 m into random players' positions. `missing_file` is not written.
    `reissue` makes the match as it is sent a second time, with some numbers changed.
    """

    gap_s: float = 0.0
    teleports: int = 0
    missing_file: Part | None = None
    reissue: bool = False


@dataclass(frozen=True)
class MatchPlan:
    """One match to make up. The same plan gives the same bytes.

    `minutes` counts both halves together, without stoppage time.
    """

    match_id: int
    kick_off_at: datetime
    competition_id: int = 61
    seed: int = 1
    minutes: float = REGULAR_MINUTES
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        """Refuse a plan that cannot become a match."""
        if self.kick_off_at.tzinfo is None:
            raise ConfigError(f"kick_off_at: seen {self.kick_off_at}, expected a time zone")
        if self.minutes < SHORTEST_MINUTES:
            raise ConfigError(f"minutes: seen {self.minutes}, expected {SHORTEST_MINUTES} or more")
        if self.match_id < 0:
            raise ConfigError(f"match_id: seen {self.match_id}, expected 0 or more")
        if self.faults.gap_s < 0 or self.faults.teleports < 0:
            raise ConfigError(f"faults: seen {self.faults}, expected no negative number")
        if self.faults.missing_file not in (None, *PARTS):
            raise ConfigError(f"missing_file: seen {self.faults.missing_file}, expected {PARTS}")

    @property
    def scale(self) -> float:
        """Length against a full match."""
        return self.minutes / REGULAR_MINUTES

    def random(self, topic: str) -> np.random.Generator:
        """Random numbers of this match for a topic."""
        return randomness(self.seed, self.match_id, topic)


@dataclass(frozen=True)
class SimulatedMatch:
    """The provider's four files of a match, and the truth that was planted in them.

    Phases and events are CSV, tracking is JSONL, all in UTF-8.
    """

    match: dict[str, Any]
    tracking: bytes
    events: bytes
    phases: bytes
    truth: dict[str, Any]
