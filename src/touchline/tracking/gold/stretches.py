"""Stretches of rows that satisfy something: sprints, bouts of a speed band, accelerations.

A stretch is a pair of row numbers, `first_row` and `last_row`, of frames in order.
"""

import polars as pl

from touchline.tracking.gold.kinematics import Kinematics


def stretches(satisfied: pl.Series, joined: pl.Series) -> pl.DataFrame:
    """The longest runs of rows that satisfy, each row but the first joined to the one before.

    Args:
        satisfied: Per row, whether it satisfies; null counts as no.
        joined: Per row, whether it follows on from the row before.

    Returns:
        `first_row`, `last_row` of each, in order.
    """
    row = satisfied.arg_true()
    begins = (row.diff() != 1).fill_null(value=True) | ~joined.gather(row)
    ends = begins.shift(-1, fill_value=True)
    return pl.DataFrame({"first_row": row.filter(begins), "last_row": row.filter(ends)})


def bouts(motion: Kinematics, satisfied: pl.Expr, at_least_s: float) -> pl.DataFrame:
    """The stretches that satisfy for at least that long, both end frames included.

    Args:
        motion: Speed and acceleration of one match.
        satisfied: A predicate over the columns of `motion.speeds`.
        at_least_s: The shortest bout, in seconds.
    """
    found = stretches(
        motion.speeds.select(satisfied.fill_null(value=False)).to_series(), motion.speeds["joined"]
    )
    frame = motion.frames["frame"]
    frames = frame.gather(found["last_row"]) - frame.gather(found["first_row"]) + 1
    return found.filter(frames >= round(at_least_s * motion.rule.frames_per_s))


def without(outer: pl.DataFrame, inner: pl.DataFrame) -> pl.DataFrame:
    """The outer stretches that hold none of the inner ones; each inner one lies in an outer one."""
    inner = inner.select(inner_row="first_row")
    matched = outer.join_asof(inner, left_on="last_row", right_on="inner_row", coalesce=False)
    holds = pl.col("inner_row") >= pl.col("first_row")
    return matched.filter(~holds.fill_null(value=False)).select(outer.columns)


def rows_of(found: pl.DataFrame) -> pl.DataFrame:
    """One line per stretch and row of it: `stretch` (its number) and `row`."""
    return (
        found.with_row_index("stretch")
        .select("stretch", row=pl.int_ranges("first_row", pl.col("last_row") + 1))
        .explode("row")
    )
