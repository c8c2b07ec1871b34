"""A match as it changes: snapshot, then changes, once each, wherever a client broke off."""

import asyncio
import json
import random
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from live_world import PATIENCE_S, Event, Live, event, events, ids, live, until
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from touchline import server
from touchline.server import streams


@dataclass
class Message:
    """One message of a stream."""

    kind: str
    data: Any
    token: str | None


def messages(answer: httpx.Response) -> Iterator[Message]:
    """What a stream of server-sent events says; comments are left out."""
    said: dict[str, str] = {}
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if line and name:
            said[name] = value
        elif not line and said:
            yield Message(said["event"], json.loads(said["data"]), said.get("id"))
            said = {}


@contextmanager
def following(
    client: httpx.Client, match_id: str, token: str | None = None
) -> Iterator[Iterator[Message]]:
    headers = {} if token is None else {"last-event-id": token}
    with client.stream("GET", f"/matches/{match_id}/stream", headers=headers) as answer:
        assert answer.status_code == 200
        yield messages(answer)


def offsets(found: Sequence[Message]) -> list[int]:
    """Behind which records one may go on from these messages."""
    return [int(message.token.rpartition("-")[2]) for message in found if message.token]


@dataclass
class Seen:
    """What somebody knows of a match who follows it, as a client would keep it."""

    events: dict[str, Event] = field(default_factory=dict)
    changes: list[tuple[str, int]] = field(default_factory=list)
    token: str | None = None
    snapshots: int = 0

    def hear(self, message: Message) -> None:
        if message.kind == "snapshot":
            self.events.update({e["event_id"]: e for e in message.data["events"]})
        elif message.kind == "ready":
            self.snapshots += 1
        else:
            said = message.data["event"]
            self.changes.append((said["event_id"], said["version"]))
            self.events.pop(said["event_id"], None)
            if message.data["change"] != "cancel":
                self.events[said["event_id"]] = said
        self.token = message.token or self.token

    def listed(self) -> list[Event]:
        return sorted(self.events.values(), key=lambda e: (e["event_at"], e["event_id"]))


# --- what is said -------------------------------------------------------------------------------


def test_a_stream_begins_with_what_is_known_and_goes_on_with_changes(client: httpx.Client) -> None:
    of = {"match_id": "stream"}
    client.post("/events/batch", json=[event(f"e{n:04d}", n, **of) for n in range(1100)])
    events(client, "stream", count=1100)
    with following(client, "stream") as said:
        parts = [next(said) for _ in range(4)]
        assert [m.kind for m in parts] == ["snapshot", "snapshot", "snapshot", "ready"]
        assert [m.token is None for m in parts] == [True, True, True, False]
        shown = [e["event_id"] for m in parts[:3] for e in m.data["events"]]
        assert shown == [f"e{n:04d}" for n in range(1100)]

        client.post("/events", json=event("new", event_type="goal", **of))
        client.post("/events", json={"event_id": "new", "action": "amend", "x": 1, **of})
        client.post("/events", json={"event_id": "new", "action": "cancel", **of})
        changes = [next(said) for _ in range(3)]
    assert [c.data["change"] for c in changes] == ["insert", "amend", "cancel"]
    assert [c.data["event"]["version"] for c in changes] == [1, 2, 3]
    assert offsets(changes) == sorted(set(offsets(changes)))


def test_who_comes_back_with_a_token_gets_what_came_since(client: httpx.Client) -> None:
    of = {"match_id": "back"}
    client.post("/events/batch", json=[event(f"e{n}", n, **of) for n in range(3)])
    events(client, "back", count=3)
    with following(client, "back") as said:
        ready = [next(said) for _ in range(2)][-1]
    client.post("/events/batch", json=[event(f"e{n}", n, **of) for n in range(3, 6)])
    events(client, "back", count=6)
    with following(client, "back", ready.token) as said:
        found = [next(said) for _ in range(3)]
    assert [m.data["event"]["event_id"] for m in found] == ["e3", "e4", "e5"]
    with client.stream("GET", f"/matches/back/stream?after={found[0].token}") as answer:
        again = messages(answer)
        assert [next(again).data["event"]["event_id"] for _ in range(2)] == ["e4", "e5"]


def test_a_correction_that_waited_is_told_with_its_event(client: httpx.Client) -> None:
    of = {"match_id": "waited", "event_id": "e1"}
    with following(client, "waited") as said:
        assert [next(said).kind for _ in range(2)] == ["snapshot", "ready"]
        client.post("/events", json={**of, "action": "amend", "timestamp": "2025-04-05T13:00:00Z"})
        client.post("/events", json=event(match_id="waited"))
        client.post("/events", json=event("e2", match_id="waited"))
        seen = Seen()
        while "e2" not in seen.events:
            seen.hear(next(said))
    assert seen.events["e1"]["event_at"] == "2025-04-05T13:00:00.000000Z"
    assert [id_ for id_, _ in seen.changes] == ["e1", "e2"]


def test_a_change_is_told_as_what_it_is_whatever_the_event_says(client: httpx.Client) -> None:
    of = {"match_id": "odd", "event_id": "e1"}
    with following(client, "odd") as said:
        client.post("/events", json=event(**of))
        client.post("/events", json={**of, "action": "amend", "x": {"version": 1, "y": 2}})
        seen = [next(said) for _ in range(4)]
    assert [m.data.get("change") for m in seen] == [None, None, "insert", "amend"]


@pytest.mark.parametrize("token", ["1-0", "1-999999999999", "{log}-999999999999"])
def test_a_token_of_another_log_begins_anew_and_says_so(client: httpx.Client, token: str) -> None:
    match_id = f"anew-{len(token)}"
    client.post("/events", json=event(match_id=match_id))
    events(client, match_id, count=1)
    with following(client, match_id) as said:
        first, ready = next(said), next(said)
    assert ("anew" in first.data, "anew" in ready.data) == (False, False)
    log = (ready.token or "").partition("-")[0]
    with following(client, match_id, token.format(log=log)) as said:
        again = [next(said) for _ in range(2)]
    assert [(m.kind, m.data["anew"]) for m in again] == [("snapshot", True), ("ready", True)]
    assert ids(again[0].data["events"]) == ["e1"]
    assert again[1].token == ready.token


def test_a_websocket_says_the_same(served_live: Live) -> None:
    of, name = {"match_id": "ws"}, "/matches/ws/stream"
    with served_live.client() as client:
        client.post("/events", json=event(**of))
        events(client, "ws", count=1)
        headers = served_live.bearer("reader")
        with connect(served_live.ws(name), additional_headers=headers) as opened:
            first, ready = (json.loads(opened.recv(30)) for _ in range(2))
            client.post("/events", json=event("e2", 1, **of))
            change = json.loads(opened.recv(30))
        assert (first["kind"], first["token"], ids(first["data"]["events"])) == (
            "snapshot", None, ["e1"],
        )  # fmt: skip
        assert (ready["kind"], change["kind"]) == ("ready", "change")
        assert change["data"]["event"]["event_id"] == "e2"
        after = f"{name}?after={ready['token']}"
        with connect(served_live.ws(after), additional_headers=headers) as opened:
            assert json.loads(opened.recv(30)) == change


# --- neither missing nor repeating --------------------------------------------------------------


def posting(world: Live, match_id: str, who: int, count: int) -> None:
    """Events, corrections and ends of some, one by one and in batches."""
    dice = random.Random(who)
    with world.client() as client:
        for n in range(0, count, 10):
            said = [
                event(f"{who}-{n + i}", dice.uniform(0, 90), match_id=match_id) for i in range(10)
            ]
            of = {"match_id": match_id}
            said.append({"event_id": f"{who}-{n}", "action": "amend", "x": n, **of})
            said.append({"event_id": f"{who}-{n + 1}", "action": "cancel", **of})
            if n % 20:
                client.post("/events/batch", json=said).raise_for_status()
            else:
                for each in said:
                    client.post("/events", json=each).raise_for_status()


def follow_with_breaks(world: Live, match_id: str, seed: int) -> Seen:
    """What somebody knows, once event `end` came, who breaks off at random moments."""
    dice, seen = random.Random(seed), Seen()
    with world.client("reader") as client:
        while "end" not in seen.events:
            left = dice.randrange(1, 40)
            with following(client, match_id, seen.token) as said:
                while "end" not in seen.events and (left > 0 or not seen.token):
                    seen.hear(next(said))
                    left -= 1
    return seen


def test_who_breaks_off_under_load_misses_nothing_and_hears_nothing_twice(
    served_live: Live,
) -> None:
    match_id, found = "load", dict[int, Seen]()

    def follow(seed: int) -> None:
        found[seed] = follow_with_breaks(served_live, match_id, seed)

    posters = [
        threading.Thread(target=posting, args=(served_live, match_id, who, 200)) for who in range(3)
    ]
    followers = [threading.Thread(target=follow, args=(seed,)) for seed in range(4)]
    for thread in (*posters, *followers):
        thread.start()
    for thread in posters:
        thread.join(120)
    with served_live.client() as client:
        events(client, match_id, count=540)
        client.post("/events", json=event("end", 100, match_id=match_id))
        for thread in followers:
            thread.join(120)
        truth = events(client, match_id, count=541)
    assert len(truth) == 541
    for seen in found.values():
        assert seen.snapshots == 1
        assert len(seen.changes) == len(set(seen.changes))
        in_truth = sorted(truth, key=lambda e: (e["event_at"], e["event_id"]))
        assert seen.listed() == in_truth
    assert len(found) == 4


# --- who is slow, who is silent, who is many ----------------------------------------------------


def test_a_sign_of_life_is_sent_where_nothing_happens(
    served_live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "BEAT_S", 0.01)
    with (
        served_live.client() as client,
        client.stream("GET", "/matches/silent/stream") as answer,
    ):
        lines = answer.iter_lines()
        found = [next(lines) for _ in range(20)]
    assert found.count(": alive") > 3


def test_a_stream_that_nobody_reads_ends_and_holds_up_nobody(
    served_live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_MOST_WAITING", 50)
    monkeypatch.setattr(streams, "_MOST_CHANGES", 20)
    match_id, filled = "slow", "x" * 10_000
    host, port = served_live.address.removeprefix("http://").split(":")
    with socket.socket() as deaf, served_live.client() as client:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect((host, int(port)))
        key = served_live.keys["reader"]
        asked = f"GET /matches/{match_id}/stream HTTP/1.1\r\nhost: localhost\r\nx-api-key: {key}\r\n\r\n"
        deaf.sendall(asked.encode())
        deaf.settimeout(PATIENCE_S)
        assert deaf.recv(15) == b"HTTP/1.1 200 OK"
        for n in range(0, 1000, 100):
            said = [event(f"e{n + i:04d}", match_id=match_id, x=filled) for i in range(100)]
            client.post("/events/batch", json=said).raise_for_status()
        with following(client, match_id) as quick:
            assert next(quick).kind == "snapshot"
        events(client, match_id, count=1000, limit=1000)
        heard = b""
        while part := deaf.recv(1 << 20):
            heard += part
        *_, last = told = [t.split(b"\n")[0].decode() for t in heard.split(b"\nid: ")[1:]]
        assert 0 < len(told) < 1000
        with following(client, match_id, last) as said:
            told += [str(next(said).token) for _ in range(1000 - len(told))]
    found = [int(token.rpartition("-")[2]) for token in told]
    assert found == sorted(set(found))


def until_closed(opened: ClientConnection) -> tuple[list[str], int]:
    """The tokens that a WebSocket still has, and the code with which it was closed."""
    told = list[str]()
    try:
        while True:
            told.append(json.loads(opened.recv(PATIENCE_S))["token"])
    except ConnectionClosed as exc:
        return told, exc.rcvd.code if exc.rcvd else 0


def test_a_websocket_that_nobody_reads_ends_and_its_reader_can_come_back(
    served_live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_MOST_WAITING", 50)
    monkeypatch.setattr(streams, "_MOST_CHANGES", 20)
    name, headers = "/matches/slow-ws/stream", served_live.bearer("reader")
    with served_live.client() as client, ExitStack() as stack:
        deaf = stack.enter_context(
            connect(served_live.ws(name), additional_headers=headers, max_queue=1, compression=None)
        )
        assert [json.loads(deaf.recv(PATIENCE_S))["kind"] for _ in range(2)] == ["snapshot", "ready"]  # fmt: skip
        for n in range(0, 2000, 100):
            said = [event(f"e{n + i:04d}", match_id="slow-ws", x="x" * 10_000) for i in range(100)]
            client.post("/events/batch", json=said).raise_for_status()
        events(client, "slow-ws", count=2000, limit=1000)
        told, code = until_closed(deaf)
        assert (0 < len(told) < 2000, code) == (True, 1013)
        back = stack.enter_context(
            connect(served_live.ws(f"{name}?after={told[-1]}"), additional_headers=headers)
        )
        told += [json.loads(back.recv(PATIENCE_S))["token"] for _ in range(2000 - len(told))]
    found = [int(token.rpartition("-")[2]) for token in told]
    assert found == sorted(set(found))


def test_a_websocket_whose_peer_is_dead_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_PING_S", 0.05)
    with live(tmp_path) as found, socket.socket() as dead:
        host, port = found.address.removeprefix("http://").split(":")
        dead.connect((host, int(port)))
        dead.settimeout(PATIENCE_S)
        asked = (
            "GET /matches/m1/stream HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\n"
            "connection: upgrade\r\nsec-websocket-version: 13\r\n"
            f"sec-websocket-key: {'x' * 22}==\r\nx-api-key: {found.keys['reader']}\r\n\r\n"
        )
        dead.sendall(asked.encode())
        heard = b""
        while part := dead.recv(1 << 16):  # it says nothing, and answers no ping
            heard += part
        assert heard.startswith(b"HTTP/1.1 101 ")


def test_a_thousand_streams_hear_each_change(served_live: Live) -> None:
    async def hear(at: int, opened: "asyncio.Semaphore", ready: list[int]) -> str:
        host, port = served_live.address.removeprefix("http://").split(":")
        async with opened:
            reader, writer = await asyncio.open_connection(host, int(port))
            asked = "GET /matches/crowd/stream HTTP/1.1\r\nhost: localhost\r\nx-api-key: "
            writer.write(f"{asked}{served_live.keys['reader']}\r\n\r\n".encode())
            await reader.readuntil(b"event: ready")
        ready.append(at)
        await reader.readuntil(b"event: change\ndata: ")
        said = await reader.readline()
        writer.close()
        return str(json.loads(said)["event"]["event_id"])

    async def all_of_them() -> list[str]:
        ready = list[int]()
        opened = asyncio.Semaphore(50)
        hearing = [asyncio.ensure_future(hear(n, opened, ready)) for n in range(1000)]
        while len(ready) < 1000:
            await asyncio.sleep(0.02)
        async with httpx.AsyncClient(headers=served_live.bearer()) as client:
            await client.post(f"{served_live.address}/events", json=event(match_id="crowd"))
        return await asyncio.wait_for(asyncio.gather(*hearing), 60)

    assert asyncio.run(all_of_them()) == ["e1"] * 1000


def test_a_revoked_key_follows_nothing_any_more(served_live: Live) -> None:
    served_live.key("fan", "read")
    headers, address = served_live.bearer("fan"), served_live.ws("/matches/fans/stream")

    def status() -> int:
        return httpx.get(f"{served_live.address}/matches", headers=headers).status_code

    until(status, lambda code: code == 200)
    with (
        served_live.client("fan") as fan,
        following(fan, "fans") as said,
        connect(address, additional_headers=headers) as opened,
    ):
        assert [next(said).kind for _ in range(2)] == ["snapshot", "ready"]
        assert [json.loads(opened.recv(30))["kind"] for _ in range(2)] == ["snapshot", "ready"]
        served_live.revoke("fan")
        until(status, lambda code: code == 401)
        with served_live.client() as client:
            client.post("/events", json=event(match_id="fans"))
        assert list(said) == []
        with pytest.raises(ConnectionClosed):
            opened.recv(30)
