"""The prototype's sprint rule, kept so that its published table can be checked."""

from dataclasses import dataclass

import polars as pl

from touchline.tracking.gold.kinematics import KMH_PER_MS
from touchline.tracking.gold.stretches import rows_of, stretches


@dataclass(frozen=True)
class PrototypeRule:
    """Steps between consecutive rows of a player, whatever lies between the rows.

    A step above `max_step_m` is left out, speed is clipped, smoothed by a median and then a mean
    of rows, and a stretch of `min_rows` is kept if its mean, its `top_quantile` (reported as the
    top speed) and its distance lie within bounds. It knows no gaps and no periods.
    """

    name: str = "prototype"
    frames_per_s: float = 10.0
    max_step_m: float = 1.0
    clip_kmh: float = 32.0
    median_rows: int = 11
    mean_rows: int = 7
    min_speed_kmh: float = 24.5
    min_rows: int = 6
    top_quantile: float = 0.9
    avg_within_kmh: tuple[float, float] = (24.5, 29.0)
    top_within_kmh: tuple[float, float] = (26.0, 33.0)
    min_distance_m: float = 7.0


def prototype_sprints(frames: pl.DataFrame, rule: PrototypeRule) -> pl.DataFrame:
    """`first_row`, `last_row`, duration, distance and speeds of each sprint of ordered frames.

    Source: docs/tracking.md, Two sprint rules.
    """
    same = frames["player_id"] == frames["player_id"].shift(1)
    speed = _smooth_kmh(frames, rule)
    found = stretches(speed >= rule.min_speed_kmh, same.fill_null(value=False))
    found = found.filter(pl.col("last_row") - pl.col("first_row") + 1 >= rule.min_rows)
    rows = rows_of(found)
    told = (
        rows.with_columns(speed_kmh=speed.gather(rows["row"]))
        .group_by("stretch", maintain_order=True)
        .agg(
            avg_speed_kmh=pl.col("speed_kmh").mean(),
            top_speed_kmh=pl.col("speed_kmh").quantile(rule.top_quantile, "linear"),
        )
        .drop("stretch")
    )
    first, last = (frames["frame"].gather(found[end]) for end in ("first_row", "last_row"))
    duration_s = ((last - first + 1) / rule.frames_per_s).alias("duration_s")
    return (
        pl.concat([found, told, duration_s.to_frame()], how="horizontal")
        .with_columns(distance_m=pl.col("avg_speed_kmh") / KMH_PER_MS * pl.col("duration_s"))
        .filter(
            pl.col("avg_speed_kmh").is_between(*rule.avg_within_kmh),
            pl.col("top_speed_kmh").is_between(*rule.top_within_kmh),
            pl.col("distance_m") >= rule.min_distance_m,
        )
    )


def _smooth_kmh(frames: pl.DataFrame, rule: PrototypeRule) -> pl.Series:
    """The smoothed speed of each row; null where no step lies in any window."""
    step_m = (pl.col("x_m").diff() ** 2 + pl.col("y_m").diff() ** 2).sqrt()
    speed = pl.when(step_m <= rule.max_step_m).then(step_m * rule.frames_per_s * KMH_PER_MS)
    clipped = speed.clip(upper_bound=rule.clip_kmh)
    median = clipped.rolling_median(rule.median_rows, min_samples=1, center=True)
    smooth = median.rolling_mean(rule.mean_rows, min_samples=1, center=True)
    return frames.select(smooth_kmh=smooth.over("player_id"))["smooth_kmh"]
