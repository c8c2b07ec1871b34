"""A folder for what is on its way to bronze; what killed commands left there goes."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from touchline.errors import StorageError

_NAME = "touchline-in-"


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder, gone when the context ends, or when the next one begins.

    Raises:
        StorageError: There is no folder for temporary files, no right to write to it, or no room.
    """
    _sweep()
    made, lock = _made()
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(lock)


def _made() -> tuple[Path, int]:
    """A new folder and a lock on it, that goes with its process; another one if it was swept first."""
    while True:
        try:
            made = Path(tempfile.mkdtemp(prefix=_NAME))
        except OSError as exc:
            raise StorageError(
                f"{exc.filename or 'temporary files'}: {exc.strerror}",
                hint="make room there, or let TMPDIR name a folder that has it",
            ) from exc
        with suppress(FileNotFoundError, BlockingIOError):
            return made, _locked(made)


def _locked(folder: Path) -> int:
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise
    return lock


def _sweep() -> None:
    """Remove the folders whose command is dead; those of other people stay."""
    with suppress(OSError):
        for left in Path(tempfile.gettempdir()).glob(f"{_NAME}*"):
            with suppress(OSError):
                lock = _locked(left)
                shutil.rmtree(left, ignore_errors=True)
                os.close(lock)
