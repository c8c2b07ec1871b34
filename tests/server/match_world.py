"""A world that serves a real match and small ones, and is stopped and started on the same port."""

import json
import shutil
import socket
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from sample_data import sample
from touchline.config import Config
from touchline.config.sections import Server
from touchline.core.keys import made
from touchline.core.ports import Key, Scope
from touchline.server import served
from touchline.wiring import Touchline

PATIENCE_S = 60.0
REAL = 2057954

Event = dict[str, Any]

_STARTS = {"1H": (datetime(2018, 6, 14, 15, tzinfo=UTC), 1, 0), "2H": (datetime(2018, 6, 14, 16, 5, tzinfo=UTC), 2, 45)}  # fmt: skip
_TEAMS = {14358: "Russia", 16521: "Saudi Arabia"}
_GOAL, _YELLOW = 101, 1702


class World:
    """What is served, and by which keys it is asked."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.config = Config(server=Server(port=port), folder=str(folder))
        self.address = f"http://127.0.0.1:{port}"
        self.feed, _ = self.key("feed", "read", "write")
        self._running = ExitStack()

    def key(self, name: str, *scopes: Scope) -> tuple[str, Key]:
        """A new key, and its text."""
        text, key = made(name, scopes, datetime.now(UTC))
        Touchline(self.config).ledger.notes.put_key(key)
        return text, key

    def revoke(self, key: Key) -> None:
        """The key admits nobody any more."""
        Touchline(self.config).ledger.notes.put_key(replace(key, revoked_at=datetime.now(UTC)))

    def start(self) -> None:
        """The server answers."""
        self._running.enter_context(served(self.config))

    def stop(self) -> None:
        """The server has ended."""
        self._running.close()

    def forget(self) -> None:
        """The log and the store are taken away; the keys are not."""
        for set_ in (self.config.stores.log, self.config.stores.serving):
            place = self.config.place(set_.path)  # type: ignore[union-attr]
            for file in place.parent.glob(f"{place.name}*"):
                shutil.rmtree(file) if file.is_dir() else file.unlink()

    def get(self, path: str, key: str | None = None, **more: Any) -> httpx.Response:
        """What is answered to a browser whose user gave the key as the password."""
        auth = ("anybody", self.feed if key is None else key)
        return httpx.get(self.address + path, auth=auth, timeout=PATIENCE_S, **more)

    def post(self, *events: Event) -> None:
        """The events are posted, and served."""
        given = {"json": list(events), "headers": {"authorization": f"Bearer {self.feed}"}}
        answer = httpx.post(f"{self.address}/events/batch", timeout=PATIENCE_S, **given)
        assert answer.json()["refused"] == 0, answer.text
        end = time.monotonic() + PATIENCE_S
        while Touchline(self.config).lag.records:
            assert time.monotonic() < end
            time.sleep(0.02)


def real_match() -> list[Event]:
    """A real match with a clock, places and goals of their own type. Source: Wyscout's public data."""
    found = json.loads(sample(f"wyscout/{REAL}.json").read_text())
    return [_real(e) for e in found["events"]]


def _real(e: Event) -> Event:
    began, period, minute = _STARTS[e["matchPeriod"]]
    tags = {tag["id"] for tag in e["tags"]}
    kind = e["eventName"] or "other"
    if _GOAL in tags and kind in ("Shot", "Free Kick"):
        kind = "goal"
    places = [(p["x"], p["y"]) for p in e["positions"][:2]]
    names = [("x_pct", "y_pct"), ("end_x_pct", "end_y_pct")]
    placed = {n: v for ns, vs in zip(names, places, strict=False) for n, v in zip(ns, vs, strict=True)}  # fmt: skip
    if kind in ("Shot", "goal"):
        placed = {n: v for n, v in placed.items() if not n.startswith("end")}
    return {
        "match_id": REAL,
        "event_id": e["id"],
        "event_type": "card" if _YELLOW in tags else kind,
        "team_id": e["teamId"],
        "team_name": _TEAMS[e["teamId"]],
        "player_id": e["playerId"] or None,
        "timestamp": (began + timedelta(seconds=e["eventSec"])).isoformat(),
        "period": period,
        "minute": minute + int(e["eventSec"] // 60),
        "second": e["eventSec"] % 60,
        **placed,
    }


def event(match_id: str, event_id: str, kind: str = "pass", **more: Any) -> Event:
    """An event of Reds against Blues, under way now; the minute says which of the last hour."""
    minute = more.pop("minute", 10)
    at = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=60 - minute)
    said = {
        "match_id": match_id,
        "event_id": event_id,
        "event_type": kind,
        "team_id": "reds",
        "player_id": "p1",
        "period": 1,
        "minute": minute,
        "second": 0,
        "timestamp": at.isoformat(),
        "x_pct": 60,
        "y_pct": 40,
    }
    return said | more


def kick_off(match_id: str) -> list[Event]:
    """Two events, so that both teams are known."""
    return [event(match_id, "k1", minute=1), event(match_id, "k2", minute=2, team_id="blues")]
