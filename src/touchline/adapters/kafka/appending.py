"""Records on their way to the brokers, and whoever waits for them to be durable there."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from touchline.adapters.kafka.cluster import Cluster
from touchline.adapters.kafka.errors import Heard, translated
from touchline.errors import TouchlineError, TransientError

Places = Sequence[tuple[int, int]]

_LINGER_MS = 2
_QUEUE_KB = 65_536
_POLL_S = 0.2
_PAUSE_S = 0.002
_METADATA_MS = 5000
_LEAST_MS = 1000


class _Batch:
    """The records of one caller: done when all are durable, failed with the first that is not."""

    def __init__(self, count: int, where: str, heard: Heard) -> None:
        self.done: Future[Places] = Future()
        self.done.set_running_or_notify_cancel()
        self._where, self._heard = where, heard
        self._places = [(-1, -1)] * count
        self._left = count
        if not count:
            self.done.set_result([])

    def delivered(self, at: int, error: KafkaError | None, message: Message) -> None:
        """One record's fate is known; called by the one thread that hears it from the library."""
        if error is not None:
            self.failed(translated(error, self._where, self._heard))
            return
        self._heard.refused = None
        self._places[at] = (message.partition() or 0, message.offset() or 0)
        self._left -= 1
        if not self._left and not self.done.done():
            self.done.set_result(self._places)

    def failed(self, error: TouchlineError) -> None:
        """The caller is told of the first error."""
        if not self.done.done():
            self.done.set_exception(error)


class Appending:
    """An idempotent producer: acknowledged by all replicas in sync, once, in order of each key.

    It makes no topics. A key's lane is the one that Java's producers choose.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._lock = threading.Lock()
        self._now: _Sender | None = None

    def append(self, topic: str, records: Sequence[tuple[str, bytes]]) -> "Future[Places]":
        """See Log. Where too much is on its way already, it waits until there is room."""
        try:
            sender = self._sender()
        except TouchlineError as exc:
            refused: Future[Places] = Future()
            refused.set_exception(exc)
            return refused
        batch = _Batch(len(records), self.cluster.where(topic), sender.heard)
        try:
            for at, record in enumerate(records):
                sender.put(self.cluster.topic(topic), record, partial(batch.delivered, at))
        except KafkaException as exc:
            sender.heard(exc.args[0])
            batch.failed(translated(exc.args[0], self.cluster.where(topic), sender.heard))
        except TransientError as exc:
            batch.failed(exc)
        return batch.done

    def close(self) -> None:
        """What was appended is durable, or has failed."""
        with self._lock:
            sender, self._now = self._now, None
        if sender is not None:
            sender.close()

    def _sender(self) -> "_Sender":
        """The producer, a new one in the place of one that the brokers have disowned."""
        with self._lock:
            if self._now is not None and self._now.heard.is_fatal:
                threading.Thread(target=self._now.close, daemon=True).start()
                self._now = None
            if self._now is None:
                self._now = _Sender(self.cluster)
            return self._now


class _Sender:
    """One producer, and the thread that hears from it."""

    def __init__(self, cluster: Cluster) -> None:
        self.heard = Heard()
        self._timeout_s = cluster.timeout_s
        most_ms = max(round(cluster.timeout_s * 1000), _LEAST_MS)
        self._producer = cluster.client(
            Producer,
            self.heard,
            enable_idempotence=True,
            acks="all",
            partitioner="murmur2_random",
            allow_auto_create_topics=False,
            linger_ms=_LINGER_MS,
            compression_type="lz4",
            delivery_timeout_ms=most_ms,
            request_timeout_ms=most_ms,
            queue_buffering_max_kbytes=_QUEUE_KB,
            topic_metadata_propagation_max_ms=min(most_ms // 2, _METADATA_MS),
        )
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    def put(self, topic: str, record: tuple[str, bytes], told: "partial[None]") -> None:
        """The record is on its way.

        Raises:
            TransientError: So much is on its way that there was no room in time.
        """
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                self._producer.produce(topic, record[1], record[0].encode(), on_delivery=told)
            except BufferError as exc:
                if time.monotonic() > deadline:
                    raise TransientError(f"{topic}: too much waits to be acknowledged") from exc
                time.sleep(_PAUSE_S)
            else:
                return

    def close(self) -> None:
        """Everything that was sent is durable, or has failed."""
        self._ends.set()
        self._thread.join()

    def _hear(self) -> None:
        while not self._ends.is_set():
            self._producer.poll(_POLL_S)
        self._producer.flush(self._timeout_s)
        if len(self._producer):
            self._producer.purge()
            self._producer.flush(_POLL_S)
