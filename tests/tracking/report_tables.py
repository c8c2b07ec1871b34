"""A made-up match for the report: Reds (10) against Blues (20), its players, sprints and rivals."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from touchline.core.contracts import Column, Contract
from touchline.tracking.contracts import MATCHES, PLAYER_METRICS, PLAYERS, SPRINTS
from touchline.tracking.serve import MatchTables

MATCH = {"partition_date": "2024-11-02", "competition_id": "aus1", "match_id": 7}
MADE_AT = datetime(2024, 11, 3, 7, 15, tzinfo=UTC)
GROUPS = {
    "GK": "Other", "LCB": "Central Defender", "RCB": "Central Defender", "LB": "Full Back",
    "RB": "Full Back", "LDM": "Midfield", "RDM": "Midfield", "AM": "Midfield",
    "LW": "Wide Attacker", "RW": "Wide Attacker", "CF": "Center Forward",
}  # fmt: skip


def table(contract: Contract, rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=pl.Schema(contract.polars_schema()))


def match(**said: Any) -> dict[str, Any]:
    teams = {"home_team_id": 10, "home_team_name": "Reds", "away_team_id": 20, "away_team_name": "Blues"}  # fmt: skip
    where = {"competition_name": "A-League", "season_name": "2024/2025", "round_name": "Round 3"}
    pitch = {"stadium_name": "City Park", "pitch_length_m": 105.0, "pitch_width_m": 68.0}
    periods = {"period_1_start_frame": 100, "period_1_end_frame": 27_100, "period_2_start_frame": 40_000}  # fmt: skip
    return {
        **MATCH, **teams, **where, **pitch, **periods,
        "kick_off_at": datetime(2024, 11, 2, 8, 35, tzinfo=UTC), "provider_competition_id": 61,
        "home_score": 2, "away_score": 1, "home_side_period_1": "left_to_right", **said,
    }  # fmt: skip


def player(player_id: int, **said: Any) -> dict[str, Any]:
    """A starting left winger; players from 100 on are away."""
    home = player_id < 100
    return {
        **MATCH, "player_id": player_id, "player_name": f"Given Name{player_id}",
        "player_short_name": f"G. Name{player_id}", "shirt_number": player_id % 100,
        "team_id": 10 if home else 20, "team_name": "Reds" if home else "Blues", "is_home": home,
        "position": "LW", "position_group": "Wide Attacker", "started": True, "played": True,
        "minutes_played": 90.0, "minutes_tip": 30.0, "minutes_otip": 25.0, **said,
    }  # fmt: skip


def squad(first: int) -> list[dict[str, Any]]:
    """Eleven starters, two substitutes, one of them hardly on, and one who stayed on the bench."""
    eleven = [
        player(first + i, position=position, position_group=group)
        for i, (position, group) in enumerate(GROUPS.items())
    ]
    on = [
        player(first + 11, started=False, minutes_played=48.0),
        player(first + 12, started=False, minutes_played=5.0, position="CF", position_group="Center Forward"),
    ]  # fmt: skip
    bench = {"started": False, "played": False, "minutes_played": None}
    return [*eleven, *on, player(first + 13, **bench, position="SUB", position_group="Other")]


def filled(column: Column, rng: np.random.Generator) -> Any:
    """A value the column accepts."""
    if column.type in ("long", "int"):
        return int(rng.integers(0, 30))
    if column.type == "double":
        return float(rng.uniform(0, 1)) if "share" in column.unit else float(rng.uniform(1, 40))
    return (column.allowed or ("default",))[0] if column.type == "string" else None


def metrics(of: dict[str, Any], **said: Any) -> dict[str, Any]:
    """A row of PLAYER_METRICS of that player, made up from his id; the same id, the same numbers."""
    rng = np.random.default_rng(of["player_id"])
    made = {c.name: filled(c, rng) for c in PLAYER_METRICS.columns}
    own = {k: v for k, v in of.items() if k in made}
    return made | {"kick_off_at": match()["kick_off_at"]} | own | said


def noisy(rows: list[dict[str, Any]], matches: int) -> list[dict[str, Any]]:
    """The same players in further matches, their numbers off by a tenth."""
    rng = np.random.default_rng(1)
    copies = []
    for number in range(matches):
        for row in rows:
            floats = {
                k: v * float(rng.normal(1, 0.1)) for k, v in row.items() if isinstance(v, float)
            }
            copies.append(
                row | floats | {"match_id": 1_000 + number, "minutes_played": row["minutes_played"]}
            )
    return copies  # fmt: skip


def sprint(player_id: int, first_frame: int = 700, **said: Any) -> dict[str, Any]:
    """A sprint of 20 m towards +x in period 1."""
    return {
        **MATCH, "player_id": player_id, "team_id": 10 if player_id < 100 else 20, "period": 1,
        "first_frame": first_frame, "last_frame": first_frame + 30, "duration_s": 3.1,
        "distance_m": 20.0, "top_speed_kmh": 31.24, "avg_speed_kmh": 27.0, "start_x_m": 10.0,
        "start_y_m": 5.0, "end_x_m": 30.0, "end_y_m": 8.0, "in_possession": True,
        "team_in_possession_phase_type": "quick_break", "detected_share": 0.9,
        "team_out_of_possession_phase_type": "defending_quick_break", "sprint_rule": "default",
    } | said  # fmt: skip


def tables(
    *,
    the_match: dict[str, Any] | None = None,
    players: list[dict[str, Any]] | None = None,
    own: list[dict[str, Any]] | None = None,
    sprints: list[dict[str, Any]] | None = None,
    rivals: int = 2,
    definitions: Contract = PLAYER_METRICS,
) -> MatchTables:
    """Everything a report needs; what is not said is the made-up match."""
    everybody = [*squad(1), *squad(101)] if players is None else players
    rows = [metrics(p) for p in everybody if p["played"]] if own is None else own
    states = (True, False, None)
    made = [sprint(p["player_id"], 700 + 50 * i, in_possession=states[i]) for p in everybody[:5] + everybody[14:17] for i in range(3)]  # fmt: skip
    return MatchTables(
        match=table(MATCHES, [match() if the_match is None else the_match]),
        players=table(PLAYERS, everybody),
        metrics=table(PLAYER_METRICS, rows),
        sprints=table(SPRINTS, made if sprints is None else sprints),
        population=table(PLAYER_METRICS, [*rows, *noisy(rows, rivals)]),
        definitions=definitions,
    )
