"""A partition put back, with the rows that its run rejected."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from small_pipeline import SPEEDS, SPEEDS_STEP, World, match, speeds, with_step

from touchline.core.pipeline import rejected_contract
from touchline.core.rollback import rollback
from touchline.errors import ConfigError

ONE = match(1)
REJECTED = rejected_contract(SPEEDS)
MANY = [("Ada", float(n % 30)) for n in range(300)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_the_rows_that_the_earlier_run_rejected_come_back_with_it(world: World) -> None:
    world.arrive_match(1, [*MANY, ("Zed", 1.0)], ["Ada"])
    world.run()
    world.arrive_match(1, MANY, ["Ada"])
    world.run()
    assert world.rows(REJECTED) == []
    now = rollback(world.pipeline, SPEEDS, ONE, platform=world.platform())
    assert now.rejected == 1
    assert [row["reason"] for row in world.rows(REJECTED)] == ["not in the squad"]


def test_an_earlier_run_without_rejected_rows_takes_those_of_the_later_away(world: World) -> None:
    world.arrive_match(1, MANY, ["Ada"])
    world.run()
    world.arrive_match(1, [*MANY, ("Zed", 1.0)], ["Ada"])
    world.run()
    assert len(world.rows(REJECTED)) == 1
    rollback(world.pipeline, SPEEDS, ONE, platform=world.platform())
    assert world.rows(REJECTED) == []


def test_a_rollback_is_among_the_runs(world: World) -> None:
    world.arrive_match(1, [("Ada", 10.0)], ["Ada"])
    first = world.run()[ONE].run
    world.arrive_match(1, [("Ada", 20.0)], ["Ada"])
    world.run()
    rollback(world.pipeline, SPEEDS, ONE, platform=world.platform())
    assert first is not None
    told = world.ledger.last("club")[ONE]
    assert told.status == "rolled back"
    assert told.message == f"club.speeds is as run {first.run_id} made it"


def test_rejected_rows_are_not_put_back_alone(world: World) -> None:
    world.arrive_match(1, [*MANY, ("Zed", 1.0)], ["Ada"])
    world.run()
    with pytest.raises(ConfigError, match="rejected rows of another table") as refused:
        rollback(world.pipeline, REJECTED, ONE, platform=world.platform())
    assert "club.speeds" in refused.value.hint


def test_what_was_made_again_by_force_can_be_put_back(world: World) -> None:
    """The same step, of the same inputs, may have made something else: its code had a fault."""

    def faulty(bronze_speeds: pl.DataFrame, squad: pl.DataFrame) -> pl.DataFrame:
        return speeds(bronze_speeds, squad).with_columns(kmh=pl.lit(99.0))

    world.arrive_match(1, [("Ada", 10.0)], ["Ada"])
    world.run()
    good = world.rows(SPEEDS)
    usual = world.pipeline
    world.pipeline = with_step(replace(SPEEDS_STEP, call=faulty))
    world.run(force=True, only="silver")
    assert [row["kmh"] for row in world.rows(SPEEDS)] == [99.0]
    world.pipeline = usual
    rollback(world.pipeline, SPEEDS, ONE, platform=world.platform())
    assert world.rows(SPEEDS) == good
