"""A match at a glance: its teams, score, clock, moments and counts, from its events.

What the page of a match shows before its script is at work; `match.js` computes the same anew.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from touchline.core.ports import ServingStore
from touchline.matches.live import EVENTS
from touchline.matches.live.event import KNOWN_TYPES, PERIOD_STARTS_MIN

Event = Mapping[str, Any]

GOALS = ("goal", "own_goal")
MOMENTS = (*GOALS, "card", "substitution")
"""The types that a timeline has."""

SHOOT_OUT = 5
"""The period whose goals are no goals of the match."""

_ALL = 10_000_000
_LAST_MIN: Mapping[int, int] = {1: 45, 2: 90, 3: 105, 4: 120}
_MOST_MIN = 200
_LONGEST = 128


@dataclass(frozen=True)
class Clock:
    """When an event was: seconds on the scoreboard, in a period where one is known."""

    period: int | None
    seconds: float

    @property
    def minute(self) -> str:
        """The minute as it is called: 12', or 45+2' once a period's own minutes are over."""
        minute = int(self.seconds // 60) + 1
        last = _LAST_MIN.get(self.period or 0, _MOST_MIN * _MOST_MIN)
        if self.period == SHOOT_OUT:
            return "shoot-out"
        return f"{last}+{minute - last}'" if minute > last else f"{minute}'"

    def __str__(self) -> str:
        whole = int(self.seconds)
        return f"{whole // 60}:{whole % 60:02d}"


@dataclass(frozen=True)
class Timed:
    """An event and when it was."""

    event: Event
    clock: Clock

    @property
    def kind(self) -> str:
        """Its type."""
        return str(self.event.get("event_type") or "")

    @property
    def team(self) -> str:
        """The id of its team; "" where it has none."""
        return str(self.event.get("team_id") or "")

    @property
    def is_cancelled(self) -> bool:
        """Whether it did not happen after all."""
        return bool(self.event.get("status") == "cancelled")


@dataclass(frozen=True)
class Glance:
    """A match's events in order, cancelled ones too, and what they come to."""

    events: Sequence[Timed]
    teams: tuple[str, ...]
    names: Mapping[str, str]
    score: tuple[int, ...]
    shoot_out: tuple[int, ...]
    counts: Mapping[str, tuple[int, ...]]

    @property
    def moments(self) -> list[Timed]:
        """Goals, cards and substitutions."""
        return [timed for timed in self.events if timed.kind in MOMENTS]

    @property
    def valid(self) -> list[Timed]:
        """What happened, as far as is known."""
        return [timed for timed in self.events if not timed.is_cancelled]

    def name(self, team: str) -> str:
        """What a team is called."""
        return self.names.get(f"team {team}", team)

    def player(self, event: Event) -> str:
        """What the player of an event is called; "" where it has none."""
        player = str(event.get("player_id") or "")
        return self.names.get(f"player {player}", player)


def known(store: ServingStore, match_id: str) -> list[Event]:
    """Every event of the match as it stands, in order, cancelled ones too."""
    last = {v.id: v for v in store.changes(EVENTS, match_id, after=-1, limit=_ALL)}
    ordered = sorted(last.values(), key=lambda v: v.order)
    return [msgspec.json.decode(v.body) for v in ordered]


def glance(events: Sequence[Event]) -> Glance:
    """The match of these events, which are in order."""
    timed = list(clocked(events))
    valid = [each for each in timed if not each.is_cancelled]
    teams = sides(valid)
    return Glance(
        timed,
        teams,
        names(events),
        score((each for each in valid if each.clock.period != SHOOT_OUT), teams),
        score((each for each in valid if each.clock.period == SHOOT_OUT), teams),
        counts(valid, teams),
    )


def clocked(events: Iterable[Event]) -> Iterable[Timed]:
    """Each event with its clock; one without goes by the last that had one, or by the first of all."""
    base: tuple[datetime, Clock] | None = None
    for event in events:
        at = instant_of(event)
        own = _own(event)
        if own is not None or base is None:
            base = (at, own or Clock(None, 0.0))
        since = (at - base[0]).total_seconds()
        yield Timed(event, own or Clock(base[1].period, base[1].seconds + since))


def instant_of(event: Event) -> datetime:
    """When the event was, to the millisecond: browsers know no shorter time."""
    at = datetime.fromisoformat(event["event_at"])
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _own(event: Event) -> Clock | None:
    """The clock that the event itself tells."""
    period, minute, second = event.get("period"), event.get("minute"), event.get("second") or 0
    if minute is None or not 0 <= minute <= _MOST_MIN:
        return None
    is_known = period in PERIOD_STARTS_MIN
    return Clock(period if is_known else None, minute * 60 + min(max(second, 0), 59.999))


def sides(events: Sequence[Timed]) -> tuple[str, ...]:
    """The two teams with most events, that of `home_team_id` first, else by their ids."""
    found = Counter(each.team for each in events if each.team)
    home = {said(each.event.get("home_team_id")) for each in events} - {""}
    most = sorted(found, key=lambda team: (-found[team], team))[:2]
    return tuple(sorted(most, key=lambda team: (team not in home, team)))


def names(events: Iterable[Event]) -> Mapping[str, str]:
    """What teams and players are called, by `team ID` and `player ID`: as they were called last."""
    found: dict[str, str] = {}
    for event in events:
        for what in ("team", "player"):
            if event.get(f"{what}_id") and (name := said(event.get(f"{what}_name"))):
                found[f"{what} {event[f'{what}_id']}"] = name
    return found


def score(events: Iterable[Timed], teams: Sequence[str]) -> tuple[int, ...]:
    """Goals of each team; an own goal is the other one's."""
    goals = Counter((each.kind, each.team) for each in events if each.kind in GOALS)
    own = sum(count for (kind, _), count in goals.items() if kind == "own_goal")
    return tuple(goals["goal", team] + own - goals["own_goal", team] for team in teams)


def counts(events: Iterable[Timed], teams: Sequence[str]) -> Mapping[str, tuple[int, ...]]:
    """How many events of each type each team has; types that Touchline knows first."""
    found = Counter((each.kind, each.team) for each in events if each.team in teams)
    order = {kind: at for at, kind in enumerate(KNOWN_TYPES)}
    kinds = sorted({kind for kind, _ in found}, key=lambda kind: (order.get(kind, 99), kind))
    return {kind: tuple(found[kind, team] for team in teams) for kind in kinds}


def said(value: Any) -> str:
    """A text or a number as text; of anything else nothing is said."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value)[:_LONGEST]
