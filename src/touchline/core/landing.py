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
        receipts = [_received(arrival, objects, now) for arrival in group]
        manifest = msgspec.json.encode(receipts)
        digest = hashlib.sha256(manifest).hexdigest()[:12]
        stamp = now.strftime("%Y%m%dT%H%M%S.%fZ")
        objects.write(f"manifests/{domain}/{part}/{stamp}-{digest}.json", manifest)
        ledger.receive(receipts)
        yield from receipts


def _received(arrival: Arrival, objects: ObjectStore, now: datetime) -> Receipt:
    before = _state(arrival.path)
    stored = objects.keep("objects", arrival.path)
    if _state(arrival.path) != before:
        if stored.new:
            objects.delete(stored.path)
        raise MissingInputError(
            f"{arrival.path}: changed while it was read",
            hint="run again once whoever writes it has ended",
        )
    return Receipt(
        domain=arrival.domain,
        partition=arrival.partition,
        name=arrival.name,
        sha256=stored.sha256,
        size=stored.size,
        source=arrival.source,
        received_at=now,
        path=stored.path,
    )


def _state(path: Path) -> tuple[int, int]:
    """What tells whether a file was written to meanwhile: its size, and when it was last changed."""
    try:
        found = path.stat()
    except OSError as exc:
        raise StorageError(f"{path}: {exc.strerror}", hint="check the path and its rights") from exc
    return found.st_size, found.st_mtime_ns
