"""Bronze -> matches, players, frames, ball, events, phases: typed, one grain each."""

from touchline.tracking.silver.match import MatchRule, matches, players
from touchline.tracking.silver.tables import EVENT_COLUMNS, PHASE_COLUMNS, events, phases
from touchline.tracking.silver.tracking import FrameRule, ball, frames

__all__ = [
    "EVENT_COLUMNS",
    "PHASE_COLUMNS",
    "FrameRule",
    "MatchRule",
    "ball",
    "events",
    "frames",
    "matches",
    "phases",
    "players",
]
