"""What there is of topics: their lanes, where they begin and end; and how they are made and trimmed."""

import hashlib
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Future
from contextlib import contextmanager

from confluent_kafka import (
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from touchline.adapters.kafka.cluster import Cluster
from touchline.adapters.kafka.errors import OF_ANOTHER, Heard, translated
from touchline.errors import ConfigError, TouchlineError, TransientError

_DAY_MS = 86_400_000
_PAUSE_S = 0.05
_KEPT_S = 30.0
_NO_LEADER = "_NOENT"


class Topics:
    """Questions to the cluster's brokers; each is answered, or failed, before it returns."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._heard = Heard()
        self._lock = threading.Lock()
        self._made: AdminClient | None = None
        self._kept: dict[str, tuple[float, frozenset[int]]] = {}
        self._ids: dict[str, tuple[float, int]] = {}

    def make(self, names: Sequence[str], lanes: int) -> None:
        """Topics that are not there are made, each of so many lanes."""
        set_ = self.cluster
        config = {
            "min.insync.replicas": str(set_.min_insync),
            "message.timestamp.type": "LogAppendTime",
            "retention.ms": str(round(set_.retention_days * _DAY_MS)),
        }
        wanted = [
            NewTopic(set_.topic(name), lanes, set_.replication, config=config) for name in names
        ]
        with self._asking(", ".join(names)) as client:
            asked = client.create_topics(wanted, request_timeout=set_.timeout_s) if wanted else {}
            for answer in asked.values():
                error = _error(answer)
                if error and error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise error
        for name in names:
            self._wait_for(name)

    def lanes(self, name: str) -> list[int]:
        """The lanes that the topic has."""
        topic = self.cluster.topic(name)
        with self._asking(name) as client:
            found = client.list_topics(topic, timeout=self.cluster.timeout_s).topics[topic]
            if found.error is not None:
                raise KafkaException(found.error)
            return sorted(found.partitions)

    def kept_lanes(self, name: str, named: Set[int]) -> Set[int]:
        """The same, as it was half a minute ago at most.

        Raises:
            ConfigError: The topic has not all the lanes that somebody named.
        """
        until, found = self._kept.get(name, (0.0, frozenset[int]()))
        if time.monotonic() > until or not named <= found:
            found = frozenset(self.lanes(name))
            self._kept[name] = (time.monotonic() + _KEPT_S, found)
        if unknown := named - found:
            where = self.cluster.where(name)
            raise ConfigError(f"{where}: no lane {min(unknown)}", hint=OF_ANOTHER)
        return found

    def identity(self, name: str) -> int:
        """A number made of the topic's id, as it was half a minute ago at most.

        Brokers older than 2.8 give topics no ids: there it is made of the cluster's.
        """
        until, found = self._ids.get(name, (0.0, 0))
        if time.monotonic() > until:
            found = self._identity(name)
            self._ids[name] = (time.monotonic() + _KEPT_S, found)
        return found

    def _identity(self, name: str) -> int:
        topic, timeout_s = self.cluster.topic(name), self.cluster.timeout_s
        with self._asking(name) as client:
            asked = client.describe_topics(TopicCollection([topic]), request_timeout=timeout_s)
            id_ = asked[topic].result().topic_id
            halves = id_.get_most_significant_bits(), id_.get_least_significant_bits()
            told = halves if any(halves) else client.list_topics(timeout=timeout_s).cluster_id
        digest = hashlib.blake2b(str(told).encode(), digest_size=8).digest()
        return int.from_bytes(digest) >> 1 | 1

    def starts(self, name: str, lanes: Iterable[int]) -> dict[int, int]:
        """The first offset of each lane."""
        return self._offsets(name, lanes, OffsetSpec.earliest())

    def ends(self, name: str, lanes: Iterable[int]) -> dict[int, int]:
        """The offset of each lane's next record."""
        return self._offsets(name, lanes, OffsetSpec.latest())

    def since(self, name: str, lanes: Iterable[int], at_ms: int) -> dict[int, int]:
        """The offset of each lane's first record of that millisecond or later; -1 if it has none."""
        return self._offsets(name, lanes, OffsetSpec.for_timestamp(at_ms))

    def trim(self, name: str, position: Mapping[int, int]) -> None:
        """What lies before is gone."""
        self.kept_lanes(name, position.keys())
        ends = self.ends(name, position)
        topic = self.cluster.topic(name)
        places = [TopicPartition(topic, n, min(at, ends[n])) for n, at in position.items()]
        with self._asking(name) as client:
            for done in client.delete_records(
                places, request_timeout=self.cluster.timeout_s
            ).values():
                done.result()

    def _wait_for(self, name: str) -> None:
        """The topic can be used: brokers hear of a new one a moment after it was made."""
        deadline = time.monotonic() + self.cluster.timeout_s
        while True:
            try:
                self.ends(name, self.lanes(name))
            except TouchlineError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE_S)
            else:
                return

    @contextmanager
    def _asking(self, name: str) -> Iterator[AdminClient]:
        """The client; what it raises meanwhile becomes an error of ours."""
        with self._lock:
            if self._made is None:
                self._made = self.cluster.client(AdminClient, self._heard)
        try:
            yield self._made
        except KafkaException as exc:
            self._made.poll(0)  # why it cannot connect is told now
            raise translated(exc.args[0], self.cluster.where(name), self._heard) from exc
        self._heard.refused = None

    def _offsets(self, name: str, lanes: Iterable[int], spec: OffsetSpec) -> dict[int, int]:
        """The offset of each lane, asked for all at once; a lane may be without a leader for a moment."""
        deadline = time.monotonic() + self.cluster.timeout_s
        while True:
            try:
                return self._asked(name, lanes, spec)
            except TransientError as exc:
                if exc.facts["code"] != _NO_LEADER or time.monotonic() > deadline:
                    raise
                self.lanes(name)  # whose leader is, or that there is no such topic
            time.sleep(_PAUSE_S)

    def _asked(self, name: str, lanes: Iterable[int], spec: OffsetSpec) -> dict[int, int]:
        topic = self.cluster.topic(name)
        asked = {TopicPartition(topic, lane): spec for lane in lanes}
        with self._asking(name) as client:
            found = client.list_offsets(
                asked,
                isolation_level=IsolationLevel.READ_COMMITTED,
                request_timeout=self.cluster.timeout_s,
            )
            return {place.partition: answer.result().offset for place, answer in found.items()}


def _error(answer: "Future[None]") -> KafkaException | None:
    """Why it was not done, if it was not."""
    try:
        answer.result()
    except KafkaException as exc:
        return exc
    return None
