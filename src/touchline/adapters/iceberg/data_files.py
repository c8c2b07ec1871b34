"""A staged Parquet file as Iceberg's manifests describe it: counts, sizes, bounds."""

import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import Table

from touchline.core.ports import Piece


def data_file(table: Table, piece: Piece) -> DataFile:
    """The piece as a data file of the table.

    The library's own function also compares the file's schema with the table's, which takes as long
    again; `stage` has cast the rows to it.
    """
    metadata = table.metadata
    schema = metadata.schema()
    statistics = data_file_statistics_from_parquet_metadata(
        pq.read_metadata(piece.path.removeprefix("file://")),
        stats_columns=compute_statistics_plan(schema, metadata.properties),
        parquet_column_mapping=parquet_path_to_id_mapping(schema),
    )
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=piece.path,
        file_format=FileFormat.PARQUET,
        partition=statistics.partition(metadata.spec(), schema),
        file_size_in_bytes=piece.bytes,
        sort_order_id=None,
        spec_id=metadata.default_spec_id,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )
