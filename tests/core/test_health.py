"""How partitions stand, how fresh a pipeline is, what lies in quarantine."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from small_pipeline import PIPELINE, SQUAD_STEP, World, match, with_step

from touchline.core import checks, health
from touchline.core.pipeline import Job, Outcome
from touchline.core.pipeline.drive import run
from touchline.core.ports import Run
from touchline.core.quality import Rows
from touchline.core.retention import Days, past, retain
from touchline.errors import QualityError, StorageError


@pytest.fixture
def made(tmp_path: Path) -> World:
    return World(tmp_path)


def states(of: World, **more: int) -> dict[str, str]:
    found = health.health(of.pipeline, of.ledger, **more)
    return {s.partition: s.state for s in found.standings}


def test_a_partition_is_fresh_once_it_is_published_and_stale_when_its_files_change(
    made: World,
) -> None:
    made.arrive_match(1)
    assert states(made) == {match(1): "stale"}
    made.run()
    assert states(made) == {match(1): "fresh"}
    made.arrive_match(1, readings=[("Ada", 31.0)])
    assert states(made) == {match(1): "stale"}


def test_refused_failed_and_waiting_partitions_say_so(made: World) -> None:
    made.arrive_match(1, readings=[("Ada", 80.0)])
    made.arrive(2, "squad", "2,Ada")
    made.arrive(3, "squad", "")
    made.arrive(3, "speeds", "3,Ada,30.0")
    made.run()
    found = {s.partition: s for s in health.health(made.pipeline, made.ledger).standings}
    assert found[match(1)].state == "refused"
    assert found[match(2)].state == "waiting"
    assert found[match(2)].missing == ("speeds",)
    assert found[match(3)].state == "refused"
    newest = found[match(1)].run
    assert newest is not None
    made.ledger.record([replace(newest, run_id="r9", status="failed")])
    assert states(made)[match(1)] == "failed"


def refusing(made: World) -> Callable[[Job], Outcome]:
    """The work, of a gate that nothing passes."""
    return lambda job: replace(made.work(job), staged=(), errors=(QualityError("too odd"),))


def test_a_published_partition_is_refused_while_its_newest_run_by_force_was(made: World) -> None:
    made.arrive_match(1)
    made.run()
    list(run(made.pipeline, made.platform(refusing(made)), force=True))
    assert made.planned() == {}
    assert states(made) == {match(1): "refused"}
    (every,) = health.states(made.pipeline, made.ledger)
    assert (every.state, every.published) == ("refused", 4)
    (found,) = checks.of_runs(made.pipeline, made.ledger)
    assert (found.where, found.code) == (match(1), 3)
    assert list(checks.of_runs(made.pipeline, made.ledger, parts=[match(1)])) == [found]
    made.run(force=True)
    assert states(made) == {match(1): "fresh"}
    assert list(checks.of_runs(made.pipeline, made.ledger)) == []


def test_a_run_that_failed_by_force_says_so_and_a_rollback_behind_it_is_well(made: World) -> None:
    made.arrive_match(1)
    made.run()
    made.run(force=True)
    newest = made.ledger.last("club")[match(1)]
    made.ledger.record([replace(newest, run_id="r9", status="failed")])
    assert states(made) == {match(1): "failed"}
    made.ledger.record([replace(newest, run_id="r10", status="rolled back")])
    assert states(made) == {match(1): "fresh"}


def test_what_was_refused_and_is_taken_back_leaves_what_is_published_well(made: World) -> None:
    made.arrive_match(1)
    made.run()
    made.arrive_match(1, readings=[("Ada", 80.0)])
    made.run()
    assert states(made) == {match(1): "refused"}
    made.arrive_match(1)
    assert states(made) == {match(1): "fresh"}
    assert list(checks.of_runs(made.pipeline, made.ledger)) == []


def test_what_only_warns_shows_and_is_no_fault(made: World) -> None:
    warns = replace(SQUAD_STEP.makes, rules=(Rows(at_least=9, severity="warn"),))
    made.pipeline = with_step(replace(SQUAD_STEP, makes=warns))
    made.arrive_match(1)
    made.run()
    assert states(made) == {match(1): "warned"}
    assert "warned" not in health.AMISS


def test_a_run_at_work_shows_and_its_end_before_that_stays_known(made: World) -> None:
    made.arrive_match(1)
    made.run()
    made.ledger.record([Run("r9", "club", match(1), "running", made.clock())])
    (found,) = health.health(made.pipeline, made.ledger).standings
    assert found.state == "running"
    assert found.newest is not None
    assert found.newest.run_id == "r9"
    assert found.run is not None
    assert found.run.status == "published"


def test_a_run_that_was_stopped_or_only_checked_says_nothing_of_the_partition(made: World) -> None:
    made.arrive_match(1, readings=[("Ada", 80.0)])
    made.run()
    for number, status in enumerate(("stopped", "checked")):
        made.ledger.record([Run(f"r{number}", "club", match(1), status, made.clock())])  # type: ignore[arg-type]
    assert states(made) == {match(1): "refused"}


def test_the_last_that_came_are_shown_and_all_are_counted(made: World) -> None:
    for number in (10, 9, 2, 11):
        made.arrive_match(number)
    assert list(states(made, most=2)) == [match(2), match(11)]
    assert health.health(PIPELINE, made.ledger, most=2).of == 4


def test_a_retired_partition_is_shown_as_retired(made: World) -> None:
    made.arrive_match(1)
    made.arrive_match(2)
    made.run()
    days = Days({step.table: 1 for step in made.pipeline.steps}, bronze=1)
    now = made.clock.forward(3 * 86_400)
    gone = past(made.pipeline, days, ledger=made.ledger, objects=made.objects, now=now)
    of_two = [p for p in gone if p.partition == match(2)]
    list(retain(made.pipeline, made.platform(), of_two))
    found = health.health(made.pipeline, made.ledger)
    assert [(s.partition, s.state) for s in found.standings] == [
        (match(2), "retired"),
        (match(1), "fresh"),
    ]
    assert found.newest == match(1)
    every = {s.partition: s.state for s in health.states(made.pipeline, made.ledger)}
    assert every == {match(1): "fresh", match(2): "retired"}


def test_freshness_is_that_of_the_newest_publish(made: World) -> None:
    assert health.health(made.pipeline, made.ledger).published_at is None
    made.arrive_match(1)
    made.run()
    found = health.health(made.pipeline, made.ledger)
    assert found.published_at == made.current("club.leads")["published_at"]
    assert found.newest == match(1)


def test_states_of_all_agree_with_those_that_are_shown(made: World) -> None:
    made.arrive_match(1)
    made.run()
    made.arrive_match(2, readings=[("Ada", 80.0)])
    made.arrive(3, "squad", "3,Ada")
    made.run()
    made.arrive_match(4)
    all_ = {s.partition: s.state for s in health.states(made.pipeline, made.ledger)}
    assert all_ == states(made) == {
        match(1): "fresh",
        match(2): "refused",
        match(3): "waiting",
        match(4): "stale",
    }  # fmt: skip


def test_quarantine_is_counted_by_table_and_reason(made: World) -> None:
    made.pipeline = replace(made.pipeline, max_rejected=0.9)
    for number in (1, 2):
        made.arrive_match(number, readings=[("Ada", 30.0), ("Zoe", 10.0), ("Bo", 20.0)])
    made.arrive_match(3)
    made.run()
    parts = [match(n) for n in (1, 2, 3)]
    (found,) = health.quarantined(made.pipeline, made.ledger, parts)
    assert (found.table, found.reason, found.rows) == ("club.speeds", "not in the squad", 2)
    assert found.partitions == (match(1), match(2))
    assert health.quarantined(made.pipeline, made.ledger, [match(3)]) == []


def test_rows_beside_those_of_a_refused_run_are_of_an_earlier_one(made: World) -> None:
    made.pipeline = replace(made.pipeline, max_rejected=0.4)
    made.arrive_match(1, readings=[("Ada", 30.0), ("Zoe", 10.0), ("Bo", 20.0)])
    made.run()
    made.arrive_match(1, readings=[("Ada", 30.0), ("Zoe", 10.0), ("Zoe", 11.0)])
    made.run()
    found = health.quarantined(made.pipeline, made.ledger, [match(1)])
    assert {(q.reason, q.rows) for q in found} == {("not in the squad", 2), (None, 1)}


# --- who watches --------------------------------------------------------------------------------


def test_every_run_that_ended_is_told_to_who_watches(made: World) -> None:
    heard: list[tuple[str, str]] = []
    made.arrive_match(1)
    made.arrive_match(2, readings=[("Ada", 80.0)])
    made.arrive(3, "squad", "3,Ada")

    def hear(pipeline: object, run: Run) -> None:
        assert pipeline is made.pipeline
        heard.append((run.partition, run.status))

    usual = made.platform()
    made.platform = lambda task=None: replace(usual, told=(hear,))  # type: ignore[method-assign, assignment]
    made.run()
    assert sorted(heard) == [
        (match(1), "published"),
        (match(2), "refused"),
        (match(3), "waiting"),
    ]


def test_a_run_that_was_cut_off_is_told_too(made: World) -> None:
    heard: list[str] = []
    made.arrive_match(1)

    def cut_off(_: object) -> Outcome:
        raise KeyboardInterrupt

    platform = replace(made.platform(cut_off), told=(lambda _, run: heard.append(run.status),))
    with pytest.raises(KeyboardInterrupt):
        list(run(made.pipeline, platform))
    assert heard == ["stopped"]


def test_a_run_that_could_not_be_published_is_told_as_failed(made: World) -> None:
    heard: list[str] = []
    made.arrive_match(1)
    platform = replace(made.platform(), told=(lambda _, run: heard.append(run.status),))

    def no_room(*_: object, **__: object) -> str:
        raise StorageError("no room")

    made.tables.publish = no_room
    with pytest.raises(StorageError):
        list(run(made.pipeline, platform))
    assert heard == ["failed"]
