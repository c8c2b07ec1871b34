"""A match on a pitch of 100 by 60 m, its players, and lines of tracking, written by hand."""

from typing import Any

import polars as pl

from touchline.tracking.contracts.silver import MATCHES, PLAYERS

HOME, AWAY = 10, 20
KEEPER, STRIKER, OTHER = 3, 9, 5
LINE = {
    "line": pl.UInt32(),
    "frame": pl.Int32(),
    "timestamp": pl.String(),
    "period": pl.Int32(),
    "ball_data": pl.Struct(
        {"x": pl.Float64(), "y": pl.Float64(), "z": pl.Float64(), "is_detected": pl.Boolean()}
    ),
    "possession": pl.Struct({"player_id": pl.Int64(), "group": pl.String()}),
    "player_data": pl.List(
        pl.Struct(
            {"x": pl.Float64(), "y": pl.Float64(), "player_id": pl.Int64(), "is_detected": pl.Boolean()}
        )
    ),
}  # fmt: skip


def matches(**periods: int | None) -> pl.DataFrame:
    """A match on a pitch of 100 by 60 m, whose periods are frames 10 to 99 and 200 to 299."""
    row = {
        "partition_date": "2024-11-02",
        "competition_id": "aus1",
        "match_id": 7,
        "home_team_id": HOME,
        "away_team_id": AWAY,
        "pitch_length_m": 100.0,
        "pitch_width_m": 60.0,
        "period_1_start_frame": 10,
        "period_1_end_frame": 99,
        "period_2_start_frame": 200,
        "period_2_end_frame": 299,
    }
    return pl.DataFrame([row | periods], schema=MATCHES.polars_schema())


def players(*ids: tuple[int, int]) -> pl.DataFrame:
    listed = ids or ((STRIKER, HOME), (KEEPER, AWAY), (OTHER, HOME))
    rows = [{"player_id": player, "team_id": team} for player, team in listed]
    return pl.DataFrame(rows, schema=PLAYERS.polars_schema())


def spot(
    player_id: int | None, x: float = 1.0, y: float = 2.0, *, seen: bool = True
) -> dict[str, Any]:
    return {"x": x, "y": y, "player_id": player_id, "is_detected": seen}


def line(number: int, frame: int, *spots: dict[str, Any], period: int | None = 1) -> dict[str, Any]:
    return {
        "line": number,
        "frame": frame,
        "timestamp": f"00:00:{frame / 10:05.2f}",
        "period": period,
        "ball_data": {"x": frame / 10, "y": -1.0, "z": 0.5, "is_detected": True},
        "possession": {"player_id": STRIKER, "group": "home team"},
        "player_data": list(spots),
    }


def lines(*said: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(said), schema=LINE)
