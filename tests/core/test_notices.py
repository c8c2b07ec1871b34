"""Notices of published runs: each once, whatever was killed meanwhile and whatever the clock says."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from alerted import People
from small_pipeline import World

from touchline.adapters.sqlite import SqliteLedger
from touchline.core import alerts, notices
from touchline.core.memory import MemoryLedger
from touchline.core.pipeline import drive
from touchline.core.ports import Alert, Claims, Publish, Run


@pytest.fixture
def people(tmp_path: Path) -> People:
    return People(World(tmp_path), completed=True)


def published(people: People, *numbers: int) -> None:
    """These matches are published, and whoever did it was killed before it said so."""
    for number in numbers:
        people.world.arrive_match(number)
    people.world.run()


def test_a_report_that_does_not_say_how_much_was_made_is_told_all_the_same(people: People) -> None:
    published(people, 1)
    (run,) = people.world.ledger.runs()
    people.world.ledger.record([replace(run, report={"steps": [{"table": "club.tops"}]})])
    people.check()
    assert people.told == [("completed", "club: completed for 1")]


def test_a_run_whose_process_died_before_it_noted_anything_is_told_once(people: People) -> None:
    published(people, 1)
    for _ in range(2):
        people.check()
    assert people.told == [("completed", "club: completed for 1")]


def test_a_run_that_another_one_settles_after_a_kill_is_told_once(people: People) -> None:
    dying = MemoryLedger(beside=people.world.ledger, clock=lambda: people.world.clock.now)
    people.world.arrive_match(1)
    _dies_before_its_last_word(replace(people.world, ledger=dying), dying)
    people.check()
    assert "completed" not in [kind for kind, _ in people.told]
    drive.settle(people.world.pipeline, people.world.platform())
    for _ in range(2):
        people.check()
    assert [kind for kind, _ in people.told] == ["opened", "recovered", "completed"]


def _dies_before_its_last_word(world: World, ledger: MemoryLedger) -> None:
    """Run until every table is committed, and end there as a killed process does."""
    whole = ledger.publishing

    @contextmanager
    def cut(claims: Claims, publishes: Sequence[Publish]) -> Iterator[Callable[[str, str], None]]:
        with whole(claims, publishes) as done:
            yield done
            ledger.close()
            raise KeyboardInterrupt

    ledger.publishing = cut  # type: ignore[method-assign]
    ledger.record = _but_not_once_dead(ledger)  # type: ignore[method-assign]
    with suppress(KeyboardInterrupt):
        world.run()


def _but_not_once_dead(ledger: MemoryLedger) -> Callable[[Sequence[Run]], None]:
    write = ledger.record

    def record(runs: Sequence[Run]) -> None:
        if all(run.status == "running" for run in runs):
            write(runs)

    return record


def test_a_clock_that_is_set_back_keeps_no_notice_away(people: People) -> None:
    published(people, 1)
    people.check()
    people.world.clock.forward(-7200)
    published(people, 2)
    people.check()
    assert [subject for _, subject in people.told] == [
        "club: completed for 1",
        "club: completed for 2",
    ]


def test_a_run_that_began_before_another_and_ended_after_it_is_told(people: People) -> None:
    published(people, 1)
    ledger = people.world.ledger
    (run,) = ledger.runs()
    ledger.record([replace(run, run_id="slow", status="running", ended_at=None)])
    published(people, 2)
    people.check()
    ledger.record([replace(run, run_id="slow", partition="match_id=3")])
    people.check()
    assert people.told[-1] == ("completed", "club: completed for 3")
    assert len(people.told) == 3


def test_what_was_published_while_nobody_wanted_to_hear_is_not_told_later(people: People) -> None:
    people.targets = ()
    published(people, 1)
    people.check()
    people.targets = ("mail",)
    people.check()
    published(people, 2)
    people.check()
    assert people.told == [("completed", "club: completed for 2")]


def test_many_runs_are_told_each_and_in_order(people: People) -> None:
    published(people, *range(1, 61))
    people.check()
    told = [run.removeprefix("club: completed for ") for _, run in people.told]
    assert sorted(map(int, told)) == list(range(1, 61))
    assert not notices.unread(people.world.ledger)


def test_a_kill_between_notice_and_place_leaves_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.db")
    people = People(World(tmp_path, ledger=ledger), completed=True)
    published(people, 1)

    def killed(_: str, __: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, suppress(KeyboardInterrupt):
        patched.setattr(ledger.notes, "advance", killed)
        people.alerting.deliver()
    assert notices.unread(ledger)
    assert ledger.notes.outbox() == []
    people.check()
    assert people.told == [("completed", "club: completed for 1")]
    ledger.close()


def test_nothing_is_written_where_nothing_has_ended(people: People) -> None:
    def alert(_: Run) -> list[Alert]:
        raise AssertionError

    notices.read(people.world.ledger, alert, targets=["mail"])
    assert people.world.ledger.notes.checkpoint("notices") is None


def test_looks_say_nothing_of_runs_that_went_well(people: People) -> None:
    published(people, 1)
    (run,) = people.world.ledger.runs()
    seen = alerts.of_done([drive.Done(run.partition, run, None, "club")])
    assert seen.findings == ()
