"""Small files in the exact forms of the providers, and what is told of them."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from touchline.matches.source import Feed, read

Given = dict[str, Any]

FAULTS = ("--late", "0.02", "--duplicates", "0.02", "--corrections", "0.01", "--shuffle", "0.05")
"""What is wrong with a made-up feed, as `simulate matches` is told."""


def put(folder: Path, name: str, content: Any) -> Path:
    """A file of JSON, or of bytes as they are."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def lines(*said: Any) -> bytes:
    """An event a line; a text stands for itself."""
    return b"".join((s if isinstance(s, str) else json.dumps(s)).encode() + b"\n" for s in said)


def told(feed: Feed) -> list[Given]:
    """The events, without their places."""
    return [event for _, event in feed.events]


def only(feed: Feed) -> Given:
    """The one event that there is."""
    (found,) = told(feed)
    return found


def types(feed: Feed) -> Counter[str]:
    return Counter(event["event_type"] for event in told(feed))


# --- Wyscout, version 2 -------------------------------------------------------------------------


def wyscout(name: str = "Pass", finer: str = "Simple pass", *tags: int, **more: Any) -> Given:
    """An event of match 2058017, as in the public data set."""
    return {
        "eventId": 8,
        "subEventName": finer,
        "tags": [{"id": tag} for tag in tags],
        "playerId": 14943,
        "positions": [{"y": 51, "x": 50}, {"y": 60, "x": 40}],
        "matchId": 2058017,
        "eventName": name,
        "teamId": 9598,
        "matchPeriod": "1H",
        "eventSec": 61.892339,
        "subEventId": 85,
        "id": 263883958,
        **more,
    }


# --- StatsBomb, as in its open data -------------------------------------------------------------


def named(number: int, name: str) -> Given:
    return {"id": number, "name": name}


def statsbomb(number: int = 1, kind: str = "Pass", period: int = 1, **more: Any) -> Given:
    """An event; its details are under the name of its type."""
    return {
        "id": f"d75ff896-74ec-4600-b747-2be42133{number:04d}",
        "index": number,
        "period": period,
        "timestamp": "00:05:09.168",
        "minute": 5,
        "second": 9,
        "type": named(30, kind),
        "possession": 2,
        "possession_team": named(217, "Barcelona"),
        "play_pattern": named(9, "From Kick Off"),
        "team": named(217, "Barcelona"),
        "player": named(5246, "Luis Alberto Suárez Díaz"),
        "position": named(23, "Center Forward"),
        "location": [60.0, 40.0],
        "duration": 1.064173,
        "related_events": ["6c444e0a-8375-4060-a0ce-d475d17b4361"],
        **more,
    }


def shot(number: int = 1, outcome: str = "Goal", sort: str = "Open Play", **more: Any) -> Given:
    details = {
        "statsbomb_xg": 0.12042114,
        "end_location": [120.0, 40.8, 5.6],
        "technique": named(95, "Volley"),
        "first_time": True,
        "outcome": named(97, outcome),
        "body_part": named(40, "Right Foot"),
        "type": named(87, sort),
        "freeze_frame": [{"location": [105.1, 39.8], "player": named(6379, "Sergi Roberto"), "teammate": False}],
    }  # fmt: skip
    return statsbomb(number, "Shot", **{"shot": details, **more})


def statsbomb_feed(folder: Path, *events: Given, name: str = "16120.json") -> Feed:
    return read(put(folder, name, list(events)))
