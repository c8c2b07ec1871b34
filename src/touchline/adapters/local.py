"""Files in a folder of this machine."""

import errno
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from filecmp import cmp
from pathlib import Path

from touchline.core.landing import steady
from touchline.core.ports import Stored
from touchline.errors import ConfigError, MissingInputError, StorageError, TouchlineError

_BLOCK = 1 << 20
_STAGED = ".staged-"
_NO_PLACE = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP}


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

    def read(self, path: str, span: tuple[int, int] | None = None) -> bytes:
        """See ObjectStore."""
        with translated(self._at(path)), self._at(path).open("rb") as file:
            file.seek(span[0] if span else 0)
            return file.read(span[1] if span else -1)

    def write(self, path: str, data: bytes) -> bool:
        """See ObjectStore. Written beside its place and linked, so a second write finds the first."""
        target = self._at(path)
        with translated(target):
            if target.exists():
                return False
            made(target.parent)
            with _staged(target.parent) as (handle, staged):
                _fill(handle, data)
                return _linked(handle, staged, target)

    def replace(self, path: str, data: bytes) -> None:
        """See ObjectStore."""
        target = self._at(path)
        with translated(target):
            made(target.parent)
            with _staged(target.parent) as (handle, staged):
                _fill(handle, data)
                os.fsync(handle)
                staged.replace(target)
            sync(target.parent)

    def keep(self, folder: str, file: Path) -> Stored:
        """See ObjectStore. Read once: what is hashed is what is stored."""
        place = self._at(folder)
        with translated(f"{self.root}, its folder {folder}"):
            made(place)
            with _staged(place) as (handle, staged):
                size, digest = _copied(file, handle)
                path = f"{folder}/{digest[:2]}/{digest}"
                new = _placed(handle, staged, self._at(path))
                return Stored(path, digest, size, new)

    def delete(self, path: str) -> None:
        """See ObjectStore."""
        with translated(self._at(path)):
            self._at(path).unlink(missing_ok=True)

    @contextmanager
    def local(self, path: str) -> Iterator[Path]:
        """See ObjectStore. The stored file itself, which nobody may change."""
        target = self._at(path)
        with translated(target):
            if not target.is_file():
                raise MissingInputError(f"{target}: no such object", path=path)
        yield target

    def lost(self, paths: Iterable[str]) -> frozenset[str]:
        """See ObjectStore."""
        return frozenset(path for path in paths if not self._at(path).exists())

    def untouched(self, prefix: str, since: datetime) -> Iterator[tuple[str, int]]:
        """See ObjectStore."""
        for path in self.list(prefix):
            with translated(self.root), suppress(FileNotFoundError):
                seen = self._at(path).stat()
                if seen.st_mtime < since.timestamp():
                    yield path, seen.st_size

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


def _copied(file: Path, target: int) -> tuple[int, str]:
    """How many bytes, and their SHA-256 in hexadecimal, worked out beside the writing."""
    size, digest = 0, hashlib.sha256()
    with steady(file) as source, ThreadPoolExecutor(1) as beside:
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
    made(target.parent)
    with suppress(FileExistsError):
        os.link(staged, target)
        sync(target.parent)
        return True
    return False


def _placed(handle: int, staged: Path, target: Path) -> bool:
    """As `_linked`; what was there already is whole and touched. It may be deleted meanwhile."""
    while not _linked(handle, staged, target):
        with suppress(FileNotFoundError):
            _mended(handle, staged, target)
            os.utime(target)
            return False
    return True


def _mended(handle: int, staged: Path, target: Path) -> None:
    """The target holds what its name says, which the staged file does."""
    if not cmp(staged, target, shallow=False):
        os.fsync(handle)
        staged.replace(target)
        sync(target.parent)


def made(folder: Path) -> None:
    """The folder is there, and its name on disk."""
    missing = [f for f in (folder, *folder.parents) if not f.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for new in missing:
        sync(new.parent)


def synced(files: Sequence[Path], root: Path) -> None:
    """The files are on disk, and so are their names, in every folder up to the root."""
    folders = {f for file in files for f in file.parents if f.is_relative_to(root)}
    for place in (*files, *sorted(folders, reverse=True)):
        sync(place)


def sync(place: Path) -> None:
    """What this file holds, or the names in this folder, are on disk.

    To be called on files first: the disk mostly takes their names along.
    """
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def translated(where: Path | str) -> Iterator[None]:
    """Raise this package's errors in place of the system's."""
    try:
        yield
    except FileNotFoundError as exc:
        raise MissingInputError(f"{where}: no such object", path=str(where)) from exc
    except OSError as exc:
        raise failure(exc, f"{where}: {exc.strerror}") from exc


def failure(exc: OSError, said: str) -> TouchlineError:
    """What a refusal of the system is to the reader: a wrong place, or no room or right there."""
    if exc.errno in _NO_PLACE:
        hint = "a file is where a folder belongs, or the reverse: check the paths under [stores]"
        return ConfigError(said, hint=hint)
    return StorageError(said, hint="make room or grant the right to write, then run again")
