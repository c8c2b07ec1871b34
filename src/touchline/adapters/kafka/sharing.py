"""Membership of a group, by which Kafka shares out the lanes of a topic; nothing is read through it."""

from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaError, TopicPartition

from touchline.adapters.kafka.cluster import Cluster
from touchline.adapters.kafka.errors import Heard, translated, translating

_SESSION_MS = 6_000
_HEARTBEAT_MS = 1000


class Member:
    """A member of a group: it leaves when it is closed, and is expelled some seconds after its death."""

    def __init__(self, cluster: Cluster, topic: str, group: str) -> None:
        self._where = cluster.where(topic)
        self._heard = Heard()
        self._own: frozenset[int] = frozenset()
        self._consumer = cluster.client(
            Consumer,
            self._heard,
            group_id=f"{cluster.prefix}{group}",
            enable_auto_commit=False,
            auto_offset_reset="latest",
            allow_auto_create_topics=False,
            session_timeout_ms=_SESSION_MS,
            heartbeat_interval_ms=_HEARTBEAT_MS,
        )
        self._consumer.subscribe(
            [cluster.topic(topic)],
            on_assign=self._given,
            on_revoke=self._taken,
            on_lost=self._taken,
        )

    def lanes(self) -> frozenset[int]:
        """Which lanes are its own, as far as it has heard.

        Raises:
            ConfigError: It may not be a member, or there is no such topic.
            TransientError: The service failed.
        """
        with translating(self._where, self._heard):
            message = self._consumer.poll(0)
        error = message.error() if message is not None else None
        if error is not None and error.code() != KafkaError._MAX_POLL_EXCEEDED:
            raise translated(error, self._where, self._heard)
        return self._own

    def close(self) -> None:
        """Its lanes are others'."""
        self._consumer.close()

    def _given(self, consumer: Consumer, places: Sequence[TopicPartition]) -> None:
        consumer.assign(list(places))
        consumer.pause(list(places))
        self._own = frozenset(place.partition for place in places)

    def _taken(self, consumer: Consumer, _: Sequence[TopicPartition]) -> None:
        self._own = frozenset()
        consumer.unassign()
