"""Runs beside each other, after a kill, over a bug: one publishes, none half."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from small_pipeline import (
    LEADS,
    PIPELINE,
    SQUAD,
    SQUAD_STEP,
    TABLES,
    World,
    error,
    match,
    squad,
    with_step,
)

from touchline.core import planner
from touchline.core.contracts import Contract
from touchline.core.memory import MemoryLedger, MemoryTables
from touchline.core.pipeline import Decoded, Job, Outcome
from touchline.core.pipeline.drive import Done, run
from touchline.core.pipeline.settling import settle
from touchline.core.ports import Publish, Run
from touchline.errors import ConflictError, StorageError, UnforeseenError

ONE, TWO = match(1), match(2)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One match has arrived."""
    found = World(tmp_path)
    found.arrive_match(1)
    return found


# --- other runs -------------------------------------------------------------------------------------


def test_a_partition_that_another_run_holds_is_left_to_it(world: World) -> None:
    world.arrive_match(2)
    other = MemoryLedger(beside=world.ledger, clock=world.clock)
    with other.claim("club", [ONE]):
        ended = world.run()
    conflict = error(ended[ONE])
    assert (type(conflict), conflict.exit_code, ended[ONE].run) == (ConflictError, 6, None)
    assert "match_id=1: held by" in str(conflict)
    assert ended[TWO].error is None
    assert world.run()[ONE].error is None


def test_what_another_run_made_meanwhile_is_not_made_again(world: World) -> None:
    quicker: list[dict[str, Done]] = []
    world.overtaken_by(lambda other: quicker.append(other.run()))
    assert world.run() == {}
    assert [set(ends) for ends in quicker] == [{ONE}]
    assert len(world.ledger.history("club.tops", ONE)) == 1


def test_a_run_that_lost_its_claim_publishes_nothing(world: World) -> None:
    with ExitStack() as held:

        def overslept(job: Job) -> Outcome:
            outcome = world.work(job)
            world.clock.forward(61)
            other = MemoryLedger(beside=world.ledger, clock=world.clock)
            claims = held.enter_context(other.claim("club", [job.partition]))
            assert claims.held == (ONE,)
            return outcome

        with pytest.raises(ConflictError, match="lost the claim"):
            list(run(world.pipeline, world.platform(overslept)))
    assert world.everything() == [[], [], [], []]
    assert [r.status for r in world.ledger.runs()] == ["failed"]
    assert world.run()[ONE].error is None


def test_after_a_kill_between_two_tables_none_is_current_and_the_next_run_makes_all(
    world: World,
) -> None:
    killed = MemoryLedger(beside=world.ledger, clock=world.clock)
    plan = {s.table: s.derivation for s in planned(world)}
    outcome = world.work(next(jobs(world)))
    publishes = [
        Publish(s.table, ONE, "killed", "c1", plan[s.table], plan[s.table], s.rows, s.pieces)
        for s in outcome.staged
    ]
    with (
        killed.claim("club", [ONE]) as claims,
        killed.publishing(claims, publishes),
    ):
        world.tables.prepare([SQUAD])
        world.tables.publish(SQUAD, outcome.staged[:1], commit_id="c1", properties={})
        killed.close()
    settle(world.pipeline, world.platform())
    assert world.everything() == [[], [], [], []]
    assert world.tables.seen(SQUAD).num_rows == 0
    report = world.report(world.run()[ONE])
    assert [s["table"] for s in report["steps"]] == list(TABLES)
    assert list(world.ledger.unsettled()) == []
    assert len(world.rows(LEADS)) == 2


def test_after_a_kill_behind_the_last_table_all_are_current(world: World) -> None:
    killed = MemoryLedger(beside=world.ledger, clock=world.clock)
    plan = {s.table: s.derivation for s in planned(world)}
    outcome = world.work(next(jobs(world)))
    publishes = [
        Publish(s.table, ONE, "killed", "c1", plan[s.table], plan[s.table], s.rows, s.pieces)
        for s in outcome.staged
    ]
    with killed.claim("club", [ONE]) as claims, killed.publishing(claims, publishes):
        world.tables.prepare(world.pipeline.contracts)
        for staged in outcome.staged:
            contract = world.pipeline.step(staged.table).makes
            world.tables.publish(contract, [staged], commit_id="c1", properties={})
        killed.close()
    assert world.run() == {}
    assert {world.current(t)["run_id"] for t in TABLES} == {"killed"}


class FailingAt:
    """A table store whose commits to one table fail, as on a full disk."""

    def __init__(self, tables: Any, table: str) -> None:
        self._tables, self._table = tables, table

    def publish(self, contract: Contract, staged: Any, **more: Any) -> str:
        if contract.table == self._table:
            raise StorageError("no room")
        snapshot: str = self._tables.publish(contract, staged, **more)
        return snapshot

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tables, name)


def test_a_commit_that_fails_at_a_later_table_leaves_every_table_as_it_was(world: World) -> None:
    world.run()
    old = world.everything()
    seen = [world.tables.seen(world.pipeline.step(t).makes) for t in TABLES]
    world.arrive_match(1, [("Ada", 35.0), ("Bo", 25.0), ("Cy", 15.0)], ["Ada", "Bo", "Cy"])
    full = replace(world.platform(), tables=FailingAt(world.tables, LEADS.table))
    with pytest.raises(StorageError):
        list(run(world.pipeline, full))
    assert world.everything() == old
    assert [world.tables.seen(world.pipeline.step(t).makes) for t in TABLES] == seen
    assert list(world.ledger.unsettled()) == []
    assert world.run()[ONE].error is None
    assert world.everything() != old


def test_what_a_killed_run_left_is_settled_before_the_next_commit(world: World) -> None:
    for number in range(2, 21):
        world.arrive_match(number)
    ends = run(world.pipeline, world.platform())
    next(ends)
    killed = MemoryLedger(beside=world.ledger, clock=world.clock)
    lost = Publish("club.squad", match(99), "killed", "c99", "d", "d", 0, ())
    with killed.claim("club", [match(99)]) as claims, killed.publishing(claims, [lost]):
        killed.close()
    assert len(world.ledger.unsettled()) == 1
    assert len(list(ends)) == 19
    assert list(world.ledger.unsettled()) == []


def planned(world: World) -> Any:
    return planner.plan(world.pipeline, world.ledger)[0].steps


def jobs(world: World) -> Iterator[Job]:
    yield Job(
        run_id="killed",
        pipeline="club",
        partition=ONE,
        started_at=world.clock(),
        makes=TABLES,
        files=world.ledger.arrivals("club")[ONE],
        tables={},
    )


# --- bugs -------------------------------------------------------------------------------------------


def broken(bronze_squad: pl.DataFrame) -> pl.DataFrame:
    return squad(bronze_squad).head(9 // (bronze_squad.height - 2))


def test_what_nobody_foresaw_in_one_match_fails_that_match_alone(world: World) -> None:
    world.arrive_match(2, players=["Ada", "Bo", "Cy"])
    world.pipeline = with_step(replace(SQUAD_STEP, call=broken))

    ended = world.run()

    error = ended[ONE].error
    assert isinstance(error, UnforeseenError)
    assert str(error) == "club.squad: ZeroDivisionError: integer division or modulo by zero"
    assert ended["match_id=2"].error is None
    (failed,) = world.ledger.runs(part=ONE)
    assert (failed.status, failed.message) == ("failed", str(error))
    assert "in broken" in failed.report["failures"][0]["traceback"]
    assert {row["match_id"] for table in world.everything() for row in table} == {2}
    world.pipeline = PIPELINE
    assert world.run()[ONE].error is None


def test_what_nobody_foresaw_while_decoding_fails_that_match_alone(world: World) -> None:
    world.arrive_match(2, players=["Ada", "Bo", "Cy"])
    usual = PIPELINE.bronze[0].decode

    def odd(path: Path) -> Decoded:
        found = usual(path)
        return replace(found, lines=found.lines // (found.lines - 2))

    world.pipeline = replace(
        PIPELINE, bronze=(replace(PIPELINE.bronze[0], decode=odd), *PIPELINE.bronze[1:])
    )
    ended = world.run(only="bronze")

    assert isinstance(ended[ONE].error, UnforeseenError)
    assert str(ended[ONE].error).startswith("club.bronze_squad: ZeroDivisionError")
    assert ended[TWO].error is None


class WithoutReports:
    """An object store that takes no reports, as on a disk that has just become full."""

    def __init__(self, objects: Any) -> None:
        self._objects = objects

    def write(self, path: str, data: bytes) -> bool:
        raise StorageError(f"{path}: no room")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)


def test_a_run_whose_report_has_no_room_is_published_and_says_so(world: World) -> None:
    platform = replace(world.platform(), objects=WithoutReports(world.objects))
    (done,) = run(world.pipeline, platform)
    assert isinstance(done.error, StorageError)
    assert str(done.error).startswith(f"{ONE}: published, but its report has no place: metrics/")
    (recorded,) = world.ledger.runs()
    assert (recorded.status, recorded.report["status"]) == ("published", "published")
    assert len(world.rows(LEADS)) == 2
    assert world.run() == {}


class LosingItsLastWord(MemoryLedger):
    """A ledger whose commit fails once, behind the commits of the tables."""

    failures = 1

    def record(self, runs: Any) -> None:
        if self.failures and any(r.status == "published" for r in runs):
            self.failures -= 1
            raise StorageError("ledger: no room")
        super().record(runs)


def test_a_commit_whose_last_word_failed_is_settled_and_told_as_it_is(world: World) -> None:
    world.ledger = LosingItsLastWord(beside=world.ledger, clock=world.clock)
    (done,) = world.run().values()
    assert done.error is None
    assert [r.status for r in world.ledger.runs()] == ["published"]
    assert world.run() == {}
    assert len(world.rows(LEADS)) == 2


def test_a_run_that_was_killed_behind_its_last_table_is_known_as_published(world: World) -> None:
    plan = {s.table: s.derivation for s in planned(world)}
    outcome = world.work(next(jobs(world)))
    killed = MemoryLedger(beside=world.ledger, clock=world.clock)
    told = {"run_id": "killed", "status": "published"}
    killed.record([Run("killed", "club", ONE, "running", world.clock(), report=told)])
    publishes = [
        Publish(s.table, ONE, "killed", "c1", plan[s.table], plan[s.table], s.rows, s.pieces)
        for s in outcome.staged
    ]
    with killed.claim("club", [ONE]) as claims, killed.publishing(claims, publishes):
        world.tables.prepare(world.pipeline.contracts)
        for staged in outcome.staged:
            contract = world.pipeline.step(staged.table).makes
            world.tables.publish(contract, [staged], commit_id="c1", properties={})
        killed.close()
    settle(world.pipeline, world.platform())
    assert [(r.run_id, r.status) for r in world.ledger.runs()] == [("killed", "published")]
    assert json.loads(world.objects.read("metrics/club/match_id=1/killed.json")) == told


def test_a_run_that_is_killed_while_it_publishes_has_its_report_on_record(world: World) -> None:
    class Dying(MemoryTables):
        def publish(self, *given: Any, **more: Any) -> str:
            raise SystemExit

    world.tables = Dying()
    seen: list[Run] = []

    class Watching(MemoryLedger):
        def record(self, runs: Any) -> None:
            seen.extend(runs)
            super().record(runs)

    world.ledger = Watching(beside=world.ledger, clock=world.clock)
    with pytest.raises(SystemExit):
        world.run()
    before = [r for r in seen if r.status == "running" and r.report]
    assert [r.report["status"] for r in before] == ["published"]


def test_whoever_stops_reading_leaves_no_run_that_seems_to_go_on(world: World) -> None:
    for number in range(2, 20):
        world.arrive_match(number)
    ends = run(world.pipeline, world.platform())
    next(ends)
    ends.close()  # type: ignore[attr-defined]
    assert {r.status for r in world.ledger.runs()} == {"published", "stopped"}
    assert {d.error for d in world.run().values()} == {None}
