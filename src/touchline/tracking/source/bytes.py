"""A bronze file's bytes: unpacked where they are gzip, refused where they cannot be the file."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from touchline.errors import ContractError

_GZIP = b"\x1f\x8b"
_LFS = b"version https://git-lfs.github.com/spec/"


def is_gzip(path: Path) -> bool:
    """Whether the file is gzip, by its first bytes: bronze keeps no endings."""
    with path.open("rb") as file:
        return file.read(2) == _GZIP


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The file's plain bytes.

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
            hint="run 'git lfs pull' in the repository, or 'touchline fetch skillcorner-open'",
        )
    try:
        with gzip.open(path) if head.startswith(_GZIP) else path.open("rb") as file:
            yield file
    except (EOFError, gzip.BadGzipFile, zlib.error) as exc:
        raise ContractError(
            f"gzip cut off or damaged: {exc}", hint="ask the provider for the file again"
        ) from exc
