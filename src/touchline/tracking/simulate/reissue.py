"""A match as the provider sends it a second time: the same match, some numbers corrected."""

import copy
import json
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from touchline.tracking.simulate.arrays import randomness
from touchline.tracking.simulate.engagements import PRESSING, SUBTYPE_IDS, SUBTYPES
from touchline.tracking.simulate.events.options import DANGEROUS_ABOVE
from touchline.tracking.simulate.events.table import csv
from touchline.tracking.simulate.plan import SimulatedMatch

CHANGED_RUNS = 5
CHANGED_LINES = 20
NO_PLAYERS = b'"player_data": []'


def reissued(simulated: SimulatedMatch, seed: int) -> SimulatedMatch:
    """The match with other numbers in some runs, one engagement and some positions.

    Some runs are worth more, one engagement that was no press becomes one, and one player of some
    frames stands a little further on. The truth follows; match and phases stay as they were.
    """
    random = randomness(seed, int(simulated.match["id"]), "reissue")
    truth = copy.deepcopy(simulated.truth)
    truth["faults"]["reissued"] = True
    table = pl.read_csv(simulated.events, infer_schema=False)
    table = _dearer_runs(table, random, truth)
    table = _one_more_press(table, random, truth)
    return replace(
        simulated,
        tracking=_moved(simulated.tracking, random),
        events=csv(table),
        truth=truth,
    )


def _dearer_runs(
    table: pl.DataFrame, random: np.random.Generator, truth: dict[str, Any]
) -> pl.DataFrame:
    """Give some runs, and the options that go with them, another xThreat."""
    runs = np.flatnonzero((table["event_type"] == "off_ball_run").to_numpy())
    players = {row["player_id"]: row for row in truth["players"]}
    worth = table["xthreat"].to_list()
    for run in random.choice(runs, min(CHANGED_RUNS, len(runs)), replace=False).tolist():
        before = float(worth[run])
        after = round(min(before * 1.3 + 0.0011, 1.0), 4)
        event_id = table["event_id"][run]
        twins = np.flatnonzero(
            (table["associated_off_ball_run_event_id"] == event_id).fill_null(value=False)
        )
        for row in (run, *twins.tolist()):
            worth[row] = str(after)
        player = players[int(table["player_id"][run])]
        player["sum_xthreat"] = round(player["sum_xthreat"] + after - before, 4)
    value = pl.Series("xthreat", worth, dtype=pl.String)
    dangerous = value.cast(pl.Float64) > DANGEROUS_ABOVE
    return table.with_columns(
        value, pl.when(dangerous).then(pl.lit("True")).when(~dangerous).then(pl.lit("False"))
        .alias("dangerous"),
    )  # fmt: skip


def _one_more_press(
    table: pl.DataFrame, random: np.random.Generator, truth: dict[str, Any]
) -> pl.DataFrame:
    """Make an engagement of another kind a press."""
    others = np.flatnonzero(
        table["event_subtype"].is_in(["other", "pressure"]).fill_null(value=False)
    )
    if not len(others):
        return table
    row = int(random.choice(others))
    player_id = int(table["player_id"][row])
    for player in truth["players"]:
        player["pressing_action_count"] += player["player_id"] == player_id
    here = pl.int_range(pl.len()) == row
    return table.with_columns(
        event_subtype=pl.when(here).then(pl.lit(SUBTYPES[PRESSING])).otherwise("event_subtype"),
        event_subtype_id=pl.when(here)
        .then(pl.lit(str(SUBTYPE_IDS[PRESSING])))
        .otherwise("event_subtype_id"),
    )


def _moved(tracking: bytes, random: np.random.Generator) -> bytes:
    """Move one player of some lines by up to 20 cm."""
    lines = tracking.split(b"\n")
    shown = [k for k, line in enumerate(lines) if line and NO_PLAYERS not in line]
    for k in random.choice(shown, min(CHANGED_LINES, len(shown)), replace=False).tolist():
        frame = json.loads(lines[k])
        player = frame["player_data"][int(random.integers(len(frame["player_data"])))]
        player["x"] = round(
            player["x"] - float(np.sign(player["x"])) * random.uniform(0.05, 0.2), 2
        )
        lines[k] = json.dumps(frame).encode()
    return b"\n".join(lines)
