"""Tables in partitions, in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from threading import RLock

import pyarrow as pa

from touchline.core.contracts import Contract, Type
from touchline.core.ports import Partition, Piece, Staged, keys_of
from touchline.errors import ContractError, StorageError


@dataclass(frozen=True)
class Snapshot:
    """One commit to a table, with the properties that came with it."""

    id: str
    commit_id: str
    properties: Mapping[str, str]


@dataclass
class _Table:
    """What outside readers see: the current pieces of each unit of replacement."""

    types: dict[str, Type]
    pieces: dict[tuple[str, ...], tuple[Piece, ...]] = field(default_factory=dict)
    snapshots: list[Snapshot] = field(default_factory=list)


class MemoryTables:
    """A TableStore in this process; `room_bytes` bounds it, to try what a full disk does."""

    def __init__(self, room_bytes: int | None = None) -> None:
        self.room_bytes = room_bytes
        self._tables: dict[str, _Table] = {}
        self._rows: dict[str, pa.Table] = {}
        self._lock = RLock()
        self._ids = count(1)

    def prepare(self, contracts: Sequence[Contract]) -> None:
        """See TableStore."""
        with self._lock:
            for contract in contracts:
                self._known(contract)

    def stage(self, contract: Contract, part: Partition, rows: pa.Table, *, run_id: str) -> Staged:
        """See TableStore. One piece, held until `maintain` finds that nobody names it."""
        with self._lock:
            self._known(contract)
            if rows.num_rows == 0:
                return Staged(contract.table, part, 0, ())
            held = _cast(rows, contract)
            size = held.nbytes
            taken = sum(table.nbytes for table in self._rows.values())
            if self.room_bytes is not None and taken + size > self.room_bytes:
                raise StorageError(
                    f"{contract.table}: {size} bytes, room for {self.room_bytes - taken}",
                    hint="make room, then run again",
                )
            path = f"memory://{contract.table}/{part}/{run_id}.{next(self._ids)}"
            self._rows[path] = held
        return Staged(contract.table, part, held.num_rows, (Piece(path, held.num_rows, size),))

    def publish(
        self,
        contract: Contract,
        staged: Sequence[Staged],
        *,
        commit_id: str,
        properties: Mapping[str, str],
    ) -> str:
        """See TableStore."""
        with self._lock:
            table = self._known(contract)
            replaced = {_unit(contract, s.partition): s.pieces for s in staged}
            table.pieces = {**table.pieces, **replaced}
            snapshot = Snapshot(str(next(self._ids)), commit_id, dict(properties))
            table.snapshots.append(snapshot)
        return snapshot.id

    def committed(self, table: str, commit_id: str) -> str | None:
        """See TableStore."""
        return next((s.id for s in self.snapshots(table) if s.commit_id == commit_id), None)

    def read(self, contract: Contract, pieces: Iterable[Piece]) -> pa.Table:
        """See TableStore."""
        with self._lock:
            found = [_as_asked(self._held(p), contract) for p in pieces]
        return pa.concat_tables([contract.arrow_schema().empty_table(), *found])

    def lost(self, pieces: Iterable[Piece]) -> frozenset[str]:
        """See TableStore."""
        with self._lock:
            return frozenset(p.path for p in pieces if p.path not in self._rows)

    def maintain(self, table: str, keep: frozenset[str]) -> Mapping[str, int]:
        """See TableStore."""
        with self._lock:
            found = self._tables.get(table, _Table({}))
            named = {p.path for pieces in found.pieces.values() for p in pieces} | keep
            mine = [path for path in self._rows if path.startswith(f"memory://{table}/")]
            gone = [
                p
                for p in mine
                if p not in named and p.rpartition("/")[2].partition(".")[0] not in keep
            ]
            size = sum(self._rows.pop(path).nbytes for path in gone)
            expired = max(0, len(found.snapshots) - 1)
            found.snapshots = found.snapshots[expired:]
        return {"snapshots": expired, "files": len(gone), "bytes": size}

    def seen(self, contract: Contract) -> pa.Table:
        """The rows that a reader of the tables sees who knows no ledger."""
        with self._lock:
            table = self._tables.get(contract.table, _Table({}))
            return self.read(contract, [p for pieces in table.pieces.values() for p in pieces])

    def snapshots(self, table: str) -> Sequence[Snapshot]:
        """The commits to a table that are remembered, oldest first."""
        with self._lock:
            return tuple(self._tables[table].snapshots) if table in self._tables else ()

    def _held(self, piece: Piece) -> pa.Table:
        if piece.path not in self._rows:
            raise StorageError(f"{piece.path}: no such piece", hint="it is no longer kept")
        return self._rows[piece.path]

    def _known(self, contract: Contract) -> _Table:
        """The table, made or widened where the contract asks for it."""
        table = self._tables.setdefault(contract.table, _Table({}))
        for column in contract.columns:
            has = table.types.get(column.name, column.type)
            if has != column.type:
                raise ContractError(
                    f"{contract.table}.{column.name}: the table holds {has},"
                    f" the contract says {column.type}",
                    hint="give a column of another type another name",
                )
        table.types.update({c.name: c.type for c in contract.columns})
        return table


def _unit(contract: Contract, part: Partition) -> tuple[str, ...]:
    keys = keys_of(part)
    return tuple(keys[name] for name in contract.replace_by)


def _cast(rows: pa.Table, contract: Contract) -> pa.Table:
    try:
        return rows.cast(contract.arrow_schema())
    except pa.ArrowException as exc:
        raise ContractError(f"{contract.table}: {exc}", table=contract.table) from exc


def _as_asked(rows: pa.Table, contract: Contract) -> pa.Table:
    """The rows in the contract's columns; those that the piece lacks are null."""
    columns = [
        rows.column(f.name) if f.name in rows.column_names else pa.nulls(rows.num_rows, f.type)
        for f in contract.arrow_schema()
    ]
    return pa.table(columns, schema=contract.arrow_schema())
