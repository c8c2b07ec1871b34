"""Apache Iceberg v2 tables: Parquet files, any catalog, one atomic commit per table."""

from touchline.adapters.iceberg.tables import IcebergTables

__all__ = ["IcebergTables"]
