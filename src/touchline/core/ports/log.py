"""An append-only stream of records, read by groups that keep a position."""

from collections.abc import Callable, Mapping, Sequence, Set
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec

Position = Mapping[int, int]
"""How far: for each lane of a topic the offset of the record to be read next.

A lane that is not in it is read from where it begins.
"""


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record of a topic. Records of one key are in one lane, and their offsets grow."""

    lane: int
    offset: int
    key: str
    value: bytes
    at: datetime


@dataclass(frozen=True)
class Lag:
    """What a group has not read: how many records, and since when the oldest of them waits."""

    records: int
    oldest_at: datetime | None = None


Share = Callable[[], Set[int]]
"""Which lanes of a topic are one's own, as it is now."""


class Log(Protocol):
    """Topics of records. What was appended is never changed, and read in the order of its lane.

    `at_once` says that `append` never waits before it returns: not for room either.
    """

    at_once: bool

    def prepare(self, topics: Sequence[str], *, lanes: int = 1) -> None:
        """Make the topics that are not there; those that are stay as they are, whatever their lanes.

        Nothing else makes a topic: to use one that is not there may be ConfigError. A log may have
        one lane whatever is asked for.
        """
        ...

    def append(
        self, topic: str, records: Sequence[tuple[str, bytes]]
    ) -> "Future[Sequence[tuple[int, int]]]":
        """Add records, each a key and a value; their lanes and offsets, once all are durable.

        The future fails, with StorageError without room and TransientError where the service failed:
        then some of the records may yet be there, so that whoever tries again must be able to tell
        a repeated one. It cannot be cancelled.
        """
        ...

    def read(
        self,
        topic: str,
        position: Position,
        *,
        limit: int = 1000,
        timeout_s: float = 1.0,
        lanes: Set[int] | None = None,
    ) -> Sequence[Record]:
        """Records from there on, those of a lane in order; none if none comes within that time.

        All lanes are read, or these only. What is there is found in no time, too.

        Raises:
            ConfigError: The position is before the topic's beginning, behind its end, or of a lane
                that it does not have: its records are gone, or it is of another log. Nothing is
                passed over in silence; who reads from `start` knows that he does.
            TransientError: The service failed.
        """
        ...

    def start(self, topic: str, since: datetime | None = None) -> Position:
        """Where the topic begins, or where the records of that instant and later ones begin."""
        ...

    def end(self, topic: str) -> Position:
        """Where the next records will be."""
        ...

    def identity(self, topic: str) -> int:
        """A number that no other log has: positions are in this one only. 0 where it is not told.

        A topic that was deleted and made anew may be another log.
        """
        ...

    def lag(self, topic: str, position: Position) -> Lag:
        """What is there from that position on."""
        ...

    def trim(self, topic: str, position: Position) -> None:
        """Forget what lies before that position; what is kept elsewhere, as a topic may do by itself."""
        ...

    def share(self, topic: str, group: str) -> AbstractContextManager[Share]:
        """A place among those who share the topic's lanes, as long as the context lasts.

        Ask before each read which lanes are one's own: others come and go. Each lane is somebody's
        as long as anybody is there, and soon after a process died, another's. Positions are not kept
        here but where the effects are, and are compared there: for a moment two may hold one lane.
        """
        ...
