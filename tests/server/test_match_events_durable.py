"""Nothing is acknowledged that is not in the log: of a log that fails, with others who wait for it."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, ClassVar

import pytest
from live_world import NOON, event, events, live

from touchline.adapters.sqlite import SqliteLog
from touchline.core.memory import MemoryLog, MemoryServing
from touchline.core.ports import Position, ServingStore, View
from touchline.errors import StorageError, TransientError
from touchline.matches.live import EventRule
from touchline.matches.serve.intake import Intake
from touchline.matches.serve.known import Result
from touchline.server.taking import Taking

Records = Sequence[tuple[str, bytes]]


class Held:
    """A log that holds back what becomes of each append until it is told."""

    at_once = True

    def __init__(self) -> None:
        self.asked: list[tuple[Records, Future[Any]]] = []

    def append(self, topic: str, records: Records) -> "Future[Any]":
        done: Future[Any] = Future()
        self.asked.append((records, done))
        return done

    async def asked_for(self, count: int) -> "Future[Any]":
        """What becomes of the last append, once there were so many."""
        while len(self.asked) < count:
            await asyncio.sleep(0.001)
        return self.asked[count - 1][1]


def served_by(log: Any, store: ServingStore | None = None) -> Taking:
    """What takes events, and keeps them in this log."""
    return Taking(Intake(store or MemoryServing(), EventRule(), lambda: NOON), log)


def test_a_repeat_of_an_event_that_was_not_kept_is_not_acknowledged_for_it() -> None:
    async def posted() -> list[Result]:
        log = Held()
        taking = served_by(log)
        first = asyncio.create_task(taking.take([event("e1")]))
        failing = await log.asked_for(1)
        second = asyncio.create_task(taking.take([event("e1")]))
        await asyncio.sleep(0.01)
        failing.set_exception(StorageError("no room"))
        with pytest.raises(StorageError):
            await first
        (await log.asked_for(2)).set_result([(0, 0)])
        assert [key for key, _ in log.asked[1][0]] == ["m1"]
        return await second

    (result,) = asyncio.run(posted())
    assert (result.status, result.event_id) == (201, "e1")


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_conflict_with_what_is_on_its_way_is_told_when_that_is_durable(is_kept: bool) -> None:
    async def posted() -> tuple[list[bool], list[Result]]:
        log = Held()
        taking = served_by(log)
        first = asyncio.create_task(taking.take([event("e1")]))
        held = await log.asked_for(1)
        other = asyncio.create_task(taking.take([event("e1", x=1), event("e2")]))
        await asyncio.sleep(0.01)
        was_told = other.done()
        if is_kept:
            held.set_result([(0, 0)])
        else:
            held.set_exception(StorageError("no room"))
        await asyncio.wait([first])
        (await log.asked_for(2)).set_result([(0, int(is_kept))])
        if not is_kept:
            (await log.asked_for(3)).set_result([(0, 1)])
        return [was_told, first.exception() is None], await other

    told, results = asyncio.run(posted())
    assert told == [False, is_kept]
    assert [r.status for r in results] == [409 if is_kept else 201, 201]


def test_an_event_that_was_lost_leaves_nothing_behind_that_another_is_held_against() -> None:
    async def posted() -> list[Result]:
        log = Held()
        taking = served_by(log)
        first = asyncio.create_task(taking.take([event("e1"), event("e2")]))
        (await log.asked_for(1)).set_exception(StorageError("no room"))
        with pytest.raises(StorageError):
            await first
        second = asyncio.create_task(taking.take([event("e1", x=1)]))
        (await log.asked_for(2)).set_result([(0, 0)])
        return await second

    (result,) = asyncio.run(posted())
    assert result.status == 201


def test_a_store_that_fails_midway_leaves_nothing_behind_either() -> None:
    class Failing(MemoryServing):
        """A store in which the second match cannot be read."""

        fails = True

        def changes(self, view: View, key: str, **more: Any) -> Any:
            if key == "m2" and self.fails:
                raise StorageError("a bad sector")
            return super().changes(view, key, **more)

    async def posted() -> list[int]:
        log, store = MemoryLog(), Failing()
        taking = served_by(log, store)
        with pytest.raises(StorageError):
            await taking.take([event("e1"), event("e1", match_id="m2")])
        store.fails = False
        found = await taking.take([event("e1", x=1), event("e1", match_id="m2", x=1)])
        return [r.status for r in found]

    assert asyncio.run(posted()) == [201, 201]


def test_a_log_that_refuses_at_once_is_told_and_holds_up_nobody_after() -> None:
    class Refusing(MemoryLog):
        """A log without the topic, at first."""

        fails = True

        def append(self, topic: str, records: Records) -> "Future[Any]":
            if self.fails:
                raise TransientError("no broker answers")
            return super().append(topic, records)

    async def posted() -> list[Result]:
        log = Refusing()
        taking = served_by(log)
        with pytest.raises(TransientError):
            await taking.take([event("e1")])
        log.fails = False
        return await taking.take([event("e1")])

    (result,) = asyncio.run(posted())
    assert result.status == 201


def test_a_log_that_waits_for_room_holds_up_nobody_else() -> None:
    class Slow(MemoryLog):
        """A log that has no room for a while."""

        at_once = False
        room = threading.Event()

        def append(self, topic: str, records: Records) -> "Future[Any]":
            assert self.room.wait(30)
            return super().append(topic, records)

    async def posted() -> list[Result]:
        log = Slow()
        taking = served_by(log)
        found = asyncio.create_task(taking.take([event("e1")]))
        await asyncio.sleep(0.01)
        log.room.set()  # by the thread that the log would have held up
        return await found

    (result,) = asyncio.run(posted())
    assert result.status == 201


def test_single_events_go_on_while_a_batch_is_taken() -> None:
    async def posted() -> tuple[bool, list[Result]]:
        taking = served_by(MemoryLog())
        await taking.take([event("e0")])
        many = [event(f"b{n}") for n in range(10_000)]
        batch = asyncio.create_task(taking.take(many))
        while not taking.intake._under_way:
            await asyncio.sleep(0)
        found = await taking.take([event("e1")])
        was_first = not batch.done()
        assert len(await batch) == 10_000
        return was_first, found

    was_first, (result,) = asyncio.run(posted())
    assert (was_first, result.status) == (True, 201)


def test_a_store_that_is_far_is_not_read_by_the_thread_that_answers() -> None:
    class Far(MemoryServing):
        """A store that is asked over a network."""

        near = False
        asked: ClassVar[set[int]] = set()

        def position(self, reader: str) -> Position:
            self.asked.add(threading.get_ident())
            return super().position(reader)

        def changes(self, view: View, key: str, **more: Any) -> Any:
            self.asked.add(threading.get_ident())
            return super().changes(view, key, **more)

    store = Far()
    asyncio.run(served_by(MemoryLog(), store).take([event("e1")]))
    assert store.asked
    assert threading.get_ident() not in store.asked


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
