"""The live loop: records of a log are folded into a serving store, from where it was left."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from touchline.core.ports import Lag, Log, Position, Record, ServingStore, Version, View
from touchline.errors import ConfigError, ConflictError, TouchlineError

Fold = Callable[[Sequence[Record], ServingStore], Mapping[View, Sequence[Version]]]
"""What records change, given what a store knows; the same records again change nothing."""

Changes = Mapping[View, Sequence[Version]]

_ID = 0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.5, 30.0
_PAUSE_S = 0.05


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

    @property
    def origin(self) -> str:
        """The name under which the store has, in the place of a position, which log its rows are of."""
        return f"log of {self.topic}"


def read_on(
    stream: Stream,
    log: Log,
    store: ServingStore,
    *,
    timeout_s: float = 1.0,
    limit: int = 2000,
    lanes: Set[int] | None = None,
) -> Changes | None:
    """Fold what comes next, and write it with the new position; None where nothing came in time.

    Raises:
        ConflictError: Another process read on meanwhile; nothing was written.
        ConfigError: The store's rows are of another log, or this one lost what they were made of.
    """
    _hold_to(stream, log, store)
    before = store.position(stream.reader)
    records = log.read(stream.topic, before, limit=limit, timeout_s=timeout_s, lanes=lanes)
    if not records:
        return None
    after = {record.lane: record.offset + 1 for record in records}
    changes = stream.fold(records, store)
    store.apply(changes, reader=stream.reader, before=before, after=after)
    return changes


def lag(stream: Stream, log: Log, store: ServingStore) -> Lag:
    """What was appended and is not in the store yet: of another log than the store's, all of it."""
    position, end = store.position(stream.reader), log.end(stream.topic)
    is_another = store.position(stream.origin).get(_ID, 0) not in (0, log.identity(stream.topic))
    is_behind = any(offset > end.get(lane, 0) for lane, offset in position.items())
    return log.lag(stream.topic, {} if is_another or is_behind else position)


def _hold_to(stream: Stream, log: Log, store: ServingStore) -> None:
    """The store reads this log from now on, or has always done so."""
    identity, seen = log.identity(stream.topic), store.position(stream.origin).get(_ID, 0)
    if identity and not seen:
        store.apply({}, reader=stream.origin, before={}, after={_ID: identity})
    elif seen != identity:
        raise ConfigError(
            f"{stream.topic}: the serving store was made of another log than stores.log names",
            hint="put that log back; or take the serving store away, and it is made of this log",
            topic=stream.topic,
        )


def catch_up(stream: Stream, log: Log, store: ServingStore) -> int:
    """Read until nothing is left; how many batches it took."""
    batches = 0
    while read_on(stream, log, store, timeout_s=0) is not None:
        batches += 1
    return batches


def caught_up(stream: Stream, log: Log, store: ServingStore) -> int:
    """Read until nothing is left; where another process reads on, too, by one of them."""
    while True:
        try:
            return catch_up(stream, log, store)
        except ConflictError:
            time.sleep(_PAUSE_S)


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

    Others may follow, too: each has its share of the lanes. Where two read the same for a moment,
    whoever is first has read it, and the other goes on from there.
    """
    waits = _growing()
    while not until.is_set():
        try:
            for changes in _followed(stream, log, store, until=until):
                waits = _growing()
                changed(changes)
        except TouchlineError as exc:
            failed(exc)
            until.wait(next(waits))


def _growing() -> Iterator[float]:
    """Longer and longer waits."""
    wait_s = _FIRST_WAIT_S
    while True:
        yield wait_s
        wait_s = min(wait_s * 2, _LONGEST_WAIT_S)


def _followed(
    stream: Stream, log: Log, store: ServingStore, *, until: threading.Event
) -> Iterator[Changes]:
    """What each batch of one's own lanes changed, until the event is set."""
    with log.share(stream.topic, stream.reader) as share:
        while not until.is_set():
            lanes = share()
            if not lanes:
                until.wait(_FIRST_WAIT_S)
            elif changes := _tried(stream, log, store, lanes=lanes):
                yield changes


def _tried(stream: Stream, log: Log, store: ServingStore, *, lanes: Set[int]) -> Changes | None:
    """As `read_on`; None, too, where another process was first."""
    try:
        return read_on(stream, log, store, lanes=lanes)
    except ConflictError:
        return None


def replay(
    stream: Stream, log: Log, store: ServingStore, *, since: Position | datetime | None = None
) -> int:
    """Forget the rows, and read the whole log anew: the store has the same content again.

    With a place or an instant, the rows stay, and what came since is read again: what the store has
    changes nothing, and what it lacks is there. Others may read on meanwhile. How many batches it took.

    Raises:
        ConfigError: The place is in no record that there is, or the rows are of another log.
    """
    if since is None:
        log.read(
            stream.topic, {}, limit=1, timeout_s=0
        )  # it can be read, before anything is forgotten
        store.clear(stream.origin, ())
        store.clear(stream.reader, stream.views)
        return caught_up(stream, log, store)
    _hold_to(stream, log, store)
    before = store.position(stream.reader)
    wanted = _of(stream, log, since) if isinstance(since, datetime) else {**before, **since}
    log.read(stream.topic, wanted, limit=1, timeout_s=0)  # or it is refused, and nothing was done
    place = {lane: min(at, before[lane]) for lane, at in wanted.items() if lane in before}
    store.clear(stream.reader, ())
    with suppress(ConflictError):  # somebody reads it all again
        store.apply({}, reader=stream.reader, before={}, after=place)
    return caught_up(stream, log, store)


def _of(stream: Stream, log: Log, at: datetime) -> Position:
    """Where records of that instant begin; a lane that may have forgotten some is read as a whole."""
    first, found = log.start(stream.topic), log.start(stream.topic, at)
    return {lane: offset for lane, offset in found.items() if offset > first[lane]}
