"""An append-only stream of records, read by groups that keep a position."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Position = Mapping[int, int]
"""How far: for each lane of a topic the offset of the record to be read next.

A lane that is not in it is read from where it begins.
"""


@dataclass(frozen=True)
class Record:
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


class Log(Protocol):
    """Topics of records. What was appended is never changed, and read in the order of its lane."""

    def append(
        self, topic: str, records: Sequence[tuple[str, bytes]]
    ) -> "Future[Sequence[tuple[int, int]]]":
        """Add records, each a key and a value; their lanes and offsets, once all are durable.

        The future fails, with StorageError without room and TransientError where the service failed:
        then some of the records may yet be there, so that whoever tries again must be able to tell
        a repeated one.
        """
        ...

    def read(
        self, topic: str, position: Position, *, limit: int = 1000, timeout_s: float = 1.0
    ) -> Sequence[Record]:
        """Records from there on, those of a lane in order; none if none comes within that time."""
        ...

    def start(self, topic: str, since: datetime | None = None) -> Position:
        """Where the topic begins, or where the records of that instant and later ones begin."""
        ...

    def end(self, topic: str) -> Position:
        """Where the next records will be."""
        ...

    def lag(self, topic: str, position: Position) -> Lag:
        """What is there from that position on."""
        ...

    def trim(self, topic: str, position: Position) -> None:
        """Forget what lies before that position; what is kept elsewhere, as a topic may do by itself."""
        ...
