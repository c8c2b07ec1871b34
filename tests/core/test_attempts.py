"""What a scheduler runs by itself: what was never tried, and what failed once its wait is over."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from small_pipeline import World, match

from touchline.core import attempts, planner
from touchline.core.pipeline import Job, Outcome
from touchline.core.pipeline.drive import run
from touchline.core.schedule import Backoff
from touchline.errors import QualityError, TouchlineError, TransientError

NO_ANSWER = TransientError("no answer")
WAITS = Backoff(first_s=60, most_s=600)


@pytest.fixture
def world(tmp_path: Path) -> World:
    found = World(tmp_path)
    found.arrive_match(1)
    return found


def ready(world: World, after_s: float = 0.0) -> attempts.Ready:
    now = world.clock.now + timedelta(seconds=after_s)
    plans = planner.plan(world.pipeline, world.ledger)
    return attempts.ready(plans, world.pipeline, world.ledger, now=now, backoff=WAITS)


def parts(found: attempts.Ready) -> list[str]:
    return [plan.partition for plan in found.plans]


def fail(world: World, times: int = 1, error: TouchlineError = NO_ANSWER) -> set[str]:
    """The match is run so often, and ends with the error each time; in which states."""

    def task(job: Job) -> Outcome:
        return Outcome(job, errors=(error,))

    ends = [done for _ in range(times) for done in run(world.pipeline, world.platform(task))]
    return {done.run.status for done in ends if done.run}


def test_what_was_never_tried_is_ready_and_what_is_published_is_not_planned(world: World) -> None:
    assert parts(ready(world)) == [match(1)]
    world.run()
    assert parts(ready(world)) == []


def test_what_was_refused_waits_for_another_file(world: World) -> None:
    assert fail(world, error=QualityError("too slow")) == {"refused"}
    found = ready(world, after_s=10_000)
    assert (parts(found), found.next_at) == ([], None)
    world.arrive_match(1, (("Ada", 31.0),))
    assert parts(ready(world)) == [match(1)]


def test_what_failed_is_tried_again_with_growing_waits(world: World) -> None:
    assert fail(world) == {"failed"}
    found = ready(world, after_s=50)
    assert parts(found) == []
    assert found.next_at is not None
    assert parts(ready(world, after_s=61)) == [match(1)]
    fail(world, times=2)
    assert parts(ready(world, after_s=200)) == []
    assert parts(ready(world, after_s=241)) == [match(1)]
    fail(world, times=8)
    assert parts(ready(world, after_s=601)) == [match(1)]


def test_what_failed_is_ready_at_once_when_another_file_has_come(world: World) -> None:
    fail(world, times=3)
    world.arrive_match(1, (("Ada", 31.0),))
    assert parts(ready(world)) == [match(1)]


def test_an_hour_that_a_clock_is_set_back_is_not_waited_for(world: World) -> None:
    fail(world)
    assert parts(ready(world, after_s=-3600)) == [match(1)]


def test_what_a_killed_process_left_is_ready_at_once_but_not_for_ever(world: World) -> None:
    def die(job: Job) -> Any:
        raise KeyboardInterrupt

    def killed() -> None:
        """The process is gone without a word: its run is left as running by an owner that is dead."""
        from touchline.core.memory import MemoryLedger

        other = MemoryLedger(beside=world.ledger, clock=world.clock)
        mine, world.ledger = world.ledger, other
        runs = run(world.pipeline, world.platform(lambda job: (other.close(), die(job))[1]))
        other_record = other.record
        other.record = lambda many: (
            None if other.owner not in other._state.alive else other_record(many)
        )  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            list(runs)
        world.ledger = mine

    killed()
    assert parts(ready(world)) == [match(1)]
    killed()
    assert parts(ready(world)) == []
    assert parts(ready(world, after_s=130)) == [match(1)]


def test_what_waits_for_files_is_left_alone(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.arrive(1, "squad", "1,Ada")
    assert parts(ready(world)) == []
