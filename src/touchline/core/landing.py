"""Arrivals -> bronze: bytes kept as they came, once, with a manifest of every receipt."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

import msgspec

from touchline.core.ports import Ledger, ObjectStore, Partition, Receipt
from touchline.errors import MissingInputError, StorageError

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Arrival:
    """A file to be landed: its logical name, the partition it is for, and where it came from."""

    domain: str
    partition: Partition
    name: str
    path: Path
    source: str


def land(
    arrivals: Iterable[Arrival], *, objects: ObjectStore, ledger: Ledger, now: datetime
) -> Iterator[Receipt]:
    """Each arrival's receipt, once its bytes, its manifest and its ledger row are durable.

    Bytes that bronze already has are not stored again, yet every receipt counts: of one logical
    name the latest receipt is the valid one. Files of one partition are recorded together, so that
    a crash leaves none of them or all.

    Raises:
        StorageError: No room; nothing of the partition at hand was recorded.
        MissingInputError: A file is still being written; the same.
    """
    for (domain, part), group in groupby(arrivals, key=lambda a: (a.domain, a.partition)):
        receipts = [_stored(arrival, objects, now) for arrival in group]
        manifest = msgspec.json.encode(receipts)
        digest = hashlib.sha256(manifest).hexdigest()[:12]
        stamp = now.strftime("%Y%m%dT%H%M%S.%fZ")
        objects.write(f"manifests/{domain}/{part}/{stamp}-{digest}.json", manifest)
        ledger.receive(receipts)
        yield from receipts


def _stored(arrival: Arrival, objects: ObjectStore, now: datetime) -> Receipt:
    before = _state(arrival.path)
    digest = sha256_of(arrival.path)
    path = f"objects/{digest[:2]}/{digest}"
    wrote = objects.write(path, arrival.path)
    if _state(arrival.path) != before:
        if wrote:
            objects.delete(path)
        raise MissingInputError(
            f"{arrival.path}: changed while it was read",
            hint="run again once whoever writes it has ended",
        )
    return Receipt(
        domain=arrival.domain,
        partition=arrival.partition,
        name=arrival.name,
        sha256=digest,
        size=before[0],
        source=arrival.source,
        received_at=now,
        path=path,
    )


def _state(path: Path) -> tuple[int, int]:
    """What tells whether a file was written to meanwhile: its size, and when it was last changed."""
    try:
        found = path.stat()
    except OSError as exc:
        raise _unreadable(path, exc) from exc
    return found.st_size, found.st_mtime_ns


def sha256_of(path: Path) -> str:
    """The file's SHA-256, in hexadecimal.

    Raises:
        StorageError: The file cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as exc:
        raise _unreadable(path, exc) from exc


def _unreadable(path: Path, exc: OSError) -> StorageError:
    return StorageError(f"{path}: {exc.strerror}", hint="check the path and its rights")
