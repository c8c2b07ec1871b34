"""Files in a folder of this machine."""

import errno
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from touchline.core.ports import Stored
from touchline.errors import ConfigError, MissingInputError, StorageError

_BLOCK = 1 << 20
_STAGED = ".staged-"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM}


class LocalObjects:
    """An ObjectStore over one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def list(self, prefix: str) -> Iterator[str]:
        """See ObjectStore."""
        self._at(prefix)
        folder = self.root / prefix.rpartition("/")[0]
        found = (
            f.relative_to(self.root).as_posix()
            for f in folder.rglob("*")
            if f.is_file() and not f.name.startswith(_STAGED)
        )
        return iter(sorted((p for p in found if p.startswith(prefix)), key=str.encode))

    def read(self, path: str) -> bytes:
        """See ObjectStore."""
        with translated(self._at(path)):
            return self._at(path).read_bytes()

    def write(self, path: str, data: bytes) -> bool:
        """See ObjectStore. Written beside its place and linked, so a second write finds the first."""
        target = self._at(path)
        if target.exists():
            return False
        with translated(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            with _staged(target.parent) as (handle, staged):
                _fill(handle, data)
                return _linked(handle, staged, target)

    def keep(self, folder: str, file: Path) -> Stored:
        """See ObjectStore. Read once: what is hashed is what is stored."""
        place = self._at(folder)
        with _opened(file) as source, translated(place):
            place.mkdir(parents=True, exist_ok=True)
            with _staged(place) as (handle, staged):
                size, digest = _copied(source, handle)
                path = f"{folder}/{digest[:2]}/{digest}"
                return Stored(path, digest, size, _linked(handle, staged, self._at(path)))

    def delete(self, path: str) -> None:
        """See ObjectStore."""
        with translated(self._at(path)):
            self._at(path).unlink(missing_ok=True)

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        """See ObjectStore. The stored file itself, which nobody may change."""
        target = self._at(path)
        if not target.is_file():
            raise MissingInputError(f"{target}: no such object", path=path)
        yield target

    def sweep(self) -> int:
        """See ObjectStore."""
        with translated(self.root):
            return sum(_swept(f) for f in list(self.root.rglob(f"{_STAGED}*")) if f.is_file())

    def _at(self, path: str) -> Path:
        """Where the object lies; ConfigError for a path that leads out of the store."""
        if path.startswith("/") or ".." in path.split("/"):
            raise ConfigError(f"{path!r}: not a path inside the object store")
        return self.root / path


@contextmanager
def _staged(folder: Path) -> Iterator[tuple[int, Path]]:
    """A file to write to, gone when the context ends; locked, so that `sweep` sees its writer."""
    handle, name = tempfile.mkstemp(prefix=_STAGED, dir=folder)
    fcntl.flock(handle, fcntl.LOCK_EX)
    if not os.fstat(handle).st_nlink:
        os.close(handle)  # swept before it was locked
        with _staged(folder) as another:
            yield another
        return
    try:
        yield handle, Path(name)
    finally:
        os.close(handle)
        Path(name).unlink(missing_ok=True)


def _swept(staged: Path) -> bool:
    """Whether the file was left by a dead writer, and is gone now."""
    with suppress(BlockingIOError, FileNotFoundError), staged.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        staged.unlink()
        return True
    return False


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb", buffering=0)
    except OSError as exc:
        hint = "check the path and its rights"
        raise StorageError(f"{file}: {exc.strerror}", hint=hint) from exc


def _copied(source: BinaryIO, target: int) -> tuple[int, str]:
    """How many bytes, and their SHA-256 in hexadecimal, worked out beside the writing."""
    size, digest = 0, hashlib.sha256()
    with ThreadPoolExecutor(1) as beside:
        while block := source.read(_BLOCK):
            hashed = beside.submit(digest.update, block)
            _fill(target, block)
            size += len(block)
            hashed.result()
    return size, digest.hexdigest()


def _fill(target: int, data: bytes) -> None:
    """Write it all: on a full disk one call may write a part, and only the next one fails."""
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]


def _linked(handle: int, staged: Path, target: Path) -> bool:
    """Whether the staged file is the target now, durable; not if there was one already."""
    if target.exists():
        return False
    os.fsync(handle)
    target.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.link(staged, target)
        _sync_folder(target.parent)
        return True
    return False


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def translated(where: Path) -> Iterator[None]:
    """Raise this package's errors in place of the system's."""
    try:
        yield
    except FileNotFoundError as exc:
        raise MissingInputError(f"{where}: no such object", path=str(where)) from exc
    except OSError as exc:
        if exc.errno in _NO_ROOM:
            raise StorageError(
                f"{where}: {exc.strerror}",
                hint="make room or grant the right to write, then run again",
                path=str(where),
            ) from exc
        raise
