"""A match as it changes: what is known, then every change, to any number of subscribers."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

import anyio.to_thread
import msgspec

from touchline.core.ports import Asked, ServingStore, Version
from touchline.matches.live import ALL, EVENTS, MATCHES, Match

BEAT_S = 15.0
"""A sign of life is sent where nothing else was for so long."""

_LOOKED_AT_S = 0.5
_PAGE = 500
_MOST_WAITING = 2000
_MOST_CHANGES = 1000


class Frame(msgspec.Struct, frozen=True):
    """A message of a stream: its kind, its body as JSON, and the token to go on from behind it.

    The token is -1 where a snapshot has more parts: nobody can go on from there.
    """

    kind: str
    body: bytes
    token: int


@dataclass(eq=False)
class Subscriber:
    """Somebody who follows a match; `at` is the offset of the last change they were given."""

    at: int
    frames: asyncio.Queue[Frame | None] = field(
        default_factory=lambda: asyncio.Queue(_MOST_WAITING)
    )

    def give(self, frame: Frame) -> None:
        """The frame waits for them; who is too slow is let go, and comes back with their token."""
        if frame.token <= self.at:
            return
        self.at = frame.token
        if self.frames.full():
            while not self.frames.empty():
                self.frames.get_nowait()
            self.frames.put_nowait(None)
            self.at = 1 << 62
            return
        self.frames.put_nowait(frame)


@dataclass(eq=False)
class Hub:
    """Reads each change of a match once, however many follow it."""

    store: ServingStore
    _of: dict[str, set[Subscriber]] = field(default_factory=dict)
    _at: dict[str, int] = field(default_factory=dict)
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop | None = None
    _working: "asyncio.Task[None] | None" = None

    def heard(self) -> None:
        """Something changed; called from any thread."""
        if self._loop is not None and self._of:
            self._loop.call_soon_threadsafe(self._woken.set)

    async def _work(self) -> None:
        """Give subscribers what changed, as soon as it is heard of, and look now and then."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), _LOOKED_AT_S)
            self._woken.clear()
            for match_id in list(self._of):
                await self._give(match_id)

    async def _give(self, match_id: str) -> None:
        while match_id in self._at:
            try:
                found = await anyio.to_thread.run_sync(self._changes, match_id, self._at[match_id])
            except Exception:  # noqa: BLE001 (looked at again in a moment)
                return
            if match_id not in self._at:
                return
            for frame in found:
                self._at[match_id] = frame.token
                for follower in self._of[match_id]:  # who follows now, not when it was asked for
                    follower.give(frame)
            if len(found) < _MOST_CHANGES:
                return

    def _changes(self, match_id: str, after: int) -> list[Frame]:
        """What each record changed; a version that was over at once was never seen."""
        found = self.store.changes(EVENTS, match_id, after=after, limit=_MOST_CHANGES)
        return [_change(version) for version in found if version.until != version.since]

    # --- subscribers --------------------------------------------------------------------------

    async def follow(self, match_id: str, after: int | None) -> AsyncGenerator[Frame | None, None]:
        """Frames of a match: what is known unless `after` says from where on, then every change.

        None is a sign of life. Ends where the subscriber is too slow.
        """
        if self._working is None or self._working.done():
            self._loop = asyncio.get_running_loop()
            self._working = asyncio.ensure_future(self._work())
        now = await anyio.to_thread.run_sync(self._offset, match_id)
        me = Subscriber(self._at.setdefault(match_id, now))
        self._of.setdefault(match_id, set()).add(me)
        try:
            async for frame in self._past(match_id, after, me.at):
                yield frame
            while True:
                try:
                    coming = await asyncio.wait_for(me.frames.get(), BEAT_S)
                except TimeoutError:
                    yield None
                    continue
                if coming is None:
                    return
                yield coming
        finally:
            self._left(match_id, me)

    def _past(self, match_id: str, after: int | None, now: int) -> AsyncIterator[Frame]:
        """What came before: the changes since `after`, or all that is known at the offset `now`."""
        if after is not None and after <= now:
            return self._missed(match_id, after, now)
        return self._snapshot(match_id, now)

    async def _missed(self, match_id: str, after: int, now: int) -> AsyncIterator[Frame]:
        while after < now:
            found = await anyio.to_thread.run_sync(self._changes, match_id, after)
            for frame in found:
                if frame.token <= now:
                    yield frame
            after = found[-1].token if found else now

    async def _snapshot(self, match_id: str, now: int) -> AsyncIterator[Frame]:
        asked, more = Asked(limit=_PAGE, offset=now), True
        while more:
            rows = await anyio.to_thread.run_sync(self.store.rows, EVENTS, match_id, asked)
            body = {"match_id": match_id, "events": [msgspec.Raw(v.body) for v in rows]}
            yield Frame("snapshot", msgspec.json.encode(body), -1)
            more = len(rows) == _PAGE
            asked = replace(asked, after=rows[-1].order if rows else "")
        yield Frame("ready", msgspec.json.encode({"match_id": match_id}), now)

    def _offset(self, match_id: str) -> int:
        """The last change of the match; -1 before there is one."""
        found = self.store.known(MATCHES, [(ALL, match_id)]).get((ALL, match_id), ())
        listed = [msgspec.json.decode(v.body, type=Match) for v in found if v.listed]
        return listed[0].offset if listed else -1

    def _left(self, match_id: str, me: Subscriber) -> None:
        followers = self._of.get(match_id, set())
        followers.discard(me)
        if not followers:
            self._of.pop(match_id, None)
            self._at.pop(match_id, None)


def _change(version: Version) -> Frame:
    """A change of an event as it is told: what it is now, and the token behind it."""
    first = version.body.find(b'"version":1,') >= 0
    how = "cancel" if not version.listed else "insert" if first else "amend"
    body = b'{"change":"%s","event":%s}' % (how.encode(), version.body)
    return Frame("change", body, version.since)
