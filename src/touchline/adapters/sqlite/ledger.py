"""The ledger in one SQLite file, durable (WAL, synchronous FULL), for one machine."""

import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from touchline.adapters.sqlite import claims as held
from touchline.adapters.sqlite import rows
from touchline.adapters.sqlite.arrivals import arrived, latest, retired
from touchline.adapters.sqlite.file import LedgerFile
from touchline.adapters.sqlite.notes import SqliteNotes
from touchline.adapters.sqlite.owners import swept
from touchline.adapters.sqlite.publishes import forgotten, settled, sizes
from touchline.core.ports import Claims, Partition, Publish, Receipt, Run, RunStatus, Size, Total
from touchline.errors import TouchlineError


class SqliteLedger:
    """A Ledger in one SQLite file.

    From its first write on, an instance is an owner: it holds a lock on a small file beside the
    ledger while it lives, so that the claims of a killed process are known to be free at once. One
    that only reads makes nothing, and needs no right to write.
    """

    def __init__(
        self, path: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.clock = clock
        self._publishing = False
        self._file = LedgerFile(path)
        self.notes = SqliteNotes(self._file)

    def close(self) -> None:
        """Give the owner's mark back, as the process does at its end; of no use afterwards."""
        self._file.close()

    # --- arrivals -------------------------------------------------------------------------------

    def receive(self, receipts: Sequence[Receipt]) -> None:
        """See Ledger."""
        with self._file.writing() as db:
            for receipt in receipts:
                arrived(db, receipt)

    def arrivals(
        self, domain: str, parts: Sequence[Partition] | None = None
    ) -> Mapping[Partition, Mapping[str, Receipt]]:
        """See Ledger."""
        return latest(self._file, domain, parts, withdrawn=False)

    def withdrawn(
        self, domain: str, parts: Sequence[Partition] | None = None
    ) -> Mapping[Partition, Mapping[str, Receipt]]:
        """See Ledger."""
        return latest(self._file, domain, parts, withdrawn=True)

    def contents(
        self, domain: str, parts: Sequence[Partition] | None = None
    ) -> Mapping[Partition, Mapping[str, str]]:
        """See Ledger."""
        sql = (
            "SELECT partition, name, sha256 FROM latest WHERE domain = ? AND NOT withdrawn {}"
            " ORDER BY first_id"
        )
        found: dict[Partition, dict[str, str]] = {}
        for part, name, sha256 in self._file.by_parts(sql, [domain], parts):
            found.setdefault(part, {})[name] = sha256
        return found

    def moved(self, paths: Mapping[str, str]) -> None:
        """See Ledger."""
        with self._file.writing() as db:
            changes = [(new, old) for old, new in paths.items()]
            db.executemany("UPDATE receipts SET path = ? WHERE path = ?", changes)

    def paths(self) -> frozenset[str]:
        """See Ledger."""
        return frozenset(p for (p,) in self._file.rows("SELECT DISTINCT path FROM receipts"))

    def retire(self, domain: str, parts: Sequence[Partition]) -> None:
        """See Ledger."""
        with self._file.writing() as db:
            retired(db, domain, parts, now=self.clock())

    def retired(self, domain: str) -> frozenset[Partition]:
        """See Ledger."""
        found = self._file.rows("SELECT partition FROM retired WHERE domain = ?", (domain,))
        return frozenset(part for (part,) in found)

    # --- claims and publishes -------------------------------------------------------------------

    @contextmanager
    def claim(self, pipeline: str, parts: Sequence[Partition]) -> Iterator[Claims]:
        """See Ledger."""
        token = uuid.uuid4().hex
        with self._file.writing() as db:
            mark, now = self._file.marked(), self.clock()
            claims = held.take(db, pipeline, parts, token=token, mark=mark, now=now)
        end = held.renewing(self._file.path, token, self.clock)
        try:
            yield claims
        finally:
            end()
            with suppress(TouchlineError), self._file.writing() as db:  # a lease ends by itself
                held.give_back(db, token)

    @contextmanager
    def publishing(
        self, claims: Claims, publishes: Sequence[Publish]
    ) -> Iterator[Callable[[str, str], None]]:
        """See Ledger."""
        with self._file.writing() as db:
            held.check(db, claims, publishes)
            db.executemany(
                f"INSERT INTO publishes ({rows.PUBLISH}, owner) VALUES ({','.join('?' * 14)})",
                [(*rows.publish_row(p), self._file.marked().owner) for p in publishes],
            )
        done: dict[str, str] = {}
        self._publishing = True
        try:
            with self._file.writing() as db, held.not_counted(db, self.clock):
                held.check(db, claims, publishes)
                yield done.__setitem__
                for table, commit_id in {(p.table, p.commit_id) for p in publishes}:
                    self.settle(commit_id, table, done.get(table))
        finally:
            self._publishing = False

    def unsettled(self) -> Sequence[Publish]:
        """See Ledger."""
        found = self._file.rows(
            f"SELECT {rows.PUBLISH}, owner FROM publishes WHERE published_at IS NULL ORDER BY id"
        )
        mine = None if self._publishing else self._file.owner
        return [rows.publish(r[:13]) for r in found if r[13] == mine or not self._file.alive(r[13])]

    def settle(self, commit_id: str, table: str, snapshot_id: str | None) -> None:
        """See Ledger."""
        with self._file.writing() as db:
            if snapshot_id is not None:
                settled(db, commit_id, table, snapshot=snapshot_id, now=self.clock())
            db.execute(
                "DELETE FROM publishes"
                " WHERE commit_id = ? AND table_name = ? AND published_at IS NULL",
                (commit_id, table),
            )

    def current(
        self,
        tables: Sequence[str],
        parts: Sequence[Partition] | None = None,
        *,
        as_of: datetime | None = None,
    ) -> Mapping[str, Mapping[Partition, Publish]]:
        """See Ledger. One statement, so that tables are seen as they are together."""
        found: dict[str, dict[Partition, Publish]] = {t: {} for t in tables}
        named = "table_name IN (SELECT value FROM json_each(?))"
        past = f"publishes WHERE {named} AND published_at <= ? {{}} GROUP BY table_name, partition"
        ids = f"max(id) FROM {past}" if as_of else f"publish_id FROM heads WHERE {named} {{}}"
        values: list[object] = [rows.to_json(list(tables))]
        if as_of:
            values.append(rows.text(as_of))
            self._remembers(values, parts)
        sql = f"SELECT {rows.PUBLISH} FROM publishes WHERE id IN (SELECT {ids})"
        for row in self._file.by_parts(sql, values, parts):
            publish = rows.publish(row)
            found[publish.table][publish.partition] = publish
        return found

    def heads(
        self, tables: Sequence[str], parts: Sequence[Partition] | None = None
    ) -> Mapping[str, Mapping[Partition, tuple[str, str]]]:
        """See Ledger. A content is its derivation, unless made by force: so it is read but once."""
        sql = (
            "SELECT partition, derivation, nullif(content, derivation) FROM heads"
            " WHERE table_name = ? {}"
        )
        return {
            table: {
                part: (derivation, derivation if other is None else other)
                for part, derivation, other in self._file.by_parts(sql, [table], parts)
            }
            for table in tables
        }

    def history(self, table: str, part: Partition | None = None) -> Sequence[Publish]:
        """See Ledger."""
        found = self._file.rows(
            f"SELECT {rows.PUBLISH} FROM publishes WHERE table_name = ? AND published_at IS NOT NULL"
            " AND partition = coalesce(?, partition) ORDER BY id DESC",
            (table, part),
        )
        return [rows.publish(row) for row in found]

    def sizes(self) -> Mapping[str, Size]:
        """See Ledger."""
        return sizes(self._file.rows)

    def forget(self, publishes: Sequence[Publish]) -> None:
        """See Ledger."""
        with self._file.writing() as db:
            forgotten(db, publishes)

    def _remembers(self, values: list[object], parts: Sequence[Partition] | None) -> None:
        sql = (
            "SELECT table_name, partition, whole_since FROM forgotten WHERE table_name IN"
            " (SELECT value FROM json_each(?)) AND whole_since > ? {} ORDER BY whole_since DESC"
        )
        for table, part, since in self._file.by_parts(sql, values, parts):
            raise rows.no_longer_kept(table, part, since)

    @contextmanager
    def alone(self) -> Iterator[frozenset[str]]:
        """See Ledger."""
        with self._file.writing() as db, held.not_counted(db, self.clock):
            held.give_back_of_the_dead(db, self._file.alive)
            swept(self._file.marked())
            found = db.execute("SELECT run_id, owner FROM runs WHERE status = 'running'").fetchall()
            yield frozenset(run for run, owner in found if self._file.alive(owner))

    def record(self, runs: Sequence[Run]) -> None:
        """See Ledger."""
        with self._file.writing() as db:
            db.executemany(
                f"INSERT INTO runs ({rows.RUN}, owner, end_number, seconds)"
                f" VALUES ({','.join('?' * 10)},"
                " iif(?4 = 'running', NULL, (SELECT ifnull(max(end_number), 0) + 1 FROM runs)),"
                " json_extract(?9, '$.seconds'))"
                " ON CONFLICT (run_id) DO UPDATE SET status = excluded.status,"
                " ended_at = excluded.ended_at, derivations = excluded.derivations,"
                " message = excluded.message, report = excluded.report, owner = excluded.owner,"
                " end_number = ifnull(excluded.end_number, end_number), seconds = excluded.seconds",
                [(*rows.run_row(run), self._file.marked().owner) for run in runs],
            )

    def runs(
        self,
        *,
        pipeline: str | None = None,
        part: Partition | None = None,
        run_id: str | None = None,
        limit: int = 50,
    ) -> Sequence[Run]:
        """See Ledger. A run whose process died without a word is shown as failed."""
        given = {"pipeline = ?": pipeline, "partition = ?": part}
        where = [clause for clause, value in given.items() if value is not None]
        values: list[object] = [value for value in given.values() if value is not None]
        if run_id is not None:
            where.append("run_id >= ? AND run_id < ?")
            values += [run_id, run_id + chr(sys.maxunicode)]
        sql = f"SELECT {rows.RUN}, owner FROM runs WHERE {' AND '.join(where) or 'true'}"
        found = self._file.rows(sql + " ORDER BY rowid DESC LIMIT ?", (*values, limit))
        return [rows.run(row, alive=self._file.alive(row[9])) for row in found]

    def ends(self, *, after: int, limit: int) -> Mapping[int, Run]:
        """See Ledger."""
        found = self._file.rows(
            f"SELECT {rows.RUN}, end_number FROM runs WHERE end_number > ? ORDER BY end_number LIMIT ?",
            (after, limit),
        )
        return {row[9]: rows.run(row, alive=True) for row in found}

    def last(self, pipeline: str) -> Mapping[Partition, Run]:
        """See Ledger."""
        owners = self._file.rows("SELECT DISTINCT owner FROM runs WHERE status = 'running'")
        living = [owner for (owner,) in owners if self._file.alive(owner)]
        found = self._file.rows(
            "SELECT run_id, pipeline, partition, status, started_at, ended_at, derivations, message,"
            " '{}', owner, max(rowid) FROM runs WHERE pipeline = ? AND status NOT IN"
            " ('stopped', 'checked')"
            " AND (status <> 'running' OR owner NOT IN (SELECT value FROM json_each(?))) GROUP BY partition",
            (pipeline, rows.to_json(living)),
        )
        return {row[2]: rows.run(row, alive=self._file.alive(row[9])) for row in found}

    def totals(self) -> Mapping[tuple[str, RunStatus], Total]:
        """See Ledger. Runs whose process died without a word are not among them."""
        found = self._file.rows(
            "SELECT pipeline, status, count(*), total(seconds)"
            " FROM runs WHERE status <> 'running' GROUP BY 1, 2"
        )
        return {(name, status): Total(runs, seconds) for name, status, runs, seconds in found}
