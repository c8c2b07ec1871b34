"""The serving store in one SQLite file: versions, and how far readers are, in one transaction."""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from touchline.adapters.local import made
from touchline.adapters.sqlite.schema import translated
from touchline.adapters.sqlite.versioned import Layout, opened
from touchline.core.ports.log import Position
from touchline.core.ports.serving import Asked, Id, Version, View, us
from touchline.errors import ConflictError

_LAYOUT = Layout(
    "serving store",
    1,
    """
CREATE TABLE positions (
  reader TEXT NOT NULL, lane INTEGER NOT NULL, at_offset INTEGER NOT NULL,
  PRIMARY KEY (reader, lane)) WITHOUT ROWID
""",
)
_TABLE = """
CREATE TABLE IF NOT EXISTS "{name}" (
  key TEXT NOT NULL, place TEXT NOT NULL, since INTEGER NOT NULL, id TEXT NOT NULL,
  since_us INTEGER NOT NULL, digest TEXT NOT NULL, listed INTEGER NOT NULL, until INTEGER,
  until_us INTEGER, body BLOB NOT NULL, {by}PRIMARY KEY (key, place, since));
CREATE INDEX IF NOT EXISTS "{name}_ids" ON "{name}" (key, id);
CREATE INDEX IF NOT EXISTS "{name}_changes" ON "{name}" (key, since)
"""
_COLUMNS = "key, place, since, id, since_us, digest, listed, until, until_us, body"


class SqliteServing:
    """A ServingStore in a SQLite file (WAL, synchronous FULL); a table for each view.

    Whoever reads takes a connection that nobody else uses meanwhile; one at a time writes.
    """

    near = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made: set[View] = set()
        self._idle: list[sqlite3.Connection] = []
        with translated(path):
            made(path.parent)
            self._db = opened(path, _LAYOUT)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Of no use afterwards."""
        for db in [self._db, *self._idle]:
            db.close()

    def prepare(self, views: Sequence[View]) -> None:
        """See ServingStore. Nobody needs to: tables are made when they are first used."""
        for view in views:
            self._table(view)

    def known(self, view: View, ids: Sequence[Id]) -> Mapping[Id, Sequence[Version]]:
        """See ServingStore."""
        which = "WHERE key = ? AND id IN (SELECT value FROM json_each(?))"
        by = f'INDEXED BY "{view.name}_ids" {which}'
        sql = f"{self._select(view)} {by} ORDER BY id, since, place"
        by_key: dict[str, dict[str, None]] = {}
        for key, id_ in ids:
            by_key.setdefault(key, {})[id_] = None
        found: dict[Id, list[Version]] = {}
        with self._reading() as db:
            for key, mine in by_key.items():
                for row in db.execute(sql, (key, msgspec.json.encode(list(mine)).decode())):
                    found.setdefault((key, row[3]), []).append(_version(row))
        return found

    def apply(
        self,
        versions: Mapping[View, Sequence[Version]],
        *,
        reader: str,
        before: Position,
        after: Position,
    ) -> None:
        """See ServingStore."""
        sqls = {view: self._insert(view) for view in versions}

        def write(db: sqlite3.Connection) -> None:
            _must_be_at(db, reader, {lane: before.get(lane, -1) for lane in after}, path=self.path)
            for view, sql in sqls.items():
                db.executemany(sql, map(_row, versions[view]))
            places = [(reader, lane, offset) for lane, offset in after.items()]
            db.executemany("INSERT OR REPLACE INTO positions VALUES (?,?,?)", places)

        self._written(write)

    def position(self, reader: str) -> Position:
        """See ServingStore."""
        with self._reading() as db:
            return _position(db, reader)

    def rows(self, view: View, key: str, asked: Asked) -> Sequence[Version]:
        """See ServingStore."""
        where, values = _asked(view, key, asked)
        sql = f"{self._select(view)} WHERE {where} ORDER BY place, since LIMIT ?"
        return self._versions(sql, [*values, asked.limit])

    def count(self, view: View, key: str, asked: Asked) -> int:
        """See ServingStore."""
        where, values = _asked(view, key, asked)
        sql = f'SELECT count(*) FROM "{self._table(view)}" WHERE {where}'
        with self._reading() as db:
            found: int = db.execute(sql, values).fetchone()[0]
        return found

    def changes(self, view: View, key: str, *, after: int, limit: int = 1000) -> Sequence[Version]:
        """See ServingStore."""
        by = f'INDEXED BY "{view.name}_changes" WHERE key = ? AND since > ?'
        sql = f"{self._select(view)} {by} ORDER BY since, place LIMIT ?"
        return self._versions(sql, (key, after, limit))

    def clear(self, reader: str, views: Sequence[View]) -> None:
        """See ServingStore."""
        names = [self._table(view) for view in views]

        def write(db: sqlite3.Connection) -> None:
            for name in names:
                db.execute(f'DELETE FROM "{name}"')
            db.execute("DELETE FROM positions WHERE reader = ?", (reader,))

        self._written(write)

    # --- the file -----------------------------------------------------------------------------

    def _written(self, write: Callable[[sqlite3.Connection], None]) -> None:
        """What is written, in one transaction, or nothing of it."""
        with self._lock, translated(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                write(self._db)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _versions(self, sql: str, values: Iterable[object]) -> list[Version]:
        with self._reading() as db:
            rows = db.execute(sql, tuple(values)).fetchall()
        return [_version(row) for row in rows]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for as long as the context lasts."""
        with translated(self.path):
            db = self._idle.pop() if self._idle else opened(self.path, _LAYOUT)
            try:
                yield db
            finally:
                self._idle.append(db)

    def _table(self, view: View) -> str:
        """The name of the view's table, which is there."""
        if view not in self._made:
            by = "".join(f'"{name}" TEXT NOT NULL, ' for name in view.by)
            with self._lock, translated(self.path):
                for statement in _TABLE.format(name=view.name, by=by).split(";"):
                    self._db.execute(statement)
            self._made.add(view)
        return view.name

    def _select(self, view: View) -> str:
        by = "".join(f', "{name}"' for name in view.by)
        return f'SELECT {_COLUMNS}{by} FROM "{self._table(view)}"'

    def _insert(self, view: View) -> str:
        marks = ",".join("?" * (10 + len(view.by)))
        return f'INSERT OR REPLACE INTO "{self._table(view)}" VALUES ({marks})'


def _must_be_at(
    db: sqlite3.Connection, reader: str, expected: Mapping[int, int], *, path: Path
) -> None:
    seen = _position(db, reader)
    for lane, offset in expected.items():
        if seen.get(lane, -1) != offset:
            raise ConflictError(
                f"{path}: {reader} is at {seen.get(lane)} of lane {lane}, expected {offset}",
                hint="another process reads for it; one is enough",
            )


def _position(db: sqlite3.Connection, reader: str) -> dict[int, int]:
    sql = "SELECT lane, at_offset FROM positions WHERE reader = ?"
    return dict(db.execute(sql, (reader,)).fetchall())


def _asked(view: View, key: str, asked: Asked) -> tuple[str, list[object]]:
    """The condition that rows meet which are asked for, and its values."""
    is_on = bool(asked.after) and asked.after >= asked.first
    tests = ["key = ?", "place > ?" if is_on else "place >= ?", "listed"]  # one bound, to seek by
    values: list[object] = [key, max(asked.first, asked.after)]
    if asked.last:
        tests.append("place < ?")
        values.append(asked.last)
    for name, value in asked.where.items():
        tests.append(f'"{view.by[view.by.index(name)]}" = ?')
        values.append(value)
    if asked.offset is not None:
        tests.append("since <= ? AND (until IS NULL OR until > ?)")
        values += [asked.offset, asked.offset]
    if asked.as_of is not None:
        tests.append("since_us <= ? AND (until IS NULL OR until_us > ?)")
        values += [us(asked.as_of), us(asked.as_of)]
    if asked.offset is None and asked.as_of is None:
        tests.append("until IS NULL")
    return " AND ".join(tests), values


def _row(v: Version) -> tuple[object, ...]:
    return (
        v.key,
        v.order,
        v.since,
        v.id,
        v.since_us,
        v.digest,
        v.listed,
        v.until,
        v.until_us,
        v.body,
        *v.by,
    )


def _version(row: tuple[Any, ...]) -> Version:
    key, order, since, id_, since_us, digest, listed, until, until_us, body = row[:10]
    return Version(
        key, id_, order, row[10:], body, since, since_us, digest, listed == 1, until, until_us
    )  # fmt: skip
