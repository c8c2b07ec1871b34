"""Off-ball runs: planned bouts that became fast enough while a team mate had the ball."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from touchline.tracking.simulate.arrays import Bools, Floats, Ints
from touchline.tracking.simulate.bouts import Bout
from touchline.tracking.simulate.events.acts import Acts, act_columns, attack_columns, persons
from touchline.tracking.simulate.events.labels import (
    LOCATIONS,
    Columns,
    Labels,
    cm,
    given,
    labelled,
    zone,
    zone_names,
)
from touchline.tracking.simulate.events.scene import Scene, ahead, team
from touchline.tracking.simulate.run_script import RUN_KINDS
from touchline.tracking.simulate.stretches import stretch

SUBTYPES = Labels(
    tuple(kind.subtype for kind in RUN_KINDS), tuple(kind.subtype_id for kind in RUN_KINDS)
)
BEHIND = SUBTYPES.names.index("behind")
ABOVE_MS = 4.0
SHORTEST_ROWS = 8
SAME_LINE_M = 3.0


@dataclass(frozen=True)
class Runs:
    """Runs in order of their first frame; `kind` is an index into RUN_KINDS."""

    first: Ints
    last: Ints
    slot: Ints
    possession: Ints
    kind: Ints

    def __len__(self) -> int:
        """How many runs."""
        return len(self.first)


def runs(scene: Scene, bouts: Sequence[Bout], speed_ms: Floats) -> Runs:
    """The runs among the bouts, every subtype at least once if there are enough of them."""
    frames = scene.clock.frames
    made = scene.possessions
    found = []
    for bout in bouts:
        if bout.run < 0 or made.slot[bout.possession] == bout.slot:
            continue
        fast = stretch(bout, speed_ms, scene.clock, above_ms=ABOVE_MS)
        if fast is None or fast.rows < SHORTEST_ROWS:
            continue
        begin, end = int(frames[fast.first_row]), int(frames[fast.last_row])
        if made.period[bout.possession] == scene.clock.period_of(np.array([begin]))[0]:
            found.append((begin, end, bout.slot, bout.possession, bout.run))
    first, last, slot, possession, kind = np.array(sorted(found), dtype=np.int64).reshape(-1, 5).T
    return Runs(first, last, slot, possession, _with_every_kind(kind))


def _with_every_kind(kind: Ints) -> Ints:
    for wanted in range(len(RUN_KINDS)):
        if len(kind) > len(RUN_KINDS) and not (kind == wanted).any():
            commonest = np.bincount(kind).argmax()
            kind[np.flatnonzero(kind == commonest)[-1]] = wanted
    return kind


def run_acts(scene: Scene, made: Runs) -> Acts:
    """The runs as events."""
    side = scene.possessions.side[made.possession]
    return Acts("off_ball_run", made.first, made.last, made.first, made.slot, side, made.possession)


def run_columns(
    scene: Scene, made: Runs, random: np.random.Generator, *, received: Bools, targeted: Bools
) -> Columns:
    """All columns of the runs but those that the passing options know.

    Args:
        scene: The match.
        made: The runs.
        random: Random numbers of their own.
        received: Where the run got the ball.
        targeted: Where the run was passed to.
    """
    acts = run_acts(scene, made)
    count = len(made)
    overlaps = (made.first[:, None] <= made.last[None, :]) & (
        made.last[:, None] >= made.first[None, :]
    )
    mates = acts.side[:, None] == acts.side[None, :]
    behind = made.kind == BEHIND
    start = scene.possessions.first[made.possession]
    return {
        **act_columns(scene, acts, random),
        **attack_columns(scene, acts),
        **labelled("event_subtype_id", "event_subtype", SUBTYPES, index=made.kind),
        **holder_columns(scene, acts),
        **overtaken(scene, acts),
        "targeted": pl.Series(targeted),
        "received": pl.Series(received),
        "received_in_space": given(random.random(count) < 0.72, received),
        "passing_option_at_player_possession_start": pl.Series(acts.first <= start),
        "n_simultaneous_runs": pl.Series((overlaps & mates).sum(axis=1) - 1),
        "give_and_go": pl.Series(random.random(count) < 0.07),
        "intended_run_behind": given(random.random(count) < 0.78, behind),
        "push_defensive_line": given(random.random(count) < 0.5, behind),
        "break_defensive_line": given(random.random(count) < 0.22, behind),
        "passing_option_at_start": pl.Series(random.random(count) < 0.78),
        "is_pass_reception_matched": given(np.full(count, True), received),
    }


def overtaken(scene: Scene, acts: Acts) -> Columns:
    """Opponents ahead at both ends; fewer at the end are overtaken, more are a negative number."""
    opponents = team(1 - acts.side)
    counts = [
        ahead(
            scene.everybody(frames, acts.side),
            scene.places(frames, acts.slot, acts.side)[:, 0],
            opponents,
        )
        for frames in (acts.first, acts.last)
    ]
    return {
        "n_opponents_ahead_end": pl.Series(counts[1]),
        "n_opponents_ahead_start": pl.Series(counts[0]),
        "n_opponents_overtaken": pl.Series(counts[0] - counts[1]),
    }


def holder_columns(scene: Scene, acts: Acts) -> Columns:
    """Who had the ball meanwhile, where, and how far from the acting player."""
    made = scene.possessions
    slot = made.slot[acts.possession]
    columns: Columns = {
        **persons(scene, made.first[acts.possession], slot, prefix="player_in_possession"),
        "associated_player_possession_frame_start": pl.Series(made.first[acts.possession]),
    }
    location, place = "location_to_player_in_possession", "player_in_possession"
    for suffix, frames in (("start", acts.first), ("end", acts.last)):
        ball = scene.places(frames, slot, acts.side)
        gap = scene.places(frames, acts.slot, acts.side) - ball
        index = np.digitize(gap[:, 0], (-SAME_LINE_M, SAME_LINE_M))
        columns |= {
            **labelled(f"{location}_id_{suffix}", f"{location}_{suffix}", LOCATIONS, index=index),
            f"distance_to_{place}_{suffix}": pl.Series(cm(np.hypot(gap[:, 0], gap[:, 1]))),
            f"{place}_x_{suffix}": pl.Series(cm(ball[:, 0])),
            f"{place}_y_{suffix}": pl.Series(cm(ball[:, 1])),
            **zone(ball, scene.pitch, names=zone_names(f"{place}_", suffix)),
        }
    return columns
