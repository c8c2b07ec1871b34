"""A fixture for each port, in every kind that `under_test` names."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
sys.path += [str(TESTS / each) for each in ("adapters", "matches", "services")]

from under_test import (
    ENGINES,
    LEDGERS,
    NOTIFIERS,
    OBJECTS,
    TABLES,
    Clock,
    Ledgers,
    Objects,
    People,
    Tables,
)

from touchline.core.ports import Engine, Ledger


@pytest.fixture(params=OBJECTS)
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Objects:
    """An empty object store of each kind."""
    return OBJECTS[request.param](tmp_path / "objects")


@pytest.fixture(params=TABLES)
def tables(request: pytest.FixtureRequest, tmp_path: Path) -> Tables:
    """A table store of each kind, without tables."""
    return TABLES[request.param](tmp_path / "tables")


@pytest.fixture(params=LEDGERS)
def ledgers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledgers]:
    """An empty ledger of each kind; owners are opened by the test."""
    found = LEDGERS[request.param](tmp_path, Clock())
    yield found
    for owner in found.owners:
        owner.close()


@pytest.fixture
def ledger(ledgers: Ledgers) -> Ledger:
    """An owner of an empty ledger."""
    return ledgers.open()


@pytest.fixture(params=NOTIFIERS)
def people(request: pytest.FixtureRequest) -> Iterator[People]:
    """A notifier of each kind, with a target that takes everything and one that takes nothing."""
    with NOTIFIERS[request.param]() as found:
        yield found


# PySpark leaves the socket of each result to the garbage collector.
ON_SPARK = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


@pytest.fixture(
    scope="module",
    params=[pytest.param(kind, marks=ON_SPARK if kind == "spark" else ()) for kind in ENGINES],
)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine of each kind, the same for all tests of a module: Spark takes seconds to start."""
    found: Any = ENGINES[request.param]()
    yield found
    if hasattr(found, "close"):
        found.close()
