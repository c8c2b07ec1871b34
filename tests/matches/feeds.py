"""Feeds in the words of the domain: events, corrections, and a real match, as they are posted."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from sample_data import sample
from touchline.core.memory import MemoryServing
from touchline.core.ports import Asked, Record, ServingStore
from touchline.matches.live import DEAD, EVENTS, EventRule, accepted, fold
from touchline.matches.live.views import ALL, WAITING

NOW = datetime(2025, 4, 5, 14, tzinfo=UTC)

Event = dict[str, Any]


def event(event_id: str = "e1", after_min: float = 0, **more: Any) -> Event:
    """A pass of match m1, so many minutes after noon."""
    at = datetime(2025, 4, 5, 12, tzinfo=UTC) + timedelta(minutes=after_min)
    said = {
        "match_id": "m1",
        "event_id": event_id,
        "event_type": "pass",
        "team_id": "t1",
        "player_id": "p1",
        "timestamp": at.isoformat(),
    }
    return said | more


def amend(event_id: str = "e1", **more: Any) -> Event:
    """A correction of an event of match m1."""
    return {"match_id": "m1", "event_id": event_id, "action": "amend", **more}


def cancel(event_id: str = "e1", **more: Any) -> Event:
    """The end of an event of match m1."""
    return {"match_id": "m1", "event_id": event_id, "action": "cancel", **more}


def value(said: Event) -> bytes:
    """The event as the log has it."""
    return accepted(said, EventRule(), NOW).value


def records(events: Iterable[Event], first: int = 0) -> list[Record]:
    """The log's records of these events; a second lies between one and the next."""
    return [
        Record(0, first + n, str(said["match_id"]), value(said), NOW + timedelta(seconds=first + n))
        for n, said in enumerate(events)
    ]


def told(store: ServingStore, found: Sequence[Record]) -> None:
    """The store has read these records."""
    before = store.position("live")
    store.apply(fold(found, store), reader="live", before=before, after={0: found[-1].offset + 1})


def stored(*batches: Iterable[Event]) -> MemoryServing:
    """A store that has read these batches, one after the other."""
    store, first = MemoryServing(), 0
    for batch in batches:
        found = records(batch, first)
        first += len(found)
        told(store, found)
    return store


def listed(store: ServingStore, match_id: str = "m1", **asked: Any) -> list[Event]:
    """The events of a match as applications see them."""
    limit = asked.pop("limit", 10_000)
    return [json.loads(v.body) for v in store.rows(EVENTS, match_id, Asked(limit=limit, **asked))]


def ids(store: ServingStore, **asked: Any) -> list[str]:
    return [said["event_id"] for said in listed(store, **asked)]


def letters(store: ServingStore, key: str = ALL) -> list[tuple[str, str]]:
    """Event and reason of each dead letter; or of each that waits."""
    found = [msgspec.json.decode(v.body) for v in store.rows(DEAD, key, Asked(limit=1000))]
    return [(letter["event_id"], letter["reason"]) for letter in found]


def waiting(store: ServingStore) -> list[str]:
    return [event_id for event_id, _ in letters(store, WAITING)]


def real_match(match_id: int = 2057954) -> list[Event]:
    """A real match as somebody would post it, its halves beginning at made-up instants."""
    found = json.loads(sample(f"wyscout/{match_id}.json").read_text())
    began = {"1H": datetime(2018, 6, 14, 15, tzinfo=UTC), "2H": datetime(2018, 6, 14, 16, 5, tzinfo=UTC)}  # fmt: skip
    return [
        {
            "match_id": e["matchId"],
            "event_id": e["id"],
            "event_type": e["eventName"] or "other",
            "team_id": e["teamId"],
            "player_id": e["playerId"] or None,
            "timestamp": (began[e["matchPeriod"]] + timedelta(seconds=e["eventSec"])).isoformat(),
            "positions": e["positions"],
            "tags": [tag["id"] for tag in e["tags"]],
        }
        for e in found["events"]
    ]
