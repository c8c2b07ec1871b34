"""Arrivals -> bronze: bytes kept as they came, once, with a manifest of every receipt."""

import errno
import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import msgspec

from touchline.core.ports import Ledger, ObjectStore, Partition, Receipt, Stored
from touchline.errors import MissingInputError, StorageError, TouchlineError

MANIFESTS = "manifests"


@dataclass(frozen=True)
class Arrival:
    """A file to be landed: its logical name, the partition it is for, and where it came from."""

    domain: str
    partition: Partition
    name: str
    path: Path
    source: str


@dataclass(frozen=True)
class Found:
    """What a domain's source makes of paths: what is to be landed, and what is wrong with the rest.

    `others` are files of somebody else; `told` are lines worth telling of files that are landed.
    """

    arrivals: Sequence[Arrival]
    others: Sequence[str] = ()
    bad: Sequence[TouchlineError] = ()
    told: Sequence[str] = ()


def land(
    arrivals: Iterable[Arrival], *, objects: ObjectStore, ledger: Ledger, now: datetime
) -> Iterator[Receipt]:
    """Each arrival's receipt, once its bytes, its manifest and its ledger row are durable.

    Bytes that bronze already has are not stored again, yet every receipt counts: of one logical
    name the latest receipt is the valid one. Only what was withdrawn stays so, if it comes again as
    it was. Files of one partition are recorded together, so that a crash leaves none of them or all.

    Raises:
        StorageError: No room; nothing of the partition at hand was recorded.
        MissingInputError: A file is still being written; the same.
    """
    for (domain, part), group in groupby(arrivals, key=lambda a: (a.domain, a.partition)):
        files = list(group)
        receipts = [_received(arrival, objects, now) for arrival in files]
        with ledger.alone():
            withdrawn = ledger.withdrawn(domain, [part]).get(part, {})
            before = {**ledger.arrivals(domain, [part]).get(part, {}), **withdrawn}
            at = after(before.values(), now)
            receipts = [_still(r, withdrawn.get(r.name), at=at) for r in receipts]
            record(receipts, objects=objects, ledger=ledger, now=at)
        _must_be_there(receipts, files, objects=objects)
        yield from receipts


def record(
    receipts: Sequence[Receipt], *, objects: ObjectStore, ledger: Ledger, now: datetime
) -> None:
    """Receipts of one partition are durable: their manifest, then the ledger's rows."""
    first = receipts[0]
    manifest = msgspec.json.encode(receipts)
    digest = hashlib.sha256(manifest).hexdigest()[:12]
    name = f"{stamp(now)}-{digest}.json"
    objects.write(f"{MANIFESTS}/{first.domain}/{first.partition}/{name}", manifest)
    ledger.receive(receipts)


def after(before: Iterable[Receipt], now: datetime) -> datetime:
    """Now, or right after the newest of these receipts, so that manifests are in the ledger's order."""
    newest = max((at for r in before for at in (r.received_at, r.said_at) if at), default=now)
    return newest + timedelta(microseconds=1) if newest > now else now


def _still(receipt: Receipt, withdrawn: Receipt | None, *, at: datetime) -> Receipt:
    """The receipt of that instant, withdrawn if its content is what was withdrawn last under its name."""
    if withdrawn is None or withdrawn.sha256 != receipt.sha256:
        return replace(receipt, received_at=at)
    said = withdrawn.withdrawn
    return replace(receipt, received_at=at, withdrawn=said, said_at=withdrawn.said_at)


def stamp(received_at: datetime) -> str:
    """When a manifest's receipts came, as its name begins."""
    return received_at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def _must_be_there(
    receipts: Sequence[Receipt], files: Sequence[Arrival], *, objects: ObjectStore
) -> None:
    """What the receipts name is in the store.

    Bytes that were there already may have been swept before a receipt named them: kept again, and
    never swept from then on.
    """
    lost = objects.lost(receipt.path for receipt in receipts)
    for receipt, file in zip(receipts, files, strict=True):
        if receipt.path in lost:
            _must_be_the_same(receipt, objects.keep("objects", file.path), file)


def _must_be_the_same(receipt: Receipt, stored: Stored, file: Arrival) -> None:
    if stored.sha256 != receipt.sha256:
        raise MissingInputError(
            f"{file.path}: changed while it was landed",
            hint="run again once whoever writes it has ended",
        )


def _received(arrival: Arrival, objects: ObjectStore, now: datetime) -> Receipt:
    stored = objects.keep("objects", arrival.path)
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


def files_under(folder: Path, aside: Collection[Path] = ()) -> Iterator[Path | StorageError]:
    """Everything that is no folder, in order, and an error for each place that cannot be read.

    A link to nothing is among it, as what it should lead to is missed; folders `aside` are not.
    """
    closed: list[OSError] = []
    for here, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = sorted(f for f in folders if (Path(here) / f).resolve() not in aside)
        yield from (Path(here) / name for name in sorted(names))
    yield from (unreadable(exc, exc.filename) for exc in closed)


def must_be_readable(path: Path) -> None:
    """Refuse what is no file that can be read.

    Raises:
        OSError: It is a link to nothing, no file, or may not be read.
    """
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "no file, or a link to nothing", str(path))
    path.open("rb").close()


def unreadable(exc: OSError, where: str, *, left: str = "", **facts: str) -> StorageError:
    """What a refusal to read is to the reader; `left` says what is left out with it."""
    hint = "grant the right to read, then run again"
    said = f"{where}: {exc.strerror}" + (f"; {left}" if left else "")
    return StorageError(said, hint=hint, **facts)


@contextmanager
def steady(file: Path) -> Iterator[BinaryIO]:
    """The file, to be read once; an ObjectStore keeps nothing of it before the context has ended.

    Raises:
        StorageError: It cannot be read.
        MissingInputError: It was written to meanwhile: its size or its time of change is another.
    """
    try:
        opened = file.open("rb", buffering=0)
    except OSError as exc:
        raise StorageError(f"{file}: {exc.strerror}", hint="check the path and its rights") from exc
    with opened:
        before = os.fstat(opened.fileno())
        yield opened
        after = os.fstat(opened.fileno())
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise MissingInputError(
            f"{file}: changed while it was read",
            hint="run again once whoever writes it has ended",
        )
