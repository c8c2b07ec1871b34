"""Days of a pipeline of three small steps, run in a warm process; and what a step costs beside its work."""

import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
from meter import Watch, tell

from touchline.config import Config
from touchline.core import landing
from touchline.core.contracts import Column, Contract
from touchline.core.landing import Arrival
from touchline.core.memory import MemoryEngine
from touchline.core.pipeline import Bronze, Decoded, Job, Outcome, Pipeline, Step, work
from touchline.core.pipeline.drive import run
from touchline.core.quality import Rows
from touchline.wiring import Touchline

DAYS, WARM, STEPS, ROWS = 30, 5, 3, 100
COLUMNS = (
    Column("play_date", "string", "Day", null=False),
    Column("id", "long", "Number", null=False),
    Column("value", "double", "Value", within=(0, 1e9)),
)


def contract(at: int) -> Contract:
    keys = ("play_date",)
    return Contract(
        f"bench.table_{at}", "one row per id", COLUMNS, ("id",), keys, keys, rules=(Rows(),)
    )


def decode(path: Path) -> Decoded:
    rows = pl.read_csv(path, schema_overrides={"value": pl.Float64}).with_row_index("line", 1)
    return Decoded(rows.with_columns(pl.col("line").cast(pl.Int64)), rows.height)


def passed_on(**tables: pl.DataFrame) -> pl.DataFrame:
    (rows,) = tables.values()
    return rows.select("play_date", "id", "value")


def pipeline() -> Pipeline:
    bronze = Bronze("bench.bronze", "rows.csv", decode, lambda *_: "")
    names = (bronze.table, *(contract(at).table for at in range(STEPS)))
    steps = tuple(Step(contract(at), (names[at],), passed_on) for at in range(STEPS))
    return Pipeline("bench", (bronze,), steps)


def main(folder: Path) -> None:
    here, chosen = Touchline(Config(folder=str(folder))), pipeline()
    days = [date(2025, 1, 1) + timedelta(days=n) for n in range(DAYS + WARM)]
    arrivals = [_arrival(folder, day) for day in days]
    now = datetime.now(UTC)
    list(landing.land(arrivals, objects=here.objects, ledger=here.ledger, now=now))
    outcomes: list[Outcome] = []

    def task(job: Job) -> Outcome:
        outcomes.append(work(job, pipeline=chosen, objects=here.objects, tables=here.tables))
        return outcomes[-1]

    platform = replace(here.platform(), task=task, engine=MemoryEngine())
    parts = [f"play_date={day}" for day in days]
    assert all(done.error is None for done in run(chosen, platform, parts=parts[:WARM]))
    outcomes.clear()
    watch = Watch()
    ends = list(run(chosen, platform, parts=parts[WARM:]))
    seen = watch.seen()
    assert len(ends) == DAYS
    assert all(done.error is None for done in ends)
    worked = sum(o.seconds for o in outcomes)
    tell(**seen, a_step_ms=worked / DAYS / STEPS * 1000, days=DAYS, steps=STEPS)


def _arrival(folder: Path, day: date) -> Arrival:
    file = folder / f"{day}.csv"
    lines = [f"{day},{n},{n / 7}" for n in range(ROWS)]
    file.write_text("\n".join(["play_date,id,value", *lines]) + "\n")
    return Arrival("bench", f"play_date={day}", "rows.csv", file, str(file))


main(Path(sys.argv[1]))
