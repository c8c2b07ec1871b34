"""The commit that replaces whole partitions, reading each manifest at most once."""

from collections.abc import Iterable, Sequence
from functools import cached_property, reduce
from typing import Any

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.expressions import And, In
from pyiceberg.manifest import ManifestEntry, ManifestEntryStatus, ManifestFile
from pyiceberg.table import Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update import (
    RemoveSnapshotsUpdate,
    TableUpdate,
    _apply_table_update,
    _TableMetadataUpdateContext,
)
from pyiceberg.table.update.snapshot import _ManifestMergeManager, _SnapshotProducer

_KEPT_SNAPSHOTS = 5
_MANY_SNAPSHOTS = 10
_MANY_MANIFESTS = 16
_MANIFEST_BYTES = 256 * 1024


class QuickTransaction(Transaction):  # type: ignore[misc]
    """A transaction that works its metadata out once per change, and copies none of it.

    The library copies all metadata at every look, some forty times a commit.
    """

    _seen: tuple[int, Any] = (0, None)

    @property
    def table_metadata(self) -> Any:
        """The table's metadata with the changes made so far; nobody may change it in place."""
        if not self._updates:
            return self._table.metadata
        if self._seen[0] != len(self._updates):
            self._seen = (len(self._updates), applied(self._table.metadata, self._updates))
        return self._seen[1]


def applied(metadata: TableMetadata, updates: Iterable[TableUpdate]) -> TableMetadata:
    """The metadata with these updates; what they leave alone is shared with the old metadata."""
    context = _TableMetadataUpdateContext()
    for update in updates:
        metadata = _apply_table_update(update, metadata, context)
    return metadata


class Replacement(_SnapshotProducer["Replacement"]):  # type: ignore[misc]
    """A snapshot without the files whose partition is one of the given units, plus new files.

    Manifests that cannot hold such files, by their bounds, are carried over unread. Small ones are
    merged now and then, so that a commit costs the same after a thousand others.
    """

    def __init__(
        self,
        transaction: Transaction,
        *,
        columns: Sequence[str],
        units: Sequence[tuple[Any, ...]],
        properties: dict[str, str],
    ) -> None:
        super().__init__(
            Operation.OVERWRITE,
            transaction,
            transaction._table.io,
            snapshot_properties=properties,
        )
        self._columns = columns
        self._units = frozenset(units)
        each = zip(columns, zip(*units, strict=True), strict=True)
        self.delete_by_predicate(reduce(And, [In(c, set(values)) for c, values in each]))

    @property
    def files(self) -> list[str]:
        """What the commit wrote: manifests and their list."""
        return [*self._written_manifests, *self._written_manifest_lists]

    def _validate_concurrency(self) -> None:
        """The ledger lets one process publish at a time; the catalog refuses any other."""

    def _refresh_for_retry(self) -> None:
        """Refuse: on another parent this snapshot would drop what somebody else committed."""
        raise CommitFailedException("the table changed while the commit was being written")

    def _build_delete_files_partition_predicate(self) -> None:
        """The predicate is known from the start; only the files it meets are looked up here."""
        self._deleted_data_files = {entry.data_file for _, gone, _ in self._split for entry in gone}

    @cached_property
    def _split(self) -> list[tuple[ManifestFile, list[ManifestEntry], list[ManifestEntry]]]:
        """Each live manifest that loses files, with the entries that go and those that stay."""
        return [(m, gone, kept) for m, gone, kept in self._looked_at if gone]

    @cached_property
    def _looked_at(self) -> list[tuple[ManifestFile, list[ManifestEntry], list[ManifestEntry]]]:
        found = []
        for manifest in self._parent_manifests:
            gone: list[ManifestEntry] = []
            kept: list[ManifestEntry] = []
            if self._build_manifest_evaluator(manifest.partition_spec_id)(manifest):
                names = [f.name for f in self.spec(manifest.partition_spec_id).fields]
                at = [names.index(column) for column in self._columns]
                for entry in manifest.fetch_manifest_entry(self._io, discard_deleted=True):
                    meets = tuple(entry.data_file.partition[i] for i in at) in self._units
                    (gone if meets else kept).append(entry)
            found.append((manifest, gone, kept))
        return found

    @cached_property
    def _parent_manifests(self) -> list[ManifestFile]:
        if self._parent_snapshot_id is None:
            return []
        parent = self._transaction.table_metadata.snapshot_by_id(self._parent_snapshot_id)
        manifests = parent.manifests(self._io) if parent else []
        return [m for m in manifests if m.has_added_files() or m.has_existing_files()]

    def _deleted_entries(self) -> list[ManifestEntry]:
        return [
            self._marked(e, ManifestEntryStatus.DELETED) for _, gone, _ in self._split for e in gone
        ]

    def _existing_manifests(self) -> list[ManifestFile]:
        manifests = []
        for manifest, gone, kept in self._looked_at:
            if not gone:
                manifests.append(manifest)
            elif kept:
                manifests.append(self._rewritten(manifest, kept))
        return manifests

    def _rewritten(self, manifest: ManifestFile, kept: list[ManifestEntry]) -> ManifestFile:
        with self.new_manifest_writer(self.spec(manifest.partition_spec_id)) as writer:
            for entry in kept:
                writer.add_entry(self._marked(entry, ManifestEntryStatus.EXISTING))
        return writer.to_manifest_file()

    def _marked(self, entry: ManifestEntry, status: ManifestEntryStatus) -> ManifestEntry:
        gone = status == ManifestEntryStatus.DELETED
        return ManifestEntry.from_args(
            status=status,
            snapshot_id=self._snapshot_id if gone else entry.snapshot_id,
            sequence_number=entry.sequence_number,
            file_sequence_number=entry.file_sequence_number,
            data_file=entry.data_file,
        )

    def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
        if len(manifests) <= _MANY_MANIFESTS:
            return manifests
        merging: _ManifestMergeManager[Any] = _ManifestMergeManager(
            target_size_bytes=_MANIFEST_BYTES,
            min_count_to_merge=2,
            merge_enabled=True,
            snapshot_producer=self,
        )
        merged: list[ManifestFile] = merging.merge_manifests(manifests)
        return merged


def expire(
    transaction: Transaction, *, at_most: int = _MANY_SNAPSHOTS, keep: int = _KEPT_SNAPSHOTS
) -> int:
    """Drop old snapshots in this transaction once there are more than `at_most`; how many went.

    Earlier publishes stay readable: the ledger knows their files, and `maintain` keeps those.
    """
    metadata = transaction.table_metadata
    if len(metadata.snapshots) <= at_most:
        return 0
    by_age = sorted(metadata.snapshots, key=lambda s: s.sequence_number or 0)
    current = metadata.current_snapshot_id
    old = [s.snapshot_id for s in by_age[:-keep] if s.snapshot_id != current]
    transaction._apply((RemoveSnapshotsUpdate(snapshot_ids=old),))
    return len(old)
