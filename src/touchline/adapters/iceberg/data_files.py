"""A staged Parquet file as Iceberg's manifests describe it: counts, sizes, bounds."""

from typing import Any
from uuid import UUID

import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata

from touchline.adapters.iceberg.places import path_of
from touchline.core.ports import Piece


class DataFiles:
    """Pieces as data files of their tables; what a schema asks for is worked out once.

    The library's own function also compares the file's schema with the table's, which takes as long
    again; `stage` has cast the rows to it.
    """

    def __init__(self) -> None:
        self._asked: dict[tuple[UUID, int], tuple[Any, Any]] = {}

    def of(self, table: Table, piece: Piece) -> DataFile:
        """The piece as a data file of the table."""
        metadata = table.metadata
        columns, ids = self._asked_of(metadata)
        statistics = data_file_statistics_from_parquet_metadata(
            pq.read_metadata(path_of(piece.path)),
            stats_columns=columns,
            parquet_column_mapping=ids,
        )
        return DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=piece.path,
            file_format=FileFormat.PARQUET,
            partition=statistics.partition(metadata.spec(), metadata.schema()),
            file_size_in_bytes=piece.bytes,
            sort_order_id=None,
            spec_id=metadata.default_spec_id,
            equality_ids=None,
            key_metadata=None,
            **statistics.to_serialized_dict(),
        )

    def _asked_of(self, metadata: TableMetadata) -> tuple[Any, Any]:
        """Which statistics each column is to have, and the ids of the columns."""
        key = (metadata.table_uuid, metadata.current_schema_id)
        if key not in self._asked:
            schema = metadata.schema()
            plan = compute_statistics_plan(schema, metadata.properties)
            self._asked[key] = (plan, parquet_path_to_id_mapping(schema))
        return self._asked[key]
