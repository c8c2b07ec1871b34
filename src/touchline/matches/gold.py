"""Events -> statistics: the one definition, of history and of what is live."""

from collections.abc import Sequence

import polars as pl

from touchline.core.ports import Version
from touchline.matches.contracts import COUNTS
from touchline.matches.live import EVENTS

_PLAYER = ("match_id", "team_id", "player_id")


def match_stats(match_events: pl.DataFrame) -> pl.DataFrame:
    """How many events of each type each team and each player has, cancelled ones aside.

    Args:
        match_events: MATCH_EVENTS, or as much of it as `live_events` gives.

    Returns:
        MATCH_STATS by team and player, a team's own row before its players', and what is of no team
        last; no events give no rows.
    """
    kinds = {name: pl.col("event_type") == kind for name, kind in COUNTS.items()}
    counted = match_events.filter(pl.col("status") != "cancelled").select(
        *_PLAYER,
        pl.lit(1, pl.Int64).alias("events"),
        **{n: k.cast(pl.Int64) for n, k in kinds.items()},
    )
    of_teams = counted.with_columns(player_id=pl.lit(None, pl.String))
    of_players = counted.filter(pl.col("player_id").is_not_null())
    found = pl.concat([of_teams, of_players]).group_by(_PLAYER).sum()
    return found.sort(_PLAYER, nulls_last=[True, True, False])


def live_events(versions: Sequence[Version]) -> pl.DataFrame:
    """What `match_stats` reads of events, of the rows that a serving store lists."""
    columns = {
        "match_id": [version.key for version in versions],
        **{name: [v.by[n] or None for v in versions] for n, name in enumerate(EVENTS.by)},
        "status": ["confirmed"] * len(versions),
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
