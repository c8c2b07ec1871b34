"""Bronze -> matches, players, frames, ball, events, phases: typed, one grain each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import msgspec
import polars as pl

from touchline.core.contracts import Contract
from touchline.tracking.contracts.silver import EVENTS, MATCH, MATCHES, PHASES, PLAYERS
from touchline.tracking.source.match import Match, Player, parsed


@dataclass(frozen=True)
class MatchRule:
    """Codes by which people ask for competitions, for the provider's ids that have one."""

    competition_codes: tuple[tuple[int, str], ...] = ((61, "aus1"),)


@dataclass(frozen=True)
class FrameRule:
    """How far outside the pitch a position may lie before it is no position."""

    max_outside_m: float = 50.0


EVENT_COLUMNS: Mapping[str, str] = {
    **{n: n for n in EVENTS.names if n not in MATCH},
    "event_index": "index",
    **{f"{n}_m": n for n in ("x_start", "y_start", "x_end", "y_end")},
    **{f"{n}_m": n for n in ("separation_start", "separation_end", "distance_covered")},
    "duration_s": "duration",
    "speed_avg_kmh": "speed_avg",
    "interplayer_distance_start_m": "interplayer_distance_start",
    "angle_of_engagement_deg": "angle_of_engagement",
}
"""Silver name -> provider's name, for every column of EVENTS that the file holds."""

_SIDES = {
    f"{side}_{size}_{end}_m": f"team_{side}_{size}_{end}"
    for side in ("in_possession", "out_of_possession")
    for size in ("width", "length")
    for end in ("start", "end")
}
PHASE_COLUMNS: Mapping[str, str] = {
    **{n: n for n in PHASES.names if n not in (*MATCH, "team_out_of_possession_id")},
    "phase_index": "index",
    "duration_s": "duration",
    "n_player_possessions": "n_player_possessions_in_phase",
    "possession_loss": "team_possession_loss_in_phase",
    "lead_to_shot": "team_possession_lead_to_shot",
    "lead_to_goal": "team_possession_lead_to_goal",
    **{f"{n}_m": n for n in ("x_start", "y_start", "x_end", "y_end")},
    **_SIDES,
}
"""Silver name -> provider's name, for every column of PHASES that the file holds."""


def matches(bronze_matches: pl.DataFrame, *, rule: MatchRule) -> pl.DataFrame:
    """MATCHES, the one row of a match.json.

    Args:
        bronze_matches: One row with the file's text in `json`.
        rule: The codes of competitions.
    """
    match = parsed(bronze_matches.item(0, "json"))
    edition, tip = match.competition_edition, match.home_team_playing_time
    away_tip = match.away_team_playing_time
    code = dict(rule.competition_codes).get(edition.competition.id, str(edition.competition.id))
    kick_off = match.date_time.astimezone(UTC)
    row: dict[str, Any] = {
        "partition_date": kick_off.date().isoformat(),
        "competition_id": code,
        "match_id": match.id,
        "kick_off_at": kick_off,
        "provider_competition_id": edition.competition.id,
        "competition_name": edition.competition.name,
        "season_id": edition.season.id if edition.season else None,
        "season_name": edition.season.name if edition.season else None,
        "round_name": match.competition_round.name if match.competition_round else None,
        "home_team_id": match.home_team.id,
        "home_team_name": match.home_team.short_name,
        "away_team_id": match.away_team.id,
        "away_team_name": match.away_team.short_name,
        "home_score": match.home_team_score,
        "away_score": match.away_team_score,
        "stadium_name": match.stadium.name if match.stadium else None,
        "pitch_length_m": match.pitch_length,
        "pitch_width_m": match.pitch_width,
        "home_side_period_1": match.home_team_side[0] if match.home_team_side else None,
        "home_minutes_tip": tip.minutes_tip if tip else None,
        "away_minutes_tip": away_tip.minutes_tip if away_tip else None,
        **_periods(match),
    }
    return pl.DataFrame([row], schema=MATCHES.polars_schema())


def _periods(match: Match) -> dict[str, int | None]:
    by_number = {p.period: p for p in match.match_periods}
    ends: dict[str, int | None] = {}
    for number in range(1, 5):
        period = by_number.get(number)
        ends[f"period_{number}_start_frame"] = period.start_frame if period else None
        ends[f"period_{number}_end_frame"] = period.end_frame if period else None
    return ends


def players(bronze_matches: pl.DataFrame, matches: pl.DataFrame) -> pl.DataFrame:
    """PLAYERS, one row per member of both squads, ordered by key.

    Args:
        bronze_matches: One row with the text of match.json in `json`.
        matches: MATCHES, the same match.
    """
    match = parsed(bronze_matches.item(0, "json"))
    placed = matches.select(MATCH).row(0, named=True)
    rows = [{**placed, **_player(p, match)} for p in match.players]
    return pl.DataFrame(rows, schema=PLAYERS.polars_schema()).sort("player_id")


def _player(player: Player, match: Match) -> dict[str, Any]:
    total = player.playing_time.total
    home = player.team_id == match.home_team.id
    names = (player.first_name, player.last_name)
    return {
        "player_id": player.id,
        "player_name": " ".join(n for n in names if n) or None,
        "player_short_name": player.short_name,
        "shirt_number": player.number,
        "birth_date": player.birthday,
        "team_id": player.team_id,
        "team_name": match.home_team.short_name if home else match.away_team.short_name,
        "is_home": home,
        "position": player.player_role.acronym,
        "position_group": player.player_role.position_group,
        "started": player.start_time == "00:00:00",
        "played": total is not None,
        **(msgspec.structs.asdict(total) if total else {}),
        "goals": player.goal,
        "own_goals": player.own_goal,
        "yellow_cards": player.yellow_card,
        "red_cards": player.red_card,
    }


def frames(
    bronze_frames: pl.DataFrame, players: pl.DataFrame, matches: pl.DataFrame, *, rule: FrameRule
) -> pl.DataFrame:
    """FRAMES, one row per player and frame that the provider gives a position for, ordered by key.

    Rows of a player who is in no squad, of a frame without a period, or far outside the pitch name
    their reason in `_reject`. A frame that comes twice repeats its keys, and the first line stays.

    Args:
        bronze_frames: One row per line, positions nested in `player_data`.
        players: PLAYERS, the same match.
        matches: MATCHES, the same match.
        rule: What counts as outside.
    """
    match = matches.row(0, named=True)
    teams = players.select("player_id", "team_id")
    rows = (
        bronze_frames.lazy()
        .filter(pl.col("player_data").list.len() > 0)
        .select(pl.col("line").alias("_line"), "frame", "period", "player_data")
        .explode("player_data")
        .unnest("player_data")
        .rename({"x": "x_m", "y": "y_m"})
        .sort("player_id", "frame", maintain_order=True)
        .with_columns(
            team_id=pl.col("player_id").replace_strict(
                teams["player_id"], teams["team_id"], default=None, return_dtype=pl.Int64
            ),
            **{name: pl.lit(match[name], dtype=MATCHES.polars_schema()[name]) for name in MATCH},
        )
        .collect()
    )
    reasons = _reasons(match, rule)
    if not any(rows.select(bad.any().alias(reason) for reason, bad in reasons.items()).row(0)):
        return rows
    first = pl.coalesce(pl.when(bad).then(pl.lit(reason)) for reason, bad in reasons.items())
    return rows.with_columns(_reject=first)


def _reasons(match: Mapping[str, Any], rule: FrameRule) -> dict[str, pl.Expr]:
    x = match["pitch_length_m"] / 2 + rule.max_outside_m
    y = match["pitch_width_m"] / 2 + rule.max_outside_m
    far = (pl.col("x_m").abs() > x) | (pl.col("y_m").abs() > y)
    return {
        "player is in no squad of the match": pl.col("team_id").is_null()
        & pl.col("player_id").is_not_null(),
        "positions in a frame outside the periods of play": pl.col("period").is_null(),
        f"position more than {rule.max_outside_m:g} m outside the pitch": far.fill_null(
            value=False
        ),
    }


def ball(bronze_frames: pl.DataFrame, matches: pl.DataFrame) -> pl.DataFrame:
    """BALL, one row per frame of a period, ordered by key.

    Args:
        bronze_frames: One row per line of the tracking file.
        matches: MATCHES, the same match.
    """
    at, holder = pl.col("ball_data").struct, pl.col("possession").struct
    return (
        bronze_frames.filter(pl.col("period").is_not_null())
        .select(
            *_placed(matches),
            "period",
            "frame",
            pl.col("timestamp").alias("clock"),
            at.field("x").alias("x_m"),
            at.field("y").alias("y_m"),
            at.field("z").alias("z_m"),
            at.field("is_detected"),
            holder.field("player_id").alias("possession_player_id"),
            holder.field("group").alias("possession_group"),
            pl.col("line").alias("_line"),
        )
        .sort("frame", maintain_order=True)
    )


def events(
    bronze_events: pl.DataFrame, players: pl.DataFrame, matches: pl.DataFrame
) -> pl.DataFrame:
    """EVENTS, one row per dynamic event, in the provider's order.

    Rows of a player who is in no squad, or with a value of another type, name it in `_reject`.

    Args:
        bronze_events: The file's rows as text.
        players: PLAYERS, the same match.
        matches: MATCHES, the same match.
    """
    typed = _typed(bronze_events, EVENTS, EVENT_COLUMNS, matches)
    unknown = ~pl.col("player_id").is_in(players["player_id"].implode())
    reason = pl.coalesce(
        "_reject", pl.when(unknown).then(pl.lit("player is in no squad of the match"))
    )
    return typed.with_columns(_reject=reason)


def phases(bronze_phases: pl.DataFrame, matches: pl.DataFrame) -> pl.DataFrame:
    """PHASES, one row per phase of play, half-open in frames, in the provider's order.

    Args:
        bronze_phases: The file's rows as text.
        matches: MATCHES, the same match.
    """
    typed = _typed(bronze_phases, PHASES, PHASE_COLUMNS, matches)
    match = matches.row(0, named=True)
    teams = [match["home_team_id"], match["away_team_id"]]
    other = pl.col("team_in_possession_id").replace_strict(
        teams, teams[::-1], default=None, return_dtype=pl.Int64
    )
    return typed.with_columns(team_out_of_possession_id=other)


def _typed(
    bronze: pl.DataFrame, contract: Contract, columns: Mapping[str, str], matches: pl.DataFrame
) -> pl.DataFrame:
    """The file's columns under their silver names and types; `_reject` names what would not fit."""
    types = contract.polars_schema()
    match_id = matches.item(0, "match_id")
    casts = {new: _cast(pl.col(old), types[new]) for new, old in columns.items()}
    unfit = [
        pl.when(pl.col(old).is_not_null() & casts[new].is_null()).then(
            pl.format(
                "{}: '{}' is not {}", pl.lit(old), pl.col(old), pl.lit(contract.column(new).type)
            )
        )
        for new, old in columns.items()
        if types[new] != pl.String()
    ]
    strange = pl.col("match_id").cast(pl.Int64, strict=False).ne_missing(match_id)
    other = pl.when(strange).then(
        pl.format("match_id: '{}' is another match than {}", pl.col("match_id"), pl.lit(match_id))
    )
    return bronze.select(
        *_placed(matches),
        pl.col("line").alias("_line"),
        pl.coalesce(other, *unfit).alias("_reject"),
        **casts,
    )


def _cast(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """Text as a value of a type, null where it is none; whole numbers may come as 12.0."""
    if kind == pl.Boolean():
        return column.replace_strict(
            ["True", "False", "true", "false"],
            [True, False, True, False],
            default=None,
            return_dtype=pl.Boolean,
        )
    if kind.is_integer():
        number = column.cast(pl.Float64, strict=False)
        return pl.when(number == number.floor()).then(number).cast(kind, strict=False)
    return column.cast(kind, strict=False)


def _placed(matches: pl.DataFrame) -> list[pl.Expr]:
    """The match columns as literals."""
    row, types = matches.row(0, named=True), MATCHES.polars_schema()
    return [pl.lit(row[name], dtype=types[name]).alias(name) for name in MATCH]
