"""Consumers that stand somewhere in a topic, kept between reads for whoever reads on."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from touchline.adapters.kafka.cluster import Cluster
from touchline.adapters.kafka.errors import Heard, translated, translating
from touchline.core.ports.log import Position, Record
from touchline.errors import TransientError

_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_KEPT = 2
_STEP_S = 0.5
_QUEUE_KB = 16_384
_READER = {
    "enable_auto_commit": False,
    "auto_offset_reset": "error",
    "enable_partition_eof": True,
    "allow_auto_create_topics": False,
    "queued_max_messages_kbytes": _QUEUE_KB,
}
_PEEK = {**_READER, "queued_min_messages": 1, "fetch_message_max_bytes": 1024}


class _Reader:
    """One consumer of some lanes of a topic; no member of any group."""

    def __init__(self, cluster: Cluster, topic: str, settings: Mapping[str, object]) -> None:
        self.at: dict[int, int] = {}
        self.cluster, self.topic = cluster, topic
        group = f"{cluster.prefix}touchline"
        self._consumer = cluster.client(Consumer, Heard(), group_id=group, **settings)
        self._reached: dict[int, int] = {}

    def go(self, position: Position) -> None:
        """It stands there."""
        if self.at != position:
            self.at, self._reached = dict(position), dict(position)
            self._consumer.assign([self._place(lane) for lane in position])

    def records(self, limit: int, timeout_s: float) -> list[Record]:
        """What comes within that time, as soon as anything does."""
        deadline = time.monotonic() + timeout_s
        while True:
            left = max(deadline - time.monotonic(), 0)
            came = self._consumer.consume(1, left)
            if came and limit > 1:
                came += self._consumer.consume(limit - 1, 0)
            found = self._taken(came)
            if found or not left:
                return found

    def up_to(self, ends: Position, limit: int) -> list[Record]:
        """What there is before these ends; none if there is none.

        Raises:
            TransientError: There is, and it does not come.
        """
        deadline = time.monotonic() + self.cluster.timeout_s
        while any(self._reached[lane] < end for lane, end in ends.items()):
            if found := self.records(limit, _STEP_S):
                return found
            if time.monotonic() > deadline:
                raise TransientError(
                    f"{self.cluster.where(self.topic)}: nothing comes of what is there"
                )
        return []

    def first(self, ends: Position) -> list[Record]:
        """The first record of each lane that has one before its end."""
        found: dict[int, Record] = {}
        while len(found) < len(ends) and (came := self.up_to(ends, 1)):
            found.setdefault(came[0].lane, came[0])
            self._reached[came[0].lane] = ends[came[0].lane]
            self._consumer.pause([self._place(came[0].lane)])
        return list(found.values())

    def close(self) -> None:
        """Of no use any more."""
        self._consumer.close()

    def _place(self, lane: int) -> TopicPartition:
        return TopicPartition(self.cluster.topic(self.topic), lane, self.at[lane])

    def _taken(self, came: Sequence[Message]) -> list[Record]:
        """The records among these messages, which are behind us now."""
        found, last_ms, at = list[Record](), -1, _1970
        for message in came:
            error, lane, offset = message.error(), message.partition() or 0, message.offset() or 0
            if error is not None:
                self._passed(error, lane, offset)
                continue
            if (ms := message.timestamp()[1]) != last_ms:
                last_ms, at = ms, datetime.fromtimestamp(ms / 1000, UTC)
            self.at[lane] = self._reached[lane] = offset + 1
            key = (message.key() or b"").decode(errors="backslashreplace")
            found.append(Record(lane, offset, key, message.value() or b"", at))
        return found

    def _passed(self, error: KafkaError, lane: int, offset: int) -> None:
        """The lane ends there for now; else the error is raised."""
        if error.code() == KafkaError._PARTITION_EOF:
            self._reached[lane] = max(self._reached[lane], offset)
            return
        where = f"{self.cluster.where(self.topic)}: lane {lane}, offset {self.at.get(lane)}"
        raise translated(error, where)


class Readers:
    """Readers of topics: a few of each are kept, so that whoever reads on need not look for his place."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._lock = threading.Lock()
        self._kept: dict[str, list[_Reader]] = {}

    @contextmanager
    def at(self, topic: str, position: Position) -> Iterator[_Reader]:
        """A reader that stands there, for one user at a time."""
        reader = self._found(topic, position)
        try:
            with translating(self.cluster.where(topic)):
                reader.go(position)
                yield reader
        except BaseException:
            reader.close()  # where it stands nobody knows
            raise
        self._keep(topic, reader)

    def oldest(self, topic: str, position: Position, ends: Position) -> Sequence[Record]:
        """The first record from there of each lane that has one."""
        reader = _Reader(self.cluster, topic, _PEEK)
        try:
            with translating(self.cluster.where(topic)):
                reader.go(position)
                return reader.first(ends)
        finally:
            reader.close()

    def close(self) -> None:
        """No reader is kept."""
        with self._lock:
            kept, self._kept = self._kept, {}
        for reader in (reader for readers in kept.values() for reader in readers):
            reader.close()

    def _found(self, topic: str, position: Position) -> _Reader:
        """One that stands there; or a new one, or the one that waits longest, as many as are kept."""
        with self._lock:
            kept = self._kept.setdefault(topic, [])
            there = next((reader for reader in kept if reader.at == position), None)
            if there is None and len(kept) >= _KEPT:
                there = kept[0]
            if there is not None:
                kept.remove(there)
                return there
        return _Reader(self.cluster, topic, _READER)

    def _keep(self, topic: str, reader: _Reader) -> None:
        with self._lock:
            kept = self._kept.setdefault(topic, [])
            kept.append(reader)
            spare = kept.pop(0) if len(kept) > _KEPT else None
        if spare is not None:
            spare.close()
