"""Files in a folder of this machine."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from touchline.errors import ConfigError, MissingInputError, StorageError

_BLOCK = 1 << 20
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
            if f.is_file() and not f.name.startswith(".staged-")
        )
        return iter(sorted((p for p in found if p.startswith(prefix)), key=str.encode))

    def read(self, path: str) -> bytes:
        """See ObjectStore."""
        with translated(self._at(path)):
            return self._at(path).read_bytes()

    def write(self, path: str, data: bytes | Path) -> bool:
        """See ObjectStore. Written beside its place and linked, so a second write finds the first."""
        target = self._at(path)
        if target.exists():
            return False
        with translated(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".staged-", dir=target.parent)
            staged = Path(name)
            try:
                with os.fdopen(handle, "wb") as file:
                    _fill(file.fileno(), data)
                    os.fsync(file.fileno())
                with suppress(FileExistsError):
                    os.link(staged, target)
                    _sync_folder(target.parent)
                    return True
                return False
            finally:
                staged.unlink(missing_ok=True)

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
        """Delete what killed writers left half written; how many. Nobody may write meanwhile."""
        left = [f for f in self.root.rglob(".staged-*") if f.is_file()]
        for file in left:
            file.unlink(missing_ok=True)
        return len(left)

    def _at(self, path: str) -> Path:
        """Where the object lies; ConfigError for a path that leads out of the store."""
        if path.startswith("/") or ".." in path.split("/"):
            raise ConfigError(f"{path!r}: not a path inside the object store")
        return self.root / path


def _fill(target: int, data: bytes | Path) -> None:
    """Write it all: on a full disk one call may write a part, and only the next one fails."""
    if isinstance(data, Path):
        with data.open("rb", buffering=0) as source:
            while block := source.read(_BLOCK):
                _fill(target, block)
    else:
        view = memoryview(data)
        while view:
            view = view[os.write(target, view) :]


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
