"""A log, whole: what it has forgotten is read from where it was archived."""

from collections.abc import Callable, Sequence, Set
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from touchline.core.ports import Lag, Log, Position, Record, Share
from touchline.errors import ConfigError, TouchlineError

if TYPE_CHECKING:
    from touchline.core.shelf import Shelf


class WholeLog:
    """A Log of which one topic is archived: `read` finds what went from it, too, if bronze has it.

    Whoever reads from the beginning, or from a place that was trimmed, is given what was archived, in
    the order of its lane, and then what is left in the log. What was archived and is kept no more is
    passed over, as in history; what was lost before it was archived is refused, as by the log.
    """

    def __init__(self, log: Log, topic: str, shelf: "Callable[[], Shelf]") -> None:
        self.log = log
        self.at_once = log.at_once
        self.topic = topic
        self._asked = shelf
        self._shelf: Shelf | None = None
        self._starts: Position | None = None

    def prepare(self, topics: Sequence[str], *, lanes: int = 1) -> None:
        """See Log."""
        self.log.prepare(topics, lanes=lanes)

    def append(
        self, topic: str, records: Sequence[tuple[str, bytes]]
    ) -> "Future[Sequence[tuple[int, int]]]":
        """See Log."""
        return self.log.append(topic, records)

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
        ask = partial(self.log.read, topic, limit=limit, timeout_s=timeout_s, lanes=lanes)
        if topic != self.topic:
            return ask(position)
        try:
            return self._read(position, lanes, limit, ask=ask)
        except ConfigError:
            if not self._was_trimmed():
                raise
            return self._read(position, lanes, limit, ask=ask)
        except TouchlineError:
            self._shelf = None  # its files may lie elsewhere by now
            raise

    def start(self, topic: str, since: datetime | None = None) -> Position:
        """See Log. What was trimmed lies before it."""
        return self.log.start(topic, since)

    def end(self, topic: str) -> Position:
        """See Log."""
        return self.log.end(topic)

    def identity(self, topic: str) -> int:
        """See Log."""
        return self.log.identity(topic)

    def lag(self, topic: str, position: Position) -> Lag:
        """See Log. What was trimmed does not count."""
        return self.log.lag(topic, position)

    def trim(self, topic: str, position: Position) -> None:
        """See Log."""
        self.log.trim(topic, position)

    def share(self, topic: str, group: str) -> AbstractContextManager[Share]:
        """See Log."""
        return self.log.share(topic, group)

    # --- what went ----------------------------------------------------------------------------

    def _read(
        self,
        position: Position,
        lanes: Set[int] | None,
        limit: int,
        *,
        ask: Callable[[Position], Sequence[Record]],
    ) -> Sequence[Record]:
        if self._starts is None:
            self._was_trimmed()
        starts = self._starts or {}
        at = {n: position.get(n, 0) for n in starts if lanes is None or n in lanes}
        gone = [lane for lane, offset in at.items() if offset < starts[lane]]
        self._shelf = (self._shelf or self._asked()) if gone else None
        for lane in gone:
            assert self._shelf is not None
            if found := self._shelf.records(lane, at[lane], upto=starts[lane], limit=limit):
                return found
            if lane in position and self._shelf.upto.get(lane, 0) < starts[lane]:
                raise _lost(self.topic, lane, at[lane], upto=starts[lane])
            at[lane] = starts[lane]
        return ask({**position, **at})

    def _was_trimmed(self) -> bool:
        """Whether the topic begins elsewhere than where it was thought to."""
        before, self._starts = self._starts, self.log.start(self.topic)
        self._shelf = None
        return before != self._starts


def _lost(topic: str, lane: int, first: int, *, upto: int) -> ConfigError:
    return ConfigError(
        f"{topic}: offsets {first} up to {upto} of lane {lane} went from the log, and were not archived",
        hint="touchline archive tells of what was lost, and it is passed over from then on; or it is a"
        " position in another log",
    )
