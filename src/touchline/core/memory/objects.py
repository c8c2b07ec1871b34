"""Bytes under paths, in memory."""

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from threading import Lock

from touchline.core.landing import steady
from touchline.core.ports import Stored
from touchline.errors import ConfigError, MissingInputError, StorageError


class MemoryObjects:
    """An ObjectStore in this process; `room_bytes` bounds it, to try what a full disk does."""

    def __init__(
        self,
        room_bytes: int | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.room_bytes = room_bytes
        self.clock = clock
        self._held: dict[str, bytes] = {}
        self._touched: dict[str, datetime] = {}
        self._lock = Lock()

    def list(self, prefix: str) -> Iterator[str]:
        """See ObjectStore."""
        start = _checked(prefix)
        with self._lock:
            found = [path for path in self._held if path.startswith(start)]
        return iter(sorted(found, key=str.encode))

    def read(self, path: str, span: tuple[int, int] | None = None) -> bytes:
        """See ObjectStore."""
        try:
            held = self._held[_checked(path)]
            return held if span is None else held[span[0] : sum(span)]
        except KeyError as exc:
            raise MissingInputError(f"{path}: no such object", path=path) from exc

    def write(self, path: str, data: bytes) -> bool:
        """See ObjectStore."""
        with self._lock:
            if _checked(path) in self._held:
                return False
            self._put(path, data)
        return True

    def replace(self, path: str, data: bytes) -> None:
        """See ObjectStore."""
        with self._lock:
            self._put(_checked(path), data)

    def _put(self, path: str, data: bytes) -> None:
        taken = sum(len(held) for at, held in self._held.items() if at != path)
        if self.room_bytes is not None and taken + len(data) > self.room_bytes:
            raise StorageError(
                f"{path}: {len(data)} bytes, room for {self.room_bytes - taken}",
                hint="make room, then run again",
            )
        self._held[path] = bytes(data)
        self._touched[path] = self.clock()

    def keep(self, folder: str, file: Path) -> Stored:
        """See ObjectStore."""
        with steady(file) as source:
            data = source.read()
            digest = hashlib.sha256(data).hexdigest()
        path = f"{folder}/{digest[:2]}/{digest}"
        new = self.write(path, data)
        if not new:
            self.replace(path, data)
        return Stored(path, digest, len(data), new)

    def delete(self, path: str) -> None:
        """See ObjectStore."""
        with self._lock:
            self._held.pop(_checked(path), None)

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        """See ObjectStore. A copy, gone when the context ends."""
        data = self.read(path)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / PurePosixPath(path).name
            file.write_bytes(data)
            yield file

    def lost(self, paths: Iterable[str]) -> frozenset[str]:
        """See ObjectStore."""
        return frozenset(paths) - self._held.keys()

    def untouched(self, prefix: str, since: datetime) -> Iterator[tuple[str, int]]:
        """See ObjectStore."""
        old = (path for path in self.list(prefix) if self._touched[path] < since)
        return ((path, len(self._held[path])) for path in old)

    def sweep(self) -> int:
        """See ObjectStore. Nothing is ever half written here."""
        return 0


def _checked(path: str) -> str:
    if path.startswith("/") or ".." in path.split("/"):
        raise ConfigError(f"{path!r}: not a path inside the object store")
    return path
