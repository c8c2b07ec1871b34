"""rebuild beside a server that is posted to, and kill -9 of it: nothing is missing, nothing is there twice."""

import json
import random
import threading
import time

import httpx
import pytest
from test_killed_server import PATIENCE_S, listed, serving
from world import World

from touchline import config
from touchline.core.archive import place
from touchline.matches.live import STREAM
from touchline.wiring import Touchline

BATCH = 40


def event(number: int) -> dict[str, str]:
    return {
        "match_id": "m0",
        "event_id": f"e{number}",
        "event_type": "pass",
        "timestamp": f"2025-04-05T12:{number % 60:02d}:00Z",
    }


def post(client: httpx.Client, first: int) -> None:
    lines = b"\n".join(json.dumps(event(n)).encode() for n in range(first, first + BATCH))
    answer = client.post("/events/batch", content=lines)
    assert answer.json()["refused"] == 0, answer.text


def forget(world: World) -> None:
    """The log has only what is not in bronze."""
    world.well("archive", "--all")
    here = Touchline(config.load(world.folder / "touchline.toml"))
    here.log.trim(STREAM.topic, place(here.archive, here.ledger))


def rebuilt(world: World, *, kills: int, seed: int) -> None:
    world.configure("[server]\nport = 0\n")
    key = world.well("keys", "make", "feed", "--scope", "read", "--scope", "write").out.strip()
    ended, sent, dice = threading.Event(), [0], random.Random(seed)
    with serving(world) as (_, address):
        headers = {"authorization": f"Bearer {key}"}
        with httpx.Client(base_url=address, headers=headers, timeout=PATIENCE_S) as client:

            def work() -> None:
                while not ended.is_set():
                    post(client, sent[0])
                    sent[0] += BATCH
                    time.sleep(0.02)

            poster = threading.Thread(target=work)
            poster.start()
            try:
                for _ in range(kills):
                    forget(world)
                    with world.process("rebuild") as process:
                        time.sleep(dice.uniform(0.3, 1.2))
                        process.kill()
                forget(world)
                world.well("rebuild")
            finally:
                ended.set()
                poster.join(PATIENCE_S)
            last = {**event(0), "event_id": "last", "timestamp": "2025-04-05T14:00:00Z"}
            client.post("/events", json=last)
            found = listed(client, "m0")
    assert len(found) == len(set(found))
    assert set(found) == {"last", *(f"e{n}" for n in range(sent[0]))}
    assert sent[0] > 0


def test_a_server_may_run_meanwhile_and_rebuild_may_be_killed(empty: World) -> None:
    rebuilt(empty, kills=3, seed=1)


@pytest.mark.soak
def test_rebuild_may_be_killed_fifty_times(empty: World) -> None:
    rebuilt(empty, kills=50, seed=2)
