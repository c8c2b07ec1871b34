"""An answer is sent in one piece, whatever comes of its body."""

import asyncio
from typing import Any

import httpx
from live_world import Live, event

from touchline.server.joining import Joined

HEAD = b"HTTP/1.1 201 Created\r\n\r\n"


class Wire:
    """A transport that keeps what is sent, piece by piece."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.is_closed = True

    def get_extra_info(self, name: str) -> str:
        return name


def sent(*acts: Any) -> list[bytes]:
    """What goes out, piece by piece, when these are done one after the other."""

    async def work() -> list[bytes]:
        wire = Wire()
        joined = Joined(wire, asyncio.get_running_loop())  # type: ignore[arg-type]
        for act in acts:
            await asyncio.sleep(0.001) if act is None else joined.write(act)
        await asyncio.sleep(0.001)
        return wire.sent

    return asyncio.run(work())


def test_a_head_goes_with_its_body() -> None:
    assert sent(HEAD, b"{}") == [HEAD + b"{}"]
    assert sent(HEAD, b"", HEAD, b"{}") == [HEAD, HEAD + b"{}"]


def test_a_head_whose_body_does_not_come_at_once_goes_alone() -> None:
    assert sent(HEAD) == [HEAD]
    assert sent(HEAD, None, b"data: 1\n\n", b"data: 2\n\n") == [
        HEAD,
        b"data: 1\n\n",
        b"data: 2\n\n",
    ]


def test_what_is_held_is_sent_before_the_end() -> None:
    async def work() -> Wire:
        wire = Wire()
        joined = Joined(wire, asyncio.get_running_loop())  # type: ignore[arg-type]
        joined.write(HEAD)
        joined.close()
        assert joined.get_extra_info("peername") == "peername"
        return wire

    wire = asyncio.run(work())
    assert (wire.sent, wire.is_closed) == ([HEAD], True)


def test_answers_without_a_body_and_one_after_the_other_are_whole(served_live: Live) -> None:
    with served_live.client() as client:
        for n in range(3):
            assert client.post("/events", json=event(f"e{n}", match_id="joined")).status_code == 201
        assert client.head("/matches/joined").status_code in (200, 404)
        answer = client.get("/matches", headers={"connection": "close"})
        assert answer.status_code == 200
    assert httpx.get(f"{served_live.address}/style.css").status_code == 200
