"""Rates of gold columns: per 90 minutes played, per 30 minutes with and without the ball."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

import polars as pl

from touchline.tracking.contracts.events import RateRule

Rule = TypeVar("Rule")


@dataclass(frozen=True)
class Rated(Generic[Rule]):
    """The rule of a table's amounts, and that of the minutes their rates are stated for."""

    amounts: Rule
    rate: RateRule = field(default_factory=RateRule)


def per_90(amount: str, rule: RateRule) -> pl.Expr:
    """The column x 90 / minutes_played; null without minutes."""
    return per_minutes(amount, "minutes_played", rule.per_90_min)


def per_30(amount: str, possession: str, rule: RateRule) -> pl.Expr:
    """The column x 30 / minutes_tip or minutes_otip; null without such minutes."""
    return per_minutes(amount, f"minutes_{possession}", rule.per_30_min)


def per_minutes(amount: str, minutes: str, length_min: float) -> pl.Expr:
    """The column for that many of the minutes; null where there are none."""
    return pl.when(pl.col(minutes) > 0).then(pl.col(amount) * length_min / pl.col(minutes))
