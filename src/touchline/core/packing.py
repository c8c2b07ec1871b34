"""A partition's many small files are put into packs; only where they lie changes."""

import hashlib
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from touchline.core.packs import PACKS, member_of, pack_of
from touchline.core.pipeline import Pipeline
from touchline.core.pipeline.job import Platform
from touchline.core.ports import ObjectStore, Partition, Receipt
from touchline.errors import MissingInputError, StorageError

_LOCAL_HEADER_BYTES = 30
"""Of a zip: what lies before a member's name, which its bytes follow."""


@dataclass(frozen=True)
class PackRule:
    """When a partition's small files are put together: more than so many, each below so many bytes.

    A pack is closed once it holds `pack_bytes`.
    """

    more_than: int = 16
    below_bytes: int = 1_000_000
    pack_bytes: int = 64_000_000


def pack(pipeline: Pipeline, platform: Platform, *, rule: PackRule) -> int:
    """Put the small files of each partition that has many into packs; how many files.

    Only where they lie changes: receipts keep names, hashes, sizes and instants, so that nothing is
    stale. A partition that a run holds is left to the next time. The files stay until a later sweep,
    for whoever reads them just now.
    """
    arrivals = platform.ledger.arrivals(pipeline.name)
    many = sorted(part for part, files in arrivals.items() if _small(files, rule))
    done = 0
    for part in many:
        with platform.ledger.claim(pipeline.name, [part]) as claims:
            if part in claims.held:
                done += _packed(pipeline, part, platform, rule=rule)
    return done


def _small(files: Mapping[str, Receipt], rule: PackRule) -> list[Receipt]:
    """The small files that lie alone, each content once; none where they are few."""
    alone = {r.path: r for r in files.values() if pack_of(r.path) == r.path}
    small = [r for r in alone.values() if 0 < r.size < rule.below_bytes]
    return small if len(small) > rule.more_than else []


def _packed(pipeline: Pipeline, part: Partition, platform: Platform, *, rule: PackRule) -> int:
    files = platform.ledger.arrivals(pipeline.name, [part]).get(part, {})
    done = 0
    for receipts in _chunks(_small(files, rule), rule):
        moved = _written(receipts, platform.objects)
        with platform.ledger.alone():
            if moved and not platform.objects.lost(moved.values()):
                platform.ledger.moved(moved)
                done += len(moved)
    return done


def _chunks(receipts: Sequence[Receipt], rule: PackRule) -> Iterator[list[Receipt]]:
    chunk, size = list[Receipt](), 0
    for receipt in receipts:
        chunk.append(receipt)
        size += receipt.size
        if size >= rule.pack_bytes:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _written(receipts: Sequence[Receipt], objects: ObjectStore) -> dict[str, str]:
    """The pack is in the store: each file's path, and where it lies now.

    What is not as it came is left where it is: `check --bronze` tells of it.
    """
    with tempfile.TemporaryDirectory(prefix="touchline-") as scratch:
        file = Path(scratch) / "pack.zip"
        try:
            members = _zipped(receipts, objects, file)
        except OSError as exc:
            hint = "make room where temporary files go (TMPDIR), then run again"
            raise StorageError(f"{scratch}: {exc.strerror}", hint=hint) from exc
        if not members:
            return {}
        place = objects.keep(PACKS, file).path
    return {
        path: member_of(place, m.filename, (_begin(m), m.file_size)) for path, m in members.items()
    }


def _zipped(
    receipts: Sequence[Receipt], objects: ObjectStore, file: Path
) -> dict[str, zipfile.ZipInfo]:
    """The members of a new zip by the paths that their bytes had."""
    members = {}
    with zipfile.ZipFile(file, "w") as archive:
        for receipt in receipts:
            data = _as_it_came(receipt, objects)
            if data is not None:
                members[receipt.path] = zipfile.ZipInfo(receipt.sha256)
                archive.writestr(members[receipt.path], data)
    return members


def _as_it_came(receipt: Receipt, objects: ObjectStore) -> bytes | None:
    try:
        data = objects.read(receipt.path)
    except (MissingInputError, StorageError):
        return None
    return data if hashlib.sha256(data).hexdigest() == receipt.sha256 else None


def _begin(member: zipfile.ZipInfo) -> int:
    name = member.filename.encode()
    return member.header_offset + _LOCAL_HEADER_BYTES + len(name) + len(member.extra)
