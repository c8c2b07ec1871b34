"""Events -> statistics: the one definition, of history and of what is live."""

from collections.abc import Sequence

import polars as pl

from touchline.core.ports import Version
from touchline.matches.contracts import COUNTS, MATCH_STATS
from touchline.matches.live import EVENTS

_TEAM = ("match_id", "team_id")
_PLAYER = (*_TEAM, "player_id")


def match_stats(match_events: pl.DataFrame) -> pl.DataFrame:
    """How many events of each type each team and each player has, cancelled ones aside.

    Args:
        match_events: MATCH_EVENTS, or as much of it as `live_events` gives.

    Returns:
        MATCH_STATS by team and player, a team's own row before its players', and what is of no team
        last; no events give no rows.
    """
    counts = [
        pl.len().alias("events"),
        *((pl.col("event_type") == kind).sum().alias(name) for name, kind in COUNTS.items()),
    ]
    events = match_events.filter(pl.col("status") != "cancelled")
    teams = events.group_by(_TEAM).agg(counts).with_columns(player_id=pl.lit(None, pl.String))
    players = events.filter(pl.col("player_id").is_not_null()).group_by(_PLAYER).agg(counts)
    found = pl.concat([teams.select(players.columns), players])
    in_order = found.sort(_PLAYER, nulls_last=[True, True, False])
    return in_order.cast(dict.fromkeys(("events", *COUNTS), pl.Int64)).select(MATCH_STATS.names)


def live_events(versions: Sequence[Version]) -> pl.DataFrame:
    """What `match_stats` reads of events, of the rows that a serving store lists."""
    columns = {
        "match_id": [version.key for version in versions],
        **{name: [v.by[n] or None for v in versions] for n, name in enumerate(EVENTS.by)},
        "status": ["confirmed"] * len(versions),
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
