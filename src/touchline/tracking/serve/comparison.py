"""A player's numbers against those of his position group."""

from dataclasses import dataclass

import polars as pl

from touchline.tracking.serve import metrics as m
from touchline.tracking.serve.people import group

COMPARED = (
    m.PACE, m.HSR_PER_90, m.SPRINTS_PER_90, m.TOP_SPEED, m.RUNS_PER_90, m.DANGEROUS_PER_90,
    m.THREAT_PER_90, m.PRESSES_PER_90, m.PRESS_SUCCESS, m.REGAINS_PER_90,
)  # fmt: skip
_NAMES = [metric.name for metric in COMPARED]


@dataclass(frozen=True)
class ComparisonRule:
    """Whom a player is compared with, and when that is too few to trust.

    Performances shorter than `min_minutes` stay out of the group (their rates per 90 minutes swing
    wildly), not out of the page. The README's query asks for the same 45.
    """

    min_minutes: float = 45.0
    few: int = 20
    low: float = 0.1
    high: float = 0.9


COMPARE = ComparisonRule()


def comparison(
    metrics: pl.DataFrame, population: pl.DataFrame, rule: ComparisonRule = COMPARE
) -> pl.DataFrame:
    """Where each player stands in his position group, number by number.

    A percentile is the share of the group's performances below his, ties counting half.

    Args:
        metrics: PLAYER_METRICS of one match.
        population: PLAYER_METRICS of all matches, one row per performance.
        rule: Whom to compare with.

    Returns:
        One row per player and metric, ordered by both: `value`, `percentile` (0 to 100; null
        without a value or a group), `low`, `median`, `high` of the group (null without a group)
        and `performances` that have the number.
    """
    own = _long(metrics.with_columns(group()), ["player_id", "group"])
    others = _long(_crowd(population, rule), ["group"]).drop_nulls("value")
    met = own.join(
        others.rename({"value": "other"}), on=["group", "metric"], how="left", maintain_order="left"
    )
    other, value = pl.col("other"), pl.col("value")
    below = (other < value).sum() + (other == value).sum() / 2
    measured = value.first().is_not_null() & (other.count() > 0)
    return (
        met.group_by("player_id", "metric", "group")
        .agg(
            value=value.first(),
            percentile=pl.when(measured).then(below / other.count() * 100),
            low=other.quantile(rule.low, "linear"),
            median=other.median(),
            high=other.quantile(rule.high, "linear"),
            performances=other.count(),
        )
        .sort("player_id", "metric")
    )


def crowds(population: pl.DataFrame, rule: ComparisonRule = COMPARE) -> pl.DataFrame:
    """How many performances, players and matches each position group is made of, by `group`."""
    return (
        _crowd(population, rule)
        .group_by("group")
        .agg(
            performances=pl.len(),
            players=pl.col("player_id").n_unique(),
            matches=pl.col("match_id").n_unique(),
        )
        .sort("group")
    )


def _crowd(population: pl.DataFrame, rule: ComparisonRule) -> pl.DataFrame:
    enough = pl.col("minutes_played") >= rule.min_minutes
    return population.filter(enough).with_columns(group())


def _long(rows: pl.DataFrame, index: list[str]) -> pl.DataFrame:
    numbers = rows.select(*index, pl.col(_NAMES).cast(pl.Float64))
    return numbers.unpivot(on=_NAMES, index=index, variable_name="metric", value_name="value")
