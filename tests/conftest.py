"""What holds for all tests."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent / "services"))

import kafka_broker


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are no names: gzip holds the time, and workers must agree on the tests there are."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session")
def kafka(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[kafka_broker.Shared]:
    """One Kafka broker for all tests of all worker processes, started when it is first asked for."""
    folder = tmp_path_factory.getbasetemp()
    one_of_many = hasattr(request.config, "workerinput")
    shared = kafka_broker.Shared((folder.parent if one_of_many else folder) / "kafka")
    yield shared
    shared.close()
