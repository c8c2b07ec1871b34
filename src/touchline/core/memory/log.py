"""The log in memory."""

import secrets
from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Condition

from touchline.core.ports.log import Lag, Position, Record, Share
from touchline.errors import ConfigError

LANE = 0


class MemoryLog:
    """A Log in this process: one lane."""

    at_once = True

    def __init__(self, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock
        self._identity = secrets.randbits(62) + 1
        self._topics: dict[str, list[Record]] = {}
        self._ends: dict[str, int] = {}
        self._places: dict[tuple[str, str], list[object]] = {}
        self._came = Condition()

    def close(self) -> None:
        """Nothing is held open."""

    def prepare(self, topics: Sequence[str], *, lanes: int = 1) -> None:
        """See Log. Every topic is there."""

    def append(
        self, topic: str, records: Sequence[tuple[str, bytes]]
    ) -> "Future[Sequence[tuple[int, int]]]":
        """See Log."""
        done: Future[Sequence[tuple[int, int]]] = Future()
        with self._came:
            first, now = self._ends.get(topic, 0), self.clock()
            added = [Record(LANE, first + n, *record, now) for n, record in enumerate(records)]
            self._topics.setdefault(topic, []).extend(added)
            self._ends[topic] = first + len(added)
            self._came.notify_all()
        done.set_result([(LANE, record.offset) for record in added])
        return done

    def read(
        self,
        topic: str,
        position: Position,
        *,
        limit: int = 1000,
        timeout_s: float = 1.0,
        lanes: Set[int] | None = None,
    ) -> Sequence[Record]:
        """See Log."""
        is_wanted = lanes is None or LANE in lanes
        with self._came:
            self._came.wait_for(lambda: is_wanted and self._from(topic, position), timeout_s)
            start, end = self.start(topic)[LANE], self.end(topic)[LANE]
            for lane, offset in position.items():
                if lane != LANE or not start <= offset <= end:
                    raise ConfigError(
                        f"{topic}: no offset {offset} in lane {lane}: {start} to {end}"
                    )
            return self._from(topic, position)[:limit] if is_wanted else []

    def start(self, topic: str, since: datetime | None = None) -> Position:
        """See Log."""
        found = [r.offset for r in self._topics.get(topic, []) if since is None or r.at >= since]
        return {LANE: min(found)} if found else self.end(topic)

    def end(self, topic: str) -> Position:
        """See Log."""
        return {LANE: self._ends.get(topic, 0)}

    def identity(self, topic: str) -> int:  # noqa: ARG002
        """See Log."""
        return self._identity

    def lag(self, topic: str, position: Position) -> Lag:
        """See Log."""
        found = self._from(topic, position)
        return Lag(len(found), min((r.at for r in found), default=None))

    def trim(self, topic: str, position: Position) -> None:
        """See Log."""
        with self._came:
            self._topics[topic] = self._from(topic, position)

    @contextmanager
    def share(self, topic: str, group: str) -> Iterator[Share]:
        """See Log. Whoever comes first has the lane."""
        mine, places = object(), self._places.setdefault((topic, group), [])
        places.append(mine)
        try:
            yield lambda: frozenset({LANE} if places[0] is mine else ())
        finally:
            places.remove(mine)

    def _from(self, topic: str, position: Position) -> list[Record]:
        first = position.get(LANE, 0)
        return [r for r in self._topics.get(topic, []) if r.offset >= first]
