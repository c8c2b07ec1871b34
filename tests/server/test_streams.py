"""Followers and the store: who is told what, whoever reads the log, and whatever fails."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import feeds
import pytest
from live_world import PATIENCE_S

from touchline.core.keys import made
from touchline.core.memory import MemoryLog, MemoryServing
from touchline.core.ports import Asked, Id, Version, View
from touchline.core.stream import read_on
from touchline.errors import TransientError
from touchline.matches.live import EVENTS, MATCHES, STREAM, TOPIC, EventRule
from touchline.matches.serve.intake import Intake
from touchline.server import streams
from touchline.server.admission import Admission
from touchline.server.api import Api
from touchline.server.frames import Frame, Token, token
from touchline.server.streams import Follower, Hub


class World:
    """A log, a store that reads it, and a hub for those who follow."""

    def __init__(self, store: MemoryServing | None = None) -> None:
        self.log, self.store = MemoryLog(), store or MemoryServing()
        self.hub = Hub(self.store, self.log)

    def appended(self, *said: feeds.Event) -> None:
        """These events are in the log."""
        self.log.append(TOPIC, [(str(e["match_id"]), feeds.value(e)) for e in said]).result()

    def read(self, count: int = 1000) -> None:
        """So many records more are in the store, whoever read them."""
        read_on(STREAM, self.log, self.store, timeout_s=0, limit=count)

    def told(self, *said: feeds.Event) -> None:
        """These events are in the store, and that was heard."""
        self.appended(*said)
        self.read()
        self.hub.heard([str(e["match_id"]) for e in said])

    def token(self, offset: int) -> Token:
        """The token behind that record."""
        return Token(self.log.identity(STREAM.topic), offset)

    async def follow(self, match_id: str, after: Token | None, heard: list[Frame]) -> None:
        """Somebody follows, and keeps what they hear; until they are let go."""
        async with self.hub.following(match_id, after) as frames:
            async for some in frames:
                heard += some


def run(world: World, work: Callable[[], Awaitable[None]]) -> list[dict[str, Any]]:
    """Do it in a loop of its own; what that loop was told of errors that nobody foresaw."""
    told = list[dict[str, Any]]()

    async def whole() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, said: told.append(said))
        await asyncio.wait_for(work(), PATIENCE_S)
        if world.hub._working:
            world.hub._working.cancel()

    asyncio.run(whole())
    return told


async def until(is_so: Callable[[], Any]) -> None:
    while not is_so():
        await asyncio.sleep(0.001)


def kinds(heard: Sequence[Frame]) -> list[str]:
    return [frame.kind for frame in heard if frame.kind]


def offsets(heard: Sequence[Frame]) -> list[int]:
    return [f.token.offset for f in heard if f.token and f.kind == "change"]


def event(n: int, **more: Any) -> feeds.Event:
    return feeds.event(f"e{n}", n / 100, **more)


# --- tokens -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["1-0", "0-17", "7fffffffffffffff-999999999999999999"])
def test_a_token_comes_back_as_it_went(text: str) -> None:
    found = token(text)
    assert found is not None
    assert str(found) == text


@pytest.mark.parametrize("text", ["", "5", "-5", "1--1", "1-1 ", "g-1", "1-٣", "A-1", "1-" + "9" * 19])  # fmt: skip
def test_what_is_no_token_is_none(text: str) -> None:
    assert token(text) is None


def test_who_is_ahead_of_the_store_waits_for_it_and_misses_and_repeats_nothing() -> None:
    world, heard = World(), list[Frame]()

    async def work() -> None:
        world.appended(*(event(n) for n in range(6)))
        world.read(2)
        following = asyncio.create_task(world.follow("m1", world.token(3), heard))
        await until(lambda: "m1" in world.hub._of)
        world.read(1)
        world.hub.heard(["m1"])
        await asyncio.sleep(0.01)
        assert kinds(heard) == []
        world.read(3)
        world.hub.heard(["m1"])
        await until(lambda: len(kinds(heard)) == 2)
        following.cancel()

    assert run(world, work) == []
    assert offsets(heard) == [4, 5]


def test_who_is_ahead_holds_up_nobody_else() -> None:
    world, ahead, other = World(), list[Frame](), list[Frame]()

    async def work() -> None:
        world.appended(*(event(n) for n in range(4)))
        world.read(1)
        tasks = [
            asyncio.create_task(world.follow("m1", world.token(2), ahead)),
            asyncio.create_task(world.follow("m1", None, other)),
        ]
        await until(lambda: kinds(other) == ["snapshot", "ready"])
        world.read()
        world.hub.heard(["m1"])
        await until(lambda: ahead and len(offsets(other)) == 3)
        for task in tasks:
            task.cancel()

    run(world, work)
    assert (offsets(ahead), offsets(other)) == ([3], [1, 2, 3])


def test_a_store_that_is_made_anew_of_the_same_log_goes_on_where_it_was() -> None:
    world, heard, came = World(), list[Frame](), list[Frame]()

    async def work() -> None:
        world.told(*(event(n) for n in range(3)))
        tasks = [asyncio.create_task(world.follow("m1", world.token(2), heard))]
        await until(lambda: "m1" in world.hub._of)
        world.store.clear(STREAM.origin, ())
        world.store.clear(STREAM.reader, STREAM.views)
        world.read(1)
        tasks.append(asyncio.create_task(world.follow("m1", None, came)))
        await until(lambda: kinds(came) == ["snapshot", "ready"])
        world.read(2)
        world.told(event(3))
        await until(lambda: heard and len(offsets(came)) == 3)
        for task in tasks:
            task.cancel()

    run(world, work)
    assert (offsets(heard), offsets(came)) == ([3], [1, 2, 3])


# --- what is read -------------------------------------------------------------------------------


class Counting(MemoryServing):
    """A serving store that counts which matches it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.looked, self.read = list[int](), list[str]()

    def known(self, view: View, ids: Sequence[Id]) -> Mapping[Id, Sequence[Version]]:
        if view is MATCHES:
            self.looked.append(len(ids))
        return super().known(view, ids)

    def changes(self, view: View, key: str, *, after: int, limit: int = 1000) -> Sequence[Version]:
        self.read.append(key)
        return super().changes(view, key, after=after, limit=limit)


def test_of_many_matches_that_are_followed_only_those_that_changed_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "_LOOKED_AT_S", 1000.0)
    store = Counting()
    world, heard = World(store), list[Frame]()

    async def work() -> None:
        tasks = [
            asyncio.create_task(world.follow(f"m{n}", None, heard if n == 7 else []))
            for n in range(300)
        ]
        await until(lambda: sum(store.looked) >= 600)
        world.appended(event(1, match_id="m7"), event(2, match_id="other"))
        read_on(STREAM, world.log, store, timeout_s=0)
        store.looked.clear()
        world.hub.heard(["m7", "other"])
        await until(lambda: offsets(heard))
        assert (store.looked, store.read) == ([1], ["m7"])
        for task in tasks:
            task.cancel()

    assert run(world, work) == []


def test_what_another_process_read_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_LOOKED_AT_S", 0.01)
    world, heard = World(), list[Frame]()

    async def work() -> None:
        following = asyncio.create_task(world.follow("m1", None, heard))
        await until(lambda: kinds(heard))
        world.appended(event(1), event(2))
        world.read()
        await until(lambda: len(offsets(heard)) == 2)
        following.cancel()

    run(world, work)


def test_many_versions_at_once_stop_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_LOOKED_AT_S", 1000.0)
    world, heard = World(), list[Frame]()

    async def work() -> None:
        following = asyncio.create_task(world.follow("m1", None, heard))
        await until(lambda: kinds(heard))
        world.appended(*(event(n) for n in range(1500)))
        for _ in range(2):
            world.read(750)
        over = [
            v for v in world.store.changes(EVENTS, "m1", after=-1, limit=1200) if v.since < 1200
        ]
        over = [streams.msgspec.structs.replace(v, until=v.since) for v in over]
        world.store.apply({EVENTS: over}, reader="test", before={}, after={})
        world.hub.heard(["m1"])
        await until(lambda: len(offsets(heard)) == 1500)
        following.cancel()

    run(world, work)
    assert offsets(heard) == list(range(1500))


def test_a_batch_of_which_only_a_part_can_be_seen_is_told_when_it_is_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "_LOOKED_AT_S", 0.01)
    world, heard = World(), list[Frame]()

    async def work() -> None:
        world.told(event(0))
        following = asyncio.create_task(world.follow("m1", world.token(0), heard))
        await until(lambda: "m1" in world.hub._of)
        world.appended(event(1), event(2))
        records = world.log.read(TOPIC, {0: 1})
        whole = STREAM.fold(records, world.store)
        first, second = whole[EVENTS]
        world.store.apply({EVENTS: [second]}, reader="part", before={}, after={0: 1})
        world.hub.heard(["m1"])
        await asyncio.sleep(0.05)
        world.store.apply({EVENTS: [first]}, reader="part", before={0: 1}, after={0: 2})
        world.read()
        world.hub.heard(["m1"])
        await until(lambda: len(offsets(heard)) == 2)
        following.cancel()

    run(world, work)
    assert offsets(heard) == [1, 2]


# --- who comes and goes, and who is slow --------------------------------------------------------


def test_who_is_too_slow_is_let_go() -> None:
    async def left() -> list[list[Frame]]:
        slow = Follower(at=0)
        for offset in range(1, 3000):
            slow.give(Frame("change", b"{}", Token(1, offset)))
        return [some async for some in slow.given(nothing())]

    async def nothing() -> Any:
        for frame in list[Frame]():
            yield frame

    assert asyncio.run(left()) == []


class Slow(MemoryServing):
    """A serving store whose first answer about changes can be held back."""

    near = False

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go_on = threading.Event(), threading.Event()

    def changes(self, view: View, key: str, *, after: int, limit: int = 1000) -> Sequence[Version]:
        found = super().changes(view, key, after=after, limit=limit)
        if not self.asked.is_set():
            self.asked.set()
            assert self.go_on.wait(PATIENCE_S)
        return found


def test_who_comes_while_changes_are_read_for_others_misses_none() -> None:
    store = Slow()
    world, heard, late = World(store), list[Frame](), list[Frame]()

    async def work() -> None:
        world.told(event(0))
        first = asyncio.create_task(world.follow("m1", world.token(0), heard))
        await until(lambda: "m1" in world.hub._of)
        world.told(event(1))
        await asyncio.to_thread(store.asked.wait, PATIENCE_S)
        world.hub._at["m1"] = -1
        second = asyncio.create_task(world.follow("m1", None, late))
        await until(lambda: len(world.hub._of["m1"]) == 2)
        world.told(event(2))
        store.go_on.set()
        await until(lambda: len(offsets(heard)) == 2 and len(offsets(late)) == 1)
        first.cancel()
        second.cancel()

    run(world, work)
    assert (offsets(heard), offsets(late)) == ([1, 2], [2])


def test_who_comes_while_changes_are_read_for_another_who_left_misses_none() -> None:
    store = Slow()
    world, heard = World(store), list[Frame]()

    async def work() -> None:
        world.told(event(0))
        first = asyncio.create_task(world.follow("m1", world.token(0), []))
        await until(lambda: "m1" in world.hub._of)
        world.told(event(1))
        await asyncio.to_thread(store.asked.wait, PATIENCE_S)
        first.cancel()
        await until(lambda: not world.hub._of)
        second = asyncio.create_task(world.follow("m1", world.token(0), heard))
        await until(lambda: "m1" in world.hub._of)
        world.told(event(2))
        store.go_on.set()
        await until(lambda: len(offsets(heard)) == 2)
        second.cancel()

    run(world, work)
    assert offsets(heard) == [1, 2]


# --- what fails ---------------------------------------------------------------------------------


class Failing(MemoryServing):
    """A serving store that fails while it is told to, when it is asked for changes."""

    error: Exception | None = None

    def changes(self, view: View, key: str, *, after: int, limit: int = 1000) -> Sequence[Version]:
        if self.error:
            raise self.error
        return super().changes(view, key, after=after, limit=limit)


def test_while_the_store_is_away_nobody_is_let_go_and_then_all_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "_LOOKED_AT_S", 0.01)
    store = Failing()
    world, heard = World(store), list[Frame]()

    async def work() -> None:
        following = asyncio.create_task(world.follow("m1", None, heard))
        await until(lambda: kinds(heard))
        store.error = TransientError("the store is away")
        world.told(event(1))
        await asyncio.sleep(0.05)
        store.error = None
        await until(lambda: offsets(heard))
        following.cancel()

    assert run(world, work) == []


def test_an_error_that_nobody_foresaw_is_told_once_and_lets_go_whoever_follows() -> None:
    store = Failing()
    world, heard, again = World(store), list[Frame](), list[Frame]()

    async def work() -> None:
        following = asyncio.create_task(world.follow("m1", None, heard))
        await until(lambda: kinds(heard))
        store.error = ValueError("a bug")
        world.told(event(1))
        await following
        store.error = None
        back = asyncio.create_task(world.follow("m1", world.token(0), again))
        world.told(event(2))
        await until(lambda: offsets(again))
        back.cancel()

    told = run(world, work)
    assert [(said["message"], said["exception"]) for said in told] == [
        ("changes are not told any more", told[0]["exception"])
    ]
    assert isinstance(told[0]["exception"], ValueError)
    assert (offsets(heard), offsets(again)) == ([], [1])


def test_who_comes_back_while_the_store_is_away_is_told_that_rather_than_too_little() -> None:
    store = Failing()
    world = World(store)

    async def work() -> None:
        world.told(event(0), event(1))
        store.error = TransientError("the store is away")
        with pytest.raises(TransientError):
            await world.follow("m1", world.token(0), [])

    run(world, work)


class Away(MemoryServing):
    """A serving store that knows nothing of any match now."""

    def known(self, view: View, ids: Sequence[Id]) -> Mapping[Id, Sequence[Version]]:
        raise TransientError("the store is away")


async def asked(world: World) -> list[dict[str, Any]]:
    """What the stream of match m1 is answered."""
    answers = list[dict[str, Any]]()
    text, key = made("reader", ("read",), feeds.NOW)
    intake = Intake(world.store, EventRule(), lambda: feeds.NOW)
    api = Api(world.store, world.log, intake, Admission(lambda: [key]), world.hub)
    scope = {
        "type": "http", "method": "GET", "path": "/matches/m1/stream", "query_string": b"",
        "headers": [(b"x-api-key", text.encode())],
    }  # fmt: skip

    async def send(message: Any) -> None:
        answers.append(message)

    await api(scope, asyncio.Event().wait, send)  # type: ignore[arg-type]
    return answers


def test_a_stream_that_cannot_begin_is_answered_503() -> None:
    world = World(Away())

    async def work() -> None:
        start, body = await asked(world)
        assert start["status"] == 503
        assert b"the store is away" in body["body"]

    run(world, work)


class Broken(MemoryServing):
    """A serving store with rows that cannot be read."""

    error: Exception

    def rows(self, view: View, key: str, asked: Asked) -> Sequence[Version]:
        raise self.error


def test_a_stream_ends_where_the_store_fails_and_fails_where_nobody_foresaw_it() -> None:
    world = World(store := Broken())

    async def work() -> None:
        store.error = TransientError("the store is away")
        start, end = await asked(world)
        assert (start["status"], end["body"], "more_body" in end) == (200, b"", False)
        store.error = ValueError("a bug")
        with pytest.raises(ValueError, match="a bug"):
            await asked(world)

    run(world, work)
