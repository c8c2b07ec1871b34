"""What happens beside a run, or to the store under it: nothing published is wrong, nothing blocks."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_pipeline import LEADS, SPEEDS, TOPS, World, error, match

from touchline.adapters.iceberg import IcebergTables, places
from touchline.core.memory import MemoryLedger, MemoryTables
from touchline.core.pipeline.drive import run
from touchline.core.ports import Run
from touchline.errors import MissingInputError, StorageError

ONE, TWO = match(1), match(2)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


class Arriving(MemoryLedger):
    """A ledger in which a re-issue arrives as soon as a run has looked at what there is."""

    act: Any = None

    def arrivals(self, domain: str, parts: Sequence[str] | None = None) -> Any:
        found = super().arrivals(domain, parts)
        act, self.act = self.act, None
        if act:
            act()
        return found

    def contents(self, domain: str, parts: Sequence[str] | None = None) -> Any:
        return {
            part: {n: r.sha256 for n, r in files.items()}
            for part, files in self.arrivals(domain, parts).items()
        }


def test_a_re_issue_that_lands_while_a_run_begins_is_not_taken_for_what_was_planned(
    world: World,
) -> None:
    world.arrive_match(1, [("Ada", 30.0)], ["Ada"])
    plain = world.ledger
    for looks in (1, 2):
        world.ledger = arriving = Arriving(beside=plain, clock=world.clock)
        waits = [None] * (looks - 1)

        def land(arriving: Arriving = arriving, waits: list[None] = waits) -> None:
            if waits:
                waits.pop()
                arriving.act = land
            else:
                world.arrive_match(1, [("Ada", 11.0)], ["Ada"])

        arriving.act = land
        world.run(force=True)
        world.ledger = plain
        world.arrive_match(1, [("Ada", 30.0)], ["Ada"])
        world.run()
        assert [row["top_kmh"] for row in world.rows(TOPS)] == [30.0], looks


def test_what_waits_or_is_held_is_told_after_what_could_be_made(world: World) -> None:
    for number in (2, 3, 4):
        world.arrive_match(number)
    world.arrive(1, "squad", "1,Ada")
    other = MemoryLedger(beside=world.ledger, clock=world.clock)
    with other.claim("club", [TWO]):
        ended = list(run(world.pipeline, world.platform(), pause=True))
    assert [d.partition for d in ended] == [match(3), match(4), ONE, TWO]
    assert isinstance(ended[2].error, MissingInputError)
    assert {row["match_id"] for row in world.rows(LEADS)} == {3, 4}


def test_a_check_of_bronze_says_nothing_of_how_the_partition_stands(world: World) -> None:
    world.arrive_match(1, [("Ada", 41.0)])
    assert error(world.run()[ONE])
    refused = world.ledger.last("club")[ONE]
    checked = world.run(only="bronze")[ONE]
    assert checked.run is not None
    assert checked.run.status == "checked"
    assert world.ledger.last("club")[ONE] == refused


def test_a_store_whose_tables_are_lost_can_be_made_again_although_one_match_is_refused(
    world: World, tmp_path: Path
) -> None:
    world.tables = iceberg(tmp_path / "old")
    many = [("Ada", float(n % 30)) for n in range(300)]
    world.arrive_match(1, [*many, ("Zed", 1.0)], ["Ada"])
    world.arrive_match(2)
    world.run()
    world.arrive_match(1, [*many, ("Zed", 1.0), ("Ada", 55.0)], ["Ada"])
    assert error(world.run()[ONE])
    world.tables = iceberg(tmp_path / "new")
    shutil.rmtree(tmp_path / "old")
    ended = world.run(force=True)
    assert (bool(ended[ONE].error), ended[TWO].error) == (True, None)
    world.arrive_match(1, many, ["Ada"])
    assert world.run(force=True)[ONE].error is None
    current = world.ledger.current([SPEEDS.table])[SPEEDS.table]
    pieces = [piece for publish in current.values() for piece in publish.pieces]
    assert set(world.tables.read(SPEEDS, pieces)["match_id"].to_pylist()) == {1, 2}


def iceberg(folder: Path) -> IcebergTables:
    folder.mkdir()
    return IcebergTables(places.settings(folder / "catalog.db", folder / "warehouse"))


class Full(MemoryLedger):
    """A ledger that has room until a run has ended."""

    def record(self, runs: Sequence[Run]) -> None:
        if any(r.status not in ("running", "published") for r in runs):
            raise StorageError("ledger: no room")
        super().record(runs)


def test_what_the_user_did_is_told_although_the_ledger_has_no_room(world: World) -> None:
    world.arrive_match(1)
    world.ledger = Full(beside=world.ledger, clock=world.clock)

    def interrupted(_: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(run(world.pipeline, world.platform(interrupted)))


def test_runs_whose_turn_had_not_come_are_stopped_when_another_cannot_be_published(
    world: World,
) -> None:
    for number in range(1, 20):
        world.arrive_match(number)

    class NoRoom(MemoryTables):
        def publish(self, *given: Any, **more: Any) -> str:
            raise StorageError("no room")

    world.tables = NoRoom()
    with pytest.raises(StorageError):
        world.run()
    statuses = [r.status for r in world.ledger.runs()]
    assert (statuses.count("failed"), statuses.count("stopped")) == (16, 3)
    assert {d.partition for d in _all(world)} == {match(n) for n in range(1, 20)}


def _all(world: World) -> list[Any]:
    world.tables = MemoryTables()
    return list(run(world.pipeline, replace(world.platform(), tables=world.tables)))
