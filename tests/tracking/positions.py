"""Made-up positions that speak the domain, and the sample match with its planted truth.

Origin of the sample: `TOUCHLINE_SHARED`/data/skillcorner/matches/2017461, a synthetic tracking file
in the provider's format, with the truth of what was planted.
"""

import json
from collections.abc import Iterable
from functools import cache
from itertools import accumulate
from typing import Any

import duckdb
import polars as pl
from provider_files import file
from provider_files import players as provider_players

from touchline.tracking.contracts.silver import FRAMES, PHASES, PLAYERS

MATCH = {"partition_date": "2024-11-02", "competition_id": "aus1", "match_id": 7}
HOME, AWAY = 10, 20
SAMPLE_ID = 2017461


def run(
    speeds_kmh: Iterable[float],
    *,
    player_id: int = 1,
    team_id: int = HOME,
    first_frame: int = 100,
    period: int = 1,
    detected: bool = True,
) -> pl.DataFrame:
    """One player along the x axis, from 0, one frame per speed: each is that of the step after."""
    places = [0.0, *accumulate(kmh / 36 for kmh in speeds_kmh)][:-1]
    return frames(
        MATCH
        | {"period": period, "frame": first_frame + i, "player_id": player_id, "team_id": team_id}
        | {"x_m": x, "y_m": 5.0, "is_detected": detected}
        for i, x in enumerate(places)
    )


def straight_run(kmh: float, seconds: float, **said: Any) -> pl.DataFrame:
    """One player at an even speed, 10 frames a second."""
    return run([kmh] * round(seconds * 10), **said)


def frames(rows: Iterable[dict[str, Any]] = ()) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=pl.Schema(FRAMES.polars_schema()))


def phase(
    first: int, after: int, *, index: int = 0, team_id: int = HOME, **said: str
) -> pl.DataFrame:
    """A phase of build-up against a high block, over the frames [first, after)."""
    usual = {
        "team_in_possession_phase_type": "build_up",
        "team_out_of_possession_phase_type": "high_block",
    }
    row = {
        "phase_index": index,
        "period": 1,
        "frame_start": first,
        "frame_end": after,
        "team_in_possession_id": team_id,
        "team_out_of_possession_id": AWAY if team_id == HOME else HOME,
    }
    return phases([MATCH | row | usual | said])


def phases(rows: Iterable[dict[str, Any]] = ()) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=pl.Schema(PHASES.polars_schema()))


def player(player_id: int = 1, **said: Any) -> dict[str, Any]:
    """A starter of the home team with a minute, half of it with the ball, a quarter without."""
    usual = {"team_id": HOME, "started": True, "played": True, "minutes_played": 1.0}
    return (
        MATCH | {"player_id": player_id} | usual | {"minutes_tip": 0.5, "minutes_otip": 0.25} | said
    )


def players(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=pl.Schema(PLAYERS.polars_schema()))


@cache
def sample_frames() -> pl.DataFrame:
    """FRAMES of the synthetic sample match: 951,060 rows."""
    path = file(SAMPLE_ID, "tracking_extrapolated.synthetic.jsonl.gz")
    teams = provider_players(SAMPLE_ID).select("player_id", "team_id")
    with duckdb.connect() as con:
        con.register("teams", teams.to_arrow())
        table = con.sql(
            """
            WITH seen AS (
                SELECT frame, period, unnest(player_data, recursive := true)
                FROM read_json(?, format = 'newline_delimited', columns = {
                    frame: 'INT', period: 'INT',
                    player_data: 'STRUCT(x DOUBLE, y DOUBLE, player_id BIGINT, is_detected BOOL)[]'})
                WHERE period IS NOT NULL
            )
            SELECT '2025-05-17' AS partition_date, 'aus1' AS competition_id, ? AS match_id, period,
                frame, player_id, team_id, x AS x_m, y AS y_m, is_detected
            FROM seen JOIN teams USING (player_id) ORDER BY player_id, frame
            """,
            params=[str(path), SAMPLE_ID],
        ).to_arrow_table()
    found = pl.from_arrow(table)
    assert isinstance(found, pl.DataFrame)
    return found.cast(pl.Schema(FRAMES.polars_schema()))


@cache
def sample_truth() -> dict[str, Any]:
    """What was planted into the sample: `players` and `bouts`."""
    path = file(SAMPLE_ID, "tracking_extrapolated.synthetic.truth.json")
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found
