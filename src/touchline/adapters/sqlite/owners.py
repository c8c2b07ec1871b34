"""Which owners of a ledger are alive: each holds a lock on a small file of its own while it lives."""

import fcntl
import os
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Mark:
    """An owner's own file, locked as long as its process lives; the system frees it at death."""

    folder: Path
    owner: str
    file: IO[str]


def marked(folder: Path) -> Mark:
    """A new owner with its mark in this folder, which is made if it is not there."""
    owner = f"{uuid.uuid4().hex[:12]}-{os.getpid()}"
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        file = (folder / owner).open("w")
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return Mark(folder, owner, file)
        file.close()  # taken for a dead owner's before it was locked


def give_back(mark: Mark) -> None:
    """The owner counts as dead from now on."""
    (mark.folder / mark.owner).unlink(missing_ok=True)
    mark.file.close()


def alive(folder: Path, owner: str, *, mine: str | None) -> bool:
    """Whether that owner, this one or another of the same ledger, lives; a dead one's mark goes."""
    if owner == mine:
        return True
    path = folder / owner
    try:
        with path.open() as other:
            fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
            with suppress(OSError):  # no right to write: whoever has it takes the mark away
                path.unlink(missing_ok=True)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False


def swept(mark: Mark) -> None:
    """The marks of dead owners are gone, also of those that nothing in the ledger names."""
    for other in mark.folder.iterdir():
        alive(mark.folder, other.name, mine=mark.owner)


def process(owner: str) -> str:
    """What people call an owner."""
    return f"process {owner.rpartition('-')[2]}"
