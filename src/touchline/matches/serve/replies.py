"""What answers look like: their fields, as they are documented and held to."""

from datetime import datetime
from typing import Literal

import msgspec

from touchline.matches.contracts import COUNTS
from touchline.matches.live.event import Status


class Posted(msgspec.Struct, frozen=True):
    """The event is durable: in the log, flushed to the disk. Source: design 003."""

    message: str
    event_id: str


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it stands, with what was posted and what was added to it; other fields are kept."""

    event_id: str
    match_id: str
    event_type: str
    team_id: str | None = None
    player_id: str | None = None
    event_at: str
    season: str
    status: Status
    version: int
    event_timestamp: str
    event_type_timestamp: str


class Events(msgspec.Struct, frozen=True):
    """A page of a match's events, in the order in which they happened, and how many there are in all."""

    match_id: str
    event_count: int
    events: list[Event]
    next: str | None


class Goals(msgspec.Struct, frozen=True):
    """A page of a match's goals, and how many there are in all."""

    match_id: str
    total_goals: int
    goals: list[Event]
    next: str | None


class Passes(msgspec.Struct, frozen=True):
    """A page of a match's passes, and how many there are in all."""

    match_id: str
    total_passes: int
    passes: list[Event]
    next: str | None


_NUMBERS = [("events", int), *((name, int) for name in COUNTS)]
TeamStats = msgspec.defstruct(
    "TeamStats",
    [("team_id", str | None), *_NUMBERS],
    namespace={"__doc__": "A team's events, by type; null for events that name none."},
    module=__name__,
)
PlayerStats = msgspec.defstruct(
    "PlayerStats",
    [("team_id", str | None), ("player_id", str), *_NUMBERS],
    namespace={"__doc__": "A player's events, by type."},
    module=__name__,
)


class Stats(msgspec.Struct, frozen=True):
    """How many events of each type each team and each player has; cancelled ones are not counted."""

    match_id: str
    teams: list[TeamStats]  # type: ignore[valid-type]
    players: list[PlayerStats]  # type: ignore[valid-type]


class MatchRow(msgspec.Struct, frozen=True):
    """A match: when its first and last events were, and when something last came."""

    match_id: str
    season: str
    first_event_at: datetime
    last_event_at: datetime
    changed_at: datetime


class Matches(msgspec.Struct, frozen=True):
    """A page of matches, the first to begin first."""

    matches: list[MatchRow]
    next: str | None


class DeadLetter(msgspec.Struct, frozen=True):
    """A record that could not be used, or a correction that waits: why, and the record as it came."""

    state: Literal["dead", "waiting"]
    reason: str
    hint: str
    match_id: str
    event_id: str
    lane: int
    offset: int
    record: str


class DeadLetters(msgspec.Struct, frozen=True):
    """A page of records that could not be used."""

    dead_letters: list[DeadLetter]
    next: str | None
