"""kill -9 of `touchline ingest`: a match's files are recorded all or none, and nothing stays half."""

import random
import time

import pytest
from phases import gone
from stored import orphans
from world import World, files

SEED = 7


def seconds(world: World) -> float:
    """How long an undisturbed landing takes in a process of its own."""
    folder = world.put(files(999), 999)
    began = time.perf_counter()
    assert world.apart("ingest", "tracking", folder).code == 0
    return time.perf_counter() - began


def kill_at_random_moments(world: World, count: int) -> dict[str, int]:
    """Kill one landing after another, each of another match; where the kills hit."""
    whole_s, rng, hit = seconds(world), random.Random(SEED), {"nothing": 0, "bytes": 0, "all": 0}
    objects = world.data / "objects/objects"
    for number in range(1, count + 1):
        folder = world.put(files(number), number)
        held = len(list(objects.rglob("*")))
        with world.process("ingest", "tracking", folder) as process:
            time.sleep(whole_s * (0.5 + 0.6 * rng.random()))
            process.kill()
            process.communicate()
        assert gone([process.pid])
        receipts = world.asked(
            "SELECT name FROM receipts WHERE partition = ?", f"match_id={number}"
        )
        assert len(receipts) in {0, 4}
        came = len(list(objects.rglob("*"))) > held
        hit["all" if receipts else "bytes" if came else "nothing"] += 1

        (row,) = world.ingest(files(number), number).rows
        assert (row["new"], row["unchanged"]) == ((0, 4) if receipts else (4, 0))
        world.well("maintain")
        assert orphans_in_objects(world) == []
    return hit


def orphans_in_objects(world: World) -> list[object]:
    return [f for f in orphans(world) if "objects" in f.parts]


def test_a_landing_killed_at_ten_moments_is_made_good_by_the_next(
    empty: World, capsys: pytest.CaptureFixture[str]
) -> None:
    empty.ingest(files(998), 998)
    empty.well("run")
    hit = kill_at_random_moments(empty, 10)
    with capsys.disabled():
        print(f"\n10 landings killed; hit {hit}", end=" ")


@pytest.mark.soak
def test_a_landing_killed_at_a_hundred_moments_is_made_good_by_the_next(
    empty: World, capsys: pytest.CaptureFixture[str]
) -> None:
    empty.ingest(files(998), 998)
    empty.well("run")
    hit = kill_at_random_moments(empty, 100)
    with capsys.disabled():
        print(f"\n100 landings killed; hit {hit}", end=" ")
    assert min(hit.values()) > 0
