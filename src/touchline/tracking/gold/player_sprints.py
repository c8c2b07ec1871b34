"""What each player's sprints of a match come to."""

import polars as pl

from touchline.core.contracts import conformed
from touchline.tracking.contracts.events import RateRule
from touchline.tracking.contracts.physical import PLAYER_SPRINTS
from touchline.tracking.contracts.silver import IN_POSSESSION, OUT_OF_POSSESSION
from touchline.tracking.gold.rates import Rated, per_30, per_90
from touchline.tracking.gold.sprints import PrototypeRule, SprintRule, rule_told


def player_sprints(
    sprints: pl.DataFrame,
    players: pl.DataFrame,
    frames: pl.DataFrame,
    *,
    rule: Rated[SprintRule | PrototypeRule] | None = None,
) -> pl.DataFrame:
    """Counts, distances and speeds of each player's sprints, and in which phases he made them.

    Args:
        sprints: SPRINTS of a match.
        players: PLAYERS of the match; those who neither started nor played get no row.
        frames: FRAMES of the match: who is in it was measured.
        rule: The rule that found the sprints, and that of rates; the defaults if not given.

    Returns:
        PLAYER_SPRINTS, one row per player, ordered by key: 0 for one without a sprint, null for
        one without positions or, in rates, without minutes.

    Source: docs/tracking.md, Numbers.
    """
    rule = rule or Rated(SprintRule())
    squad = players.filter(pl.col("started") | pl.col("played"))
    measured = pl.col("player_id").is_in(frames["player_id"].unique().implode())
    summed = sprints.group_by("player_id").agg(*_sums())
    counts = pl.col("^sprint_count.*$", "sprint_distance_m")
    told = (
        squad.join(summed, on="player_id", how="left")
        .with_columns(pl.when(measured).then(counts.fill_null(0)))
        .with_columns(*_rates(rule.rate), sprint_rule=pl.lit(rule_told(rule.amounts)))
    )
    return conformed(told, PLAYER_SPRINTS).sort(PLAYER_SPRINTS.key)


def _sums() -> list[pl.Expr]:
    ours, theirs = pl.col("in_possession"), ~pl.col("in_possession")
    own, other = (
        pl.col("team_in_possession_phase_type"),
        pl.col("team_out_of_possession_phase_type"),
    )
    weight = pl.col("duration_s")
    return [
        pl.len().alias("sprint_count"),
        ours.sum().alias("sprint_count_tip"),
        theirs.sum().alias("sprint_count_otip"),
        ours.null_count().alias("sprint_count_dead_ball"),
        *((ours & (own == p)).sum().alias(f"sprint_count_tip_{p}") for p in IN_POSSESSION),
        *((theirs & (other == p)).sum().alias(f"sprint_count_otip_{p}") for p in OUT_OF_POSSESSION),
        pl.col("distance_m").sum().alias("sprint_distance_m"),
        pl.col("top_speed_kmh").max().alias("top_sprint_speed_kmh"),
        pl.col("top_speed_kmh").mean().alias("avg_top_sprint_speed_kmh"),
        pl.col("avg_speed_kmh").mean().alias("avg_sprint_speed_kmh"),
        pl.col("distance_m").mean().alias("avg_sprint_distance_m"),
        pl.col("duration_s").mean().alias("avg_sprint_duration_s"),
        ((pl.col("detected_share") * weight).sum() / weight.sum()).alias("sprint_detected_share"),
    ]


def _rates(rule: RateRule) -> list[pl.Expr]:
    return [
        per_90("sprint_count", rule).alias("sprints_per_90"),
        per_90("sprint_distance_m", rule).alias("sprint_distance_per_90_m"),
        per_30("sprint_count_tip", "tip", rule).alias("sprints_per_30_tip"),
        per_30("sprint_count_otip", "otip", rule).alias("sprints_per_30_otip"),
    ]
