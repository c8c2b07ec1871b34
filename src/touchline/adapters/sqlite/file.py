"""The ledger's file as one owner has it: transactions, readings, and the mark that says it lives."""

import sqlite3
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from touchline.adapters.local import made
from touchline.adapters.sqlite import rows
from touchline.adapters.sqlite.owners import Mark, alive, marked
from touchline.adapters.sqlite.schema import closed, looked_at, migrate, opened, translated
from touchline.core.ports import Partition


class LedgerFile:
    """One owner's connection. It becomes an owner, with a mark beside the file, at its first write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.owners = path.with_name(path.name + ".owners")
        self._mark: Mark | None = None
        self._absent = not path.exists()
        with translated(path):
            self._db = looked_at(path)
        self._end = weakref.finalize(self, closed, self._db, None)

    def close(self) -> None:
        """The mark is given back, as at the process's end; of no use afterwards."""
        self._end()

    @property
    def owner(self) -> str | None:
        """The name of this owner; None before it has written."""
        return self._mark.owner if self._mark else None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction beside which nobody else writes; rolled back if the body fails.

        Within another one it is part of that.
        """
        if self._db.in_transaction:
            yield self._db
            return
        self.marked()
        with translated(self.path):
            self._db.execute("BEGIN IMMEDIATE")
        try:
            with translated(self.path):
                yield self._db
                self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def by_parts(
        self, sql: str, values: list[object], parts: Sequence[Partition] | None
    ) -> Iterable[tuple[Any, ...]]:
        """The rows of a query that may be narrowed to partitions, however many there are."""
        if parts is None:
            return self.rows(sql.format(""), values)
        narrowed = sql.format("AND partition IN (SELECT value FROM json_each(?))")
        return self.rows(narrowed, [*values, rows.to_json(list(parts))])

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query; every read beside a transaction comes through here."""
        with translated(self.path):
            if self._absent and self._mark is None and self.path.exists():
                self._use(looked_at(self.path), None)
            return self._db.execute(sql, values).fetchall()

    def alive(self, owner: str) -> bool:
        """Whether that owner lives."""
        with translated(self.path):
            return alive(self.owners, owner, mine=self.owner)

    def marked(self) -> Mark:
        """The mark of this owner: made, as is the file if there is none, at the first write."""
        if self._mark is None:
            with translated(self.path):
                made(self.path.parent)
                self._use(opened(self.path), marked(self.owners))
                migrate(self._db)
        assert self._mark is not None
        return self._mark

    def _use(self, db: sqlite3.Connection, mark: Mark | None) -> None:
        self._end()
        self._end = weakref.finalize(self, closed, db, mark)
        self._db, self._mark, self._absent = db, mark, False
