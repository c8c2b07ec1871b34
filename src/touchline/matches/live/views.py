"""What is served of matches: events in order, matches by when they began, and what cannot be used."""

from datetime import datetime

import msgspec

from touchline.core.ports import View

_SHOWN_AS = ("match_id", "event_timestamp", "event_type_timestamp")
EVENTS = View("match_events", ("event_type", "team_id", "player_id"), _SHOWN_AS)
MATCHES = View("matches", ("season",))
DEAD = View("dead_letters", ("reason",))
VIEWS = (EVENTS, MATCHES, DEAD)

ALL = "all"
"""The key of every row of MATCHES, and of every dead letter that nobody has seen to."""

TOPIC = "match-events"
"""The topic of the log that match events are in, under the id of their match."""

NO_MATCH = "no-match"
"""Stands for the match of records whose key can be none; all of them are rejected."""

WAITING = "waiting"
"""The key of corrections whose event has not come; they take effect when it does.

Those of one event are several rows of one id.
"""


class Match(msgspec.Struct, frozen=True):
    """What MATCHES has of a match: when its events were, and the last record that was of it."""

    match_id: str
    season: str
    first_event_at: datetime
    last_event_at: datetime
    changed_at: datetime
    offset: int


class Letter(msgspec.Struct, frozen=True):
    """A record that could not be used: why, where it lay in the log, and the record itself."""

    reason: str
    hint: str
    match_id: str
    event_id: str
    lane: int
    offset: int
    record: str


def season(at: datetime) -> str:
    """The season of an instant, such as 2024/2025; it begins in August. Source: design 003."""
    first = at.year if at.month >= 8 else at.year - 1
    return f"{first}/{first + 1}"


def waiting_id(match_id: str, event_id: str) -> str:
    """The id of what waits for an event; no match's id has a blank."""
    return f"{match_id} {event_id}"


def letter_order(lane: int, offset: int) -> str:
    """Where a letter stands among others: where its record lay in the log."""
    return f"{lane:06d}#{offset:020d}"
