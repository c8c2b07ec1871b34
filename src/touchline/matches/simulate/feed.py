"""A match as a feed sends it: some late, some again, some corrected, some of it before its event."""

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from touchline.core.made_up import written
from touchline.matches.simulate.play import Event, Plan, play

_LATENCY_S, _LATE_S, _AGAIN_S = (0.2, 2.0), (10, 180), (1, 60)
_CORRECTED_AFTER_S, _BEHIND_S = (20, 180), (1, 30)
_CANCELLED_SHARE = 0.25


@dataclass(frozen=True)
class Faults:
    """What is wrong with a feed: shares of its events.

    `shuffle` is the share of events that change places with the next one, and of corrections that come
    before their event.
    """

    late: float = 0.0
    duplicates: float = 0.0
    corrections: float = 0.0
    shuffle: float = 0.0


@dataclass(frozen=True)
class Feed:
    """What is sent of a match, in that order, and what must be known when all of it has come."""

    match_id: int
    lines: tuple[str, ...]
    truth: dict[str, Any]


@dataclass(frozen=True)
class _Sent:
    at: datetime
    said: Event


def feed(plan: Plan, faults: Faults) -> Feed:
    """The match's feed; the same plan and faults, the same bytes."""
    events = play(plan)
    dice = random.Random(f"feed {plan.seed} {plan.match_id}")  # noqa: S311 (made-up data)
    sent = {e["event_id"]: _Sent(_instant(e) + _between(dice, _LATENCY_S), e) for e in events}
    late = _some(dice, events, faults.late)
    for event in late:
        sent[event["event_id"]] = _later(sent[event["event_id"]], dice, _LATE_S)
    corrections = _corrections(dice, events, share=faults.corrections)
    corrected = [_Sent(_instant(e) + _between(dice, _CORRECTED_AFTER_S), c) for e, c in corrections]
    before = _some(dice, corrected, faults.shuffle)
    for each in before:
        first = sent[each.said["event_id"]]
        sent[each.said["event_id"]] = replace(first, at=each.at + _between(dice, _BEHIND_S))
    again = [_later(sent[e["event_id"]], dice, _AGAIN_S) for e in _some(dice, events, faults.duplicates)]  # fmt: skip
    order = sorted([*sent.values(), *corrected, *again], key=lambda s: s.at)
    _swapped(dice, order, faults.shuffle)
    truth = _truth(plan, events, [c for _, c in corrections])
    truth["sent"] = {
        "lines": len(order),
        "late": len(late),
        "repeated": len(again),
        "corrections": len(corrected),
        "corrections_before_their_event": _early(order),
    }
    return Feed(plan.match_id, tuple(json.dumps(s.said) for s in order), truth)


def write(out: Path, plans: Sequence[Plan], faults: Faults) -> Iterator[Path]:
    """The feed of each match under `out`, as it is written, and the truth beside it.

    Raises:
        ConfigError: Another file of that name is there already.
    """
    for plan in plans:
        made = feed(plan, faults)
        yield written(out / "feeds" / f"{plan.match_id}.ndjson", "\n".join(made.lines) + "\n")
        yield written(
            out / "truth" / f"{plan.match_id}.json", json.dumps(made.truth, indent=1) + "\n"
        )


# --- corrections --------------------------------------------------------------------------------


def _corrections(
    dice: random.Random, events: Sequence[Event], *, share: float
) -> list[tuple[Event, Event]]:
    """Events, each with what corrects it: goals that VAR takes away, others that were wrong or never were."""
    of_players = [e for e in events if "player_id" in e and e["event_type"] != "substitution"]
    chosen = _some(dice, of_players, share)
    goals = [e for e in events if e["event_type"] == "goal" and e not in chosen]
    chosen += dice.sample(goals, min(len(goals), 1)) if chosen else []
    return [(e, _correction(dice, e)) for e in chosen]


def _correction(dice: random.Random, event: Event) -> Event:
    named = {name: event[name] for name in ("match_id", "event_id")}
    if event["event_type"] == "goal":
        return {**named, "action": "cancel", "reason": "VAR: offside"}
    if dice.random() < _CANCELLED_SHARE:
        return {**named, "action": "cancel", "reason": "it did not happen"}
    player = f"{event['team_id']}{dice.randint(1, 11):02d}"
    return {**named, "action": "amend", "player_id": player}


def _truth(plan: Plan, events: Sequence[Event], corrections: Sequence[Event]) -> dict[str, Any]:
    """What must be known when everything has come."""
    cancelled = {c["event_id"] for c in corrections if c["action"] == "cancel"}
    amended = {c["event_id"]: c["player_id"] for c in corrections if c["action"] == "amend"}
    stay = [e for e in events if e["event_id"] not in cancelled]
    goals = Counter(e["team_id"] for e in stay if e["event_type"] == "goal")
    own = Counter(e["team_id"] for e in stay if e["event_type"] == "own_goal")
    home, away = plan.teams
    return {
        "match_id": str(plan.match_id),
        "events": len(stay),
        "types": dict(sorted(Counter(e["event_type"] for e in stay).items())),
        "score": {home: goals[home] + own[away], away: goals[away] + own[home]},
        "cancelled": sorted(cancelled),
        "amended": dict(sorted(amended.items())),
    }


# --- on the way ---------------------------------------------------------------------------------


def _instant(event: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(event["timestamp"])


def _between(dice: random.Random, span_s: tuple[float, float]) -> timedelta:
    return timedelta(seconds=dice.uniform(*span_s))


def _later(sent: _Sent, dice: random.Random, span_s: tuple[float, float]) -> _Sent:
    return replace(sent, at=sent.at + _between(dice, span_s))


def _some(dice: random.Random, of: Sequence[Any], share: float) -> list[Any]:
    return dice.sample(of, round(len(of) * share))


def _swapped(dice: random.Random, order: list[_Sent], share: float) -> None:
    """So many of them and the next one have changed places."""
    for at in dice.sample(range(len(order) - 1), round((len(order) - 1) * share)):
        order[at], order[at + 1] = order[at + 1], order[at]


def _early(order: Sequence[_Sent]) -> int:
    """How many corrections come before the first word of their event."""
    seen, early = set[str](), 0
    for each in order:
        if each.said.get("action") is None:
            seen.add(each.said["event_id"])
        elif each.said["event_id"] not in seen:
            early += 1
    return early
