"""The table that people query: every metric of a player in a match, beside who, when and where."""

from touchline.core.contracts import Column, Contract
from touchline.core.quality import RowPer, Rows, Within
from touchline.tracking.contracts.events import PLAYER_PRESSING, PLAYER_RUNS
from touchline.tracking.contracts.physical import PLAYER_PHYSICAL, PLAYER_SPRINTS
from touchline.tracking.contracts.silver import MATCH, MATCH_COLUMNS, MATCHES, PLAYERS

_MATCH_CONTEXT = ("kick_off_at", "competition_name", "season_name")
_PLAYER = (
    "player_id", "player_name", "player_short_name", "team_id", "team_name", "is_home", "position",
    "position_group", "started", "minutes_played", "minutes_tip", "minutes_otip",
)  # fmt: skip

# fmt: off
_CONTEXT = (
    *MATCH_COLUMNS,
    *(MATCHES.column(name) for name in _MATCH_CONTEXT),
    *(PLAYERS.column(name) for name in _PLAYER),
    Column("opponent_team_id", "long", "Provider's id of the other team", null=False, origin="derived"),
    Column("opponent_team_name", "string", "The other team's short name", origin="derived"),
    Column("result", "string", "How the match ended for his team; null without a score", allowed=("win", "draw", "loss"), origin="derived"),
)
# fmt: on


def _metrics(family: Contract) -> tuple[Column, ...]:
    """The family's own columns, without those that every family carries."""
    carried = {c.name for c in _CONTEXT}
    return tuple(c for c in family.columns if c.name not in carried)


PLAYER_METRICS = Contract(
    "tracking.player_metrics",
    "one row per player who started or played, and match",
    (
        *_CONTEXT,
        *_metrics(PLAYER_SPRINTS),
        *_metrics(PLAYER_PHYSICAL),
        *_metrics(PLAYER_RUNS),
        *_metrics(PLAYER_PRESSING),
    ),
    key=("match_id", "player_id"),
    replace_by=("match_id",),
    partition_by=MATCH,
    layer="gold",
    rules=(
        Rows(at_least=1),
        RowPer(of="players", on=("match_id", "player_id"), where="started"),
        Within("top_speed_kmh", 0.0, 40.0),
        Within("avg_xthreat", 0.0, 1.0),
        Within("max_xthreat", 0.0, 1.0),
        Within("minutes_played", 0.0, 130.0),
    ),
)
