"""Nothing is acknowledged that is not in the log: of a log that fails, with others who wait for it."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from live_world import NOON, event, events, live

from touchline.adapters.sqlite import SqliteLog
from touchline.core.memory import MemoryServing
from touchline.errors import StorageError
from touchline.matches.live import EventRule
from touchline.matches.serve.posting import Intake, Result
from touchline.server.admission import Admission
from touchline.server.api import Api
from touchline.server.streams import Hub

Records = Sequence[tuple[str, bytes]]


class Held:
    """A log that holds back what becomes of each append until it is told."""

    def __init__(self) -> None:
        self.asked: list[tuple[Records, Future[Any]]] = []

    def append(self, topic: str, records: Records) -> "Future[Any]":
        done: Future[Any] = Future()
        self.asked.append((records, done))
        return done


def test_a_repeat_of_an_event_that_was_not_kept_is_not_acknowledged_for_it() -> None:
    async def posted() -> list[Result | BaseException]:
        log, store = Held(), MemoryServing()
        intake = Intake(store, EventRule(), lambda: NOON)
        api = Api(store, log, intake, Admission(None), Hub(store, log))  # type: ignore[arg-type]
        first = asyncio.create_task(api.take([event("e1")]))
        await asyncio.sleep(0)
        second = asyncio.create_task(api.take([event("e1")]))
        await asyncio.sleep(0)
        log.asked[0][1].set_exception(StorageError("no room"))
        with pytest.raises(StorageError):
            await first
        (records, done) = log.asked[1]
        assert [key for key, _ in records] == ["m1"]
        done.set_result([(0, 0)])
        return list(await second)

    (result,) = asyncio.run(posted())
    assert isinstance(result, Result)
    assert (result.status, result.event_id) == (201, "e1")


def test_what_was_refused_for_want_of_room_can_be_posted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append, full = SqliteLog.append, [True]

    def perhaps(self: SqliteLog, topic: str, records: Records) -> "Future[Any]":
        if full[0]:
            failed: Future[Any] = Future()
            failed.set_exception(StorageError("no room", hint="make room"))
            return failed
        return append(self, topic, records)

    monkeypatch.setattr(SqliteLog, "append", perhaps)
    with live(tmp_path) as world, world.client() as client:
        for path in ("/events", "/events/batch"):
            refused = client.post(path, json=event() if path == "/events" else [event()])
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert refused.json()["error"] == {"message": "no room", "hint": "make room"}
        full[0] = False
        assert client.post("/events", json=event()).status_code == 201
        assert client.post("/events", json=event(x=1)).status_code == 409
        assert len(events(client, count=1)) == 1
