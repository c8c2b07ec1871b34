"""The broker is stopped and started under load over HTTP: posts wait and are told so, and none is lost."""

from collections.abc import Iterator
from pathlib import Path

import kafka_broker
import pytest
from deployed import all_served, deployed, load, more, until
from kafka_broker import Broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker of our own, which may be stopped."""
    with kafka_broker.own(tmp_path / "broker") as found:
        yield found


def lose_nothing(folder: Path, broker: Broker, times: int) -> None:
    with deployed(folder, broker.bootstrap) as here:
        with load(here, seed=times) as posters:
            for n in range(times):
                more(posters)
                (broker.stop if n % 2 else broker.kill)()
                before = [poster.refusals for poster in posters]
                for poster, count in zip(posters, before, strict=True):
                    until(lambda p=poster, n=count: p.refusals > n, "no post is refused")
                broker.start()
                more(posters)
        all_served(here, posters)


def test_posts_get_503_while_the_broker_is_away_and_none_is_lost(
    tmp_path: Path, broker: Broker
) -> None:
    lose_nothing(tmp_path / "here", broker, 2)


@pytest.mark.soak
def test_a_broker_that_is_stopped_twenty_times_loses_nothing(
    tmp_path: Path, broker: Broker
) -> None:
    lose_nothing(tmp_path / "here", broker, 20)
