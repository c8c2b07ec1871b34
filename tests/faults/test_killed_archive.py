"""kill -9 of `touchline archive` while events come: no record is lost, and none counts twice."""

import random
import time
from collections import Counter
from contextlib import closing

import pytest
from phases import gone
from world import World

from touchline.adapters.sqlite import SqliteLog

TOPIC = "match-events"
SEED = 11


def post(world: World, first: int, count: int) -> None:
    """So many events of five matches are in the log."""
    events = [
        (
            f"m{n % 5}",
            b'{"match_id":"m%d","event_id":"e%d","event_type":"pass",'
            b'"timestamp":"2025-04-05T12:00:00Z"}' % (n % 5, n),
        )
        for n in range(first, first + count)
    ]
    with closing(SqliteLog(world.data / "log.db")) as log:
        log.append(TOPIC, events).result()


def seconds(world: World) -> float:
    """How long an undisturbed archiving takes in a process of its own."""
    began = time.perf_counter()
    assert world.apart("archive", "--all").code == 0
    return time.perf_counter() - began


def lose_nothing(world: World, kills: int) -> Counter[str]:
    """Kill one after the other while more comes; where the kills hit."""
    post(world, 0, 200)
    whole_s, dice, hit = seconds(world), random.Random(SEED), Counter[str]()
    came = 200
    for _ in range(kills):
        post(world, came, 50)
        came += 50
        before = _position(world), _receipts(world)
        with world.process("archive", "--all") as process:
            time.sleep(whole_s * (0.4 + 0.7 * dice.random()))
            process.kill()
            process.communicate()
        assert gone([process.pid])
        after = _position(world), _receipts(world)
        hit[
            "all" if after[0] != before[0] else "files" if after[1] != before[1] else "nothing"
        ] += 1
    world.well("archive", "--all")
    world.well("run", "matches")
    sql = "SELECT event_id, version FROM matches.match_events"
    found = world.well("query", sql, "--json").rows
    assert sorted(int(row["event_id"][1:]) for row in found) == list(range(came))
    assert {row["version"] for row in found} == {1}
    assert world.well("quarantine", "list", "--json").rows == []
    world.well("rebuild")  # nobody reads on here, and check looks at that too
    world.well("check", "--bronze")
    return hit


def _position(world: World) -> object:
    return world.asked("SELECT position FROM checkpoints WHERE reader LIKE 'archive %'")


def _receipts(world: World) -> object:
    return world.asked("SELECT count(*) FROM receipts")


def test_an_archive_killed_at_eight_moments_loses_nothing(
    empty: World, capsys: pytest.CaptureFixture[str]
) -> None:
    hit = lose_nothing(empty, 8)
    with capsys.disabled():
        print(f"\n8 archives killed; hit {dict(hit)}", end=" ")


@pytest.mark.soak
def test_an_archive_killed_at_a_hundred_moments_loses_nothing(
    empty: World, capsys: pytest.CaptureFixture[str]
) -> None:
    hit = lose_nothing(empty, 100)
    with capsys.disabled():
        print(f"\n100 archives killed; hit {dict(hit)}", end=" ")
    assert min(hit["all"], hit["nothing"]) > 0
