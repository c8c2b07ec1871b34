"""Efforts: bouts of a speed band, accelerations and decelerations, counted per player."""

from dataclasses import dataclass, field

import polars as pl

from touchline.tracking.gold.kinematics import Kinematics, KinematicsRule
from touchline.tracking.gold.phases import IN_POSSESSION, OUT_OF_POSSESSION
from touchline.tracking.gold.stretches import bouts, rows_of, without


@dataclass(frozen=True)
class PhysicalRule:
    """Speed bands, acceleration limits and shortest efforts, as in the provider's glossary.

    The glossary leaves open how soon an explosive acceleration reaches its speed, and of which
    frames PSV-99 is a percentile. `explosive_within_s` is our answer to the first. To the second
    it is the frames at `running_kmh` or more: with the provider's mean distances by band that
    gives 27 to 29 km/h, as its season aggregates have; over all frames it would be about 23
    (docs/decisions, PSV-99).
    """

    running_kmh: float = 15.0
    hsr_kmh: float = 20.0
    sprint_kmh: float = 25.0
    medium_ms2: float = 1.5
    high_ms2: float = 3.0
    min_bout_s: float = 0.7
    explosive_from_kmh: float = 9.0
    explosive_within_s: float = 4.0
    peak_quantile: float = 0.99
    kinematics: KinematicsRule = field(default_factory=KinematicsRule)


def effort_counts(motion: Kinematics, state: pl.Series, rule: PhysicalRule) -> pl.DataFrame:
    """Each player's number of efforts of each kind, in all, with (_tip) and without (_otip) ball.

    Args:
        motion: Speed and acceleration of one match.
        state: play_states() of its rows; an effort is in that of its middle row.
        rule: The thresholds.

    Returns:
        One row per player who made any effort at all: `player_id` and the counts.
    """
    kinds = _kinds(motion, rule)
    middle = (pl.col("first_row") + pl.col("last_row")) // 2
    efforts = pl.concat(
        found.select(kind=pl.lit(kind), row=middle.cast(pl.UInt32)) for kind, found in kinds.items()
    )
    efforts = efforts.with_columns(
        player_id=motion.frames["player_id"].gather(efforts["row"]),
        state=state.gather(efforts["row"]),
    )
    counts = efforts.group_by("player_id").agg(
        (pl.col("kind").eq(kind) & at).sum().alias(f"{kind}{end}")
        for kind in kinds
        for end, at in _by_state().items()
    )
    return counts.with_columns(
        (pl.col(f"hsr_count{end}") + pl.col(f"sprint_band_count{end}")).alias(f"hi_count{end}")
        for end in _by_state()
    )


def _by_state() -> dict[str, pl.Expr]:
    state = pl.col("state")
    return {
        "": pl.lit(value=True),
        "_tip": state == IN_POSSESSION,
        "_otip": state == OUT_OF_POSSESSION,
    }


def _kinds(motion: Kinematics, rule: PhysicalRule) -> dict[str, pl.DataFrame]:
    """The stretches of each kind of effort; one that holds a stronger one counts as that alone."""
    speed, rise = pl.col("speed_kmh"), pl.col("acceleration_ms2")
    running, hsr, sprint = (
        bouts(motion, speed >= limit, rule.min_bout_s)
        for limit in (rule.running_kmh, rule.hsr_kmh, rule.sprint_kmh)
    )
    faster, slower = (bouts(motion, r >= rule.medium_ms2, rule.min_bout_s) for r in (rise, -rise))
    surges, brakes = (bouts(motion, r > rule.high_ms2, rule.min_bout_s) for r in (rise, -rise))
    explosive = _explosive(motion, faster, surges, rule=rule)
    reached = pl.col("reached_kmh")
    return {
        "running_count": without(running, hsr),
        "hsr_count": without(hsr, sprint),
        "sprint_band_count": sprint,
        "high_acceleration_count": surges,
        "medium_acceleration_count": without(faster, surges),
        "high_deceleration_count": brakes,
        "medium_deceleration_count": without(slower, brakes),
        "explosive_acceleration_to_hsr_count": explosive.filter(reached >= rule.hsr_kmh),
        "explosive_acceleration_to_sprint_count": explosive.filter(reached >= rule.sprint_kmh),
    }


def _explosive(
    motion: Kinematics, faster: pl.DataFrame, surges: pl.DataFrame, *, rule: PhysicalRule
) -> pl.DataFrame:
    """High accelerations that begin slowly, with the highest speed then reached in time.

    A high acceleration begins where the acceleration of medium strength that holds it does.
    """
    speed, joined = motion.speeds["speed_kmh"], motion.speeds["joined"]
    begun = surges.join_asof(
        faster.select(begin_row="first_row"),
        left_on="first_row",
        right_on="begin_row",
        coalesce=False,
    )
    begun = begun.filter(speed.gather(begun["begin_row"]) < rule.explosive_from_kmh)
    most_rows = round(rule.explosive_within_s * motion.rule.frames_per_s)
    last = pl.min_horizontal(pl.col("begin_row") + most_rows, pl.lit(max(speed.len() - 1, 0)))
    rows = rows_of(begun.select(first_row="begin_row", last_row=last.cast(pl.UInt32)))
    begins = (rows["stretch"] != rows["stretch"].shift(1)).fill_null(value=True)
    breaks = (~joined.gather(rows["row"]) & ~begins).cast(pl.UInt32)
    reached = (
        rows.with_columns(speed_kmh=speed.gather(rows["row"]), breaks=breaks)
        .filter(pl.col("breaks").cum_sum().over("stretch") == 0)
        .group_by("stretch", maintain_order=True)
        .agg(reached_kmh=pl.col("speed_kmh").max())
    )
    return pl.concat([begun, reached.drop("stretch")], how="horizontal")
