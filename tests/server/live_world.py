"""A world whose live path is served on a free port, and clients of it with keys of each kind."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from touchline.config import Config
from touchline.config.sections import Server
from touchline.core.keys import made
from touchline.core.ports import Key, Scope
from touchline.server import served
from touchline.wiring import Touchline

PATIENCE_S = 30.0
NOON = datetime(2025, 4, 5, 12, tzinfo=UTC)

Event = dict[str, Any]


@dataclass
class Live:
    """What is served, and the texts of its keys by name."""

    address: str
    config: Config
    keys: dict[str, str] = field(default_factory=dict)
    kept: dict[str, Key] = field(default_factory=dict)

    def key(self, name: str, *scopes: Scope, rate_per_s: float = 0.0) -> str:
        """A new key."""
        text, key = made(name, scopes, datetime.now(UTC), rate_per_s=rate_per_s)
        Touchline(self.config).ledger.notes.put_key(key)
        self.keys[name], self.kept[name] = text, key
        return text

    def revoke(self, name: str) -> None:
        """The key admits to nothing any more."""
        key = replace(self.kept[name], revoked_at=datetime.now(UTC))
        Touchline(self.config).ledger.notes.put_key(key)

    def client(self, name: str = "feed", **more: Any) -> httpx.Client:
        """Somebody who has that key."""
        headers = {"authorization": f"Bearer {self.keys[name]}"}
        return httpx.Client(base_url=self.address, headers=headers, timeout=PATIENCE_S, **more)

    def ws(self, path: str) -> str:
        """The address of a WebSocket."""
        return self.address.replace("http://", "ws://") + path

    def bearer(self, name: str = "feed") -> dict[str, str]:
        """What a WebSocket's client sends along."""
        return {"authorization": f"Bearer {self.keys[name]}"}


@contextmanager
def live(folder: Path, again: Live | None = None, **server: Any) -> Iterator[Live]:
    """The live path of a folder, with keys `feed` (read, write), `reader`, `writer` and `few`.

    With `again` it is served anew, and the keys are those that it had.
    """
    config = Config(server=Server(**{"port": 0, **server}), folder=str(folder))
    found = Live("", config, again.keys, again.kept) if again else Live("", config)
    if not again:
        found.key("feed", "read", "write")
        found.key("reader", "read")
        found.key("writer", "write")
        found.key("few", "read", "write", rate_per_s=2)
    with served(config) as address:
        found.address = address
        yield found


def event(event_id: str = "e1", after_min: float = 0, **more: Any) -> Event:
    """A pass of match m1, so many minutes after noon, with the fields of design 003."""
    said = {
        "match_id": "m1",
        "event_id": event_id,
        "event_type": "pass",
        "player_id": "p1",
        "team_id": "t1",
        "timestamp": (NOON + timedelta(minutes=after_min)).isoformat(),
    }
    return said | more


def until(asked: Callable[[], Any], wanted: Callable[[Any], bool]) -> Any:
    """What is answered once it is as wanted."""
    end = time.monotonic() + PATIENCE_S
    while not wanted(found := asked()):
        assert time.monotonic() < end, found
        time.sleep(0.01)
    return found


def events(client: httpx.Client, match_id: str = "m1", *, count: int, **query: Any) -> list[Event]:
    """The events of a match, once there are so many; all pages of them."""

    def number() -> int:
        answer = client.get(f"/matches/{match_id}", params={**query, "limit": 1})
        return int(answer.json()["event_count"]) if answer.status_code == 200 else 0

    until(number, lambda found: found >= count)
    return paged(client, f"/matches/{match_id}/events", query)


def paged(client: httpx.Client, path: str, query: Mapping[str, Any]) -> list[Event]:
    """All pages of what is asked for."""
    found, cursor = list[Event](), {}
    while True:
        answer = client.get(path, params={**query, **cursor})
        assert answer.status_code == 200, answer.text
        found += answer.json()["events"]
        if not (following := answer.json()["next"]):
            return found
        cursor = {"cursor": following}


def ids(found: list[Event]) -> list[str]:
    """Their ids."""
    return [each["event_id"] for each in found]
