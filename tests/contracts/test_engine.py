"""Every Engine keeps the promises of the port."""

import os
import signal
from dataclasses import dataclass
from functools import partial
from itertools import islice

import pytest

from touchline.adapters.processes import WorkerProcesses
from touchline.core.memory import MemoryEngine
from touchline.core.ports import Engine
from touchline.errors import QualityError, TransientError


@dataclass(frozen=True)
class Sum:
    """A job, or its outcome."""

    name: str
    numbers: tuple[int, ...]


def doubled(job: Sum) -> Sum:
    return Sum(job.name, tuple(2 * n for n in job.numbers))


def plus(by: int, job: Sum) -> Sum:
    return Sum(job.name, tuple(by + n for n in job.numbers))


def refused(job: Sum) -> Sum:
    raise QualityError(f"{job.name}: refused", hint="read the report", rows=len(job.numbers))


def broken(job: Sum) -> Sum:
    return Sum(job.name, (1 // job.numbers[0],))


def killed(job: Sum) -> Sum:
    os.kill(os.getpid(), signal.SIGKILL)
    return job


JOBS = [Sum(f"match {i}", (i, i + 1)) for i in range(5)]


def test_each_job_has_one_outcome(engine: Engine) -> None:
    found = sorted(engine.map(doubled, JOBS), key=lambda s: s.name)
    assert found == [Sum(f"match {i}", (2 * i, 2 * i + 2)) for i in range(5)]


def test_a_task_may_carry_what_it_needs(engine: Engine) -> None:
    assert list(engine.map(partial(plus, 10), JOBS[:1])) == [Sum("match 0", (10, 11))]


def test_no_jobs_have_no_outcomes(engine: Engine) -> None:
    assert list(engine.map(doubled, [])) == []


def test_an_expected_error_arrives_with_its_hint_and_facts(engine: Engine) -> None:
    with pytest.raises(QualityError, match="match 0: refused") as caught:
        list(engine.map(refused, JOBS[:1]))
    assert caught.value.hint == "read the report"
    assert caught.value.facts == {"rows": 2}


def test_a_bug_in_a_task_arrives_as_it_was_raised(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError):
        list(engine.map(broken, JOBS[:1]))


def test_whoever_stops_reading_ends_the_work(engine: Engine) -> None:
    assert len(list(islice(engine.map(doubled, JOBS), 1))) == 1
    assert len(list(engine.map(doubled, JOBS))) == 5


def test_a_killed_worker_is_a_transient_error() -> None:
    with pytest.raises(TransientError, match="ended from outside"):
        list(WorkerProcesses(1).map(killed, JOBS))


def test_what_cannot_be_pickled_fails_in_memory_as_it_would_elsewhere() -> None:
    with pytest.raises(Exception, match=r"(?i)pickle"):
        list(MemoryEngine().map(lambda _: (n for n in range(3)), JOBS))
