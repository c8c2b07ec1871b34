"""Wyscout events, version 2: a name, a finer name, and tags by number."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from touchline.errors import ContractError
from touchline.matches.source.clock import on_the_clock

PERIODS: Mapping[str, int] = {"1H": 1, "2H": 2, "E1": 3, "E2": 4, "P": 5}
_SHOOT_OUT = 5

_TYPES: Mapping[str, str] = {
    "Pass": "pass",
    "Shot": "shot",
    "Duel": "duel",
    "Foul": "foul",
    "Offside": "offside",
    "Save attempt": "save",
    "Goalkeeper leaving line": "goalkeeper",
    "Interruption": "interruption",
    "Others on the ball": "touch",
    "Free Kick": "free_kick",
}
_FINER: Mapping[str, str] = {
    "Cross": "cross",
    "Corner": "corner",
    "Free kick shot": "shot",
    "Goal kick": "goal_kick",
    "Penalty": "penalty",
    "Throw in": "throw_in",
    "Acceleration": "carry",
    "Clearance": "clearance",
    "Ball out of the field": "ball_out",
}

_GOAL, _OWN_GOAL, _ACCURATE, _INACCURATE = 101, 102, 1801, 1802
TAGS: Mapping[int, str] = {
    _GOAL: "goal", _OWN_GOAL: "own_goal", 201: "opportunity", 301: "assist", 302: "key_pass",
    401: "left_foot", 402: "right_foot", 403: "head_or_body",
    501: "free_space_right", 502: "free_space_left", 503: "take_on_left", 504: "take_on_right",
    601: "anticipated", 602: "anticipation", 701: "lost", 702: "neutral", 703: "won",
    801: "high", 802: "low", 901: "through", 1001: "fair_play", 1101: "direct", 1102: "indirect",
    1201: "goal_low_centre", 1202: "goal_low_right", 1203: "goal_centre", 1204: "goal_centre_left",
    1205: "goal_low_left", 1206: "goal_centre_right", 1207: "goal_high_centre",
    1208: "goal_high_left", 1209: "goal_high_right",
    1210: "out_low_right", 1211: "out_centre_left", 1212: "out_low_left", 1213: "out_centre_right",
    1214: "out_high_centre", 1215: "out_high_left", 1216: "out_high_right",
    1217: "post_low_right", 1218: "post_centre_left", 1219: "post_low_left",
    1220: "post_centre_right", 1221: "post_high_centre", 1222: "post_high_left",
    1223: "post_high_right", 1301: "feint", 1302: "missed_ball", 1401: "interception",
    1501: "clearance", 1601: "sliding_tackle", 1701: "red_card", 1702: "yellow_card",
    1703: "second_yellow_card", _ACCURATE: "accurate", _INACCURATE: "inaccurate",
    1901: "counter_attack", 2001: "dangerous_ball_lost", 2101: "blocked",
}  # fmt: skip
_CARDS: Mapping[int, str] = {1701: "red", 1702: "yellow", 1703: "second_yellow"}
_BODY_PARTS = (401, 402, 403)
_OUTCOMES = (701, 702, 703)

_NOWHERE = {(0, 0), (100, 100)}
"""Corners of the pitch that stand for a place that was not collected."""


class _Tag(msgspec.Struct, gc=False):
    id: int


class _Position(msgspec.Struct, gc=False):
    x: float
    y: float


class _Event(msgspec.Struct, rename="camel", gc=False):
    id: int
    match_id: int | str
    match_period: str
    event_sec: float
    event_name: str
    sub_event_name: str | None = None
    team_id: int | None = None
    player_id: int | None = None
    tags: list[_Tag] = []
    positions: list[_Position] = []


def is_one(given: Any) -> bool:
    """Whether it is an event of this provider."""
    return isinstance(given, dict) and {"matchPeriod", "eventSec", "matchId"} <= given.keys()


def event(given: Any, number: int) -> dict[str, Any]:
    """The event as it is posted; `number` is its place among those of its match.

    Raises:
        ContractError: It has not the form of one.
    """
    try:
        found = msgspec.convert(given, _Event)
    except msgspec.ValidationError as exc:
        raise ContractError(str(exc)) from exc
    period = PERIODS.get(found.match_period)
    if period is None:
        raise ContractError(f"matchPeriod {found.match_period!r}, expected {', '.join(PERIODS)}")
    tags = [tag.id for tag in found.tags]
    kind = _type(found, set(tags), period)
    said: dict[str, Any] = {
        "match_id": str(found.match_id),
        "event_id": str(found.id),
        "event_type": kind,
        "team_id": str(found.team_id) if found.team_id else None,
        "player_id": str(found.player_id) if found.player_id else None,
        **on_the_clock(period, found.event_sec),
        "sequence": number,
        "sub_type": _snake(found.sub_event_name or "") or None,
        "outcome": _first(tags, _OUTCOMES) or ("goal" if kind == "penalty" and _GOAL in tags else None),
        "accurate": True if _ACCURATE in tags else False if _INACCURATE in tags else None,
        "body_part": _first(tags, _BODY_PARTS),
        "card": next((_CARDS[tag] for tag in tags if tag in _CARDS), None),
        "tags": [TAGS.get(tag, str(tag)) for tag in tags] or None,
        **_places(found, kind),
        "provider": "wyscout",
    }  # fmt: skip
    return {name: value for name, value in said.items() if value is not None}


def _type(found: _Event, tags: set[int], period: int) -> str:
    """Its type. Goal and own goal are tags; a save has them, too, of the shot that it did not stop."""
    kind = _FINER.get(found.sub_event_name or "") or _TYPES.get(found.event_name)
    kind = kind or _snake(found.event_name) or "other"
    if kind in ("save", "goalkeeper"):
        return kind
    if _OWN_GOAL in tags:
        return "own_goal"
    if _GOAL in tags and found.event_name in ("Shot", "Free Kick") and period != _SHOOT_OUT:
        return "goal"
    return kind


def _places(found: _Event, kind: str) -> dict[str, float | None]:
    """Where it began and ended; where a shot went is not told but by its tags."""
    places = [(p.x, p.y) for p in found.positions[:2]]
    told = [p if p not in _NOWHERE or (kind == "corner" and not n) else None for n, p in enumerate(places)]  # fmt: skip
    (x, y), (end_x, end_y) = [p or (None, None) for p in (*told, None, None)[:2]]
    return {"x_pct": x, "y_pct": y, "end_x_pct": end_x, "end_y_pct": end_y}


def _first(tags: list[int], of: tuple[int, ...]) -> str | None:
    return next((TAGS[tag] for tag in tags if tag in of), None)


def _snake(text: str) -> str:
    return text.strip().lower().replace(" ", "_")


# --- when matches began -------------------------------------------------------------------------


class _Match(msgspec.Struct, gc=False):
    wyId: int  # noqa: N815 (the provider's word)
    dateutc: str


def is_match(given: Any) -> bool:
    """Whether it is one of the provider's list of matches."""
    return isinstance(given, dict) and {"wyId", "dateutc"} <= given.keys()


def kick_off(given: Any) -> tuple[str, datetime]:
    """A match's id, and when it kicked off.

    Raises:
        ContractError: It has not the form of one.
    """
    try:
        found = msgspec.convert(given, _Match)
        return str(found.wyId), datetime.fromisoformat(found.dateutc).replace(tzinfo=UTC)
    except ValueError as exc:
        raise ContractError(str(exc)) from exc
