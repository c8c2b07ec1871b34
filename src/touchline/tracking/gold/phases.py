"""Which phase of play a frame lies in: by search, at a cost that no phase's length changes.

Phases are half-open, [frame_start, frame_end): consecutive ones share their border frame, which
belongs to the later. A frame in no phase is dead ball.
"""

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

DEAD_BALL, IN_POSSESSION, OUT_OF_POSSESSION = 0, 1, 2


def phase_rows(phases: pl.DataFrame, frames: pl.Series) -> pl.Series:
    """For each of the frame numbers the row number of its phase in `phases`, null in dead ball.

    Where phases overlap, the one that starts later holds the frame; of those that start together
    the one of the higher index.

    Args:
        phases: PHASES of one match, in any order.
        frames: Frame numbers.
    """
    import numpy as np

    borders, holders = _holders(phases)
    at = np.searchsorted(borders, frames.to_numpy(), side="right")
    return pl.Series("phase_row", holders, dtype=pl.Int32).gather(at)


def _holders(phases: pl.DataFrame) -> "tuple[npt.NDArray[np.int32], list[int | None]]":
    """The frames at which the phase in play changes, and its row before the first and after each.

    Of the phases that have begun the last is on top of `open_rows`; those that ended leave it once
    they come to its top.
    """
    import numpy as np

    ordered = (
        phases.with_row_index("row")
        .filter(pl.col("frame_end") > pl.col("frame_start"))
        .sort("frame_start", "phase_index")
    )
    starts, ends, rows = (ordered[n].to_list() for n in ("frame_start", "frame_end", "row"))
    borders = sorted({*starts, *ends})
    holders: list[int | None] = [None]
    open_rows: list[int] = []
    begun = 0
    for border in borders:
        while begun < len(rows) and starts[begun] == border:
            open_rows.append(begun)
            begun += 1
        while open_rows and ends[open_rows[-1]] <= border:
            open_rows.pop()
        holders.append(rows[open_rows[-1]] if open_rows else None)
    return np.array(borders, dtype=np.int32), holders


def play_states(phases: pl.DataFrame, frames: pl.Series, team_ids: pl.Series) -> pl.Series:
    """For each frame and team DEAD_BALL, IN_POSSESSION or OUT_OF_POSSESSION (UInt8).

    Args:
        phases: PHASES of one match, in any order.
        frames: Frame numbers.
        team_ids: The team asked for at each frame, as many.
    """
    rows = phase_rows(phases, frames)
    teams = {
        name: phases[name].gather(rows)
        for name in ("team_in_possession_id", "team_out_of_possession_id")
    }
    own = pl.DataFrame({"team": team_ids, **teams})
    return own.select(
        state=pl.when(pl.col("team") == pl.col("team_in_possession_id"))
        .then(pl.lit(IN_POSSESSION, pl.UInt8))
        .when(pl.col("team") == pl.col("team_out_of_possession_id"))
        .then(pl.lit(OUT_OF_POSSESSION, pl.UInt8))
        .otherwise(pl.lit(DEAD_BALL, pl.UInt8))
    )["state"]
