"""StatsBomb events, as in its open data: one file a match, each event with details of its own type."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from touchline.errors import ContractError
from touchline.matches.source.clock import on_the_clock

_SHOOT_OUT = 5
_LONG_UNITS, _WIDE_UNITS = 120, 80
"""The pitch, in the provider's units, whatever its size."""

_TYPES: Mapping[str, str] = {
    "Dribble": "take_on",
    "50/50": "duel",
    "Ball Recovery": "recovery",
    "Ball Receipt*": "ball_receipt",
    "Goal Keeper": "goalkeeper",
    "Foul Committed": "foul",
    "Bad Behaviour": "card",
    "Half Start": "period_start",
    "Half End": "period_end",
    "Own Goal Against": "own_goal",
    "Starting XI": "line_up",
    "Referee Ball-Drop": "drop_ball",
}
_FINER: Mapping[str, Mapping[str, str]] = {
    "pass": {
        "corner": "corner",
        "free_kick": "free_kick",
        "goal_kick": "goal_kick",
        "throw_in": "throw_in",
    },
    "shot": {"penalty": "penalty"},
    "duel": {"tackle": "tackle"},
    "goalkeeper": {
        "shot_saved": "save",
        "shot_saved_to_post": "save",
        "shot_saved_off_target": "save",
        "penalty_saved": "save",
        "penalty_saved_to_post": "save",
        "saved_to_post": "save",
    },
}
_DETAILS: Mapping[str, str] = {
    "Ball Receipt*": "ball_receipt",
    "Goal Keeper": "goalkeeper",
    "Starting XI": "tactics",
    "Tactical Shift": "tactics",
}
_NAMES: Mapping[str, str] = {
    "type": "sub_type",
    "recipient": "recipient_id",
    "replacement": "player_on_id",
    "statsbomb_xg": "xg",
    "length": "length_yd",
    "angle": "angle_rad",
}
_CLOCK = re.compile(r"(\d{2}):([0-5]\d):([0-5]\d(?:\.\d+)?)")


class _Named(msgspec.Struct, gc=False):
    id: int
    name: str = ""


class _Event(msgspec.Struct, gc=False):
    id: str
    index: int
    period: int
    timestamp: str
    type: _Named
    team: _Named | None = None
    player: _Named | None = None
    position: _Named | None = None
    play_pattern: _Named | None = None
    location: list[float] | None = None
    duration: float | None = None
    possession: int | None = None
    under_pressure: bool | None = None
    counterpress: bool | None = None
    out: bool | None = None
    related_events: list[str] | None = None


def is_one(given: Any) -> bool:
    """Whether it is an event of this provider."""
    if not isinstance(given, dict) or not {"index", "period", "timestamp"} <= given.keys():
        return False
    return isinstance(given.get("type"), dict) and "name" in given["type"]


def event(given: Any, match_id: str) -> dict[str, Any]:
    """The event as it is posted; which match it is of, only the name of its file says.

    Raises:
        ContractError: It has not the form of one.
    """
    try:
        found = msgspec.convert(given, _Event)
        details = dict(_details(_own(given, found.type.name)))
    except msgspec.ValidationError as exc:
        raise ContractError(str(exc)) from exc
    clock = _CLOCK.fullmatch(found.timestamp)
    if clock is None:
        raise ContractError(f"timestamp {found.timestamp!r}, expected one such as 00:05:09.168")
    hours, minutes, seconds = clock.groups()
    kind = _type(found, details)
    if found.type.name == "Pass":
        details["accurate"] = "outcome" not in details
    said: dict[str, Any] = {
        "match_id": match_id,
        "event_id": found.id,
        "event_type": kind,
        "team_id": str(found.team.id) if found.team else None,
        "player_id": str(found.player.id) if found.player else None,
        **on_the_clock(found.period, int(hours) * 3600 + int(minutes) * 60 + float(seconds)),
        "sequence": found.index,
        **_place(found.location, ""),
        **details,
        "duration_s": found.duration,
        "possession": found.possession,
        "play_pattern": _snake(found.play_pattern.name) if found.play_pattern else None,
        "position": _snake(found.position.name) if found.position else None,
        "under_pressure": found.under_pressure,
        "counterpress": found.counterpress,
        "out": found.out,
        "related_event_ids": found.related_events,
        "team_name": found.team.name if found.team else None,
        "player_name": found.player.name if found.player else None,
        "provider": "statsbomb",
    }
    return {name: value for name, value in said.items() if value is not None}


def _type(found: _Event, details: Mapping[str, Any]) -> str:
    """Its type: a shot with the outcome Goal is one, but for the kicks of a shoot-out."""
    kind = _TYPES.get(found.type.name) or _snake(found.type.name)
    if kind == "shot" and details.get("outcome") == "goal" and found.period != _SHOOT_OUT:
        return "goal"
    if kind == "pass" and details.get("cross") is True and "sub_type" not in details:
        return "cross"
    return _FINER.get(kind, {}).get(details.get("sub_type", ""), kind)


def _own(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The details that events of this type have, under a key of its name."""
    own = given.get(_DETAILS.get(name) or _snake(name))
    return own if isinstance(own, dict) else {}


def _details(own: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Details under names with units; lists of players, but for a line-up, stay in the file."""
    for name, value in own.items():
        match value:
            case {"id": int(number)} if name in ("recipient", "replacement"):
                yield _NAMES[name], str(number)
            case {"name": str(word)} if name == "card":
                yield "card", _snake(word).removesuffix("_card")
            case {"name": str(word)}:
                yield _NAMES.get(name, name), _snake(word)
            case [*numbers] if name == "end_location":
                yield from _place(msgspec.convert(numbers, list[float]), "end_").items()
            case [*players] if name == "lineup":
                yield "line_up_player_ids", [str(p["player"]["id"]) for p in players if _is_player(p)]  # fmt: skip
            case bool() | int() | float() | str():
                yield _NAMES.get(name, name), value


def _is_player(given: Any) -> bool:
    return isinstance(given, dict) and isinstance(given.get("player"), dict) and "id" in given["player"]  # fmt: skip


def _place(location: list[float] | None, prefix: str) -> dict[str, float]:
    """The place, in percent of the pitch from the acting team's left."""
    if location is None or len(location) < 2:
        return {}
    x, y = location[0] / _LONG_UNITS, location[1] / _WIDE_UNITS
    return {f"{prefix}x_pct": round(100 * x, 2), f"{prefix}y_pct": round(100 * y, 2)}


def _snake(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
