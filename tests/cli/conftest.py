import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [
    str(Path(__file__).parent),
    *(str(Path(__file__).parents[1] / folder) for folder in ("tracking", "adapters", "matches")),
]

from sinks import Sink, json_sink
from world import World, files, world


@pytest.fixture
def web() -> Iterator[Sink]:
    """An HTTP server that takes alerts."""
    with json_sink() as sink:
        yield sink


@pytest.fixture
def empty(tmp_path: Path) -> World:
    """A folder in which nothing has happened yet."""
    return world(tmp_path)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Matches 1 and 2, landed and published; tests of a module share it and put it back."""
    made = world(tmp_path_factory.mktemp("published"))
    for match_id in (1, 2):
        made.ingest(files(match_id, day=f"2024-11-0{match_id + 1}"), match_id)
    made.well("run")
    return made
