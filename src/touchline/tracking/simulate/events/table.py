"""The events file: all four kinds together, numbered in the order of their first frame."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from touchline.tracking.simulate.arrays import Bools, Ints
from touchline.tracking.simulate.engagements import Engagements
from touchline.tracking.simulate.events.labels import Columns, given
from touchline.tracking.simulate.events.on_ball import possession_columns
from touchline.tracking.simulate.events.options import (
    Options,
    option_columns,
    options,
    value_columns,
)
from touchline.tracking.simulate.events.pressing import engagement_columns
from touchline.tracking.simulate.events.runs import Runs, run_columns
from touchline.tracking.simulate.events.scene import Scene
from touchline.tracking.simulate.plan import MatchPlan
from touchline.tracking.source.headers import EVENT_COLUMNS

TIES = {8: 0, 7: 1, 1: 2, 9: 3}


@dataclass(frozen=True)
class Events:
    """The file's text, and the options that the truth is counted from."""

    text: bytes
    options: Options


def events(plan: MatchPlan, scene: Scene, runs: Runs, *, engagements: Engagements) -> Events:
    """All events of a match as the provider's CSV."""
    random = plan.random("events")
    made = options(scene, runs, random)
    tables = [
        _possessions(scene, made, runs, random=random),
        _options(scene, made, runs, random=random),
        _runs(scene, made, runs, random=random),
        _engagements(scene, made, runs, random=random, engagements=engagements),
    ]
    table = pl.concat(tables, how="diagonal_relaxed")
    table = table.sort(
        "frame_start", pl.col("event_type_id").replace_strict(TIES), maintain_order=True
    ).with_columns(index=pl.int_range(pl.len()), match_id=pl.lit(plan.match_id, dtype=pl.Int64))
    missing = [
        pl.lit(None, dtype=pl.String).alias(c) for c in EVENT_COLUMNS if c not in table.columns
    ]
    return Events(csv(table.with_columns(missing).select(EVENT_COLUMNS)), made)


def csv(table: pl.DataFrame) -> bytes:
    """CSV as the provider writes it: True and False, nothing for null."""
    flags = [
        pl.when(pl.col(name))
        .then(pl.lit("True"))
        .when(~pl.col(name))
        .then(pl.lit("False"))
        .alias(name)
        for name, kind in table.schema.items()
        if kind == pl.Boolean
    ]
    return table.with_columns(flags).write_csv().encode()


def _ids(prefix: int, numbers: Ints, where: Bools | None = None) -> pl.Series:
    ids = pl.Series([f"{prefix}_{number}" for number in numbers.tolist()], dtype=pl.String)
    return ids if where is None else given(ids, where)


def _possessions(
    scene: Scene, made: Options, runs: Runs, *, random: np.random.Generator
) -> pl.DataFrame:
    columns = possession_columns(scene, made, runs, random=random)
    count = len(scene.possessions)
    target = np.full(count, -1)
    target[made.possession[made.targeted]] = np.flatnonzero(made.targeted)
    return pl.DataFrame(columns | {
        "event_id": _ids(8, np.arange(count)),
        "targeted_passing_option_event_id": _ids(7, target, target >= 0),
    })  # fmt: skip


def _options(
    scene: Scene, made: Options, runs: Runs, *, random: np.random.Generator
) -> pl.DataFrame:
    return pl.DataFrame(option_columns(scene, made, runs, random=random) | {
        "event_id": _ids(7, np.arange(len(made))),
        "associated_player_possession_event_id": _ids(8, made.possession),
        "associated_off_ball_run_event_id": _ids(1, made.run, made.run >= 0),
    })  # fmt: skip


def _runs(scene: Scene, made: Options, runs: Runs, *, random: np.random.Generator) -> pl.DataFrame:
    """Runs know what their passing option is worth."""
    option = np.zeros(len(runs), dtype=np.int64)
    option[made.run[made.run >= 0]] = np.flatnonzero(made.run >= 0)
    columns: Columns = run_columns(
        scene, runs, random, received=made.received[option], targeted=made.targeted[option]
    )
    worth = {name: values.gather(option) for name, values in value_columns(made).items()}
    return pl.DataFrame(columns | worth | {
        "event_id": _ids(1, np.arange(len(runs))),
        "associated_player_possession_event_id": _ids(8, runs.possession),
    })  # fmt: skip


def _engagements(
    scene: Scene,
    made: Options,
    runs: Runs,
    *,
    random: np.random.Generator,
    engagements: Engagements,
) -> pl.DataFrame:
    columns = engagement_columns(scene, engagements, made, runs=runs, random=random)
    return pl.DataFrame(columns | {
        "event_id": _ids(9, np.arange(len(engagements.presses))),
        "associated_player_possession_event_id": _ids(8, engagements.presses.possession),
    })  # fmt: skip
