"""A bronze file's bytes: unpacked where they are gzip, refused where they cannot be the file."""

import gzip
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO

from touchline.errors import ContractError, StorageError

_GZIP = b"\x1f\x8b"
_LFS = b"version https://git-lfs.github.com/spec/"
BOM = b"\xef\xbb\xbf"
_BLOCK = 1 << 20


def is_gzip(path: Path) -> bool:
    """Whether the file's first bytes are gzip's."""
    with path.open("rb") as plain:
        return plain.read(len(_GZIP)) == _GZIP


@contextmanager
def opened(path: Path) -> Iterator[gzip.GzipFile | BufferedReader]:
    """The file's plain bytes; bronze keeps no endings, so gzip is known by its first bytes.

    Raises:
        ContractError: It is empty, a Git LFS pointer, or gzip that is cut off or damaged.
    """
    with path.open("rb") as plain:
        head = plain.read(len(_LFS))
    if not head:
        raise ContractError("the file is empty", hint="ask the provider for the file again")
    if head == _LFS:
        raise ContractError(
            "a Git LFS pointer, not the file itself",
            hint="run 'git lfs pull' in the repository, or 'touchline fetch' the file",
        )
    try:
        with gzip.open(path) if head.startswith(_GZIP) else path.open("rb") as file:
            yield file
    except (EOFError, gzip.BadGzipFile, zlib.error) as exc:
        raise ContractError(
            f"gzip cut off or damaged: {exc}", hint="ask the provider for the file again"
        ) from exc


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """A file with the plain bytes, for engines that read files: this one, or its gzip unpacked.

    What is unpacked has no name on disk, so that a killed process leaves nothing behind.

    Raises:
        ContractError: As `opened`.
        StorageError: No room to unpack it.
    """
    with opened(path) as packed:
        if not isinstance(packed, gzip.GzipFile):
            yield path
            return
        with tempfile.TemporaryFile(buffering=0) as plain:
            while block := packed.read(_BLOCK):
                _write(plain, block)
            yield Path(f"/dev/fd/{plain.fileno()}")


def _write(file: IO[bytes], block: bytes) -> None:
    left = memoryview(block)
    try:
        while left:
            left = left[file.write(left) :]
    except OSError as exc:
        raise StorageError(
            f"{tempfile.gettempdir()}: {exc.strerror}",
            hint="make room where temporary files go (TMPDIR), then run again",
        ) from exc


def text(data: bytes, *, line: int = 1) -> str:
    """The bytes as text, a byte order mark left out; `line` is the number of their first line.

    Raises:
        ContractError: They are not UTF-8, or UTF-16, whose letters have a NUL beside them.
    """
    body = data.removeprefix(BOM)
    nul = body.find(b"\0", 0, 2)
    if nul >= 0:
        raise _not_utf8(body, nul, line)
    try:
        return body.decode()
    except UnicodeDecodeError as exc:
        raise _not_utf8(body, exc.start, line) from exc


def _not_utf8(body: bytes, at: int, line: int) -> ContractError:
    number = line + body.count(b"\n", 0, at)
    column = at - body.rfind(b"\n", 0, at)
    return ContractError(
        f"line {number}: not UTF-8: {body[at]:#04x} at byte {column}",
        hint="expected UTF-8; ask the provider for the file again",
    )
