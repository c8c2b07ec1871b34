"""A pipeline of two files, two silver and two gold tables, and a world in memory to run it in."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from touchline.core import landing, planner
from touchline.core.contracts import Column, Contract
from touchline.core.memory import MemoryEngine, MemoryLedger, MemoryObjects, MemoryTables
from touchline.core.pipeline import Bronze, Decoded, Job, Outcome, Pipeline, Shared, Sql, Step, work
from touchline.core.pipeline.drive import Done, Platform, run
from touchline.core.ports import Partition
from touchline.core.quality import Rows, Within
from touchline.errors import ContractError

MATCH = Column("match_id", "long", "Match", null=False)
PLAYER = Column("player", "string", "Name", null=False)


def contract(name: str, *columns: Column, key: tuple[str, ...], **more: Any) -> Contract:
    return Contract(
        f"club.{name}",
        f"one row per {' and '.join(key)}",
        (MATCH, *columns),
        key=("match_id", *key),
        replace_by=("match_id",),
        partition_by=("match_id",),
        **more,
    )


SQUAD = contract("squad", PLAYER, key=("player",), layer="silver", rules=(Rows(),))
SPEEDS = contract(
    "speeds",
    Column("reading", "long", "Which reading", null=False),
    PLAYER,
    Column("kmh", "double", "Speed", unit="km/h", within=(0.0, 99.0)),
    key=("reading",),
    layer="silver",
)
TOPS = contract(
    "tops",
    PLAYER,
    Column("top_kmh", "double", "Fastest", unit="km/h", origin="derived"),
    key=("player",),
    rules=(Within("top_kmh", 0, 40),),
)
LEADS = contract(
    "leads",
    PLAYER,
    Column("lead_kmh", "double", "Top speed over the mean", unit="km/h", origin="derived"),
    key=("player",),
)
TABLES = ("club.squad", "club.speeds", "club.tops", "club.leads")

TOPS_SQL = """
SELECT s.match_id, s.player, max(s.kmh) AS top_kmh
FROM speeds AS s INNER JOIN squad AS q ON q.player = s.player CROSS JOIN rule
WHERE s.kmh >= rule.min_kmh
GROUP BY s.match_id, s.player ORDER BY s.player
"""


@dataclass(frozen=True)
class FastRule:
    """What counts as a speed worth having."""

    min_kmh: float = 1.0


def decoded(path: Path, columns: tuple[str, ...]) -> Decoded:
    """Lines of values with commas between them; the column `line` counts them."""
    lines = path.read_text().splitlines()
    if not lines:
        raise ContractError("no lines", hint="ask for the file again")
    pieces = [(n, line, line.split(",")) for n, line in enumerate(lines, start=1)]
    good = [[n, *values] for n, _, values in pieces if len(values) == len(columns)]
    bad = [("malformed line", n, text) for n, text, v in pieces if len(v) != len(columns)]
    rows = pl.DataFrame(
        good, schema={"line": pl.Int64, **dict.fromkeys(columns, pl.String)}, orient="row"
    )
    rejected = pl.DataFrame(
        bad, schema={"reason": pl.String, "line": pl.Int64, "row": pl.String}, orient="row"
    )
    notes = (f"{len(lines)} lines",)
    return Decoded(rows, len(lines), rejected, notes)


def squad(bronze_squad: pl.DataFrame) -> pl.DataFrame:
    return bronze_squad.select(pl.col("match_id").cast(pl.Int64), "player")


def speeds(bronze_speeds: pl.DataFrame, squad: pl.DataFrame) -> pl.DataFrame:
    stranger = ~pl.col("player").is_in(squad["player"].implode())
    return bronze_speeds.select(
        pl.col("match_id").cast(pl.Int64),
        pl.col("line").alias("reading"),
        "player",
        pl.col("kmh").cast(pl.Float64, strict=False),
        pl.col("line").alias("_line"),
        pl.when(stranger).then(pl.lit("not in the squad")).alias("_reject"),
    )


def mean_kmh(speeds: pl.DataFrame) -> float:
    mean = speeds["kmh"].mean()
    return mean if isinstance(mean, float) else 0.0


def leads(tops: pl.DataFrame, mean_kmh: float) -> pl.LazyFrame:
    return tops.lazy().select("match_id", "player", lead_kmh=pl.col("top_kmh") - mean_kmh)


def relation(paths: Sequence[str], packed: str) -> str:
    return f"read_csv({list(paths)}, compression = '{packed}', filename = true)"


BRONZE = (
    Bronze(
        "club.bronze_squad",
        "squad",
        partial(decoded, columns=("match_id", "player")),
        relation,
    ),
    Bronze(
        "club.bronze_speeds",
        "speeds",
        partial(decoded, columns=("match_id", "player", "kmh")),
        relation,
    ),
)
SQUAD_STEP = Step(SQUAD, ("club.bronze_squad",), squad)
SPEEDS_STEP = Step(SPEEDS, ("club.bronze_speeds", "club.squad"), speeds)
TOPS_STEP = Step(TOPS, ("club.speeds", "club.squad"), Sql("tops.sql", TOPS_SQL), FastRule())
LEADS_STEP = Step(LEADS, ("club.tops", "club.mean_kmh"), leads)
MEAN = Shared("club.mean_kmh", ("club.speeds",), mean_kmh)
PIPELINE = Pipeline(
    "club", BRONZE, (SQUAD_STEP, SPEEDS_STEP, TOPS_STEP, LEADS_STEP), shared=(MEAN,)
)


def with_step(step: Step, pipeline: Pipeline = PIPELINE) -> Pipeline:
    """The pipeline with this step in the place of the one that makes the same table."""
    return replace(
        pipeline, steps=tuple(step if s.table == step.table else s for s in pipeline.steps)
    )


# --- a world in memory --------------------------------------------------------------------------


@dataclass
class Clock:
    """A clock that goes on by a second at every look."""

    now: datetime = datetime(2025, 4, 5, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.forward(1)

    def forward(self, seconds: float) -> datetime:
        """The time so many seconds later, which it is now."""
        self.now += timedelta(seconds=seconds)
        return self.now


def match(number: int) -> Partition:
    return f"match_id={number}"


Readings = Sequence[tuple[str, object]]
USUAL: Readings = (("Ada", 30.0), ("Bo", 20.0), ("Ada", 10.0))


@dataclass
class World:
    """Everything in memory, and a folder where files arrive."""

    folder: Path
    pipeline: Pipeline = PIPELINE
    clock: Clock = field(default_factory=Clock)
    objects: Any = field(default_factory=MemoryObjects)
    tables: Any = field(default_factory=MemoryTables)
    ledger: Any = None

    def __post_init__(self) -> None:
        self.ledger = self.ledger or MemoryLedger(clock=lambda: self.clock.now)

    def arrive(self, number: int, name: str, text: str) -> None:
        """A file of a match is landed."""
        file = self.folder / f"{number}_{name}.txt"
        file.write_text(text)
        arrival = landing.Arrival("club", match(number), name, file, file.name)
        list(landing.land([arrival], objects=self.objects, ledger=self.ledger, now=self.clock()))

    def arrive_match(
        self, number: int, readings: Readings = USUAL, players: Sequence[str] = ("Ada", "Bo")
    ) -> None:
        """Both files of a match are landed."""
        self.arrive(number, "squad", "\n".join(f"{number},{p}" for p in players))
        self.arrive(number, "speeds", "\n".join(f"{number},{p},{kmh}" for p, kmh in readings))

    def platform(self, task: Callable[[Job], Outcome] | None = None) -> Platform:
        """What a run needs; `task` may do something beside the work."""
        return Platform(
            self.objects, self.tables, self.ledger, MemoryEngine(), task or self.work, self.clock
        )

    def work(self, job: Job) -> Outcome:
        """The work, on this world's stores."""
        return work(job, pipeline=self.pipeline, objects=self.objects, tables=self.tables)

    def run(self, **more: Any) -> dict[Partition, Done]:
        """Run to the end; how each partition ended."""
        return {done.partition: done for done in run(self.pipeline, self.platform(), **more)}

    def overtaken_by(self, act: Callable[["World"], object]) -> None:
        """Another owner does this just before the next claim, after what led up to it was read."""
        other = MemoryLedger(beside=self.ledger, clock=lambda: self.clock.now)
        pending = [replace(self, ledger=other)]

        def clock() -> datetime:
            if pending:
                act(pending.pop())
            return self.clock.now

        self.ledger.clock = clock

    def planned(self, **more: Any) -> dict[Partition, dict[str, str]]:
        """The stale tables of each partition, in order, with their reasons."""
        plans = planner.plan(self.pipeline, self.ledger, **more)
        told = planner.explained(plans, self.pipeline, self.ledger)
        return {p.partition: {s.table: s.reason for s in p.steps} for p in told}

    def rows(self, table: Contract) -> list[dict[str, Any]]:
        """What a reader of the table sees."""
        found: list[dict[str, Any]] = self.tables.seen(table).to_pylist()
        return sorted(found, key=str)

    def current(self, table: str, number: int = 1) -> Mapping[str, Any]:
        """The ledger's current publish of a match, field by field."""
        return dict(self.ledger.current([table])[table][match(number)].__dict__)

    def report(self, done: Done) -> dict[str, Any]:
        """The report that a run has left among the objects."""
        assert done.run is not None
        path = f"metrics/club/{done.partition}/{done.run.run_id}.json"
        found: dict[str, Any] = json.loads(self.objects.read(path))
        return found

    def everything(self) -> list[list[dict[str, Any]]]:
        """The rows of all four tables."""
        return [self.rows(contract) for contract in (SQUAD, SPEEDS, TOPS, LEADS)]


def error(done: Done) -> Any:
    """The error that a partition ended with."""
    assert done.error is not None
    return done.error
