"""A player's numbers against those of his position group."""

from dataclasses import dataclass

import numpy as np
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

    A percentile is the share of the group's performances below his, ties counting half; a value
    between two of them lies in proportion between their percentiles, one beyond all at 0 or 100.
    `low`, `median` and `high` are read off the same line, so that a value above `high` has a
    percentile above that of `high`.

    Args:
        metrics: PLAYER_METRICS of one match.
        population: PLAYER_METRICS of all matches, one row per performance.
        rule: Whom to compare with.

    Returns:
        One row per player and metric, ordered by both: `value`, `percentile` (0 to 100; null
        without a value or a group), `low`, `median`, `high` of the group (null without a group)
        and `performances` that have the number.

    Source: Hazen's plotting position, (rank - 1/2) / count; Hyndman and Fan 1996, definition 5.
    """
    own = _long(metrics.with_columns(group()), ["player_id", "group"])
    others = _long(_crowd(population, rule), ["group"]).drop_nulls("value")
    met = own.join(
        others.rename({"value": "other"}), on=["group", "metric"], how="left", maintain_order="left"
    )
    ranked = met.group_by("player_id", "metric", "group").agg(
        value=pl.col("value").first(),
        percentile=_percentile(pl.col("value").first(), pl.col("other")),
        performances=pl.col("other").count(),
    )
    return (
        ranked.join(_bands(others, rule), on=["group", "metric"], how="left")
        .select(
            "player_id", "metric", "group", "value", "percentile", "low", "median", "high",
            "performances",
        )
        .sort("player_id", "metric")
    )  # fmt: skip


def _percentile(value: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Where the value lies among the others, 0 to 100; null without either."""
    count, below, equal = other.count(), (other < value).sum(), (other == value).sum()
    under, over = other.filter(other < value).max(), other.filter(other > value).min()
    between = below - 0.5 + (value - under) / (over - under)
    rank = pl.when((equal > 0) | (below == 0) | (below == count)).then(below + equal / 2)
    measured = value.is_not_null() & (count > 0)
    return pl.when(measured).then(rank.otherwise(between) / count * 100)


def _bands(others: pl.DataFrame, rule: ComparisonRule) -> pl.DataFrame:
    """`low`, `median` and `high` of each group's numbers, at the percentiles of `_percentile`."""
    shares = (rule.low, 0.5, rule.high)
    rows = [
        (*key, *np.quantile(part["value"].to_numpy(), shares, method="hazen").tolist())
        for key, part in others.group_by("group", "metric")
    ]
    names = ("group", "metric", "low", "median", "high")
    kinds = [pl.String, pl.String, pl.Float64, pl.Float64, pl.Float64]
    return pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")


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
