"""A log -> bronze: its records by partition and hour, as lines; and how such lines are read again."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl

from touchline.core.bytes import opened
from touchline.core.contracts import REJECTED_SCHEMA
from touchline.core.landing import Arrival, land
from touchline.core.pipeline import Decoded
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


# --- its lines ----------------------------------------------------------------------------------


class _Line(msgspec.Struct, omit_defaults=True, gc=False):
    lane: int
    log_offset: int
    logged_at: datetime
    key: str
    value: msgspec.Raw = msgspec.Raw(b"")
    value_base64: bytes | None = None


_DECODER = msgspec.json.Decoder(_Line)
_SCHEMA = {
    "lane": pl.Int64(),
    "log_offset": pl.Int64(),
    "logged_at": pl.Datetime("us", "UTC"),
    "key": pl.String(),
    "value": pl.Binary(),
    "line": pl.Int64(),
    "_row": pl.String(),
}


def line(record: Record) -> bytes:
    """The record as a line: its value as text, or as base64 where it is no UTF-8."""
    said: Mapping[str, object]
    try:
        said = {"value": record.value.decode()}
    except UnicodeDecodeError:
        said = {"value_base64": record.value}
    told = {
        "lane": record.lane,
        "log_offset": record.offset,
        "logged_at": record.at.astimezone(UTC),
        "key": record.key,
        **said,
    }
    return msgspec.json.encode(told) + b"\n"


def record_of(text: str) -> Record:
    """The record that a line says, mended or as it came; msgspec's DecodeError where it says none."""
    found = _DECODER.decode(text)
    lane, offset, at, key, value = _values(found)
    return Record(lane, offset, key, value, at)


def decode(path: Path) -> Decoded:
    """A row per record, its value byte for byte, with `line` and the line as it came in `_row`.

    Whoever mends a line may put any JSON in the place of the text that is its value.
    """
    rows, bad, number = list[tuple[object, ...]](), list[tuple[str, int, str]](), 0
    with opened(path) as file:
        for number, text in enumerate(file, start=1):
            try:
                found = _DECODER.decode(text)
                rows.append((*_values(found), number, text.decode().rstrip("\n")))
            except (msgspec.DecodeError, UnicodeDecodeError) as exc:
                shown = text.decode(errors="backslashreplace").rstrip("\n")
                bad.append((f"no record of a log: {exc}", number, shown))
    return Decoded(
        pl.DataFrame(rows, schema=_SCHEMA, orient="row"),
        number,
        pl.DataFrame(bad, schema=REJECTED_SCHEMA, orient="row"),
    )


def _values(found: _Line) -> tuple[int, int, datetime, str, bytes]:
    value = bytes(found.value)
    if value.startswith(b'"'):
        value = msgspec.json.decode(value, type=str).encode()
    elif not value:
        value = found.value_base64 or b""
    return found.lane, found.log_offset, found.logged_at.astimezone(UTC), found.key, value


def relation(paths: Sequence[str], packed: str) -> str:
    """SQL for such files as they came: where each record lay, and its value."""
    listed = ", ".join("'" + p.replace("'", "''") + "'" for p in paths)
    return (
        f"read_json([{listed}], format = 'newline_delimited', compression = '{packed}',"
        " columns = {lane: 'BIGINT', log_offset: 'BIGINT', logged_at: 'TIMESTAMPTZ',"
        " key: 'VARCHAR', value: 'VARCHAR', value_base64: 'VARCHAR'},"
        " ignore_errors = true, filename = true)"
    )
