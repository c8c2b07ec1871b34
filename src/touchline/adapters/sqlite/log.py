"""The log in one SQLite file: a writer of its own commits what many callers append, at once."""

import fcntl
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence, Set
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import quote

from touchline.adapters.local import made
from touchline.adapters.sqlite.schema import translated
from touchline.adapters.sqlite.versioned import Layout, opened
from touchline.core.ports.log import Lag, Position, Record, Share
from touchline.errors import ConfigError

LANE = 0
"""A file has one lane: records of all keys are in one order."""

_AT_ONCE = 5000
_PAUSE_S, _SHORT_PAUSE_S, _BUSY_S = 0.02, 0.004, 60.0
_ROWS = 256
_END = """
SELECT next_offset, (SELECT at_us FROM records WHERE topic = ends.topic ORDER BY at_offset DESC LIMIT 1)
FROM ends WHERE topic = ?
"""
_IDENTITY = """
CREATE TABLE identity (id INTEGER NOT NULL);
INSERT INTO identity VALUES (random() & 0x7fffffffffffffff | 1)
"""
_LAYOUT = Layout(
    "log",
    2,
    f"""
CREATE TABLE records (
  topic TEXT NOT NULL, at_offset INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
  at_us INTEGER NOT NULL, PRIMARY KEY (topic, at_offset)) WITHOUT ROWID;
CREATE TABLE ends (topic TEXT PRIMARY KEY, next_offset INTEGER NOT NULL) WITHOUT ROWID;
{_IDENTITY}""",
    {1: _IDENTITY},
)

_Batch = tuple[str, Sequence[tuple[str, bytes]], "Future[Sequence[tuple[int, int]]]"]


class SqliteLog:
    """A Log in a SQLite file (WAL, synchronous FULL).

    One thread writes: what comes while a commit is under way goes with the next, so that many
    callers share the flush to the disk. Several processes may append; readers never wait for them.
    Who waits for records looks every 4 ms while some came in the last minute, else every 20 ms.
    """

    at_once = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self._queue: SimpleQueue[_Batch | None] = SimpleQueue()
        self._busy_until = 0.0
        self._came = threading.Condition()
        with translated(path):
            made(path.parent)
            self._db, self._writing = opened(path, _LAYOUT), opened(path, _LAYOUT)
        self._lock = threading.Lock()
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()

    def close(self) -> None:
        """What was appended is written; of no use afterwards."""
        self._queue.put(None)
        self._writer.join()
        self._db.close()

    def prepare(self, topics: Sequence[str], *, lanes: int = 1) -> None:
        """See Log. Every topic is there."""

    def append(
        self, topic: str, records: Sequence[tuple[str, bytes]]
    ) -> "Future[Sequence[tuple[int, int]]]":
        """See Log."""
        done: Future[Sequence[tuple[int, int]]] = Future()
        done.set_running_or_notify_cancel()
        self._queue.put((topic, records, done))
        return done

    def read(
        self,
        topic: str,
        position: Position,
        *,
        limit: int = 1000,
        timeout_s: float = 1.0,
        lanes: Set[int] | None = None,
    ) -> Sequence[Record]:
        """See Log."""
        sql = (
            "SELECT at_offset, key, value, at_us FROM records WHERE topic = ? AND at_offset >= ?"
            " ORDER BY at_offset LIMIT ?"
        )
        end, most = time.monotonic() + timeout_s, limit if lanes is None or LANE in lanes else 0
        while True:
            found, now = self._rows(sql, (topic, position.get(LANE, 0), most)), time.monotonic()
            if found or now >= end:
                if not found or found[0][0] != position.get(LANE):
                    self._check(topic, position)
                self._busy_until = now + _BUSY_S if found else self._busy_until
                return [_record(row) for row in found]
            with self._came:
                self._came.wait(
                    min(_SHORT_PAUSE_S if now < self._busy_until else _PAUSE_S, end - now)
                )

    def start(self, topic: str, since: datetime | None = None) -> Position:
        """See Log."""
        sql = "SELECT min(at_offset) FROM records WHERE topic = ? AND at_us >= ?"
        ((first,),) = self._rows(sql, (topic, _us(since) if since else 0))
        return self.end(topic) if first is None else {LANE: first}

    def end(self, topic: str) -> Position:
        """See Log."""
        found = self._rows("SELECT next_offset FROM ends WHERE topic = ?", (topic,))
        return {LANE: found[0][0] if found else 0}

    def identity(self, topic: str) -> int:  # noqa: ARG002
        """See Log. It is the file's, and goes with it wherever it is copied to."""
        ((found,),) = self._rows("SELECT id FROM identity", ())
        return int(found)

    def lag(self, topic: str, position: Position) -> Lag:
        """See Log."""
        sql = "SELECT count(*), min(at_us) FROM records WHERE topic = ? AND at_offset >= ?"
        ((count, oldest),) = self._rows(sql, (topic, position.get(LANE, 0)))
        return Lag(count, _at(oldest) if count else None)

    def trim(self, topic: str, position: Position) -> None:
        """See Log."""
        with translated(self.path), closing(opened(self.path, _LAYOUT)) as db:
            sql = "DELETE FROM records WHERE topic = ? AND at_offset < ?"
            db.execute(sql, (topic, position.get(LANE, 0)))

    @contextmanager
    def share(self, topic: str, group: str) -> Iterator[Share]:
        """See Log. Whoever first locks a small file beside the log has the lane, until it ends."""
        folder = self.path.with_name(f"{self.path.name}.readers")
        with translated(self.path):
            made(folder)
            file = (folder / quote(f"{topic} {group}", safe=" ")).open("wb")
        with file:
            yield lambda: frozenset({LANE} if _locked(file.fileno()) else ())

    def _check(self, topic: str, position: Position) -> None:
        """Refuse a position that this log does not have.

        Raises:
            ConfigError: It is of another lane, before the beginning or behind the end.
        """
        end, start = self.end(topic)[LANE], self.start(topic)[LANE]
        for lane, offset in position.items():
            if lane != LANE or not start <= offset <= end:
                raise ConfigError(
                    f"{self.path}: {topic}: no offset {offset} in lane {lane}, it has lane {LANE}"
                    f" from {start} to {end}",
                    hint="its records were trimmed, or it is a position in another log",
                    topic=topic,
                )

    def _rows(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with translated(self.path), self._lock:
            return self._db.execute(sql, values).fetchall()

    # --- the writer ---------------------------------------------------------------------------

    def _write(self) -> None:
        with closing(self._writing) as db:
            while (first := self._queue.get()) is not None:
                batches, last = self._more(first)
                self._commit(db, batches)
                if last:
                    return

    def _more(self, first: _Batch) -> tuple[list[_Batch], bool]:
        """The batch, and those that have come meanwhile; whether there will be no more."""
        batches, count = [first], len(first[1])
        while count < _AT_ONCE:
            try:
                following = self._queue.get_nowait()
            except Empty:
                return batches, False
            if following is None:
                return batches, True
            batches.append(following)
            count += len(following[1])
        return batches, False

    def _commit(self, db: sqlite3.Connection, batches: Sequence[_Batch]) -> None:
        try:
            with translated(self.path):
                placed = _put(db, batches)
        except Exception as exc:  # noqa: BLE001 (handed to whoever appended)
            with suppress(sqlite3.Error):  # SQLite may have rolled back itself
                db.execute("ROLLBACK")
            for _, _, done in batches:
                done.set_exception(exc)
            return
        for (_, _, done), places in zip(batches, placed, strict=True):
            done.set_result(places)
        with self._came:
            self._came.notify_all()


def _put(db: sqlite3.Connection, batches: Sequence[_Batch]) -> list[list[tuple[int, int]]]:
    """All batches in one transaction, flushed to the disk; where each record lies."""
    db.execute("BEGIN IMMEDIATE")
    ends = {topic: _end(db, topic) for topic in dict.fromkeys(topic for topic, _, _ in batches)}
    clock, placed = _us(datetime.now(UTC)), []
    for topic, records, _ in batches:
        first, last_us = ends[topic]
        now = max(clock, last_us)
        _insert(db, records, topic=topic, first=first, now=now)
        placed.append([(LANE, first + n) for n in range(len(records))])
        ends[topic] = (first + len(records), now)
    for topic, (end, _) in ends.items():
        db.execute("INSERT OR REPLACE INTO ends VALUES (?,?)", (topic, end))
    db.execute("COMMIT")
    return placed


def _end(db: sqlite3.Connection, topic: str) -> tuple[int, int]:
    """Where the topic ends, and when the last record came: none is older than the one before it."""
    found = db.execute(_END, (topic,)).fetchone()
    return (found[0], found[1] or 0) if found else (0, 0)


def _insert(
    db: sqlite3.Connection,
    records: Sequence[tuple[str, bytes]],
    *,
    topic: str,
    first: int,
    now: int,
) -> None:
    """The records from that offset on. Many rows are one statement: after each, others have the GIL."""
    at = 0
    while at < len(records):
        count = min(1 << (len(records) - at).bit_length() - 1, _ROWS)
        some = records[at : at + count]
        db.execute(_rows_sql(count), [topic, first + at, now, *(each for r in some for each in r)])
        at += count


@cache
def _rows_sql(count: int) -> str:
    rows = (f"(?1,?2+{n},?{2 * n + 4},?{2 * n + 5},?3)" for n in range(count))
    return f"INSERT INTO records VALUES {','.join(rows)}"


def _locked(file: int) -> bool:
    """Whether the file is locked here now."""
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _us(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)


def _at(us: int) -> datetime:
    return datetime.fromtimestamp(us / 1_000_000, UTC)


def _record(row: Sequence[Any]) -> Record:
    return Record(LANE, row[0], row[1], row[2], _at(row[3]))
