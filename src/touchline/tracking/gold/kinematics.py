"""Speed and acceleration of every row of FRAMES: what sprints and physical output are made from.

The work is done on sorted columns with shifts. A row is *joined* to the row before it where both
are one player's, in one period, at most `max_gap_s` apart and no tracking jump lies between; a
stretch is a series of joined rows. Nothing is ever computed across the border of a stretch.
"""

from dataclasses import dataclass, field
from functools import reduce
from math import hypot
from operator import add

import polars as pl

from touchline.errors import ContractError

KMH_PER_MS = 3.6


@dataclass(frozen=True)
class KinematicsRule:
    """How positions become speed. The defaults suit broadcast tracking at 10 frames a second.

    `half_window_frames` on either side make the local line that speed, and then acceleration, is
    the slope of: 2 have the least error of distance, speed and top speed together on simulated
    matches with known truth. A step faster than `max_step_kmh` (12 m/s; the fastest man ever
    reached 12.4) is a jump of the tracking. Jumps out and back within `max_repair_s` are replaced
    by a straight line before smoothing; any other jump ends the stretch.
    """

    frames_per_s: float = 10.0
    half_window_frames: int = 2
    held_frames: int = 5
    max_gap_s: float = 0.3
    max_step_kmh: float = 43.2
    max_repair_s: float = 0.5


@dataclass(frozen=True)
class Kinematics:
    """FRAMES in order, and for each of its rows what the rule makes of it.

    Attributes:
        frames: FRAMES ordered by player and frame, jumps out and back drawn straight.
        speeds: As many rows: `joined` (bool), `step_frames` (since the row before, 1 where not
            joined), `speed_kmh`, `held_speed_kmh` (mean over `held_frames`, null near the ends of
            a stretch) and `acceleration_ms2`. Null where a row stands alone.
        rule: What it was made by.
    """

    frames: pl.DataFrame
    speeds: pl.DataFrame
    rule: KinematicsRule = field(default_factory=KinematicsRule)


def kinematics(frames: pl.DataFrame, rule: KinematicsRule | None = None) -> Kinematics:
    """The speed and acceleration of each row of one match's FRAMES, in any order.

    Args:
        frames: FRAMES of one match; rows without a position are left out.
        rule: The thresholds.

    Raises:
        ContractError: The frames are of more than one match.
    """
    rule = rule or KinematicsRule()
    frames = in_order(_positioned(one_match(frames)))
    steps = _steps(frames, rule)
    if steps["jump"].any():
        frames = _repaired(frames, steps, rule)
        steps = _steps(frames, rule)
    return Kinematics(frames, _speeds(steps, rule), rule)


def given_or_made(
    motion: Kinematics | None, frames: pl.DataFrame, rule: KinematicsRule
) -> Kinematics:
    """The motion given, or else made from the frames.

    Raises:
        ValueError: What was given was made by another rule.
    """
    if motion is None:
        return kinematics(frames, rule)
    if motion.rule != rule:
        raise ValueError(f"motion made by {motion.rule}; expected {rule}")
    return motion


def one_match(frames: pl.DataFrame) -> pl.DataFrame:
    """The frames, if they are of at most one match.

    Raises:
        ContractError: They are of several.
    """
    low, high = frames["match_id"].min(), frames["match_id"].max()
    if low != high:
        raise ContractError(
            f"tracking.frames: match_id from {low!r} to {high!r}; expected one match",
            hint="run the step on one partition at a time",
        )
    return frames


def in_order(frames: pl.DataFrame) -> pl.DataFrame:
    """The rows by player and frame; no work where they are so already."""
    player, frame = pl.col("player_id"), pl.col("frame")
    before = player.shift(1)
    disorder = (player < before) | ((player == before) & (frame < frame.shift(1)))
    if frames.select(disorder.any()).item():
        return frames.sort("player_id", "frame")
    return frames


def _positioned(frames: pl.DataFrame) -> pl.DataFrame:
    known = pl.all_horizontal(pl.col("x_m", "y_m").is_finite().fill_null(value=False))
    return frames if frames.select(known.all()).item() else frames.filter(known)


def _steps(frames: pl.DataFrame, rule: KinematicsRule) -> pl.DataFrame:
    """Per row: frames since the row before, that step in metres a frame, and whether it joins."""
    most_frames = round(rule.max_gap_s * rule.frames_per_s)
    most_m = rule.max_step_kmh / KMH_PER_MS / rule.frames_per_s
    gap = pl.col("frame").diff()
    near = (
        (pl.col("player_id") == pl.col("player_id").shift(1))
        & (pl.col("period") == pl.col("period").shift(1))
        & gap.is_between(1, most_frames)
    )
    found = frames.lazy().select(
        near=near.fill_null(value=False),
        gap=gap,
        vx=pl.col("x_m").diff() / gap,
        vy=pl.col("y_m").diff() / gap,
    )
    fast = pl.col("vx") ** 2 + pl.col("vy") ** 2 > most_m**2
    found = found.with_columns(jump=pl.col("near") & fast.fill_null(value=False))
    joined = pl.col("near") & ~pl.col("jump")
    return found.select(
        "jump",
        joined=joined,
        gap=pl.when(joined).then("gap").otherwise(1),
        vx=pl.when(joined).then("vx"),
        vy=pl.when(joined).then("vy"),
    ).collect()


def _speeds(steps: pl.DataFrame, rule: KinematicsRule) -> pl.DataFrame:
    half = rule.half_window_frames
    kmh = rule.frames_per_s * KMH_PER_MS
    vx, vy = slope(pl.col("vx"), half), slope(pl.col("vy"), half)
    speed = pl.col("speed_kmh")
    rise = pl.when("joined").then(speed.diff() / pl.col("gap"))
    return (
        steps.lazy()
        .select("joined", "gap", speed_kmh=(vx**2 + vy**2).sqrt() * kmh)
        .with_columns(rise=rise)
        .select(
            "joined",
            "speed_kmh",
            step_frames="gap",
            held_speed_kmh=_held(rule.held_frames),
            acceleration_ms2=slope(pl.col("rise"), half) * (rule.frames_per_s / KMH_PER_MS),
        )
        .collect()
    )


def _held(held_frames: int) -> pl.Expr:
    """The mean speed of that many joined rows about each row, added up in the same order always."""
    before = (held_frames - 1) // 2
    around = range(-before, held_frames - before)
    whole = pl.all_horizontal(
        pl.col("joined").shift(-k, fill_value=False) for k in around if k > -before
    )
    total = reduce(add, (pl.col("speed_kmh").shift(-k) for k in around))
    return pl.when(whole).then(total / held_frames)


def slope(step: pl.Expr, half_window: int) -> pl.Expr:
    """The slope of the least-squares line over `half_window` rows on either side, per row.

    `step` is the change from the row before, null where rows are not joined: so the widest window
    that fits into the stretch is the first that is not null. At the ends of a stretch it is the
    one step there is; null for a row that stands alone.
    """
    return pl.coalesce(
        *(_line(step, width) for width in range(half_window, 0, -1)), step.shift(-1), step
    )


def _line(step: pl.Expr, half_window: int) -> pl.Expr:
    squares = 2 * sum(k * k for k in range(1, half_window + 1))
    terms = [
        step.shift(-j) * (sum(range(j if j > 0 else 1 - j, half_window + 1)) / squares)
        for j in range(1 - half_window, half_window + 1)
    ]
    return reduce(add, terms)


def _repaired(frames: pl.DataFrame, steps: pl.DataFrame, rule: KinematicsRule) -> pl.DataFrame:
    """The frames with each short excursion (a jump out and soon back) drawn straight."""
    rows, xs, ys = [], [], []
    for left, back in _excursions(frames, steps, rule):
        for row in range(left.row + 1, back.row):
            share = (frames.item(row, "frame") - left.frame) / (back.frame - left.frame)
            rows.append(row)
            xs.append(left.x_m + share * (back.x_m - left.x_m))
            ys.append(left.y_m + share * (back.y_m - left.y_m))
    if not rows:
        return frames
    x_m, y_m = frames["x_m"].clone(), frames["y_m"].clone()
    return frames.with_columns(x_m.scatter(rows, xs), y_m.scatter(rows, ys))


@dataclass(frozen=True)
class _Place:
    row: int
    frame: int
    x_m: float
    y_m: float


def _excursions(
    frames: pl.DataFrame, steps: pl.DataFrame, rule: KinematicsRule
) -> list[tuple[_Place, _Place]]:
    """The last place before and the first after each excursion, in order, none overlapping."""
    jumps = steps["jump"].arg_true()
    left, back = (
        [_Place(*place) for place in frames[rows].select(rows, "frame", "x_m", "y_m").rows()]
        for rows in ((jumps - 1).alias("row"), jumps.alias("row"))
    )
    near = steps["joined"] | steps["jump"]
    most_rows = round(rule.max_repair_s * rule.frames_per_s)
    most_m = rule.max_step_kmh / KMH_PER_MS / rule.frames_per_s
    found: list[tuple[_Place, _Place]] = []
    for before, after in zip(left, back[1:], strict=False):
        moved_m = hypot(after.x_m - before.x_m, after.y_m - before.y_m)
        plain = (
            after.row - before.row <= most_rows + 1
            and not (found and before.row < found[-1][1].row)
            and moved_m <= most_m * (after.frame - before.frame)
            and near[before.row + 1 : after.row + 1].all()
        )
        if plain:
            found.append((before, after))
    return found
