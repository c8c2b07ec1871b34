"""Every table of tracking: silver as the provider says it, gold as people ask for it."""

from touchline.tracking.contracts.events import PLAYER_PRESSING, PLAYER_RUNS
from touchline.tracking.contracts.metrics import PLAYER_METRICS
from touchline.tracking.contracts.physical import PLAYER_PHYSICAL, PLAYER_SPRINTS, SPRINTS
from touchline.tracking.contracts.silver import BALL, EVENTS, FRAMES, MATCHES, PHASES, PLAYERS

SILVER = (MATCHES, PLAYERS, FRAMES, BALL, EVENTS, PHASES)
GOLD = (SPRINTS, PLAYER_SPRINTS, PLAYER_PHYSICAL, PLAYER_RUNS, PLAYER_PRESSING, PLAYER_METRICS)

__all__ = [
    "BALL",
    "EVENTS",
    "FRAMES",
    "GOLD",
    "MATCHES",
    "PHASES",
    "PLAYERS",
    "PLAYER_METRICS",
    "PLAYER_PHYSICAL",
    "PLAYER_PRESSING",
    "PLAYER_RUNS",
    "PLAYER_SPRINTS",
    "SILVER",
    "SPRINTS",
]
