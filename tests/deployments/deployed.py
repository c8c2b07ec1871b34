"""`touchline serve` on Kafka and DynamoDB: a real broker, ministack, and clients that post and check."""

import os
import random
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import ministack
from world import World, world

PATIENCE_S = 120.0
CLIENTS, MATCHES = 3, 4


@dataclass
class Deployment:
    """Where it answers, and to which key; the server, and the process that reads the log on for it."""

    address: str
    key: str
    process: "subprocess.Popen[str]"

    def client(self) -> httpx.Client:
        """Somebody who may post and ask."""
        headers = {"authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=self.address, headers=headers, timeout=PATIENCE_S)

    def consumer(self) -> int:
        """The process that reads the log on now."""
        end = time.monotonic() + PATIENCE_S
        while True:
            assert time.monotonic() < end, "nobody reads the log on"
            for tasks in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
                for pid in map(int, tasks.read_text().split()):
                    with suppress(OSError):
                        if b"following" in Path(f"/proc/{pid}/cmdline").read_bytes():
                            return pid
            time.sleep(0.02)

    def kill_consumer(self) -> None:
        """It is ended at once; the server begins another one."""
        with suppress(ProcessLookupError):
            os.kill(self.consumer(), signal.SIGKILL)


def stores(bootstrap: str, prefix: str) -> str:
    """The configuration of the stores, for whoever has a part of them that nobody else uses."""
    return (
        "[stores]\n"
        f'log = {{ kind = "kafka", bootstrap = "{bootstrap}", prefix = "{prefix}.", lanes = 3,'
        " replication = 1, min_insync = 1, timeout_s = 5 }\n"
        f'serving = {{ kind = "dynamodb", prefix = "{prefix}", region = "eu-central-1",'
        f' endpoint = "{ministack.endpoint()}" }}\n'
    )


@contextmanager
def deployed(folder: Path, bootstrap: str) -> Iterator[Deployment]:
    """It answers; killed with the context."""
    here: World = world(folder)
    here.configure("[server]\nport = 0\n" + stores(bootstrap, f"t{uuid.uuid4().hex[:8]}"))
    key = here.well("keys", "make", "feed", "--scope", "read", "--scope", "write").out.strip()
    env = {**os.environ, **ministack.somebody()}
    with here.process("serve", env=env, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip().removesuffix("/health")
        try:
            yield Deployment(address, key, process)
        finally:
            process.kill()


@dataclass
class Poster:
    """Posts events until it is told to end, what was not accepted again, and knows what was.

    They are of matches of its day.
    """

    here: Deployment
    name: str
    dice: random.Random
    acknowledged: list[tuple[str, str]] = field(default_factory=list)
    day: int = 0
    refusals: int = 0
    sent: int = 0
    wrong: list[str] = field(default_factory=list)

    def work(self, ended: threading.Event) -> None:
        with self.here.client() as client:
            while not ended.is_set() and not self.wrong:
                batch = [self._event() for _ in range(self.dice.randrange(1, 12))]
                while not self._accepted(client, batch) and not self.wrong:
                    time.sleep(0.2)
                time.sleep(self.dice.uniform(0, 0.3))

    def _accepted(self, client: httpx.Client, batch: Sequence[dict[str, str]]) -> bool:
        one = len(batch) == 1
        body: Any = batch[0] if one else batch
        answer = client.post("/events" if one else "/events/batch", json=body)
        if answer.status_code == 503:
            self.refusals += 1
            if not answer.headers.get("retry-after", "").isdigit():
                self.wrong.append(f"no Retry-After: {answer.headers}")
            return False
        said = answer.json()
        if answer.status_code != (202 if one else 200) or said.get("refused"):
            self.wrong.append(f"{answer.status_code}: {answer.text[:300]}")
            return False
        self.acknowledged += [(e["match_id"], e["event_id"]) for e in batch]
        return True

    def _event(self) -> dict[str, str]:
        self.sent += 1
        return {
            "match_id": f"day-{self.day}-{self.dice.randrange(MATCHES)}",
            "event_id": f"{self.name}-{self.sent}",
            "event_type": self.dice.choice(("pass", "goal")),
            "timestamp": f"2025-04-05T12:{self.dice.randrange(60):02d}:00Z",
        }


@contextmanager
def load(here: Deployment, *, seed: int) -> Iterator[list[Poster]]:
    """Several post at once while the context lasts; none was answered what it must not be."""
    ended = threading.Event()
    posters = [Poster(here, f"{seed}-{n}", random.Random(f"{seed} {n}")) for n in range(CLIENTS)]
    threads = [threading.Thread(target=poster.work, args=(ended,)) for poster in posters]
    for thread in threads:
        thread.start()
    try:
        yield posters
    finally:
        ended.set()
        for thread in threads:
            thread.join(PATIENCE_S)
    assert not any(thread.is_alive() for thread in threads)
    assert [wrong for poster in posters for wrong in poster.wrong] == []


def until(is_so: Any, what: str) -> None:
    """Wait until it is so."""
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def more(posters: Sequence[Poster]) -> None:
    """Wait until every one of them was acknowledged something more."""
    before = [len(poster.acknowledged) for poster in posters]
    now = zip(posters, before, strict=True)
    for poster, count in now:
        until(lambda p=poster, n=count: len(p.acknowledged) > n, "no more is acknowledged")


def counted(client: httpx.Client, match_id: str) -> int:
    """How many events of the match are served."""
    answer = client.get(f"/matches/{match_id}", params={"limit": 1})
    return int(answer.json()["event_count"]) if answer.status_code == 200 else 0


def all_served(here: Deployment, posters: Sequence[Poster]) -> None:
    """Every event that was acknowledged is served once, in order; and none is a dead letter."""
    wanted: dict[str, set[str]] = {}
    for match_id, event_id in (each for poster in posters for each in poster.acknowledged):
        wanted.setdefault(match_id, set()).add(event_id)
    with here.client() as client:
        for match_id, ids in wanted.items():
            known = partial(counted, client, match_id)
            until(lambda n=ids, of=known: of() >= len(n), f"all of {match_id}")
            found = paged(client, match_id)
            assert len({e["event_id"] for e in found}) == len(found)
            assert ids <= {e["event_id"] for e in found}
            places = [(e["event_at"], e["event_id"]) for e in found]
            assert places == sorted(places)
        assert client.get("/dead-letters").json()["dead_letters"] == []


def paged(client: httpx.Client, match_id: str) -> list[dict[str, Any]]:
    """All events of the match."""
    found, cursor = list[dict[str, Any]](), dict[str, str]()
    while True:
        page = client.get(f"/matches/{match_id}", params={"limit": "1000", **cursor}).json()
        found += page["events"]
        if not page["next"]:
            return found
        cursor = {"cursor": page["next"]}
