"""A match as it changes: what is known, then every change, to any number of followers."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import anyio.to_thread
import msgspec

from touchline.core.ports import Asked, Log, ServingStore
from touchline.errors import TouchlineError
from touchline.matches.live import ALL, EVENTS, MATCHES, STREAM, TOPIC, Match
from touchline.server.frames import BEAT, Frame, Token, change

BEAT_S = 15.0
"""A sign of life is sent so often, where nothing else waits to be."""

_LOOKED_AT_S = 0.5
_PAGE = 500
_MOST_WAITING = 2000
_MOST_CHANGES = 1000
_AT_ONCE = 16
_FEW = 20
_ID = 0

Found = TypeVar("Found")


@dataclass(eq=False)
class Follower:
    """Somebody who follows a match; `at` is the offset of the last change they were given."""

    at: int
    frames: deque[Frame] = field(default_factory=deque)
    is_let_go: bool = False
    _come: asyncio.Event = field(default_factory=asyncio.Event)
    _beating: asyncio.TimerHandle | None = None

    def give(self, frame: Frame) -> None:
        """The change waits for them, once; who is too slow is let go, and comes back with their token."""
        assert frame.token is not None
        if self.is_let_go or frame.token.offset <= self.at:
            return
        if len(self.frames) >= _MOST_WAITING:
            self.let_go()
            return
        self.at = frame.token.offset
        self.frames.append(frame)
        self._come.set()

    def let_go(self) -> None:
        """They are given nothing any more."""
        self.frames.clear()
        self.is_let_go = True
        self._come.set()

    def beat(self, loop: asyncio.AbstractEventLoop) -> None:
        """A sign of life now and then."""
        if not self.frames:
            self.frames.append(BEAT)
            self._come.set()
        self._beating = loop.call_later(BEAT_S, self.beat, loop)

    def left(self) -> None:
        """They are not there any more."""
        if self._beating:
            self._beating.cancel()

    async def given(self, past: AsyncGenerator[Frame, None]) -> AsyncGenerator[list[Frame], None]:
        """What came before, then what they are given, some frames at once; until they are let go."""
        async with aclosing(past):
            async for frame in past:
                yield [frame]
        while not self.is_let_go:
            while self.frames:
                yield [self.frames.popleft() for _ in range(min(len(self.frames), _AT_ONCE))]
            self._come.clear()
            if not self.is_let_go:
                await self._come.wait()


@dataclass(eq=False)
class Hub:
    """Reads each change of a match once, however many follow it, and however many are followed.

    `_at` is, for each match that is followed, up to which offset its changes were given.
    """

    store: ServingStore
    log: Log
    _of: dict[str, set[Follower]] = field(default_factory=dict)
    _at: dict[str, int] = field(default_factory=dict)
    _due: set[str] = field(default_factory=set)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop | None = None
    _working: "asyncio.Task[None] | None" = None
    _position: Mapping[int, int] = field(default_factory=dict)

    def heard(self, match_ids: Collection[str]) -> None:
        """Something came of these matches; called from any thread."""
        if self._loop is not None and not self._of.keys().isdisjoint(match_ids):
            with suppress(RuntimeError):  # the server has ended
                self._loop.call_soon_threadsafe(self._look_at, match_ids)

    def _look_at(self, match_ids: Iterable[str]) -> None:
        self._due.update(match_ids)
        self._woken.set()

    # --- what changes -------------------------------------------------------------------------

    async def _work(self) -> None:
        """Give followers what changed as soon as it is heard of; and what others read, now and then."""
        loop, look_at = asyncio.get_running_loop(), 0.0
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(look_at):
                    await self._woken.wait()
            self._woken.clear()
            due, self._due = self._due, set()
            try:
                if loop.time() >= look_at:
                    look_at = loop.time() + _LOOKED_AT_S
                    due |= await self._unheard()
                await self._give(due)
            except TouchlineError:  # the store fails: looked at again in a moment
                self._due |= due

    async def _unheard(self) -> set[str]:
        """Every match that is followed, where anything at all was read since the last look."""
        if not self._of:
            return set()
        position = await anyio.to_thread.run_sync(self.store.position, STREAM.reader)
        if position == self._position:
            return set()
        self._position = position
        return set(self._of)

    async def _give(self, match_ids: Collection[str]) -> None:
        """Give followers what changed of these matches, in order.

        A match's row is written behind its events: what is told up to there is whole, in any store.
        """
        followed = self._of.keys() & match_ids
        for match_id, last in (await self._asked(self._offsets, followed)).items():
            while (after := self._at.get(match_id, last)) < last:
                found = await self._asked(self._changes, match_id, after, last)
                if self._at.get(match_id) == after:  # else somebody came who has less
                    self._at[match_id] = _last(found, last)
                    _all_given(found, self._of[match_id])
                await asyncio.sleep(0)  # they are sent it, before there is more

    def _ended(self, working: "asyncio.Task[None]") -> None:
        """Who follows is let go where an error that nobody foresaw ended the work; it is told once."""
        if working.cancelled() or (error := working.exception()) is None:
            return
        for follower in [each for followers in self._of.values() for each in followers]:
            follower.let_go()
        told = {"message": "changes are not told any more", "exception": error, "task": working}
        working.get_loop().call_exception_handler(told)

    # --- followers ----------------------------------------------------------------------------

    @asynccontextmanager
    async def following(
        self, match_id: str, after: Token | None
    ) -> AsyncIterator[AsyncIterator[list[Frame]]]:
        """Frames of a match: what is known unless `after` says from where on, then every change.

        They come some at once, and end where the follower is too slow. A token that is of another log, or of what this log
        lost, is none: what is known is sent `anew`. One that is ahead of the store here is waited for.

        Raises:
            TouchlineError: A store fails now; also while frames are sent that others had before.
        """
        self._start()
        now, log = await self._asked(self._place, match_id)
        goes_on = after is not None and await self._is_of(after, now, log)
        start = after.offset if after is not None and goes_on else now
        me = Follower(max(start, now))
        if goes_on:
            past = self._missed(match_id, start, now)
        else:
            past = self._snapshot(match_id, Token(log, now), is_anew=after is not None)
        self._of.setdefault(match_id, set()).add(me)
        self._at[match_id] = min(self._at.get(match_id, now), now)
        self._look_at([match_id])
        me.beat(asyncio.get_running_loop())
        try:
            async with aclosing(me.given(past)) as frames:
                yield frames
        finally:
            me.left()
            self._left(match_id, me)

    def _start(self) -> None:
        if self._working is None or self._working.done():
            self._loop = asyncio.get_running_loop()
            self._working = asyncio.ensure_future(self._work())
            self._working.add_done_callback(self._ended)

    async def _is_of(self, after: Token, now: int, log: int) -> bool:
        """Whether one may go on from there: the token is of this log, which has that record."""
        if after.log != log or after.offset <= now:
            return after.log == log
        ends = await anyio.to_thread.run_sync(self.log.end, TOPIC)
        return any(after.offset < end for end in ends.values())

    async def _missed(self, match_id: str, after: int, now: int) -> AsyncGenerator[Frame, None]:
        while after < now:
            found = await anyio.to_thread.run_sync(self._changes, match_id, after, now)
            for frame in found:
                yield frame
            after = _last(found, now)

    async def _snapshot(
        self, match_id: str, now: Token, *, is_anew: bool
    ) -> AsyncGenerator[Frame, None]:
        said: dict[str, Any] = {"match_id": match_id, **({"anew": True} if is_anew else {})}
        asked, more = Asked(limit=_PAGE, offset=now.offset), True
        while more:
            rows = await anyio.to_thread.run_sync(self.store.rows, EVENTS, match_id, asked)
            events = [msgspec.Raw(v.body) for v in rows]
            yield Frame("snapshot", msgspec.json.encode({**said, "events": events}))
            more = len(rows) == _PAGE
            asked = replace(asked, after=rows[-1].order if rows else "")
        yield Frame("ready", msgspec.json.encode(said), now if now.offset >= 0 else None)

    def _left(self, match_id: str, me: Follower) -> None:
        followers = self._of.get(match_id, set())
        followers.discard(me)
        if not followers:
            self._of.pop(match_id, None)
            self._at.pop(match_id, None)

    # --- the store ----------------------------------------------------------------------------

    async def _asked(self, ask: Callable[..., Found], *what: Any) -> Found:
        """What the store answers; in a thread, unless that takes longer than the answer."""
        is_short = self.store.near and (isinstance(what[0], str) or len(what[0]) <= _FEW)
        return ask(*what) if is_short else await anyio.to_thread.run_sync(ask, *what)

    def _place(self, match_id: str) -> tuple[int, int]:
        """The last change of the match, -1 before there is one; and which log it is of."""
        log = self._of_log()
        return self._offsets([match_id]).get(match_id, -1), log

    def _of_log(self) -> int:
        """The log that the store's rows are of, or will be."""
        return self.store.position(STREAM.origin).get(_ID, 0) or self.log.identity(STREAM.topic)

    def _offsets(self, match_ids: Collection[str]) -> Mapping[str, int]:
        """The last record of each of these matches, as far as they are known."""
        if not match_ids:
            return {}
        found = self.store.known(MATCHES, [(ALL, match_id) for match_id in match_ids])
        return {
            match_id: max(msgspec.json.decode(v.body, type=Match).offset for v in versions)
            for (_, match_id), versions in found.items()
        }

    def _changes(self, match_id: str, after: int, last: int) -> list[Frame]:
        """What the records after that offset changed, up to the last; not of all of them at once."""
        found = self.store.changes(EVENTS, match_id, after=after, limit=_MOST_CHANGES)
        log = self._of_log()
        return [change(version, log) for version in found if version.since <= last]


def _all_given(found: Iterable[Frame], followers: Iterable[Follower]) -> None:
    for follower in followers:
        for frame in found:
            follower.give(frame)


def _last(found: list[Frame], last: int) -> int:
    """Up to which offset these changes are all that there is."""
    if len(found) < _MOST_CHANGES or found[-1].token is None:
        return last
    return found[-1].token.offset
