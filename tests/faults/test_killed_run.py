"""kill -9 of `touchline run` at any moment: the next run gives the same, and nothing is left over."""

import time
from collections.abc import Mapping

import pytest
from phases import (
    Moment,
    Tally,
    children,
    claims,
    committed_tables,
    gone,
    lasting,
    marks,
    moments,
    phase,
    reached,
)
from stored import disagreeing, metadata_of, missing, orphans
from world import EVENTS, World, files, world

Contents = Mapping[str, tuple[int, str]]
VERSIONS = (1, 2)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Match 1 in its second version, and match 2 beside it."""
    made = world(tmp_path_factory.mktemp("two"))
    made.ingest(files(2, day="2024-11-03"), 2)
    made.publish(files(1, version=1))
    made.publish(files(1, version=2))
    return made


@pytest.fixture(scope="module")
def expected(two: World) -> dict[int, Contents]:
    """What an undisturbed run makes of each version."""
    found = {2: two.contents(1)}
    two.publish(files(1, version=1))
    return {**found, 1: two.contents(1)}


@pytest.fixture(scope="module")
def durations(two: World, expected: object) -> dict[int, dict[str, float]]:
    """How long an undisturbed run is in each phase, by how many workers it has."""
    found = {}
    for workers, version in ((1, 2), (2, 1)):
        two.ingest(files(1, version=version))
        before = marks(two)
        with two.process("run", "--workers", str(workers)) as process:
            found[workers] = lasting(two, process, before)
            process.communicate()
        assert process.returncode == 0
    return found


def killed(two: World, moment: Moment, workers: int) -> str:
    """Kill a run at a moment; where it was, seen afterwards."""
    before = marks(two)
    with two.process("run", "--workers", str(workers), start_new_session=True) as process:
        reached(two, process, before, moment.phase)
        time.sleep(moment.delay_s)
        others = children(process.pid)
        process.kill()
        process.communicate()
    assert gone(others), "worker processes outlive the run"
    where = phase(two, before)
    if where == "publishing":
        (run_id,) = two.asked("SELECT run_id FROM runs ORDER BY started_at DESC LIMIT 1")[0]
        where = f"publishing ({'some' if committed_tables(two, run_id) else 'no'} tables committed)"
    return where


def loop(
    two: World, expected: Mapping[int, Contents], *, workers: int, when: list[Moment]
) -> Tally:
    tally, other = Tally(), two.contents(2)
    for number, moment in enumerate(when):
        version = VERSIONS[number % 2]
        two.ingest(files(1, version=3 - version))
        two.well("run")
        assert two.contents(1) == expected[3 - version]

        two.ingest(files(1, version=version))
        tally.hits.append(killed(two, moment, workers))
        assert two.contents(1) in expected.values(), moment

        ended = two.do("run")
        assert ended.code == 0, (moment, ended.err)
        assert two.contents(1) == expected[version], moment
        assert two.contents(2) == other, moment
        two.well("maintain")
        assert claims(two) == [], moment
        assert orphans(two) == [], moment
        assert missing(two) == [], moment
        assert disagreeing(two) == {}, moment
    return tally


@pytest.mark.parametrize(("workers", "count"), [(1, 7), (2, 3)])
def test_a_run_killed_at_ten_moments_is_made_good_by_the_next(
    two: World,
    expected: dict[int, Contents],
    durations: dict[int, dict[str, float]],
    told: list[str],
    workers: int,
    count: int,
) -> None:
    when = list(moments(count, durations[workers], seed=workers))
    tally = loop(two, expected, workers=workers, when=when)
    told.append(f"{count} kills, workers: {workers}; hit {tally}")
    assert len(set(tally.hits)) >= min(3, count - 1)


@pytest.mark.soak
@pytest.mark.parametrize(("workers", "count"), [(1, 70), (2, 30)])
def test_a_run_killed_at_a_hundred_moments_is_made_good_by_the_next(
    two: World,
    expected: dict[int, Contents],
    durations: dict[int, dict[str, float]],
    told: list[str],
    workers: int,
    count: int,
) -> None:
    when = list(moments(count, durations[workers], seed=1000 + workers))
    tally = loop(two, expected, workers=workers, when=when)
    told.append(f"{count} kills, workers: {workers}; hit {tally}")
    assert len(set(tally.hits)) >= 4


def test_a_first_run_that_is_killed_leaves_nothing_that_the_next_does_not_mend(
    empty: World, expected: dict[int, Contents]
) -> None:
    empty.ingest(files(1))
    empty.well("status")
    before = marks(empty)
    with empty.process("run") as process:
        reached(empty, process, before, "staging")
        process.kill()
        process.communicate()
    assert phase(empty, before) in {"staging", "publishing"}

    empty.well("maintain")
    empty.well("run")
    empty.well("maintain")

    assert orphans(empty) == []
    assert empty.contents(1) == expected[1]
    assert disagreeing(empty) == {}


def test_readers_beside_a_run_see_the_old_match_or_the_new_one(
    two: World, expected: dict[int, Contents]
) -> None:
    two.publish(files(1, version=1))
    two.ingest(files(1, version=2))

    looks = []
    with two.process("run") as process:
        while process.poll() is None:
            looks.append(two.contents(1))
        process.communicate()

    assert process.returncode == 0
    assert len(looks) > 3
    assert all(seen in (expected[1], expected[2]) for seen in looks)
    assert two.contents(1) == expected[2]


def test_a_match_is_never_left_with_some_tables_new_and_some_old(
    two: World, expected: dict[int, Contents]
) -> None:
    two.publish(files(1, version=1))
    two.ingest(files(1, version=2))
    before = metadata_of(two)
    with two.process("run") as process:
        while (now := metadata_of(two))["events"] == before["events"]:
            assert process.poll() is None
        process.kill()
        process.communicate()
    assert now["player_metrics"] == before["player_metrics"]

    two.ingest({**files(1, version=2), EVENTS: b""})
    ended = two.do("run")

    assert ended.code == 3
    assert two.contents(1) in (expected[1], expected[2])


def test_a_killed_run_is_shown_as_failed(two: World, expected: object) -> None:
    two.publish(files(1, version=1))
    two.ingest(files(1, version=2))
    killed(two, Moment("working", 0.0), 1)

    (row, *_) = two.well("runs", "--limit", "1", "--json").rows

    assert (row["status"], row["message"]) == ("failed", "the process ended without a word")
    two.publish(files(1, version=1))
