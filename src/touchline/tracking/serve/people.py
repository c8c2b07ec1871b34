"""How players are named and grouped on the page."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl

from touchline.tracking.serve.metrics import Row

_KEEPERS = "goalkeepers"
_OTHER, _UNKNOWN = "Other", "Unknown"
_INITIAL = re.compile(r"^\w\.\s+(?=\S)")
_LONGEST = 15


def name(row: Row) -> str:
    """His short name, else his name, else his number at the provider."""
    return row["player_short_name"] or row["player_name"] or f"Player {row['player_id']}"


def team(row: Row) -> str:
    """His team's name, else which of the two it is."""
    return row["team_name"] or ("Home team" if row["is_home"] else "Away team")


def side(row: Row) -> str:
    """`home` or `away`."""
    return "home" if row["is_home"] else "away"


def group() -> pl.Expr:
    """The provider's position group; of it goalkeepers, whom it counts under Other, stand apart."""
    given = pl.col("position_group").fill_null(_UNKNOWN)
    keeper = (pl.col("position") == "GK") & given.is_in([_OTHER, _UNKNOWN])
    return (
        pl.when(keeper)
        .then(pl.format("{} ({})", given, pl.lit(_KEEPERS)))
        .otherwise(given)
        .alias("group")
    )


def ordered(metrics: pl.DataFrame) -> list[dict[str, Any]]:
    """PLAYER_METRICS as rows with `group`: home team first, starters first, most minutes first."""
    return (
        metrics.with_columns(group())
        .sort(
            "is_home",
            "started",
            "minutes_played",
            "player_id",
            descending=[True, True, True, False],
            nulls_last=True,
        )
        .to_dicts()
    )


def labels(names: Sequence[str]) -> list[str]:
    """Names for a crowded picture: without the initial where that leaves them apart, and short."""
    bare = [_INITIAL.sub("", n) for n in names]
    twice = Counter(bare)
    return [_cut(b if twice[b] == 1 else n) for n, b in zip(names, bare, strict=True)]


def listed(names: Iterable[str]) -> str:
    """Names in a sentence."""
    return ", ".join(names)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
