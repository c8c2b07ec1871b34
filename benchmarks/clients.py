"""Clients that wrk is not: whole batches, and subscribers of a stream."""

import asyncio
import json
import statistics
import time
from collections.abc import Sequence

from load import Serving, request


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 20"), head
    (length,) = [
        int(line.split(b":")[1])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length")
    ]
    return await reader.readexactly(length)


def posted(server: Serving, bodies: Sequence[bytes], *, connections: int) -> float:
    """Post every body, so many at a time; how long it took until all were durable."""

    async def post(mine: Sequence[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 24)
        for body in mine:
            writer.write(request(server, "POST", "/events/batch", body))
            found = await _answer(reader)
            assert b'"refused":0' in found[:60], found[:300]
        writer.close()

    async def work() -> float:
        begun = time.perf_counter()
        await asyncio.gather(*(post(bodies[n::connections]) for n in range(connections)))
        return time.perf_counter() - begun

    return asyncio.run(work())


def served(server: Serving, match_ids: Sequence[str], events: int) -> float:
    """Wait until every match has all its events; how long that took."""

    async def work() -> float:
        begun = time.perf_counter()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 24)
        for match_id in match_ids:
            count = 0
            while count < events:
                writer.write(request(server, "GET", f"/matches/{match_id}/events?limit=1"))
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                count = json.loads(body).get("event_count", 0)
                if count < events:
                    await asyncio.sleep(0.05)
        writer.close()
        return time.perf_counter() - begun

    return asyncio.run(work())


def waits_ms(server: Serving, *, subscribers: int, posts: int, every_s: float) -> list[float]:
    """From the post of an event to each subscriber's having it, in milliseconds."""
    sent: dict[str, float] = {}
    waits: list[float] = []

    async def subscribe(ready: asyncio.Semaphore) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request(server, "GET", "/matches/live/stream"))
        while b"event: ready" not in await reader.readline():
            pass
        ready.release()
        for _ in range(posts):
            line = b""
            while not line.startswith(b'data: {"change"'):
                line = await reader.readline()
            event_id = json.loads(line[6:])["event"]["event_id"]
            waits.append((time.perf_counter() - sent[event_id]) * 1000)
        writer.close()

    async def work() -> None:
        ready = asyncio.Semaphore(0)
        tasks = [asyncio.ensure_future(subscribe(ready)) for _ in range(subscribers)]
        for _ in range(subscribers):
            await ready.acquire()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for n in range(posts):
            await asyncio.sleep(every_s)
            said = {
                "match_id": "live",
                "event_id": f"e{n}",
                "event_type": "pass",
                "timestamp": f"2025-04-05T12:{n // 60 % 60:02}:{n % 60:02}Z",
            }
            sent[f"e{n}"] = time.perf_counter()
            writer.write(request(server, "POST", "/events", json.dumps(said).encode()))
            await _answer(reader)
        await asyncio.wait_for(asyncio.gather(*tasks), 60)

    asyncio.run(work())
    return waits


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    return statistics.quantiles(values, n=1000, method="inclusive")[round(share * 1000) - 1]
