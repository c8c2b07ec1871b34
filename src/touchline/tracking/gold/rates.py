"""Rates of gold columns: per 90 minutes played, per 30 minutes with and without the ball."""

import polars as pl

from touchline.tracking.contracts.events import RateRule

_RULE = RateRule()


def per_90(amount: str) -> pl.Expr:
    """The column x 90 / minutes_played; null without minutes."""
    return per_minutes(amount, "minutes_played", _RULE.per_90_min)


def per_30(amount: str, possession: str) -> pl.Expr:
    """The column x 30 / minutes_tip or minutes_otip; null without such minutes."""
    return per_minutes(amount, f"minutes_{possession}", _RULE.per_30_min)


def per_minutes(amount: str, minutes: str, length_min: float) -> pl.Expr:
    """The column for that many of the minutes; null where there are none."""
    return pl.when(pl.col(minutes) > 0).then(pl.col(amount) * length_min / pl.col(minutes))
