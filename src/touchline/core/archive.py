"""A log -> bronze: its records by partition and hour, as lines."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from touchline.core.archived_lines import line
from touchline.core.landing import Arrival, land
from touchline.core.ports import Ledger, Log, ObjectStore, Partition, Position, Receipt, Record
from touchline.errors import ConfigError, ConflictError, StorageError

FILES = "log/"
"""The folder of logical names that archived records have in a partition."""

_AT_ONCE = 10_000
_HOUR = "%Y-%m-%dT%H"
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Archive:
    """A topic of the log, the domain that its records are of, and each record's partition there."""

    topic: str
    domain: str
    partition: Callable[[Record], Partition]

    @property
    def reader(self) -> str:
        """The name of its position in the ledger."""
        return f"archive {self.topic}"

    @property
    def origin(self) -> str:
        """The name under which the ledger has which log it is of."""
        return f"archived log of {self.topic}"


@dataclass(frozen=True)
class Archived:
    """What was archived: records, in how many files, of which partitions.

    `lost` is how many were trimmed from the log before they were archived. `ahead` is how many are not
    archived as they, or one before them, have an instant that is yet to come.
    """

    records: int = 0
    files: int = 0
    partitions: frozenset[Partition] = frozenset()
    lost: int = 0
    ahead: int = 0


def place(of: Archive, ledger: Ledger) -> Position:
    """How far the archive has come; of lanes that it never read nothing is said."""
    found = ledger.notes.checkpoint(of.reader)
    return msgspec.json.decode(found, type=dict[int, int]) if found else {}


def archived(
    of: Archive,
    *,
    log: Log,
    objects: ObjectStore,
    ledger: Ledger,
    now: datetime,
    whole: bool = False,
) -> Archived:
    """Land what came since the last time, of hours that are over or, as a `whole`, all of it.

    A file has the records of one partition, lane and hour (UTC, by when they were appended), and is
    named by the first and the last of them. Whoever was killed before the position was noted lands
    the same again; where more has come meanwhile, under another name, so that a record may be there
    twice, and counts once: lane and offset name it.

    Raises:
        ConflictError: Somebody else is archiving this topic.
        ConfigError: It is another log than was archived before.
    """
    with ledger.claim(of.reader, [f"topic={of.topic}"]) as claims:
        for holder in claims.refused.values():
            raise ConflictError(f"{of.topic}: {holder} is archiving it", hint="run again")
        before, first, end = place(of, ledger), log.start(of.topic), log.end(of.topic)
        _hold_to(of, log, ledger, before=before, end=end)
        at = {**first, **{lane: max(n, first.get(lane, n)) for lane, n in before.items()}}
        done = Archived(lost=sum(at[lane] - n for lane, n in before.items()))
        if done.lost:
            _note(of, ledger, at)
        for records in _batches(of.topic, log, at, end=end, until=_until(now, whole=whole)):
            receipts = _landed(of, records, objects=objects, ledger=ledger, now=now)
            at |= {record.lane: record.offset + 1 for record in records}
            _note(of, ledger, at)
            done = replace(
                done,
                records=done.records + len(records),
                files=done.files + len(receipts),
                partitions=done.partitions | {receipt.partition for receipt in receipts},
            )
        return replace(done, ahead=_ahead(of.topic, log, at, end=end, now=now))


def _note(of: Archive, ledger: Ledger, at: Position) -> None:
    ledger.notes.advance(of.reader, msgspec.json.encode(at).decode())


def _ahead(topic: str, log: Log, at: Position, *, end: Position, now: datetime) -> int:
    """How many records lie from one on that is of an hour to come: they would wait for it."""
    late = _until(now, whole=False) + timedelta(hours=1)
    left = {lane: n for lane, n in at.items() if n < end.get(lane, n)}
    first = (log.read(topic, at, limit=1, timeout_s=0, lanes={lane}) for lane in left)
    return sum(end[r.lane] - r.offset for found in first for r in found if r.at >= late)


def _until(now: datetime, *, whole: bool) -> datetime:
    now = now.astimezone(UTC)
    return _END_OF_TIME if whole else now.replace(minute=0, second=0, microsecond=0)


def is_of(of: Archive, log: Log, ledger: Ledger) -> bool:
    """Whether it is this log that was archived."""
    return ledger.notes.checkpoint(of.origin) == str(log.identity(of.topic))


def _hold_to(of: Archive, log: Log, ledger: Ledger, *, before: Position, end: Position) -> None:
    """It is this log that is archived from now on, or has always been."""
    ends = [
        f"; lane {lane} ends at {end.get(lane, 0)}, {offset} of it were archived"
        for lane, offset in before.items()
        if end.get(lane, 0) < offset
    ]
    if not ends and ledger.notes.checkpoint(of.origin) is None:
        ledger.notes.advance(of.origin, str(log.identity(of.topic)))
    elif ends or not is_of(of, log, ledger):
        raise ConfigError(
            f"{of.topic}: another log was archived than stores.log names{''.join(ends)}",
            hint="put the log back that was named before; with another one goes another ledger",
        )


def _batches(
    topic: str, log: Log, at: Position, *, end: Position, until: datetime
) -> Iterator[list[Record]]:
    """Records from there up to `end`, some at a time; of a lane none after the first that is too new."""
    reading, goal = dict(at), dict(end)
    while any(reading.get(lane, 0) < last for lane, last in goal.items()):
        found = log.read(topic, reading, limit=_AT_ONCE)
        if not found:
            return
        reading |= {record.lane: record.offset + 1 for record in found}
        for record in found:
            if record.at >= until and record.offset < goal.get(record.lane, 0):
                goal[record.lane] = record.offset
                reading[record.lane] = max(reading[record.lane], end[record.lane])
        wanted = [record for record in found if record.offset < goal.get(record.lane, 0)]
        if wanted:
            yield wanted


def _landed(
    of: Archive, records: Sequence[Record], *, objects: ObjectStore, ledger: Ledger, now: datetime
) -> list[Receipt]:
    groups: dict[tuple[Partition, str, int], list[Record]] = {}
    for record in records:
        key = (of.partition(record), record.at.astimezone(UTC).strftime(_HOUR), record.lane)
        groups.setdefault(key, []).append(record)
    with tempfile.TemporaryDirectory(prefix="touchline-") as scratch:
        try:
            arrivals = [
                _arrival(of, part, hour, same=groups[part, hour, lane], scratch=Path(scratch))
                for part, hour, lane in sorted(groups)
            ]
        except OSError as exc:
            hint = "make room where temporary files go (TMPDIR), then run again"
            raise StorageError(f"{scratch}: {exc.strerror}", hint=hint) from exc
        return list(land(arrivals, objects=objects, ledger=ledger, now=now))


def _arrival(
    of: Archive, part: Partition, hour: str, *, same: Sequence[Record], scratch: Path
) -> Arrival:
    first, last = same[0], same[-1]
    name = f"{first.lane}-{first.offset:012d}-{last.offset:012d}.jsonl"
    file = scratch / name
    file.write_bytes(b"".join(line(record) for record in same))
    source = f"log {of.topic} lane {first.lane} offsets {first.offset} to {last.offset}"
    return Arrival(of.domain, part, f"{FILES}{hour}/{name}", file, source)


def trimmed(
    of: Archive,
    days: int,
    *,
    log: Log,
    ledger: Ledger,
    read: Sequence[Position],
    now: datetime,
) -> int:
    """Forget records older than so many days, if they are archived and all of `read` are past them.

    How many went.
    """
    first = log.start(of.topic)
    old = log.start(of.topic, since=now - timedelta(days=days))
    held = [old, place(of, ledger), *read]
    upto = {lane: max(n, min(h.get(lane, n) for h in held)) for lane, n in first.items()}
    if upto != first:
        log.trim(of.topic, upto)
    return sum(upto[lane] - n for lane, n in first.items())
