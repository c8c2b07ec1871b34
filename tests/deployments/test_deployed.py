"""The live path on Kafka and DynamoDB, over HTTP: design 003's own test, and kill -9 of the consumer."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from deployed import Deployment, all_served, counted, deployed, load, until
from kafka_broker import Shared

SCRIPT = Path(__file__).parents[1] / "matches" / "end_to_end.py"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, kafka: Shared) -> Iterator[Deployment]:
    """The live path, which all tests here post to."""
    with deployed(tmp_path_factory.mktemp("deployed"), kafka.broker().bootstrap) as found:
        yield found


def test_the_designs_test_passes_on_kafka_and_dynamodb(here: Deployment) -> None:
    words = [sys.executable, str(SCRIPT), "--url", here.address, "--key", here.key]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "come back in order, each once" in done.stdout


def lose_nothing(here: Deployment, kills: int, seed: int) -> None:
    """The consumer is killed while it is at work, at random moments, so many times."""
    dice = random.Random(seed)
    with load(here, seed=seed) as posters, here.client() as client:
        for day in range(seed * 1000, seed * 1000 + kills):
            for poster in posters:
                poster.day = day
            until(lambda d=day: counted(client, f"day-{d}-0") > 0, "nothing is read on")
            time.sleep(dice.uniform(0, 0.3))
            here.kill_consumer()
    all_served(here, posters)
    assert sum(len(poster.acknowledged) for poster in posters) > 10 * kills


def test_three_kills_of_the_consumer_lose_and_repeat_no_event(here: Deployment) -> None:
    lose_nothing(here, 3, seed=1)


@pytest.mark.soak
def test_a_hundred_kills_of_the_consumer_lose_and_repeat_no_event(here: Deployment) -> None:
    lose_nothing(here, 100, seed=2)
