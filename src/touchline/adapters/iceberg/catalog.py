"""The catalog, and a contract's table in it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import Any, TypeVar, cast

from pyiceberg.catalog import WAREHOUSE_LOCATION, Catalog
from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.io import FileIO
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import CommitTableResponse, StagedTable, Table
from pyiceberg.table.locations import load_location_provider
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import (
    AddSnapshotUpdate,
    RemoveSnapshotsUpdate,
    SetSnapshotRefUpdate,
    _update_table_metadata_log,
)
from pyiceberg.transforms import IdentityTransform
from pyiceberg.typedef import Identifier
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    IcebergType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)
from sqlalchemy.exc import IntegrityError, OperationalError

from touchline.adapters.iceberg.places import catalog_file, path_of
from touchline.adapters.iceberg.replace import applied
from touchline.adapters.local import made, sync, synced
from touchline.core.contracts import Contract
from touchline.errors import ConfigError, ContractError

TYPES: Mapping[str, IcebergType] = {
    "bool": BooleanType(),
    "int": IntegerType(),
    "long": LongType(),
    "double": DoubleType(),
    "string": StringType(),
    "date": DateType(),
    "instant": TimestamptzType(),
}
Made = TypeVar("Made")
_OF_SNAPSHOTS = (AddSnapshotUpdate, SetSnapshotRefUpdate, RemoveSnapshotsUpdate)
_RACES = 8
_SYNCED_AT_ONCE = 4
_PROPERTIES = {
    "format-version": "2",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "10",
    "write.parquet.compression-codec": "zstd",
}


class LocalCatalog(SqlCatalog):  # type: ignore[misc]
    """A catalog in a SQL database, of tables in folders of this machine.

    What a commit names is on disk before the database names the commit.

    It parses the metadata of a table once for each commit. Metadata files never change, and nobody
    may change metadata in place. The library reads them from the disk twice a commit, and copies
    all that is in them.
    """

    def __init__(self, name: str, **properties: str) -> None:
        super().__init__(name, **properties)
        self._parsed: dict[Identifier, Table] = {}
        self._brought: dict[int | None, list[Future[None]]] = {}
        self._beside = ThreadPoolExecutor(_SYNCED_AT_ONCE)

    def _convert_orm_to_iceberg(self, orm_table: IcebergTables) -> Table:
        name = (orm_table.table_namespace, orm_table.table_name)
        self._check_place(orm_table.metadata_location)
        known = self._parsed.get(name)
        if known is None or known.metadata_location != orm_table.metadata_location:
            known = self._parsed[name] = super()._convert_orm_to_iceberg(orm_table)
        return Table(known.name(), known.metadata, known.metadata_location, known.io, self)

    def _check_place(self, metadata: str) -> None:
        """Refuse tables that lie elsewhere.

        Iceberg names files by their whole paths: a copy of a store would write into the original.
        """
        home = path_of(self.properties[WAREHOUSE_LOCATION])
        if not path_of(metadata).is_relative_to(home):
            raise ConfigError(
                f"the catalog names tables in {path_of(metadata).parent.parent}, expected {home}",
                hint="a store cannot be moved or copied as it is: name a new catalog and warehouse"
                " under stores.tables, then touchline run --force makes the tables there",
            )

    def commit_table(self, table: Table, *args: Any) -> CommitTableResponse:
        """See Catalog."""
        done = super().commit_table(table, *args)
        name = table.name()
        self._parsed[name] = Table(name, done.metadata, done.metadata_location, table.io, self)
        return done

    @contextmanager
    def bringing(self, snapshot_id: int, files: Sequence[str]) -> Iterator[None]:
        """These files, just written, go to the disk while the snapshot's commit is made up."""
        self._brought[snapshot_id] = [self._beside.submit(sync, path_of(f)) for f in files]
        try:
            yield
        finally:
            wait(self._brought.pop(snapshot_id))

    def _write_metadata(self, metadata: TableMetadata, io: FileIO, metadata_path: str) -> None:
        super()._write_metadata(metadata, io, metadata_path)
        for file in self._brought.get(metadata.current_snapshot_id, ()):
            file.result()
        root = metadata.location if metadata.snapshots else self.properties[WAREHOUSE_LOCATION]
        synced([path_of(metadata_path)], path_of(root))

    def _update_and_stage_table(
        self, current_table: Table | None, table_identifier: Identifier, *changes: Any
    ) -> StagedTable:
        requirements, updates = changes
        if current_table is None or not all(isinstance(u, _OF_SNAPSHOTS) for u in updates):
            staged = super()._update_and_stage_table(current_table, table_identifier, *changes)
            return cast(StagedTable, staged)
        old, at = current_table.metadata, current_table.metadata_location
        for requirement in requirements:
            requirement.validate(old)
        new = _update_table_metadata_log(applied(old, updates), at, old.last_updated_ms)
        places = load_location_provider(new.location, new.properties)
        place = places.new_table_metadata_file_location(self._parse_metadata_version(at) + 1)
        return StagedTable(table_identifier, new, place, current_table.io, self)


def opened(settings: Mapping[str, str]) -> LocalCatalog:
    """The catalog of these settings; its folder and its warehouse's are there.

    One in a SQLite file is put into WAL mode, where a commit waits for the disk once, not thrice.
    """
    file = catalog_file(settings["uri"])
    for folder in (path_of(settings[WAREHOUSE_LOCATION]), *([file.parent] if file else [])):
        made(folder)
    catalog = _first_or_second(lambda: LocalCatalog("touchline", **settings))
    if catalog.engine.dialect.name == "sqlite":
        with suppress(OperationalError), catalog.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    return catalog


def table_of(catalog: Catalog, contract: Contract) -> Table:
    """The contract's table, made or widened where the contract asks for it.

    Raises:
        ContractError: A column exists with another type.
    """
    return _first_or_second(lambda: _widened(_made(catalog, contract), contract))


def _first_or_second(make: Callable[[], Made]) -> Made:
    """What `make` gives; where another process makes or changes the same thing first, tried again."""
    for _ in range(_RACES):
        try:
            return make()
        except CommitFailedException:
            continue
        except (IntegrityError, OperationalError) as exc:
            if not isinstance(exc, IntegrityError) and "already exists" not in str(exc.orig):
                raise
    return make()


def _made(catalog: Catalog, contract: Contract) -> Table:
    try:
        return catalog.load_table(contract.table)
    except NoSuchTableError:
        pass
    try:
        return _created(catalog, contract)
    except NoSuchNamespaceError:
        with suppress(NamespaceAlreadyExistsError):
            catalog.create_namespace(contract.table.partition(".")[0])
        return _created(catalog, contract)


def _created(catalog: Catalog, contract: Contract) -> Table:
    schema = Schema(*[_field(i, contract, n) for i, n in enumerate(contract.names, start=1)])
    spec = PartitionSpec(
        *[
            PartitionField(schema.find_field(n).field_id, 1000 + i, IdentityTransform(), n)
            for i, n in enumerate(contract.partition_by)
        ]
    )
    try:
        return catalog.create_table(
            contract.table, schema, partition_spec=spec, properties=_PROPERTIES
        )
    except TableAlreadyExistsError:
        return catalog.load_table(contract.table)


def _field(number: int, contract: Contract, name: str) -> NestedField:
    column = contract.column(name)
    doc = f"{column.definition} [{column.unit}]" if column.unit else column.definition
    return NestedField(number, name, TYPES[column.type], required=not column.null, doc=doc)


def _widened(table: Table, contract: Contract) -> Table:
    """The table with every column of the contract; added ones are null in older partitions.

    Columns that left the contract stay, and may be null: newer files do not have them.
    """
    has = {f.name: f for f in table.schema().fields}
    for c in contract.columns:
        if c.name in has and has[c.name].field_type != TYPES[c.type]:
            raise ContractError(
                f"{contract.table}.{c.name}: the table holds {has[c.name].field_type},"
                f" the contract says {TYPES[c.type]}",
                hint="give a column of another type another name",
            )
    missing = [c for c in contract.columns if c.name not in has]
    always = {c.name for c in contract.columns if not c.null}
    relaxed = [f.name for f in has.values() if f.required and f.name not in always]
    if missing or relaxed:
        with table.update_schema() as change:
            for c in missing:
                change.add_column(c.name, TYPES[c.type], doc=c.definition)
            for name in relaxed:
                change.make_column_optional(name)
    return table
