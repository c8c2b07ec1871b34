"""One event as somebody posts it: checked, and brought into the one form that the log keeps."""

import hashlib
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, get_args

import msgspec

from touchline.errors import ContractError
from touchline.matches.live.refusing import kind, mistyped, must_be_shallow, refuse, shown

Action = Literal["insert", "amend", "cancel"]
Status = Literal["confirmed", "provisional", "cancelled"]

KNOWN_TYPES = (
    "goal", "own_goal", "shot", "pass", "cross", "carry", "take_on", "duel", "tackle", "interception",
    "clearance", "block", "recovery", "save", "foul", "offside", "card", "substitution", "corner",
    "free_kick", "throw_in", "goal_kick", "penalty", "period_start", "period_end", "ball_out", "var",
    "touch", "ball_receipt", "pressure", "miscontrol", "dispossessed", "dribbled_past", "foul_won",
    "goalkeeper", "shield", "error", "own_goal_for", "interruption", "injury_stoppage", "drop_ball",
    "line_up", "tactical_shift", "player_off", "player_on",
)  # fmt: skip

ENRICHED = frozenset({"season", "event_at", "event_timestamp", "event_type_timestamp", "version"})
"""What is added to an event where it is served: not a part of what was posted."""

PERIOD_STARTS_MIN: Mapping[int, int] = {1: 0, 2: 45, 3: 90, 4: 105, 5: 120}
"""The minute on the scoreboard at which each period begins; the fifth is the penalty shoot-out."""

_MOST_MINUTES = 60
_MATCH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,127}")
_TYPE = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?([Zz]|[+-]\d\d:?\d\d)"
)
_ID_LENGTH = 128
_REMEMBERED = 10_000
"""Ids and types come again and again: so many are checked once."""
MOST_EVENT_BYTES = 190_000
"""An event has at most so many as the log keeps it: quoted in a dead letter, DynamoDB still holds it."""

MOST_KNOWN_BYTES = 2 * MOST_EVENT_BYTES
"""And what is known of it, corrections and all, at most so many."""

_FIRST_YEAR, _LAST_YEAR = 1850, 9000
_MOST_SEQUENCE = 10**10


@dataclass(frozen=True)
class EventRule:
    """Which events are taken: of which types, and how far ahead of the clock; None is any time."""

    unknown_types: Literal["keep", "refuse"] = "keep"
    types: frozenset[str] = field(default_factory=lambda: frozenset(KNOWN_TYPES))
    max_ahead_s: float | None = 300.0


class Fields(msgspec.Struct, gc=False):
    """The fields that Touchline knows, of the types that they may have; all others are kept as they are."""

    match_id: str | int
    event_type: str | None = None
    event_id: str | int | None = None
    player_id: str | int | None = None
    team_id: str | int | None = None
    timestamp: str | None = None
    period: int | None = None
    minute: int | None = None
    second: float | None = None
    kick_off_at: str | None = None
    sequence: int | None = None
    action: Action = "insert"
    status: Status | None = None


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """An event that may go into the log: `value` is its one text there, `digest` that of what it says.

    `posted` is what it says, by field; `at` when it was, if it says so.
    """

    match_id: str
    event_id: str
    action: Action
    value: bytes
    digest: str
    posted: dict[str, Any]
    fields: Fields
    at: datetime | None


_ENCODER = msgspec.json.Encoder(order="deterministic")


def accepted(given: Any, rule: EventRule, now: datetime) -> Accepted:
    """The event, if it may go into the log; `given` is what its JSON says.

    An id is made for it where it has none.

    Raises:
        ContractError: It is no event, or a field of it is not what it may be; `facts["field"]` names it.
    """
    if type(given) is not dict:
        refuse("$", kind(given), "a JSON object")
    try:
        fields = msgspec.convert(given, Fields)
    except msgspec.ValidationError as exc:
        raise mistyped(exc, given, _CHOICES) from exc
    given = dict(given)
    if not ENRICHED.isdisjoint(given):
        given = {name: value for name, value in given.items() if name not in ENRICHED}
    given["match_id"] = _match_id(fields.match_id)
    given["event_id"] = _event_id(fields)
    if fields.player_id is not None:
        given["player_id"] = _text(fields.player_id, "player_id")
    if fields.team_id is not None:
        given["team_id"] = _text(fields.team_id, "team_id")
    if fields.event_type is not None:
        given["event_type"] = _type(fields.event_type, rule)
    happened = _time(fields, rule, now)
    sequence(fields)
    must_be_shallow(given)
    value = _ENCODER.encode(given)
    if len(value) > MOST_EVENT_BYTES:
        refuse("$", f"{len(value):,} bytes", f"at most {MOST_EVENT_BYTES:,}")
    digest = hashlib.blake2b(value, digest_size=12).hexdigest()
    return Accepted(
        given["match_id"], given["event_id"], fields.action, value, digest, given, fields, happened
    )


_CHOICES: Mapping[str, tuple[str, ...]] = {"action": get_args(Action), "status": get_args(Status)}


@lru_cache(_REMEMBERED)
def _match_id(value: str | int) -> str:
    text = str(value)
    if not _MATCH_ID.fullmatch(text) or ".." in text:
        refuse("$.match_id", shown(text), "1 to 128 letters, digits and . _ : + -, without '..'")
    return text


def is_match_id(value: object) -> bool:
    """Whether it may be the id of a match."""
    try:
        return type(value) in (str, int) and bool(_match_id(value))
    except ContractError:
        return False


def _event_id(fields: Fields) -> str:
    if fields.event_id is not None:
        return _text.__wrapped__(fields.event_id, "event_id")
    if fields.action != "insert":
        refuse("$.event_id", "nothing", f"the id of the event to {fields.action}")
    return f"{time.time_ns() // 1000:015x}-{secrets.token_hex(5)}"


@lru_cache(_REMEMBERED)
def _text(value: str | int, name: str) -> str:
    """An id as text: what is shown of it is escaped where it is shown."""
    text = str(value)
    if not text or len(text) > _ID_LENGTH or not text.isprintable():
        refuse(f"$.{name}", shown(text), f"1 to {_ID_LENGTH} characters that can be printed")
    return text


def _type(value: str, rule: EventRule) -> str:
    text = _word(value)
    if rule.unknown_types == "refuse" and text not in rule.types:
        refuse(
            "$.event_type",
            shown(value),
            f"one of {', '.join(sorted(rule.types))}",
            hint='matches.unknown_types = "keep" takes others, too',
        )
    return text


@lru_cache(_REMEMBERED)
def _word(value: str) -> str:
    text = value.strip().lower().replace(" ", "_")
    if not _TYPE.fullmatch(text):
        refuse("$.event_type", shown(value), "a word such as goal or free_kick")
    return text


# --- what and when it was ------------------------------------------------------------------------


def event_type(fields: Fields) -> str:
    """The type of an event.

    Raises:
        ContractError: It has none.
    """
    if fields.event_type is None:
        refuse("$.event_type", "nothing", "the type of the event, such as goal")
    return fields.event_type


def _time(fields: Fields, rule: EventRule, now: datetime) -> datetime | None:
    """When it was, if it says so, and that may be; a correction need not."""
    ahead = happened = None
    if fields.action == "insert":
        event_type(fields)
        ahead = happened = event_at(fields)
    elif fields.timestamp is not None:
        ahead = happened = instant(fields.timestamp, "$.timestamp")
    elif fields.kick_off_at is not None and rule.max_ahead_s is not None:
        ahead = _clock(fields)
    most = rule.max_ahead_s
    if ahead is not None and most is not None and ahead > now + timedelta(seconds=most):
        refuse("$.timestamp", ahead.isoformat(), f"not after {now.isoformat()}, the time here")
    return happened


def _clock(fields: Fields) -> datetime:
    """The instant of a correction's clock; what it does not say of it is as early as may be."""
    if fields.period is None or fields.minute is None:
        return instant(fields.kick_off_at or "", "$.kick_off_at")
    return event_at(fields)


def event_at(fields: Fields) -> datetime:
    """The instant of an event: its timestamp, else its clock counted from when its period began.

    Minutes are those on the scoreboard: the second period begins with minute 45.

    Raises:
        ContractError: It has neither, or they are not what they may be.
    """
    if fields.timestamp is not None:
        return instant(fields.timestamp, "$.timestamp")
    period, minute = fields.period, fields.minute
    if period is None or minute is None or fields.kick_off_at is None:
        clock = {"period": period, "minute": minute, "kick_off_at": fields.kick_off_at}
        absent = [name for name, value in clock.items() if value is None]
        refuse(
            "$.timestamp",
            f"none, and no {', '.join(absent)}",
            "an instant such as 2025-04-05T12:00:00Z,"
            " or period, minute, second and kick_off_at, the instant at which that period began",
        )
    begins = PERIOD_STARTS_MIN.get(period)
    if begins is None:
        refuse("$.period", shown(period), "1 to 5")
    second = fields.second or 0.0
    if not 0 <= second < 60:
        refuse("$.second", shown(second), "0 up to 60")
    if not begins <= minute <= begins + _MOST_MINUTES:
        span = f"{begins} to {begins + _MOST_MINUTES}"
        refuse("$.minute", shown(minute), f"{span} in period {period}, as on the scoreboard")
    began = instant(fields.kick_off_at, "$.kick_off_at")
    return began + timedelta(minutes=minute - begins, seconds=second)


def instant(text: str, place: str) -> datetime:
    """The instant that a text with a date, a time and a zone stands for, in UTC.

    Raises:
        ContractError: It is none; without a zone it could be any of 38.
    """
    if not _INSTANT.fullmatch(text):
        refuse(place, shown(text), "date, time and zone, such as 2025-04-05T12:00:00.250Z")
    try:
        found = datetime.fromisoformat(text.upper())
        if found.tzinfo is not UTC:
            found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        refuse(place, shown(text), "a day and a time that there are")
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        refuse(place, shown(text), f"a year from {_FIRST_YEAR} to {_LAST_YEAR}")
    return found


def sequence(fields: Fields) -> int:
    """The provider's own number of the event among those of the same instant; 0 where it gives none.

    Raises:
        ContractError: It is negative, or too large.
    """
    found = fields.sequence or 0
    if not 0 <= found < _MOST_SEQUENCE:
        refuse("$.sequence", shown(found), f"0 up to {_MOST_SEQUENCE}")
    return found
