"""Which owners of a ledger are alive: each holds a lock on a small file of its own while it lives."""

import fcntl
import os
import uuid
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
    file = (folder / owner).open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    return Mark(folder, owner, file)


def give_back(mark: Mark) -> None:
    """The owner counts as dead from now on."""
    (mark.folder / mark.owner).unlink(missing_ok=True)
    mark.file.close()


def alive(mark: Mark, owner: str) -> bool:
    """Whether that owner, this one or another of the same ledger, lives; a dead one's mark goes."""
    if owner == mark.owner:
        return True
    try:
        with (mark.folder / owner).open("r+") as other:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    (mark.folder / owner).unlink(missing_ok=True)
    return False


def process(owner: str) -> str:
    """What people call an owner."""
    return f"process {owner.rpartition('-')[2]}"
