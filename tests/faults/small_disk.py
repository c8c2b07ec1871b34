"""A small disk of its own for a world's data, which can be filled to any amount of free room."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from world import World

SIZE = "96m"
BLOCK = 1 << 20


@dataclass(frozen=True)
class SmallDisk:
    """A world, and the mounted disk that holds its data."""

    world: World
    place: Path

    @property
    def free(self) -> int:
        told = os.statvfs(self.place)
        return told.f_bavail * told.f_frsize

    @contextmanager
    def with_only(self, room: int) -> Iterator[None]:
        """Fill the disk until that many bytes are left, and make room again afterwards."""
        ballast = self.place / "ballast"
        left = max(0, self.free - room)
        try:
            with suppress(OSError), ballast.open("wb") as file:  # others may take the last of it
                while left > 0:
                    left -= file.write(bytes(min(left, BLOCK)))
            yield
        finally:
            ballast.unlink(missing_ok=True)


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[Path]:
    """A small file system in memory at this place; where none may be mounted, see `_cannot`."""
    place.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place))
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@contextmanager
def read_only(place: Path) -> Iterator[None]:
    """The folder, mounted over itself so that nobody, root included, can write to it."""
    _mount("--bind", str(place), str(place))
    try:
        _mount("-o", "remount,ro,bind", str(place))
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def _mount(*words: str) -> None:
    try:
        done = subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        _cannot("there is no mount command")
        return
    if done.returncode != 0:
        _cannot(f"mounting is not permitted here, but may be within `unshare -rm`: {done.stderr}")


def _cannot(why: str) -> None:
    """Skip the test; where everything must be tried, fail it."""
    refuse = pytest.fail if os.environ.get("CI") else pytest.skip
    refuse(why.strip())
