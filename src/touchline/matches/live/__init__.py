"""Events as they come: checked where they enter, folded into what is known of each match."""

from touchline.core.stream import Stream
from touchline.matches.live.event import MOST_EVENT_BYTES, Accepted, EventRule, accepted
from touchline.matches.live.fold import fold
from touchline.matches.live.views import (
    ALL,
    DEAD,
    EVENTS,
    MATCHES,
    NO_MATCH,
    TOPIC,
    VIEWS,
    WAITING,
    Letter,
    Match,
)

STREAM = Stream(TOPIC, VIEWS, fold)

__all__ = [
    "ALL",
    "DEAD",
    "EVENTS",
    "MATCHES",
    "MOST_EVENT_BYTES",
    "NO_MATCH",
    "STREAM",
    "TOPIC",
    "VIEWS",
    "WAITING",
    "Accepted",
    "EventRule",
    "Letter",
    "Match",
    "accepted",
    "fold",
]
