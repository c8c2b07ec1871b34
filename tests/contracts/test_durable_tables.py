"""What a publish names is on disk before the catalog says so; a loss of power takes no table."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from made_up import NEXT_DAY, SPEEDS, changed, match, speed, staged
from pyiceberg.catalog import load_catalog
from sqlalchemy import Engine, event
from under_test import iceberg_settings

from touchline.adapters.iceberg import IcebergTables
from touchline.core.contracts import Column, Contract

WIDER = changed(SPEEDS, Column("load", "double", "Added later"))


@dataclass
class Disk:
    """Which files and folders were brought to the disk, now and when the catalog last changed."""

    synced: set[Path] = field(default_factory=set)
    before_the_catalog: set[Path] = field(default_factory=set)

    def fsync(self, handle: int) -> None:
        self.synced.add(Path(f"/proc/self/fd/{handle}").readlink())

    def statement(self, *told: object) -> None:
        sql = str(told[2])
        if "iceberg_tables" in sql and sql.startswith(("INSERT", "UPDATE")):
            self.before_the_catalog = set(self.synced)


@contextmanager
def _heard(listen: Callable[..., None]) -> Iterator[None]:
    event.listen(Engine, "before_cursor_execute", listen)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", listen)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    found = Disk()
    monkeypatch.setattr(os, "fsync", found.fsync)
    with _heard(found.statement):
        yield found


def named(folder: Path) -> set[Path]:
    """Every file that the table as it stands names, and their folders within the warehouse."""
    table = load_catalog("touchline", **iceberg_settings(folder)).load_table(SPEEDS.table)
    found = {table.metadata_location}
    snapshot = table.current_snapshot()
    if snapshot is not None:
        found.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            found.add(manifest.manifest_path)
            entries = manifest.fetch_manifest_entry(table.io)
            found.update(entry.data_file.file_path for entry in entries)
    files = {Path(name.removeprefix("file://")) for name in found}
    within = folder / "warehouse"
    return files | {p for f in files for p in f.parents if p.is_relative_to(within)}


def test_staged_files_and_their_folders_are_on_disk(tmp_path: Path, disk: Disk) -> None:
    store = IcebergTables(iceberg_settings(tmp_path))
    rows = [speed(1, "Ada", 31.5), speed(1, "Bo", 20.0, day=NEXT_DAY)]

    pieces = staged(store, match(1), rows, run_id="r1").pieces

    files = [Path(p.path.removeprefix("file://")) for p in pieces]
    assert len(files) == 2
    assert {place for f in files for place in (f, *f.parents[:3])} <= disk.synced


def test_what_a_commit_names_is_on_disk_before_the_catalog_names_it(
    tmp_path: Path, disk: Disk
) -> None:
    store = IcebergTables(iceberg_settings(tmp_path))
    for commit in range(14):
        number = commit % 5
        piece = staged(store, match(number), [speed(number, "Ada", 1.0)], run_id=f"r{commit}")
        store.publish(SPEEDS, [piece], commit_id=f"c{commit}", properties={})
        assert named(tmp_path) <= disk.before_the_catalog


@pytest.mark.parametrize("contracts", [[SPEEDS], [SPEEDS, WIDER]], ids=["made", "widened"])
def test_a_table_that_is_made_or_widened_is_on_disk_before_the_catalog_names_it(
    tmp_path: Path, disk: Disk, contracts: list[Contract]
) -> None:
    for contract in contracts:
        IcebergTables(iceberg_settings(tmp_path)).prepare([contract])
    assert named(tmp_path) <= disk.before_the_catalog


def test_the_folders_of_the_stores_are_on_disk(tmp_path: Path, disk: Disk) -> None:
    folder = tmp_path / "club/data"
    IcebergTables(
        {
            "type": "sql",
            "uri": f"sqlite:///{folder}/catalogs/catalog.db",
            "warehouse": f"file://{folder}/warehouse",
        }
    ).prepare([SPEEDS])
    assert {tmp_path, tmp_path / "club", folder} <= disk.synced
