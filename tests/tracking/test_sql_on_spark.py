"""Every `.sql` step, word for word on DuckDB and on Spark in ANSI mode, gives the same rows."""

import os
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from touchline.config import Config
from touchline.core import landing
from touchline.core.contracts import Column, Contract, conformed
from touchline.core.pipeline import Pipeline, Sql, Step, bare
from touchline.core.pipeline.drive import run
from touchline.core.sql import rule_row, select
from touchline.tracking.simulate import MatchPlan, match, write
from touchline.tracking.source import files
from touchline.wiring import Touchline

pytestmark = [
    pytest.mark.spark,
    # PySpark leaves the socket of each result to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

NOW = datetime(2025, 1, 2, tzinfo=UTC)
PIPELINES = Touchline(Config()).pipelines
SQL_STEPS = [
    (pipeline, step)
    for pipeline in PIPELINES.values()
    for step in pipeline.steps
    if isinstance(step.call, Sql)
]
each_sql_step = pytest.mark.parametrize(
    ("pipeline", "step"), SQL_STEPS, ids=[step.table for _, step in SQL_STEPS]
)
Frames = Mapping[str, pl.DataFrame]


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """A session in ANSI mode, made as the engine makes it."""
    lacks = [
        *(["pyspark"] if find_spec("pyspark") is None else []),
        *(["Java"] if shutil.which("java") is None and "JAVA_HOME" not in os.environ else []),
    ]
    if lacks:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse(f"missing: {' and '.join(lacks)}")
    from pyspark.sql import SparkSession

    from touchline.adapters.spark import SparkExecutors

    engine = SparkExecutors(2)
    assert list(engine.map(abs, [-1])) == [1]
    session = SparkSession.active()
    session.conf.set("spark.sql.ansi.enabled", "true")
    session.conf.set("spark.sql.session.timeZone", "UTC")
    session.conf.set("spark.sql.shuffle.partitions", "2")
    yield session
    engine.close()


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Frames:
    """Every table of two made-up matches, by its name."""
    folder = tmp_path_factory.mktemp("simulated")
    for match_id in (1, 2):
        kick_off = datetime(2024, 11, match_id, 9, tzinfo=UTC)
        write(match(MatchPlan(match_id, kick_off, minutes=2.5)), folder / "landing")
    here = Touchline(Config(folder=str(folder)))
    found, _ = files.recognised([folder / "landing"], folder)
    arrivals = files.arrivals(found)
    assert list(landing.land(arrivals, objects=here.objects, ledger=here.ledger, now=NOW))
    assert {d.error for d in run(here.pipeline("tracking"), here.platform())} == {None}
    return {c.table: stored(here, c) for c in here.pipeline("tracking").contracts}


def stored(here: Touchline, contract: Contract) -> pl.DataFrame:
    """The table's current rows of all partitions."""
    current = here.ledger.current([contract.table])[contract.table]
    pieces = [piece for publish in current.values() for piece in publish.pieces]
    rows = pl.from_arrow(here.tables.read(contract, pieces))
    assert isinstance(rows, pl.DataFrame)
    return rows


# --- rows that nobody would measure -------------------------------------------------------------


def awkward(contract: Contract, rows: int = 100) -> pl.DataFrame:
    """Rows that the contract allows, of few different keys, with nulls and zeros all over."""
    luck = random.Random(contract.table)
    made = [{c.name: value(c, luck) for c in contract.columns} for _ in range(rows)]
    frame = pl.DataFrame(made, schema=contract.polars_schema())
    return frame.unique(contract.key, keep="first", maintain_order=True)


def value(column: Column, luck: random.Random) -> Any:
    """A value of the column; ids and frames are so few that joins and groups find partners."""
    if column.null and luck.random() < 0.2:
        return None
    low, high = column.within or (-2.0, 30.0)
    return {
        "bool": lambda: luck.random() < 0.5,
        "int": lambda: luck.randint(max(0, int(low)), int(min(high, 8))),
        "long": lambda: luck.randint(1, 3),
        "double": lambda: luck.choice([low, max(0.0, low), luck.uniform(low, high)]),
        "string": lambda: luck.choice(column.allowed or ("", "a", "É", "on_ball_engagement")),
        "date": lambda: date(2024, 11, luck.randint(1, 2)),
        "instant": lambda: NOW + timedelta(microseconds=luck.randint(0, 10**12)),
    }[column.type]()


def inputs(
    pipeline: Pipeline, step: Step, rows: Callable[[Contract], pl.DataFrame]
) -> dict[str, pl.DataFrame]:
    """What the step's SQL sees: each table it reads by its bare name, and its rule."""
    seen = {bare(name): rows(pipeline.step(name).makes) for name in step.reads}
    return seen if step.rule is None else {**seen, "rule": rule_row(step.rule)}


# --- both engines -------------------------------------------------------------------------------


def on_duckdb(step: Step, tables: Frames) -> pl.DataFrame:
    assert isinstance(step.call, Sql)
    found = pl.from_arrow(select(step.call.text, tables, name=step.call.name))
    assert isinstance(found, pl.DataFrame)
    return found


def on_spark(step: Step, tables: Frames, *, session: Any, folder: Path) -> pl.DataFrame:
    """The same through Parquet files, which keep every type."""
    assert isinstance(step.call, Sql)
    for name, rows in tables.items():
        rows.write_parquet(folder / f"{name}.parquet")
        session.read.parquet(str(folder / f"{name}.parquet")).createOrReplaceTempView(name)
    found = pl.from_arrow(session.sql(step.call.text).toArrow())
    assert isinstance(found, pl.DataFrame)
    return found


def compared(step: Step, tables: Frames, *, session: Any, folder: Path) -> int:
    """How many rows both engines agree on, in the same order: floats to 1e-9, all else exactly."""
    here, there = on_duckdb(step, tables), on_spark(step, tables, session=session, folder=folder)
    assert here.columns == there.columns == list(step.makes.names)
    assert_frame_equal(
        conformed(here, step.makes), conformed(there, step.makes), rel_tol=0.0, abs_tol=1e-9
    )
    return here.height


def test_there_are_sql_steps_to_compare() -> None:
    assert {"tracking.player_runs", "tracking.player_pressing", "tracking.player_metrics"} <= {
        step.table for _, step in SQL_STEPS
    }


@each_sql_step
def test_made_up_matches_give_the_same_rows(
    pipeline: Pipeline, step: Step, spark: Any, simulated: Frames, tmp_path: Path
) -> None:
    tables = inputs(pipeline, step, lambda contract: simulated[contract.table])
    assert compared(step, tables, session=spark, folder=tmp_path) > 20


@each_sql_step
def test_nulls_zeros_and_strange_values_give_the_same_rows(
    pipeline: Pipeline, step: Step, spark: Any, tmp_path: Path
) -> None:
    tables = inputs(pipeline, step, awkward)
    assert compared(step, tables, session=spark, folder=tmp_path) > 0


@each_sql_step
def test_no_rows_give_no_rows(pipeline: Pipeline, step: Step, spark: Any, tmp_path: Path) -> None:
    tables = inputs(pipeline, step, lambda contract: pl.DataFrame(schema=contract.polars_schema()))
    assert compared(step, tables, session=spark, folder=tmp_path) == 0


def test_a_cast_that_one_engine_rounds_and_the_other_cuts_is_seen(
    spark: Any, tmp_path: Path
) -> None:
    contract = Contract("t.rounded", "one", (Column("n", "int", "A number"),), (), ("n",), ("n",))
    step = Step(contract, (), Sql("rounded.sql", "SELECT CAST(3.75 AS INT) AS n"))
    with pytest.raises(AssertionError, match="value mismatch"):
        compared(step, {}, session=spark, folder=tmp_path)
