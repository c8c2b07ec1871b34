import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from touchline import functions
from touchline.functions import ingest, query
from touchline.wiring import Touchline


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Touchline]:
    """What the functions work on: a configuration that the environment names."""
    file = tmp_path / "touchline.toml"
    file.write_text('[matches]\nunknown_types = "keep"\n')
    monkeypatch.setenv("TOUCHLINE_CONFIG", str(file))
    kept = (functions.built, functions.log, functions.store, ingest._intake, query._counts)
    for each in kept:
        each.cache_clear()
    yield functions.built()
    for each in kept:
        each.cache_clear()
