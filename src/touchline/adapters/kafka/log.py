"""The log in the topics of a Kafka cluster."""

import time
from collections.abc import Iterator, Sequence, Set
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime

from touchline.adapters.kafka.appending import Appending
from touchline.adapters.kafka.cluster import Cluster
from touchline.adapters.kafka.errors import OF_ANOTHER
from touchline.adapters.kafka.reading import Readers
from touchline.adapters.kafka.sharing import Member
from touchline.adapters.kafka.topics import Topics
from touchline.core.ports.log import Lag, Position, Record, Share
from touchline.errors import ConfigError


class KafkaLog:
    """A Log in Kafka: a topic's partitions are its lanes, and a key is always in the same one.

    Records have the time at which the broker took them, to the millisecond. Connections are made
    when they are first needed.
    """

    at_once = False

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._topics = Topics(cluster)
        self._appending = Appending(cluster)
        self._readers = Readers(cluster)

    def close(self) -> None:
        """What was appended is durable, or has failed."""
        self._appending.close()
        self._readers.close()

    def prepare(self, topics: Sequence[str], *, lanes: int = 1) -> None:
        """See Log."""
        self._topics.make(topics, lanes)

    def append(
        self, topic: str, records: Sequence[tuple[str, bytes]]
    ) -> "Future[Sequence[tuple[int, int]]]":
        """See Log. Waits where more than 64 MB are on their way already."""
        return self._appending.append(topic, records)

    def read(
        self,
        topic: str,
        position: Position,
        *,
        limit: int = 1000,
        timeout_s: float = 1.0,
        lanes: Set[int] | None = None,
    ) -> Sequence[Record]:
        """See Log. A lane that was added to the topic is read within half a minute."""
        place = self._whole(topic, position, lanes)
        if not place:
            time.sleep(timeout_s)
            return []
        with self._readers.at(topic, place) as reader:
            found = reader.records(limit, timeout_s)
            if found:
                return found
            ends = self._topics.ends(topic, place)
            self._check(topic, place, ends)
            return reader.up_to(ends, limit)

    def start(self, topic: str, since: datetime | None = None) -> Position:
        """See Log."""
        lanes = self._topics.lanes(topic)
        if since is None:
            return self._topics.starts(topic, lanes)
        found = self._topics.since(topic, lanes, int(since.timestamp() * 1000))
        if all(offset >= 0 for offset in found.values()):
            return found
        ends = self._topics.ends(topic, lanes)
        return {lane: at if at >= 0 else ends[lane] for lane, at in found.items()}

    def end(self, topic: str) -> Position:
        """See Log."""
        return self._topics.ends(topic, self._topics.lanes(topic))

    def identity(self, topic: str) -> int:
        """See Log. It is the topic's own id: one that is made anew, or a copy elsewhere, has another."""
        return self._topics.identity(topic)

    def lag(self, topic: str, position: Position) -> Lag:
        """See Log."""
        place = self._whole(topic, position, None)
        starts, ends = self._topics.starts(topic, place), self._topics.ends(topic, place)
        begun = {lane: max(at, starts[lane]) for lane, at in place.items()}
        unread = {lane: at for lane, at in begun.items() if at < ends[lane]}
        if not unread:
            return Lag(0)
        oldest = self._readers.oldest(topic, unread, {lane: ends[lane] for lane in unread})
        count = sum(ends[lane] - at for lane, at in unread.items())
        return Lag(count, min((record.at for record in oldest), default=None))

    def trim(self, topic: str, position: Position) -> None:
        """See Log."""
        if position:
            self._topics.trim(topic, position)

    @contextmanager
    def share(self, topic: str, group: str) -> Iterator[Share]:
        """See Log. A member of Kafka's group of that name; who does not ask for minutes is expelled."""
        member = Member(self.cluster, topic, group)
        try:
            yield member.lanes
        finally:
            member.close()

    def _whole(self, topic: str, position: Position, lanes: Set[int] | None) -> Position:
        """The position in all lanes that are wanted, at their beginning where it says nothing."""
        named = position.keys() if lanes is None else lanes
        there = self._topics.kept_lanes(topic, named)
        wanted = there if lanes is None else lanes
        begins = self._topics.starts(topic, new) if (new := wanted - position.keys()) else {}
        return {lane: position.get(lane, begins.get(lane, 0)) for lane in sorted(wanted)}

    def _check(self, topic: str, position: Position, ends: Position) -> None:
        """Refuse a position behind an end: brokers that lost their disks may have forgotten records."""
        for lane, offset in position.items():
            if offset > ends[lane]:
                raise ConfigError(
                    f"{self.cluster.where(topic)}: no offset {offset} in lane {lane}, which ends"
                    f" at {ends[lane]}",
                    hint=OF_ANOTHER,
                )
