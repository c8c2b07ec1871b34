"""Files under a table's folder that nothing names any more."""

from pathlib import Path

from pyiceberg.table import Table


def swept(table: Table, keep: frozenset[str]) -> tuple[int, int]:
    """Delete every file that neither the table's snapshots nor `keep` names; how many, bytes.

    `keep` holds paths of pieces that may still be asked for, and ids of runs at work, whose staged
    files are named after them, whole or half written.
    """
    named = _named(table) | {p for p in keep if p.startswith("file://")}
    root = Path(table.location().removeprefix("file://"))
    files = size = 0
    for file in [f for f in root.rglob("*") if f.is_file()]:
        if f"file://{file}" in named or file.name.partition(".")[0] in keep:
            continue
        size += file.stat().st_size
        file.unlink(missing_ok=True)
        files += 1
    for folder in sorted((d for d in root.rglob("*") if d.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    return files, size


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
