"""Many small objects as one: a stored zip, whose members are read by where they lie in it.

A member's path is `packs/ab/abcd.../SHA-256@offset+size`. Anybody can read the pack without Touchline: it is
a zip without compression, and each member's name is the SHA-256 of its bytes.
"""

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from touchline.core.ports import ObjectStore
from touchline.errors import StorageError

PACKS = "packs"
_MEMBER = re.compile(rf"({PACKS}/[^@]+)/([0-9a-f]+)@([0-9]+)\+([0-9]+)")


def pack_of(path: str) -> str:
    """The object that holds what lies at a receipt's path: a pack, or itself."""
    member = _MEMBER.fullmatch(path)
    return member[1] if member else path


def content_of(path: str) -> str:
    """The SHA-256 of what lies at a receipt's path, as its name says."""
    return path.rpartition("/")[2].partition("@")[0]


def member_of(pack: str, sha256: str, span: tuple[int, int]) -> str:
    """The path of what lies there in a pack: where it begins, how many bytes."""
    return f"{pack}/{sha256}@{span[0]}+{span[1]}"


class Packed:
    """An object store that also gives what lies in packs; all else is the store's own."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def read(self, path: str, span: tuple[int, int] | None = None) -> bytes:
        """See ObjectStore."""
        member = _MEMBER.fullmatch(path)
        if member is None:
            return self._objects.read(path, span)
        begin, size = int(member[3]), int(member[4])
        whole = self._objects.read(member[1], (begin, size))
        return whole if span is None else whole[span[0] : sum(span)]

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        """See ObjectStore. A member is a copy, gone when the context ends."""
        if _MEMBER.fullmatch(path) is None:
            with self._objects.local(path) as file:
                yield file
            return
        copy = _copied(self.read(path))
        try:
            yield copy
        finally:
            copy.unlink(missing_ok=True)

    def lost(self, paths: Iterable[str]) -> frozenset[str]:
        """See ObjectStore."""
        packs = {path: pack_of(path) for path in paths}
        gone = self._objects.lost(packs.values())
        return frozenset(path for path, pack in packs.items() if pack in gone)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)


def packed(objects: ObjectStore) -> ObjectStore:
    """The store, with what lies in its packs."""
    return cast(ObjectStore, Packed(objects))


def _copied(data: bytes) -> Path:
    """A file of its own with the bytes; nothing of it stays open."""
    try:
        handle, name = tempfile.mkstemp(prefix="touchline-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
    except OSError as exc:
        raise StorageError(
            f"{tempfile.gettempdir()}: {exc.strerror}",
            hint="make room where temporary files go (TMPDIR), then run again",
        ) from exc
    return Path(name)
