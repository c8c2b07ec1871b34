"""What is drawn of a match: the bar of minutes, the pitch, shares; `match.js` draws the same anew."""

import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from touchline.core.markup import Child, Markup, tag
from touchline.matches.live.event import PERIOD_STARTS_MIN
from touchline.matches.serve.glance import Glance, Timed, instant_of, said

LAST_S = 300
MOST_MARKS = 400
LONG_M, WIDE_M = 105.0, 68.0

_NOMINAL_MIN = {1: 45, 2: 45, 3: 15, 4: 15, 5: 5}
_NEAR, _LEVELS = 4.0, 2
_FIRST, _LAST = 2.0, 98.0
_EVERY_MIN = 15

Place = Callable[[int | None, float], float]
Segment = tuple[int | None, float, float, float]
"""A period of the bar: its number, its first minute, the minutes before it, and its minutes."""


# --- the bar of minutes -------------------------------------------------------------------------


def bar(found: Glance) -> Markup:
    """Goals, cards and substitutions over the minutes; the first team's above, the second's below."""
    segments = list(_segments(found))
    total = sum(length for _, _, _, length in segments)

    def place(period: int | None, minutes: float) -> float:
        at = next((s for s in segments if s[0] == period), segments[0])
        return _FIRST + (at[2] + minutes - at[1]) / total * (_LAST - _FIRST)

    marks: list[Child] = []
    taken: dict[str, list[float]] = {"one": [], "two": []}
    for each in found.moments:
        side = "two" if each.team in found.teams[1:] else "one"
        x = place(each.clock.period, each.clock.seconds / 60)
        marks.append(_moment(found, each, x, side=side, level=_level(taken[side], x)))
    return tag(
        "svg",
        tag("rect", x=_pct(_FIRST), y=46, width=_pct(_LAST - _FIRST), height=18, rx=4, class_="minutes"),
        [_ticks(segment, place) for segment in segments],
        marks,
        id="bar", height=110, role="img", aria_label="Goals, cards and substitutions over the minutes; listed below",
    )  # fmt: skip


def _segments(found: Glance) -> Iterator[Segment]:
    last: dict[int | None, float] = {}
    for each in found.valid:
        minutes = each.clock.seconds / 60
        last[each.clock.period] = max(last.get(each.clock.period, 0.0), minutes)
    begins = 0.0
    for period in sorted(last or {None: 0.0}, key=lambda p: p or 0):
        first = float(PERIOD_STARTS_MIN.get(period or 0, 0))
        length = max(
            float(_NOMINAL_MIN.get(period or 0, 90)), math.ceil(last.get(period, 0)) - first
        )
        yield period, first, begins, length
        begins += length


def _ticks(segment: Segment, place: Place) -> Child:
    period, first, _, length = segment
    found: list[Child] = []
    for minute in range(int(first), int(first + length), _EVERY_MIN):
        if minute > max(first, first + length - 5):
            break
        x = place(period, minute)
        is_first = minute == first
        found.append(tag("line", x1=_pct(x), x2=_pct(x), y1=46, y2=64, class_="edge" if is_first else "tick"))  # fmt: skip
        found.append(tag("text", str(minute), x=_pct(x), dx=4, y=59))
    return found


def _level(taken: list[float], x: float) -> int:
    """How far from the bar a mark lies, so that it covers no other; taken by it from now on."""
    level = next((n for n, end in enumerate(taken) if x - end >= _NEAR), len(taken))
    level = min(level, _LEVELS - 1)
    taken[level : level + 1] = [x]
    return level


def _moment(found: Glance, timed: Timed, x: float, *, side: str, level: int) -> Markup:
    y = 34 - 20 * level if side == "one" else 76 + 20 * level
    kind = sign(timed)
    shape = {
        "g": tag("circle", r=7),
        "b": tag("rect", x=-4, y=-6, width=8, height=12, rx="1.5"),
        "c": tag("path", d="M0-8 6-1H-6ZM0 8 6 1H-6Z"),
    }[kind[0]]
    gone = " cancelled" if timed.is_cancelled else ""
    title = tag("title", told_of(found, timed))
    return tag("svg", title, shape, x=_pct(x), y=y, class_=f"moment {kind} {side}{gone}")


def sign(timed: Timed) -> str:
    """The class of a type's sign; a card's has its colour."""
    if timed.kind == "card":
        told = f"{said(timed.event.get('card'))} {said(timed.event.get('outcome'))}".lower()
        return "booking red" if "red" in told else "booking yellow"
    return {"goal": "goal", "own_goal": "goal own", "substitution": "change"}.get(timed.kind, "dot")


def told_of(found: Glance, timed: Timed) -> str:
    """An event in words."""
    words = (
        timed.kind.replace("_", " "),
        said(timed.event.get("outcome")),
        found.player(timed.event),
        found.name(timed.team),
        "cancelled" if timed.is_cancelled else "",
    )
    return f"{timed.clock.minute} {', '.join(word for word in words if word)}"


# --- the pitch ----------------------------------------------------------------------------------


def pitch(found: Glance) -> Markup:
    """Goals and shots, and passes of the last minutes; the first team plays to the right."""
    valid = found.valid
    since = instant_of(valid[-1].event) - timedelta(seconds=LAST_S) if valid else None
    shown = [
        each
        for each in valid
        if each.team in found.teams
        and spot(each, "x_pct", "y_pct")
        and (kind_of(each) in ("goals", "shots") or _is_new_pass(each, since))
    ]
    marks = [mark(found, each) for each in shown[-MOST_MARKS:]]
    label = "Where events were: the first team plays to the right, the second to the left"
    return tag(
        "svg",
        tag("g", [_line(d) for d in _LINES], class_="chalk"),
        tag("g", marks, id="marks"),
        viewBox="-2 -2 109 72",
        role="img",
        aria_label=label,
        id="field",
    )


def ways(found: Glance) -> Markup:
    """Which team plays in which direction."""
    signs = ("▶", "one"), ("◀", "two")
    told = [
        tag("span", tag("i", sign, aria_hidden="true"), tag("span", found.name(team)), class_=side)
        for team, (sign, side) in zip(found.teams, signs, strict=False)
    ]
    return tag("p", told, id="ways")


_LINES = (
    "M0 0H105V68H0ZM52.5 0V68",
    "M61.65 34A9.15 9.15 0 1 1 43.35 34A9.15 9.15 0 1 1 61.65 34",
    "M0 13.84H16.5V54.16H0M0 24.84H5.5V43.16H0M0 30.34H-1.6V37.66H0M16.5 26.7A9.15 9.15 0 0 1 16.5 41.3",
    "M105 13.84H88.5V54.16H105M105 24.84H99.5V43.16H105M105 30.34H106.6V37.66H105M88.5 26.7A9.15 9.15 0 0 0 88.5 41.3",
)  # fmt: skip
"""The markings of a pitch of 105 m by 68 m. Source: Laws of the Game, Law 1."""


def _line(d: str) -> Markup:
    return tag("path", d=d)


def _is_new_pass(timed: Timed, since: datetime | None) -> bool:
    return kind_of(timed) == "passes" and since is not None and instant_of(timed.event) >= since


def kind_of(timed: Timed) -> str:
    """Which of the kinds that are shown or hidden together an event is of."""
    kinds = {"goal": "goals", "own_goal": "goals", "shot": "shots", "pass": "passes", "cross": "passes"}  # fmt: skip
    return kinds.get(timed.kind, "other")


def spot(timed: Timed, x: str, y: str) -> tuple[float, float] | None:
    """A place of an event in parts of a hundred, as its team sees the pitch; None where it has none."""
    found = [timed.event.get(name) for name in (x, y)]
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in found):
        return None
    along, across = (min(max(float(v), 0.0), 100.0) for v in found if v is not None)
    return along, across


def mark(found: Glance, timed: Timed) -> Markup:
    """An event on the pitch."""
    is_one = timed.team == found.teams[0]
    start = _metres(spot(timed, "x_pct", "y_pct"), is_one)
    end = _metres(spot(timed, "end_x_pct", "end_y_pct"), is_one)
    kind = kind_of(timed)
    size = {"goals": 1.9, "shots": 1.3, "passes": 0.5, "other": 0.7}[kind]
    x, y = start or (0.0, 0.0)
    to = f"M{x:.1f} {y:.1f}L{end[0]:.1f} {end[1]:.1f}" if end and kind != "goals" else None
    body = (
        tag("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=str(size))
        if is_one
        else tag("path", d=f"M{x:.1f} {y - size * 1.2:.1f}l{size * 1.2:.2f} {size * 1.2:.2f} {-size * 1.2:.2f} {size * 1.2:.2f} {-size * 1.2:.2f} {-size * 1.2:.2f}Z")
    )  # fmt: skip
    return tag(
        "g",
        tag("title", told_of(found, timed)),
        tag("path", d=to, class_="way") if to else None,
        body,
        class_=f"{kind} {'one' if is_one else 'two'}",
    )


def _metres(place: tuple[float, float] | None, is_one: bool) -> tuple[float, float] | None:
    if place is None:
        return None
    along, across = place if is_one else (100 - place[0], 100 - place[1])
    return along * LONG_M / 100, across * WIDE_M / 100


# --- shares -------------------------------------------------------------------------------------


def shares(one: int, two: int) -> Markup:
    """Two numbers as parts of a bar."""
    part = one / max(one + two, 1) * 100
    return tag(
        "svg",
        tag("rect", width=_pct(max(part - 0.4, 0)), height=5, rx=2, class_="one"),
        tag("rect", x=_pct(min(part + 0.4, 100)), width=_pct(max(99.6 - part, 0)), height=5, rx=2, class_="two"),
        class_="shares", height=5, aria_hidden="true",
    )  # fmt: skip


def _pct(value: float) -> str:
    return f"{value:.2f}%"
