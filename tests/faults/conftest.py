import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent / each) for each in (".", "../cli", "../adapters")]

from small_disk import SmallDisk, mounted
from world import World, world


@pytest.fixture
def empty(tmp_path: Path) -> World:
    """A folder in which nothing has happened yet."""
    return world(tmp_path)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    """A world whose data lie on a disk of their own, which can be filled."""
    made = world(tmp_path_factory.mktemp("disk"))
    with mounted(made.data) as found:
        yield SmallDisk(made, found)


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """Lines that are shown although the test passes."""
    lines: list[str] = []
    yield lines
    with capsys.disabled():
        print("".join(f"\n{line}" for line in lines), end=" ")
