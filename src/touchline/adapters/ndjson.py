"""Lines of JSON in files that other programs watch, appended by several processes at once."""

import errno
import fcntl
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any


def line(told: Mapping[str, Any]) -> str:
    """The object as one line."""
    return json.dumps(told) + "\n"


def appended(file: Path, *told: Mapping[str, Any]) -> None:
    """Each object is a line at the end of the file; where it cannot be, standard error says why.

    Of a disk that is full no half a line is left. A pipe that nobody reads is not waited for.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        opened = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o644)
        try:
            _write(opened, "".join(map(line, told)).encode())
        finally:
            os.close(opened)
    except OSError as exc:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"not written to {file}: {exc.strerror or exc}\n")


def _write(opened: int, lines: bytes) -> None:
    fcntl.flock(opened, fcntl.LOCK_EX)
    before = os.fstat(opened).st_size
    try:
        if os.write(opened, lines) == len(lines):
            return
    except OSError:
        _cut(opened, before)
        raise
    _cut(opened, before)
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _cut(opened: int, before: int) -> None:
    """The file ends where it did; a pipe cannot be cut."""
    with suppress(OSError):
        os.ftruncate(opened, before)
