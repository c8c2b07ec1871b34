"""A SQLite file of a version: the tables are made where there are none, and a newer file is refused."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from touchline.errors import ConfigError

_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Layout:
    """What a file holds, in words, its version, and the statements that make it.

    `steps` has for an older version the statements that make the next one of it.
    """

    what: str
    version: int
    tables: str
    steps: Mapping[int, str] = field(default_factory=dict)


def opened(path: Path, layout: Layout) -> sqlite3.Connection:
    """A connection whose every commit is on disk when it returns; the tables are there.

    Raises:
        ConfigError: A newer version wrote the file; it was not touched.
    """
    db = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > layout.version:
        db.close()
        raise ConfigError(
            f"{path}: {layout.what} of version {version}, this program knows up to {layout.version}",
            hint=f"upgrade touchline; the {layout.what} was not touched",
        )
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    if version < layout.version:
        _make(db, layout)
    return db


def _make(db: sqlite3.Connection, layout: Layout) -> None:
    db.execute("BEGIN IMMEDIATE")
    version = db.execute("PRAGMA user_version").fetchone()[0]
    older = (
        [layout.steps[n] for n in range(version, layout.version)] if version else [layout.tables]
    )
    for statement in (each for part in older for each in part.split(";")):
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {max(version, layout.version)}")
    db.execute("COMMIT")
