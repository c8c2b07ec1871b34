"""What lies on the disk, read beside the program: by SQLite, pyiceberg, pyarrow and the file system."""

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.table import StaticTable
from world import World


def metadata_of(world: World) -> dict[str, str]:
    """Table -> its metadata file, of every table in the catalog."""
    db = sqlite3.connect(f"file:{world.data / 'catalog.db'}?mode=ro", uri=True)
    try:
        return dict(db.execute("SELECT table_name, metadata_location FROM iceberg_tables"))
    finally:
        db.close()


def plain(uri: str) -> Path:
    return Path(uri.removeprefix("file://"))


def iceberg_files(world: World, table: str) -> set[Path]:
    """The data files that another engine would read of a table."""
    found = StaticTable.from_metadata(str(plain(metadata_of(world)[table])))
    return {plain(task.file.file_path) for task in found.scan().plan_files()}


def iceberg_rows(world: World, table: str, match_id: int) -> pa.Table:
    """A match's rows as pyarrow reads them from the files that Iceberg names."""
    files = sorted(iceberg_files(world, table))
    chosen = [f for f in files if f"match_id={match_id}" in f.parts]
    return pa.concat_tables([pq.ParquetFile(f).read() for f in chosen])


def pieces(rows: Iterable[tuple[Any, ...]]) -> set[Path]:
    return {plain(piece["path"]) for (listed,) in rows for piece in json.loads(listed)}


def current_files(world: World, table: str) -> set[Path]:
    """The data files that the ledger calls current."""
    return pieces(
        world.asked(
            "SELECT p.pieces FROM heads h JOIN publishes p ON p.id = h.publish_id"
            " WHERE p.table_name = ?",
            f"tracking.{table}",
        )
    )


def disagreeing(world: World) -> dict[str, tuple[set[Path], set[Path]]]:
    """Tables whose files in Iceberg are not those that the ledger calls current."""
    both = {t: (iceberg_files(world, t), current_files(world, t)) for t in metadata_of(world)}
    return {table: seen for table, seen in both.items() if seen[0] != seen[1]}


def orphans(world: World) -> list[Path]:
    """Files that nobody names: data no publish has, metadata no table has, half-written objects."""
    named = pieces(world.asked("SELECT pieces FROM publishes"))
    for at in metadata_of(world).values():
        named |= _named_by(at)
    on_disk = {f for f in (world.data / "warehouse").rglob("*") if f.is_file()}
    kept = {plain(path) for (path,) in world.asked("SELECT path FROM receipts")}
    objects = world.data / "objects"
    half = set(objects.rglob(".staged-*"))
    strange = {
        f
        for f in (objects / "objects").rglob("*")
        if f.is_file() and f.relative_to(objects) not in kept
    }
    return sorted((on_disk - named) | half | strange)


def missing(world: World) -> list[Path]:
    """Files that a publish or a table names and that are not there."""
    named = pieces(world.asked("SELECT pieces FROM publishes"))
    for at in metadata_of(world).values():
        named |= _named_by(at)
    return sorted(f for f in named if not f.is_file())


def _named_by(location: str) -> set[Path]:
    document = json.loads(plain(location).read_bytes())
    logged = {plain(entry["metadata-file"]) for entry in document.get("metadata-log", [])}
    table = StaticTable.from_metadata(str(plain(location)))
    found = {plain(location), *logged}
    for snapshot in table.snapshots():
        found.add(plain(snapshot.manifest_list))
        for manifest in snapshot.manifests(table.io):
            found.add(plain(manifest.manifest_path))
            found |= {
                plain(e.data_file.file_path)
                for e in manifest.fetch_manifest_entry(table.io, discard_deleted=True)
            }
    return found
