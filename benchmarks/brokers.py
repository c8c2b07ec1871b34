"""A Kafka broker of one node, started as the tests start theirs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runs import ROOT


@contextmanager
def broker(folder: Path) -> Iterator[str]:
    """The configuration of a log in it; it is killed with the context."""
    sys.path.insert(0, str(ROOT / "tests" / "services"))
    import kafka_broker

    if why := kafka_broker.missing():
        raise SystemExit(why)
    with kafka_broker.own(folder / "broker") as found:
        yield (
            f'[stores]\nlog = {{ kind = "kafka", bootstrap = "{found.bootstrap}", replication = 1,'
            " min_insync = 1 }\n"
        )
