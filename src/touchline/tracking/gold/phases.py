"""Which phase of play a frame lies in: by look-up, so that a million rows cost a few milliseconds.

Phases are half-open, [frame_start, frame_end): consecutive ones share their border frame, which
belongs to the later. A frame in no phase is dead ball.
"""

import polars as pl

DEAD_BALL, IN_POSSESSION, OUT_OF_POSSESSION = 0, 1, 2


def phase_rows(phases: pl.DataFrame, frames: pl.Series) -> pl.Series:
    """For each of the frame numbers the row number of its phase in `phases`, null in dead ball.

    Where phases overlap, the one that starts later holds the frame.

    Args:
        phases: PHASES of one match, in any order.
        frames: Frame numbers, none below 0.
    """
    held = (
        phases.with_row_index("row")
        .sort("frame_start", "phase_index")
        .filter(pl.col("frame_end") > pl.col("frame_start"))
        .select("row", frame=pl.int_ranges("frame_start", "frame_end"))
        .explode("frame")
        .cast({"row": pl.Int32, "frame": pl.UInt32})
    )
    last = pl.concat([frames.cast(pl.UInt32), held["frame"]]).max()
    by_frame = pl.Series("phase_row", [None], dtype=pl.Int32)
    if isinstance(last, int):
        by_frame = by_frame.new_from_index(0, last + 1).scatter(held["frame"], held["row"])
    return by_frame.gather(frames)


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
