"""The ledger's file: its tables, its version, and how it is opened."""

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from touchline.adapters.local import failure
from touchline.adapters.sqlite.owners import Mark, give_back
from touchline.errors import ConfigError, StorageError, TouchlineError, TransientError

VERSION = 7
_PATIENCE_S = 60.0
_PAUSE_S = 0.01
_HELD = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_NO_WRITING = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
}
_NO_LEDGER = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
_PRIMARY = 0xFF
"""SQLite's extended result codes hold the primary one in their lowest byte."""

SCHEMA = """
CREATE TABLE receipts (
  id INTEGER PRIMARY KEY, domain TEXT NOT NULL, partition TEXT NOT NULL, name TEXT NOT NULL,
  sha256 TEXT NOT NULL, size INTEGER NOT NULL, source TEXT NOT NULL, received_at TEXT NOT NULL,
  path TEXT NOT NULL);
CREATE TABLE runs (
  run_id TEXT PRIMARY KEY, pipeline TEXT NOT NULL, partition TEXT NOT NULL, status TEXT NOT NULL,
  started_at TEXT NOT NULL, ended_at TEXT, owner TEXT NOT NULL, derivations TEXT NOT NULL,
  message TEXT NOT NULL, report TEXT NOT NULL);
CREATE INDEX runs_latest ON runs (pipeline, partition, started_at);
CREATE INDEX runs_newest ON runs (started_at);
CREATE TABLE publishes (
  id INTEGER PRIMARY KEY, table_name TEXT NOT NULL, partition TEXT NOT NULL, run_id TEXT NOT NULL,
  commit_id TEXT NOT NULL, derivation TEXT NOT NULL, content TEXT NOT NULL, rows INTEGER NOT NULL,
  pieces TEXT NOT NULL, made_from TEXT NOT NULL, kind TEXT NOT NULL, rejected INTEGER NOT NULL,
  published_at TEXT, snapshot_id TEXT NOT NULL, owner TEXT NOT NULL);
CREATE INDEX publishes_history ON publishes (table_name, partition, id);
CREATE INDEX publishes_commit ON publishes (commit_id);
CREATE INDEX publishes_announced ON publishes (owner) WHERE published_at IS NULL;
CREATE TABLE heads (
  table_name TEXT NOT NULL, partition TEXT NOT NULL, publish_id INTEGER NOT NULL,
  derivation TEXT NOT NULL, content TEXT NOT NULL, PRIMARY KEY (table_name, partition)) WITHOUT ROWID;
CREATE TABLE forgotten (
  table_name TEXT NOT NULL, partition TEXT NOT NULL, whole_since TEXT NOT NULL,
  PRIMARY KEY (table_name, partition)) WITHOUT ROWID;
CREATE TABLE claims (
  pipeline TEXT NOT NULL, partition TEXT NOT NULL, owner TEXT NOT NULL, token TEXT NOT NULL,
  expires_at TEXT NOT NULL, PRIMARY KEY (pipeline, partition)) WITHOUT ROWID;
"""

_LATEST = """
CREATE TABLE latest (
  domain TEXT NOT NULL, partition TEXT NOT NULL, name TEXT NOT NULL, receipt_id INTEGER NOT NULL,
  first_id INTEGER NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (domain, partition, name))
  WITHOUT ROWID;
INSERT INTO latest SELECT domain, partition, name, id, first, sha256 FROM receipts JOIN (
  SELECT max(id) AS last, min(id) AS first FROM receipts GROUP BY domain, partition, name)
  ON id = last;
DROP INDEX IF EXISTS receipts_latest;
"""

_NOTES = """
CREATE TABLE incidents (
  key TEXT NOT NULL, pipeline TEXT NOT NULL, place TEXT NOT NULL, what TEXT NOT NULL,
  code INTEGER NOT NULL, opened_at TEXT NOT NULL, closed_at TEXT, PRIMARY KEY (key, opened_at));
CREATE INDEX incidents_open ON incidents (opened_at) WHERE closed_at IS NULL;
CREATE TABLE outbox (
  alert_id TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL,
  at TEXT NOT NULL, target TEXT NOT NULL, attempts INTEGER NOT NULL, next_at TEXT, sent_at TEXT,
  error TEXT NOT NULL, PRIMARY KEY (alert_id, target));
CREATE INDEX outbox_waiting ON outbox (at) WHERE sent_at IS NULL AND next_at IS NOT NULL;
CREATE TABLE checkpoints (reader TEXT PRIMARY KEY, position TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE retired (
  domain TEXT NOT NULL, partition TEXT NOT NULL, retired_at TEXT NOT NULL,
  PRIMARY KEY (domain, partition)) WITHOUT ROWID;
CREATE INDEX receipts_at ON receipts (path);
CREATE INDEX receipts_of ON receipts (domain, partition);
DROP INDEX runs_latest;
DROP INDEX runs_newest;
CREATE INDEX runs_of ON runs (pipeline, partition);
CREATE INDEX runs_alive ON runs (owner) WHERE status = 'running';
"""

_ENDS = """
ALTER TABLE runs ADD COLUMN end_number INTEGER;
CREATE UNIQUE INDEX runs_ended ON runs (end_number);
"""

_KEYS = """
CREATE TABLE keys (
  digest TEXT PRIMARY KEY, name TEXT NOT NULL, scopes TEXT NOT NULL, made_at TEXT NOT NULL,
  rate_per_s REAL NOT NULL, revoked_at TEXT);
CREATE UNIQUE INDEX keys_named ON keys (name) WHERE revoked_at IS NULL;
"""

_WITHDRAWN = """
ALTER TABLE receipts ADD COLUMN withdrawn TEXT NOT NULL DEFAULT '';
ALTER TABLE receipts ADD COLUMN said_at TEXT;
ALTER TABLE latest ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;
CREATE INDEX latest_withdrawn ON latest (domain, partition) WHERE withdrawn;
"""

_TOOK = """
ALTER TABLE runs ADD COLUMN seconds REAL;
UPDATE runs SET seconds = json_extract(report, '$.seconds');
CREATE INDEX runs_took ON runs (pipeline, status, seconds);
"""

CHANGES = (SCHEMA, _LATEST, _NOTES, _ENDS, _KEYS, _WITHDRAWN, _TOOK)
"""What makes each version of the one before it, the first of an empty file."""


def opened(path: Path) -> sqlite3.Connection:
    """A connection whose every commit is on disk when it returns.

    Raises:
        ConfigError: A newer version wrote the file; it was not touched.
    """
    db = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)
    try:
        _refuse_newer(db, path)
        _put_into_wal(db)
        db.execute("PRAGMA synchronous = FULL")
    except BaseException:
        db.close()
        raise
    return db


def looked_at(path: Path) -> sqlite3.Connection:
    """A connection to read with: it makes no file where there is none, and needs no right to write.

    Raises:
        ConfigError: A newer version wrote the file, or an older one that must be migrated first.
    """
    if not path.exists():
        _could_be_made(path)
        db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        migrate(db)
        return db
    try:
        db = opened(path)
        migrate(db)
    except sqlite3.OperationalError as exc:
        if exc.sqlite_errorcode & _PRIMARY not in _NO_WRITING:
            raise
        db = _fixed(path)
    return db


def _could_be_made(path: Path) -> None:
    """Refuse a place where nothing can be made, as one of the folders above is a file."""
    above = next(folder for folder in path.parents if folder.exists())
    if not above.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, f"{above} is a file", str(path))


def _fixed(path: Path) -> sqlite3.Connection:
    """A connection to a file that cannot be written to, by this process or, without a log, anyone."""
    log = path.with_name(path.name + "-wal")
    how = "mode=ro" if log.exists() and log.stat().st_size else "mode=ro&immutable=1"
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        _refuse_newer(db, path)
        _refuse_older(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _refuse_older(db: sqlite3.Connection, path: Path) -> None:
    seen = _version(db)
    if seen < VERSION:
        raise ConfigError(
            f"{path}: ledger of version {seen}, and no right to bring it to {VERSION}",
            hint="run any command once with the right to write there",
        )


def _version(db: sqlite3.Connection) -> int:
    found: int = db.execute("PRAGMA user_version").fetchone()[0]
    return found


def _put_into_wal(db: sqlite3.Connection) -> None:
    """The file is in WAL mode. SQLite refuses at once while others hold a new file: asked again."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode & _PRIMARY not in _HELD or time.monotonic() > until:
                raise
        time.sleep(_PAUSE_S)


def closed(db: sqlite3.Connection, mark: Mark | None) -> None:
    """The file is let go, and its owner, if it had become one, counts as dead."""
    db.close()
    if mark is not None:
        give_back(mark)


def _refuse_newer(db: sqlite3.Connection, path: Path) -> None:
    seen = _version(db)
    if seen > VERSION:
        raise ConfigError(
            f"{path}: ledger of version {seen}, this program knows up to {VERSION}",
            hint="upgrade touchline; the ledger was not touched",
        )


def migrate(db: sqlite3.Connection) -> None:
    """Bring a new or an older file to this version; all of it or nothing, whoever else does."""
    if _version(db) == VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        for change in CHANGES[_version(db) :]:
            for statement in change.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise this package's errors in place of SQLite's and the system's."""
    try:
        yield
    except sqlite3.Error as exc:
        raise _failure(exc, path) from exc
    except OSError as exc:
        raise failure(exc, f"{path}: {exc.strerror}") from exc


def _failure(exc: sqlite3.Error, path: Path) -> TouchlineError:
    code = getattr(exc, "sqlite_errorcode", 0) & _PRIMARY
    if code in _HELD:
        return TransientError(
            f"{path}: {exc}", hint="another process holds the ledger; run again when it is done"
        )
    if code in _NO_LEDGER:
        hint = "check stores.ledger.path; if this was the ledger, put its back-up there"
        return ConfigError(f"{path}: not a ledger, or a damaged one: {exc}", hint=hint)
    if path.is_dir():
        return ConfigError(f"{path}: a folder, expected a file", hint="check stores.ledger.path")
    is_closed = code == sqlite3.SQLITE_CANTOPEN and not os.access(path.parent, os.W_OK)
    why = ": its folder is read-only" if is_closed and path.parent.exists() else ""
    return StorageError(
        f"{path}: {exc}{why}", hint="make room or grant the right to write, then run again"
    )
