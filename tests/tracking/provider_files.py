"""The provider's real files of a match as frames with the silver names, as far as gold SQL reads.

Origin: the open A-League matches in `TOUCHLINE_SHARED`/data/skillcorner (MIT).
"""

import csv
import json
import math
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from sample_data import sample

MATCH_IDS = (2017461, 2011166)

_EVENT_SOURCES = {
    "event_id": "event_id",
    "event_type": "event_type",
    "event_subtype": "event_subtype",
    "frame_start": "frame_start",
    "player_id": "player_id",
    "team_id": "team_id",
    "end_type": "end_type",
    "team_in_possession_phase_type": "team_in_possession_phase_type",
    "team_out_of_possession_phase_type": "team_out_of_possession_phase_type",
    "lead_to_shot": "lead_to_shot",
    "lead_to_goal": "lead_to_goal",
    "speed_avg_kmh": "speed_avg",
    "targeted": "targeted",
    "received": "received",
    "dangerous": "dangerous",
    "xthreat": "xthreat",
    "n_opponents_overtaken": "n_opponents_overtaken",
}
_EVENT_TYPES = {
    "frame_start": pl.Int32,
    "player_id": pl.Int64,
    "team_id": pl.Int64,
    "speed_avg_kmh": pl.Float64,
    "xthreat": pl.Float64,
    "n_opponents_overtaken": pl.Int32,
}
_BOOLS = ("lead_to_shot", "lead_to_goal", "targeted", "received", "dangerous")


def file(match_id: int, suffix: str) -> Path:
    """The provider's file of that match; skips the test where the sample data is absent."""
    return sample(f"skillcorner/matches/{match_id}/{match_id}_{suffix}")


@cache
def csv_rows(match_id: int, suffix: str) -> list[dict[str, str]]:
    with file(match_id, suffix).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def match_json(match_id: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file(match_id, "match.json").read_bytes())
    return found


def matches(match_id: int) -> pl.DataFrame:
    said = match_json(match_id)
    kick_off_at = datetime.fromisoformat(said["date_time"])
    return _keyed(
        match_id,
        [
            {
                "kick_off_at": kick_off_at,
                "competition_name": said["competition_edition"]["competition"]["name"],
                "season_name": said["competition_edition"]["season"]["name"],
                "home_team_id": said["home_team"]["id"],
                "home_team_name": said["home_team"]["short_name"],
                "away_team_id": said["away_team"]["id"],
                "away_team_name": said["away_team"]["short_name"],
                "home_score": said["home_team_score"],
                "away_score": said["away_team_score"],
            }
        ],
    ).with_columns(pl.col("home_score", "away_score").cast(pl.Int32))


def players(match_id: int) -> pl.DataFrame:
    said = match_json(match_id)
    home = said["home_team"]
    rows = []
    for p in said["players"]:
        is_home = p["team_id"] == home["id"]
        total = p["playing_time"]["total"] or {}
        rows.append(
            {
                "player_id": p["id"],
                "player_name": f"{p['first_name']} {p['last_name']}",
                "player_short_name": p["short_name"],
                "team_id": p["team_id"],
                "team_name": (home if is_home else said["away_team"])["short_name"],
                "is_home": is_home,
                "position": p["player_role"]["acronym"],
                "position_group": p["player_role"]["position_group"],
                "started": p["start_time"] == "00:00:00",
                "played": bool(total),
                "minutes_played": total.get("minutes_played"),
                "minutes_tip": total.get("minutes_tip"),
                "minutes_otip": total.get("minutes_otip"),
            }
        )
    return _keyed(match_id, rows)


def events(match_id: int) -> pl.DataFrame:
    rows = [
        {name: row[source] or None for name, source in _EVENT_SOURCES.items()}
        for row in csv_rows(match_id, "dynamic_events.csv")
    ]
    return _keyed(match_id, rows).with_columns(
        *(pl.col(name).cast(kind) for name, kind in _EVENT_TYPES.items()),
        *(pl.col(name) == "True" for name in _BOOLS),
    )


def phases(match_id: int) -> pl.DataFrame:
    teams = {match_json(match_id)[side]["id"] for side in ("home_team", "away_team")}
    rows = [
        {
            "phase_index": int(row["index"]),
            "frame_start": int(row["frame_start"]),
            "frame_end": int(row["frame_end"]),
            "team_in_possession_id": int(row["team_in_possession_id"]),
            "team_out_of_possession_id": (teams - {int(row["team_in_possession_id"])}).pop(),
            "team_in_possession_phase_type": row["team_in_possession_phase_type"],
            "team_out_of_possession_phase_type": row["team_out_of_possession_phase_type"],
        }
        for row in csv_rows(match_id, "phases_of_play.csv")
    ]
    return _keyed(match_id, rows)


def _keyed(match_id: int, rows: list[dict[str, Any]]) -> pl.DataFrame:
    day = match_json(match_id)["date_time"][:10]
    return pl.DataFrame(rows, infer_schema_length=None).select(
        pl.lit(day).alias("partition_date"),
        pl.lit("aus1").alias("competition_id"),
        pl.lit(match_id, dtype=pl.Int64).alias("match_id"),
        pl.all(),
    )


def differing(row: dict[str, Any], expected: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Seen and expected of each name whose values are not the same to 12 digits."""
    return {
        name: (row[name], value) for name, value in expected.items() if not _same(row[name], value)
    }


def _same(seen: Any, expected: Any) -> bool:
    if isinstance(seen, float) and isinstance(expected, float | int):
        return math.isclose(seen, expected, rel_tol=1e-12, abs_tol=1e-12)
    return bool(seen == expected)
