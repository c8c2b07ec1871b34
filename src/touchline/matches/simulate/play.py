"""A made-up match: who has the ball, what happens next, and when."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from touchline.matches.live.event import PERIOD_STARTS_MIN

Event = dict[str, Any]

ON_THE_PITCH, SQUAD = 11, 18
_HALF_S, _BREAK_S = 45 * 60, 15 * 60
_MEAN_GAP_S = 3.5
_AFTER_GOAL_S = (35, 75)

_NEXT = {
    "pass": 62, "carry": 8, "duel": 14, "take_on": 2, "clearance": 3, "interception": 3,
    "recovery": 3, "foul": 1.7, "throw_in": 2.8, "offside": 0.25, "goal_kick": 1, "corner": 0.7,
}  # fmt: skip
"""What happens where no shot is taken: weights."""

_TURNS = {"clearance", "interception", "foul", "offside", "goal_kick"}
"""After these the other side has the ball."""

_SHOT_FROM_PCT, _SHOT_SHARE, _CROSS_SHARE = 82, 0.075, 0.08
_GOAL_SHARE, _OWN_GOAL_SHARE, _SAVED_SHARE = 0.09, 0.004, 0.35
_CARD_SHARE, _RED_SHARE = 0.14, 0.04
_ACCURATE_SHARE = 0.82


@dataclass(frozen=True)
class Plan:
    """A match to be made up: the ids of its teams are its own with 1 and 2 behind it."""

    match_id: int
    kick_off_at: datetime
    seed: int = 1

    @property
    def teams(self) -> tuple[str, str]:
        """Ids of the home team and of the other."""
        return f"{self.match_id}1", f"{self.match_id}2"


@dataclass(eq=False)
class _Play:
    """The match as it stands: the clock of the period, the ball, who is on the pitch."""

    plan: Plan
    dice: random.Random
    on: dict[str, list[str]]
    bench: dict[str, list[str]]
    period: int = 1
    began_at: datetime = field(default_factory=datetime.now)
    clock_s: float = 0.0
    team: str = ""
    x: float = 50.0
    y: float = 50.0
    number: int = 0

    @property
    def other(self) -> str:
        """The side that has not the ball."""
        home, away = self.plan.teams
        return away if self.team == home else home

    def turn(self) -> None:
        """The other side has the ball: places are from the left of who acts."""
        self.team = self.other
        self.x, self.y = 100 - self.x, 100 - self.y

    def event(self, kind: str, **more: Any) -> Event:
        """An event of the side with the ball, unless `more` says otherwise."""
        self.number += 1
        ms = round(self.clock_s * 1000)
        at = self.began_at + timedelta(milliseconds=ms)
        minutes, left = divmod(ms, 60_000)
        said = {
            "match_id": str(self.plan.match_id),
            "event_id": f"{self.plan.match_id}-{self.number:05d}",
            "event_type": kind,
            "team_id": self.team,
            "player_id": self.dice.choice(self.on[self.team]),
            "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "period": self.period,
            "minute": PERIOD_STARTS_MIN[self.period] + minutes,
            "second": left / 1000,
            "sequence": self.number,
            "x_pct": round(self.x, 1),
            "y_pct": round(self.y, 1),
            **more,
        }
        return {name: value for name, value in said.items() if value is not None}


def play(plan: Plan) -> list[Event]:
    """The events of the match in the order in which they happened; the same seed, the same match."""
    dice = random.Random(f"{plan.seed} {plan.match_id}")  # noqa: S311 (made-up data)
    squads = {t: [f"{t}{n:02d}" for n in range(1, SQUAD + 1)] for t in plan.teams}
    on = {t: players[:ON_THE_PITCH] for t, players in squads.items()}
    bench = {t: players[ON_THE_PITCH:] for t, players in squads.items()}
    now = _Play(plan, dice, on, bench, began_at=plan.kick_off_at, team=plan.teams[0])
    events = list(_half(now))
    now.began_at += timedelta(seconds=round(now.clock_s) + _BREAK_S)
    now.period, now.team = 2, plan.teams[1]
    return [*events, *_half(now)]


def _half(now: _Play) -> Iterator[Event]:
    now.clock_s, now.x, now.y = 0.0, 50.0, 50.0
    yield now.event("period_start", player_id=None)
    ends_s = _HALF_S + now.dice.uniform(60, 360)
    changes = sorted(now.dice.uniform(60, _HALF_S) for _ in range(8)) if now.period == 2 else []
    while now.clock_s < ends_s:
        while changes and now.clock_s > changes[0]:
            changes.pop(0)
            yield from _substitution(now)
        yield from _next(now)
        now.clock_s += 0.4 + now.dice.expovariate(1 / (_MEAN_GAP_S - 0.4))
    yield now.event("period_end", player_id=None, x_pct=None, y_pct=None)


def _next(now: _Play) -> Iterator[Event]:
    """What happens next, and the ball is where it went."""
    chance = now.dice.random()
    if now.x > _SHOT_FROM_PCT and chance < _SHOT_SHARE:
        yield from _shot(now)
    elif now.x > _SHOT_FROM_PCT and chance < _SHOT_SHARE + _CROSS_SHARE:
        yield _pass(now, "cross")
    else:
        kind = now.dice.choices(list(_NEXT), list(_NEXT.values()))[0]
        yield from _other(now, kind)


def _other(now: _Play, kind: str) -> Iterator[Event]:
    if kind == "corner":
        now.x, now.y = 100.0, now.dice.choice([0.0, 100.0])
    elif kind == "throw_in":
        now.y = now.dice.choice([0.0, 100.0])
    elif kind == "goal_kick":
        now.turn()
        now.x, now.y = 5.0, 50.0
    if kind in ("pass", "throw_in", "corner"):
        yield _pass(now, kind)
        return
    event = now.event(kind)
    yield event
    if kind == "foul" and now.dice.random() < _CARD_SHARE:
        now.clock_s += now.dice.uniform(8, 30)
        card = "red" if now.dice.random() < _RED_SHARE else "yellow"
        yield now.event("card", player_id=event["player_id"], card=card)
        if card == "red":
            now.on[now.team] = [p for p in now.on[now.team] if p != event["player_id"]]
    if kind in _TURNS or (kind == "duel" and now.dice.random() < 0.5):
        now.turn()
    now.x, now.y = _moved(now, now.x, 6.0), _moved(now, now.y, 8.0)


def _pass(now: _Play, kind: str) -> Event:
    ahead = now.dice.gauss(3.0, 13.0)
    end_x, end_y = min(max(now.x + ahead, 1.0), 99.0), _moved(now, now.y, 16.0)
    accurate = now.dice.random() < _ACCURATE_SHARE
    event = now.event(kind, end_x_pct=round(end_x, 1), end_y_pct=round(end_y, 1), accurate=accurate)
    now.x, now.y = end_x, end_y
    if not accurate:
        now.turn()
    return event


def _shot(now: _Play) -> Iterator[Event]:
    chance = now.dice.random()
    xg = round(0.02 + 0.6 * now.dice.random() ** 3, 3)
    if chance < _OWN_GOAL_SHARE:
        now.turn()
        yield now.event("own_goal")
        now.turn()
    elif chance < _OWN_GOAL_SHARE + _GOAL_SHARE:
        yield now.event("goal", xg=xg)
    else:
        yield now.event("shot", xg=xg)
        now.turn()
        if now.dice.random() < _SAVED_SHARE:
            now.clock_s += 0.6
            yield now.event("save", player_id=now.on[now.team][0])
        now.x, now.y = 8.0, 50.0
        return
    now.clock_s += now.dice.uniform(*_AFTER_GOAL_S)
    now.turn()
    now.x, now.y = 50.0, 50.0


def _substitution(now: _Play) -> Iterator[Event]:
    team = now.dice.choice(now.plan.teams)
    if not now.bench[team]:
        return
    comes, goes = now.bench[team].pop(0), now.dice.choice(now.on[team][1:])
    now.on[team] = [comes if player == goes else player for player in now.on[team]]
    yield now.event(
        "substitution", team_id=team, player_id=goes, player_on_id=comes, x_pct=None, y_pct=None
    )


def _moved(now: _Play, at: float, by: float) -> float:
    return min(max(at + now.dice.gauss(0, by), 1.0), 99.0)
