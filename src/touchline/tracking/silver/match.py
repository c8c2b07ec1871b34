"""match.json -> matches and players."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import msgspec
import polars as pl

from touchline.tracking.contracts.silver import MATCH, MATCHES, PLAYERS
from touchline.tracking.source.match import Match, Player, parsed

PERIODS = range(1, 5)


@dataclass(frozen=True)
class MatchRule:
    """Codes by which people ask for competitions, for the provider's ids that have one."""

    competition_codes: tuple[tuple[int, str], ...] = ((61, "aus1"),)


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
    for number in PERIODS:
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


def placed(matches: pl.DataFrame) -> list[pl.Expr]:
    """The match columns as literals."""
    row, types = matches.row(0, named=True), MATCHES.polars_schema()
    return [pl.lit(row[name], dtype=types[name]).alias(name) for name in MATCH]


def periods(match: Mapping[str, Any]) -> list[tuple[int, int, int]]:
    """Number, first and last frame of each period of a row of MATCHES."""
    ends = [(n, match[f"period_{n}_start_frame"], match[f"period_{n}_end_frame"]) for n in PERIODS]
    return [end for end in ends if None not in end]


def in_play(match: Mapping[str, Any], frame: str = "frame") -> pl.Expr:
    """Whether a frame lies in the period that its row says, by a row of MATCHES."""
    return pl.any_horizontal(
        pl.lit(value=False),
        *[
            (pl.col("period") == n) & pl.col(frame).is_between(first, last)
            for n, first, last in periods(match)
        ],
    ).fill_null(value=False)
