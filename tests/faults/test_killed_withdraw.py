"""kill -9 of `touchline withdraw`: all the files it names are withdrawn, or none of them."""

import random
import time

from phases import gone
from world import MATCH, PHASES, World, files

PART = "match_id=1"
NAMES = (MATCH, PHASES)


def seconds(world: World) -> float:
    """How long an undisturbed withdrawal takes in a process of its own."""
    began = time.perf_counter()
    assert world.apart("withdraw", "tracking", PART, *NAMES, "--because", "a test").code == 0
    return time.perf_counter() - began


def withdrawn(world: World) -> set[str]:
    rows = world.well("withdraw", "tracking", PART, "--json").rows
    return {row["name"] for row in rows if row["state"] == "withdrawn"}


def test_a_withdrawal_killed_at_any_moment_is_whole_or_nothing_and_can_be_given_again(
    empty: World,
) -> None:
    empty.ingest(files(1))
    whole_s, rng = seconds(empty), random.Random(7)
    for _ in range(8):
        empty.well("withdraw", "tracking", PART, *NAMES, "--undo")
        words = ("withdraw", "tracking", PART, *NAMES, "--because", "a test")
        with empty.process(*words) as process:
            time.sleep(whole_s * (0.4 + 0.6 * rng.random()))
            process.kill()
            process.communicate()
        assert gone([process.pid])
        assert withdrawn(empty) in (set(), set(NAMES))
        empty.well("withdraw", "tracking", PART, *NAMES, "--because", "a test")
        assert withdrawn(empty) == set(NAMES)
        empty.well("maintain")
    empty.well("withdraw", "tracking", PART, *NAMES, "--undo")
    empty.well("run")
