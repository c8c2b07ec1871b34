"""What people said of lines of a bronze file: another text in its place, or that it is let go.

All that was said of one file is one small file in bronze, under the name `mend/<sha256 of that file>`,
and so an arrival like any other: whoever mends more issues it again with the old lines in it. It is
about the content, not about a name, so that it holds for every later run and for nothing else.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from touchline.core.bytes import opened
from touchline.errors import StorageError

PREFIX = "mend/"

T = TypeVar("T")


class Mend(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in a line's place; None lets it go. `because` is why, `at` since when."""

    row: str | None
    because: str
    at: datetime


class Mends(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that was said of one file: its content, and a mend for each line, by its number."""

    sha256: str
    lines: dict[int, Mend] = msgspec.field(default_factory=dict)

    @property
    def replaced(self) -> dict[int, str]:
        """The lines with another text."""
        return {n: mend.row for n, mend in self.lines.items() if mend.row is not None}

    @property
    def discarded(self) -> list[int]:
        """The lines that are let go."""
        return [n for n, mend in self.lines.items() if mend.row is None]


def name_of(sha256: str) -> str:
    """The logical name of what was said of this content."""
    return PREFIX + sha256


def of_contents(files: Mapping[str, T], contents: Mapping[str, str]) -> dict[str, T]:
    """Those of a partition's files that are mends of these contents, given by logical name."""
    names = {name_of(sha256) for sha256 in contents.values()}
    return {name: found for name, found in files.items() if name in names}


def encoded(mends: Mends) -> bytes:
    """The file that says it."""
    return msgspec.json.format(msgspec.json.encode(mends), indent=1)


def decoded(data: bytes) -> Mends:
    """What `encoded` wrote."""
    return msgspec.json.decode(data, type=Mends)


@contextmanager
def mended(path: Path, mends: Mends, *, counts_blank: bool) -> Iterator[Path]:
    """The file with the new text of the mended lines; itself where there is none.

    `counts_blank` says whether blank lines have numbers, as the file's decoder counts.
    """
    if not mends.replaced:
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="touchline-mended-") as copy:
        try:
            with opened(path) as lines:
                copy.writelines(_lines(lines, mends.replaced, counts_blank=counts_blank))
            copy.flush()
        except OSError as exc:
            hint = "make room where temporary files go (TMPDIR), then run again"
            raise StorageError(f"{copy.name}: {exc.strerror}", hint=hint) from exc
        yield Path(copy.name)


def _lines(
    lines: Iterable[bytes], replaced: Mapping[int, str], *, counts_blank: bool
) -> Iterator[bytes]:
    number = 0
    for line in lines:
        number += counts_blank or bool(line.strip())
        counted = counts_blank or line.strip()
        yield replaced[number].encode() + b"\n" if counted and number in replaced else line
