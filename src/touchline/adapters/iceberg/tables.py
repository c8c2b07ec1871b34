"""A TableStore over one Iceberg catalog."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.expressions.literals import literal
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.table import Table
from sqlalchemy.exc import DatabaseError

from touchline.adapters.iceberg.catalog import TYPES, LocalCatalog, opened, table_of
from touchline.adapters.iceberg.data_files import DataFiles
from touchline.adapters.iceberg.maintenance import swept
from touchline.adapters.iceberg.places import location, path_of
from touchline.adapters.iceberg.replace import QuickTransaction, Replacement, expire
from touchline.adapters.local import failure, synced
from touchline.core.contracts import Contract
from touchline.core.ports import Partition, Piece, Staged, keys_of
from touchline.errors import (
    ConfigError,
    ContractError,
    StorageError,
    TouchlineError,
    TransientError,
)

_COMMIT_ID = "touchline.commit-id"
_NO_ROOM = "make room or grant the right to write, then run again"
_ROWS = ".parquet"
_TRIES = 8


class IcebergTables:
    """A TableStore of Parquet files under a local warehouse folder, in any Iceberg catalog."""

    def __init__(self, catalog: Mapping[str, str]) -> None:
        self._settings = dict(catalog)
        self._opened: LocalCatalog | None = None
        self._schemas: dict[str, tuple[Contract, Table, pa.Schema]] = {}
        self._data_files = DataFiles()
        self._lock = Lock()

    def prepare(self, contracts: Sequence[Contract]) -> None:
        """See TableStore."""
        for contract in contracts:
            with self._translated(contract.table):
                self._known(contract)

    def stage(self, contract: Contract, part: Partition, rows: pa.Table, *, run_id: str) -> Staged:
        """See TableStore. One Parquet file for each combination of partition columns."""
        if rows.num_rows == 0:
            return Staged(contract.table, part, 0, ())
        with self._translated(contract.table):
            _, table, schema = self._known(contract)
            root = path_of(table.location())
            pieces = tuple(
                _written(
                    _constant(chunk.cast(schema), contract.partition_by),
                    contract.key,
                    root / "data" / folder / f"{run_id}{_ROWS}",
                )
                for folder, chunk in _by_folder(contract, rows)
            )
            synced([path_of(piece.path) for piece in pieces], root)
        return Staged(contract.table, part, rows.num_rows, pieces)

    def publish(
        self,
        contract: Contract,
        staged: Sequence[Staged],
        *,
        commit_id: str,
        properties: Mapping[str, str],
    ) -> str:
        """See TableStore."""
        with self._translated(contract.table):
            table = self._catalog.load_table(contract.table)
            columns = contract.replace_by
            keys = [keys_of(s.partition) for s in staged]
            transaction = QuickTransaction(table)
            commit = Replacement(
                transaction,
                columns=columns,
                units=[tuple(_typed(contract, c, key[c]) for c in columns) for key in keys],
                properties={**properties, _COMMIT_ID: commit_id},
            )
            for piece in (p for s in staged for p in s.pieces):
                commit.append_data_file(self._data_files.of(table, piece))
            commit.commit()
            expire(transaction)
            with self._catalog.bringing(commit.snapshot_id, commit.files):
                transaction.commit_transaction()
            return str(commit.snapshot_id)

    def committed(self, table: str, commit_id: str) -> str | None:
        """See TableStore."""
        with self._translated(table):
            try:
                found = self._catalog.load_table(table)
            except NoSuchTableError:
                return None
            for snapshot in found.metadata.snapshots:
                if (
                    snapshot.summary
                    and snapshot.summary.additional_properties.get(_COMMIT_ID) == commit_id
                ):
                    return str(snapshot.snapshot_id)
            return None

    def read(self, contract: Contract, pieces: Iterable[Piece]) -> pa.Table:
        """See TableStore."""
        paths = [str(path_of(p.path)) for p in pieces]
        if not paths:
            return contract.arrow_schema().empty_table()
        try:
            return ds.dataset(paths, schema=contract.arrow_schema(), format="parquet").to_table()
        except FileNotFoundError as exc:
            raise _gone(contract.table, str(exc)) from exc
        except (OSError, pa.ArrowException) as exc:
            raise StorageError(
                f"{contract.table}: a published file cannot be read: {exc}",
                hint="grant the right to read; if it is damaged, put its back-up there, or make it"
                " again: touchline run --force",
            ) from exc

    def lost(self, pieces: Iterable[Piece]) -> frozenset[str]:
        """See TableStore."""
        return frozenset(p.path for p in pieces if not path_of(p.path).exists())

    def maintain(self, table: str, keep: frozenset[str]) -> Mapping[str, int]:
        """See TableStore."""
        with self._translated(table):
            try:
                found = self._catalog.load_table(table)
            except NoSuchTableError:
                return {"snapshots": 0, "files": 0, "bytes": 0}
            transaction = QuickTransaction(found)
            expired = expire(transaction, at_most=1, keep=1)
            if expired:
                transaction.commit_transaction()
            files, size = swept(lambda: self._catalog.load_table(table), keep)
            return {"snapshots": expired, "files": files, "bytes": size}

    @property
    def _catalog(self) -> LocalCatalog:
        if self._opened is None:
            self._opened = opened(self._settings)
        return self._opened

    def _known(self, contract: Contract) -> tuple[Contract, Table, pa.Schema]:
        """The table as this process knows it, made or widened where the contract asks for it."""
        with self._lock:
            return self._looked_up(contract)

    def _looked_up(self, contract: Contract) -> tuple[Contract, Table, pa.Schema]:
        known = self._schemas.get(contract.table)
        if known is None or known[0] is not contract:
            table = table_of(self._catalog, contract)
            wanted = schema_to_pyarrow(table.schema().select(*contract.names))
            ordered = pa.schema([_plain(wanted.field(n)) for n in contract.names])
            known = self._schemas[contract.table] = (contract, table, ordered)
        return known

    @contextmanager
    def _translated(self, table: str) -> Iterator[None]:
        """Raise this package's errors in place of the libraries'; the only place that does."""
        try:
            yield
        except CommitFailedException as exc:
            raise TransientError(
                f"{table}: somebody else committed first: {exc}",
                hint="run again; nothing was published",
            ) from exc
        except DatabaseError as exc:
            said = f"{table}: the catalog {self._settings['uri']}: {exc.orig}"
            raise _of_catalog(str(exc.orig), said) from exc
        except FileNotFoundError as exc:
            if self._opened is None:
                raise failure(exc, f"{table}: {exc}") from exc
            raise _gone(table, str(exc)) from exc
        except OSError as exc:
            raise failure(exc, f"{table}: {exc}") from exc
        except (pa.ArrowInvalid, pa.ArrowTypeError) as exc:
            raise ContractError(f"{table}: {exc}", table=table) from exc
        except pa.ArrowException as exc:
            raise StorageError(f"{table}: {exc}", hint=_NO_ROOM) from exc


def _of_catalog(why: str, said: str) -> TouchlineError:
    """What a refusal of the catalog's database is to the reader."""
    if "locked" in why:
        hint = "another process holds it; run again when it is done"
        return TransientError(said, hint=hint)
    if "not a database" in why or "malformed" in why:
        hint = "check stores.tables.catalog; if this was the catalog, put its back-up there"
        return ConfigError(said, hint=hint)
    return StorageError(said, hint=_NO_ROOM)


def _gone(table: str, said: str) -> StorageError:
    """What a file that is not there any more is to the reader. Only rows can be made again."""
    hint = "put its back-up there"
    if _ROWS in said:
        hint += ", or make it again: touchline run --force"
    return StorageError(f"{table}: a file of the published table is gone: {said}", hint=hint)


def _plain(field: pa.Field) -> pa.Field:
    """The field with Arrow's ordinary string type; its Iceberg id stays in its metadata."""
    kind = pa.string() if pa.types.is_large_string(field.type) else field.type
    return field.with_type(kind)


def _by_folder(contract: Contract, rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The rows of each combination of partition columns, and its folder; nearly always one."""
    keys = pl.from_arrow(rows.select(contract.partition_by))
    assert isinstance(keys, pl.DataFrame)
    if all(keys.select(pl.all().eq_missing(pl.all().first()).all()).row(0)):
        yield _folder(contract, keys.row(0)), rows
        return
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)
    for values, chunk in frame.partition_by(contract.partition_by, as_dict=True).items():
        yield _folder(contract, values), chunk.to_arrow()


def _constant(rows: pa.Table, names: Sequence[str]) -> pa.Table:
    """The rows with these columns, each of one value, as a dictionary of it: quicker to write."""
    for name in names:
        at, field = rows.schema.get_field_index(name), rows.schema.field(name)
        value = rows.column(at)[0].as_py()
        if pa.types.is_string(field.type) and value is not None:
            values = pa.array([value], field.type)
            zeros = pa.array(np.zeros(rows.num_rows, dtype=np.int8))
            told = pa.field(name, pa.dictionary(pa.int8(), field.type), field.nullable)
            column = pa.DictionaryArray.from_arrays(zeros, values)
            rows = rows.set_column(at, told.with_metadata(field.metadata), column)
    return rows


def _folder(contract: Contract, values: Sequence[object]) -> str:
    """As other writers of partitioned files name it; no value leads out of the table's folder."""
    named = zip(contract.partition_by, values, strict=True)
    return "/".join(f"{name}={quote(str(value), safe='')}" for name, value in named)


def _written(rows: pa.Table, key: Sequence[str], path: Path) -> Piece:
    """The rows as one file. Maintenance may take its folder away while it is empty: made again."""
    for _ in range(_TRIES):
        with suppress(FileNotFoundError, FileExistsError):
            return _filled(rows, key, path)
    try:
        return _filled(rows, key, path)
    except FileNotFoundError as exc:
        raise TransientError(
            f"{path.parent}: taken away {_TRIES} times while a file was written there: {exc}",
            hint="something deletes empty folders there; run again when it is done",
        ) from exc


def _filled(rows: pa.Table, key: Sequence[str], path: Path) -> Piece:
    """The rows as one file, whole at once under its name; whole numbers of the key, which mostly rise, as their differences."""
    rising = {
        n: "DELTA_BINARY_PACKED" for n in key if pa.types.is_integer(rows.schema.field(n).type)
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(f".{uuid4().hex[:8]}.half")
    try:
        pq.write_table(
            rows,
            half,
            compression="zstd",
            store_schema=False,
            row_group_size=1 << 20,
            use_dictionary=[name for name in rows.column_names if name not in rising],
            column_encoding=rising or None,
        )
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    return Piece(location(path), rows.num_rows, path.stat().st_size)


def _typed(contract: Contract, column: str, value: str) -> Any:
    """The value as partitions of Iceberg hold it: a date as days, an instant as microseconds."""
    return literal(value).to(TYPES[contract.column(column).type]).value
