"""The live loop: records of a log are folded into a serving store, from where it was left."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from touchline.core.ports import Lag, Log, Record, ServingStore, Version, View
from touchline.errors import ConflictError, TouchlineError

Fold = Callable[[Sequence[Record], ServingStore], Mapping[View, Sequence[Version]]]
"""What records change, given what a store knows; the same records again change nothing."""

Changes = Mapping[View, Sequence[Version]]

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0


@dataclass(frozen=True)
class Stream:
    """A topic of the log, and how its records become rows of these views."""

    topic: str
    views: tuple[View, ...]
    fold: Fold

    @property
    def reader(self) -> str:
        """The name of its position in the serving store."""
        return f"stream {self.topic}"


def read_on(
    stream: Stream, log: Log, store: ServingStore, *, limit: int = 2000, timeout_s: float = 1.0
) -> Changes | None:
    """Fold what comes next, and write it with the new position; None where nothing came in time.

    Raises:
        ConflictError: Another process read on meanwhile; nothing was written.
    """
    before = store.position(stream.reader)
    records = log.read(stream.topic, before, limit=limit, timeout_s=timeout_s)
    if not records:
        return None
    after = {record.lane: record.offset + 1 for record in records}
    changes = stream.fold(records, store)
    store.apply(changes, reader=stream.reader, before=before, after=after)
    return changes


def lag(stream: Stream, log: Log, store: ServingStore) -> Lag:
    """What was appended and is not in the store yet."""
    return log.lag(stream.topic, store.position(stream.reader))


def catch_up(stream: Stream, log: Log, store: ServingStore) -> int:
    """Read until nothing is left; how many batches it took."""
    batches = 0
    while read_on(stream, log, store, timeout_s=0) is not None:
        batches += 1
    return batches


def follow(
    stream: Stream,
    log: Log,
    store: ServingStore,
    *,
    until: threading.Event,
    changed: Callable[[Changes], None],
    failed: Callable[[TouchlineError], None],
) -> None:
    """Read on until the event is set; what a service fails at is tried again, ever more seldom.

    Where another process reads, too, whoever is first has read it, and the other goes on from there.
    """
    wait_s = _FIRST_WAIT_S
    while not until.is_set():
        try:
            changes = read_on(stream, log, store)
            wait_s = _FIRST_WAIT_S
            if changes:
                changed(changes)
        except ConflictError:
            time.sleep(_FIRST_WAIT_S / 10)
        except TouchlineError as exc:
            failed(exc)
            until.wait(wait_s)
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)


def replay(stream: Stream, log: Log, store: ServingStore) -> None:
    """Forget the rows, and read the whole log anew: the store has the same content again."""
    store.clear(stream.reader, stream.views)
    catch_up(stream, log, store)
