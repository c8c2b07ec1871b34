"""Files under a table's folder that nothing names any more."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from pyiceberg.table import Table

from touchline.adapters.iceberg.places import location, path_of

_METADATA = ".metadata.json"
_UNDER_WAY_S = 600.0
"""How long a commit may take from its metadata file to the catalog's row."""


def swept(load: Callable[[], Table], keep: frozenset[str]) -> tuple[int, int]:
    """Delete every file that neither the table's snapshots nor `keep` names; how many, bytes.

    `keep` holds paths of pieces that may still be asked for, and ids of runs at work, whose staged
    files are named after them, whole or half written. Files are listed before `load` says what the
    table names, so that what others write meanwhile is left alone.
    """
    root = path_of(load().location())
    doomed = _doomed(load, keep, list(_files(root)))
    files = size = 0
    for file in doomed:
        with suppress(FileNotFoundError):
            size += file.stat().st_size
            file.unlink()
            files += 1
    for folder, *_ in os.walk(root, topdown=False):
        with suppress(OSError):  # not empty, or filled just now
            Path(folder).rmdir()
    return files, size


def _files(root: Path) -> Iterator[Path]:
    """Every file under the root; folders that are taken away meanwhile are passed over."""
    for folder, _, names in os.walk(root):
        yield from (file for name in names if (file := Path(folder, name)).is_file())


def _doomed(
    load: Callable[[], Table], keep: frozenset[str], listed: Iterable[Path]
) -> Iterable[Path]:
    """Those of the listed files that the table as it stands does not name, and no commit may."""
    table = load()
    named = _named(table) | keep
    found = [
        file
        for file in listed
        if location(file) not in named
        and file.name.partition(".")[0] not in keep
        and not _under_way(file, table)
    ]
    if load().metadata_location != table.metadata_location:
        return _doomed(load, keep, found)
    return found


def _under_way(file: Path, table: Table) -> bool:
    """Whether a commit may be about to name this metadata file: a young one of a later version."""
    if not file.name.endswith(_METADATA):
        return False
    later = _version(file) > _version(path_of(table.metadata_location))
    with suppress(FileNotFoundError):
        return later and time.time() - file.stat().st_mtime < _UNDER_WAY_S
    return later


def _version(file: Path) -> int:
    number = file.name.partition("-")[0]
    return int(number) if number.isdecimal() else -1


def _named(table: Table) -> set[str]:
    """Every file that the table's metadata refers to, its metadata included."""
    named = {
        table.metadata_location,
        *(entry.metadata_file for entry in table.metadata.metadata_log),
    }
    for snapshot in table.metadata.snapshots:
        named.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            named.add(manifest.manifest_path)
            entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
            named.update(entry.data_file.file_path for entry in entries)
    return named
