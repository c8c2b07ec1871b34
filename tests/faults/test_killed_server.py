"""kill -9 of `touchline serve` under load: whatever was acknowledged is there, exactly once."""

import json
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from world import World

PATIENCE_S = 60.0
CLIENTS, MATCHES = 4, 3


@contextmanager
def serving(world: World) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`touchline serve` in a process of its own, and its address; killed with the context."""
    with world.process("serve", stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip().removesuffix("/health")
        try:
            yield process, address
        finally:
            process.kill()


@dataclass
class Poster:
    """Posts events for as long as anybody answers, and knows what was acknowledged."""

    address: str
    key: str
    name: str
    dice: random.Random
    acknowledged: list[tuple[str, str]] = field(default_factory=list)
    sent: int = 0

    def work(self) -> None:
        headers = {"authorization": f"Bearer {self.key}"}
        with httpx.Client(base_url=self.address, headers=headers, timeout=PATIENCE_S) as client:
            while True:
                try:
                    self._post(client)
                except httpx.TransportError:
                    return

    def _post(self, client: httpx.Client) -> None:
        if self.dice.random() < 0.5:
            said = self._event()
            answer = client.post("/events", json=said)
            assert answer.status_code in (201, 202), answer.text  # 202 until the store caught up
            self._known(said)
            return
        batch = [self._event() for _ in range(self.dice.randrange(1, 60))]
        if self.acknowledged:
            batch.append(batch[0])
        answer = client.post(
            "/events/batch", content=b"\n".join(json.dumps(e).encode() for e in batch)
        )
        assert answer.json()["refused"] == 0, answer.text
        for said in batch:
            self._known(said)

    def _known(self, said: dict[str, str]) -> None:
        self.acknowledged.append((said["match_id"], said["event_id"]))

    def _event(self) -> dict[str, str]:
        self.sent += 1
        return {
            "match_id": f"m{self.dice.randrange(MATCHES)}",
            "event_id": f"{self.name}-{self.sent}",
            "event_type": "pass",
            "timestamp": f"2025-04-05T12:{self.dice.randrange(60):02d}:00Z",
        }


@dataclass
class Follower:
    """Follows one match from a token on, and keeps what it heard."""

    match_id: str
    key: str
    heard: list[str] = field(default_factory=list)
    token: str | None = None

    def follow(self, address: str, last: str = "") -> None:
        """Until the server is gone, or that event came."""
        headers = {"authorization": f"Bearer {self.key}"}
        if self.token:
            headers["last-event-id"] = self.token
        url, token = f"{address}/matches/{self.match_id}/stream", ""
        try:
            with httpx.stream("GET", url, headers=headers, timeout=PATIENCE_S) as answer:
                for line in answer.iter_lines():
                    name, _, value = line.partition(": ")
                    token = value if name == "id" else token
                    if name == "data":
                        self._hear(json.loads(value), token)
                    if last and last in self.heard:
                        return
        except httpx.TransportError:
            return

    def _hear(self, said: dict[str, object], token: str) -> None:
        found = said.get("events", [said["event"]] if "event" in said else [])
        assert isinstance(found, list)
        self.heard += [event["event_id"] for event in found]
        self.token = token or self.token


def killed(world: World, key: str, follower: Follower, *, seed: int) -> list[tuple[str, str]]:
    """What was acknowledged by a server that was killed at a random moment."""
    dice = random.Random(seed)
    with serving(world) as (process, address):
        posters = [
            Poster(address, key, f"{seed}-{n}", random.Random(seed * 10 + n))
            for n in range(CLIENTS)
        ]
        threads = [threading.Thread(target=poster.work) for poster in posters]
        threads.append(threading.Thread(target=follower.follow, args=(address,)))
        for thread in threads:
            thread.start()
        while not any(poster.acknowledged for poster in posters):
            assert any(thread.is_alive() for thread in threads)
            time.sleep(0.005)
        time.sleep(dice.uniform(0.0, 0.6))
        process.kill()
        for thread in threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
    return [each for poster in posters for each in poster.acknowledged]


def lose_nothing(world: World, kills: int) -> None:
    world.configure("[server]\nport = 0\n")
    key = world.well("keys", "make", "feed", "--scope", "read", "--scope", "write").out.strip()
    follower, acknowledged = Follower("m0", key), list[tuple[str, str]]()
    for seed in range(kills):
        acknowledged += killed(world, key, follower, seed=seed)
    with serving(world) as (_, address):
        headers = {"authorization": f"Bearer {key}"}
        with httpx.Client(base_url=address, headers=headers, timeout=PATIENCE_S) as client:
            for n in range(MATCHES):
                said = {"match_id": f"m{n}", "event_id": "last", "event_type": "pass"}
                client.post("/events", json={**said, "timestamp": "2025-04-05T14:00:00Z"})
            kept = {f"m{n}": listed(client, f"m{n}") for n in range(MATCHES)}
            dead = client.get("/dead-letters").json()["dead_letters"]
        follower.follow(address, last="last")
    assert len(acknowledged) > 10 * kills
    assert dead == []
    for match_id, found in kept.items():
        assert len(found) == len(set(found))
        assert {e for m, e in acknowledged if m == match_id} <= set(found)
    assert len(follower.heard) == len(set(follower.heard))
    assert set(follower.heard) == set(kept["m0"])


def listed(client: httpx.Client, match_id: str) -> list[str]:
    """The ids of a match's events, read once the last of them is there: then nothing else comes."""
    end, late = time.monotonic() + PATIENCE_S, {"from": "2025-04-05T14:00:00Z"}
    while not client.get(f"/matches/{match_id}", params=late).json().get("events"):
        assert time.monotonic() < end
        time.sleep(0.05)
    found, cursor = list[str](), {}
    while True:
        page = client.get(f"/matches/{match_id}", params={"limit": 1000, **cursor}).json()
        found += [event["event_id"] for event in page["events"]]
        if not page["next"]:
            return found
        cursor = {"cursor": page["next"]}


def test_three_kills_under_load_lose_and_repeat_no_event(empty: World) -> None:
    lose_nothing(empty, 3)


@pytest.mark.soak
def test_a_hundred_kills_under_load_lose_and_repeat_no_event(empty: World) -> None:
    lose_nothing(empty, 100)
