"""A column that gold gains: old partitions stay as they are, and old questions still run."""

from dataclasses import replace
from functools import partial
from typing import Any

import polars as pl
import pytest
from pyiceberg.table import StaticTable
from stored import current_files, metadata_of, plain
from world import World, files, world

from touchline import config, wiring
from touchline.core.contracts import Column
from touchline.core.pipeline import Pipeline, work
from touchline.core.pipeline.drive import run
from touchline.core.planner import plan
from touchline.views import rows_of

TABLE = "tracking.player_sprints"
NEW = Column("sprints_and_one", "long", "The sprints, and one more", origin="derived")
OLD_QUESTION = f"SELECT match_id, sum(sprint_count) AS n FROM {TABLE} GROUP BY 1 ORDER BY 1"


def with_new_column(pipeline: Pipeline) -> Pipeline:
    """The pipeline as a newer version of the program has it."""
    step = pipeline.step(TABLE)

    def call(**tables: Any) -> pl.LazyFrame:
        assert callable(step.call)
        made = step.call(**tables).lazy()
        return made.with_columns((pl.col("sprint_count").cast(pl.Int64) + 1).alias(NEW.name))

    makes = replace(step.makes, columns=(*step.makes.columns, NEW))
    newer = replace(step, makes=makes, call=call)
    return replace(pipeline, steps=tuple(newer if s is step else s for s in pipeline.steps))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Match 1 as the older program published it; match 2 as the newer one did."""
    made = world(tmp_path_factory.mktemp("two"))
    made.publish(files(1))
    made.ingest(files(2, day="2024-11-03"), 2)
    return made


@pytest.fixture(scope="module")
def newer(two: World) -> wiring.Touchline:
    here = wiring.Touchline(config.load(two.folder / "touchline.toml"))
    pipeline = with_new_column(here.pipeline("tracking"))
    here.__dict__["pipelines"] = {"tracking": pipeline}
    return here


@pytest.fixture(scope="module")
def before(two: World, newer: wiring.Touchline) -> dict[str, Any]:
    """What was there before the newer program ran match 2."""
    pipeline = newer.pipeline("tracking")
    seen = {"heads": two.heads(1), "files": current_files(two, "player_sprints")}
    task = partial(work, pipeline=pipeline, objects=newer.objects, tables=newer.tables)
    platform = replace(newer.platform(), task=task)
    ends = list(run(pipeline, platform, parts=["match_id=2"]))
    assert [done.error for done in ends] == [None]
    return seen


def test_old_partitions_are_not_rewritten(two: World, before: dict[str, Any]) -> None:
    assert two.heads(1) == before["heads"]
    assert before["files"] < current_files(two, "player_sprints")


def test_the_new_column_is_null_where_it_was_not_made_yet(
    newer: wiring.Touchline, before: dict[str, Any]
) -> None:
    rows = rows_of(
        newer,
        f"SELECT match_id, count(*) AS n, count({NEW.name}) AS known,"
        f" sum({NEW.name}) AS more, sum(sprint_count) AS once FROM {TABLE} GROUP BY 1 ORDER BY 1",
    ).to_pylist()

    assert [row["known"] for row in rows] == [0, rows[1]["n"]]
    assert rows[1]["more"] == rows[1]["once"] + rows[1]["n"] > 0


def test_other_engines_see_the_same(two: World, before: dict[str, Any]) -> None:
    table = StaticTable.from_metadata(str(plain(metadata_of(two)["player_sprints"])))
    rows = table.scan(selected_fields=("match_id", NEW.name)).to_arrow().to_pylist()

    assert {row[NEW.name] for row in rows if row["match_id"] == 1} == {None}
    assert None not in {row[NEW.name] for row in rows if row["match_id"] == 2}


def test_old_questions_of_the_old_program_still_run(two: World, before: dict[str, Any]) -> None:
    rows = two.well("query", OLD_QUESTION, "--json").rows

    assert [row["match_id"] for row in rows] == [1, 2]
    assert all(row["n"] is not None for row in rows)


def test_plan_offers_to_make_the_old_partitions_again(
    newer: wiring.Touchline, before: dict[str, Any]
) -> None:
    (stale,) = plan(newer.pipeline("tracking"), newer.ledger)

    assert stale.partition == "match_id=1"
    assert TABLE in {step.table for step in stale.steps}
