"""The match file: competition, clubs, periods, line-ups, minutes, goals, cards."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from touchline.tracking.simulate.clock import FRAMES_PER_MIN, Clock, Period
from touchline.tracking.simulate.clubs import Club, Player
from touchline.tracking.simulate.lineup import Lineup, Spell
from touchline.tracking.simulate.phases import Phases
from touchline.tracking.simulate.plan import FRAMES_PER_S, MatchPlan
from touchline.tracking.simulate.roles import SUBSTITUTE, Role
from touchline.tracking.simulate.shape import Pitch

A_LEAGUE = 61
SEASON_STARTS_MONTH = 7
FIRST_SEASON = (95, 2024)

Record = dict[str, Any]


def match_file(
    plan: MatchPlan, clock: Clock, lineup: Lineup, *,
    phases: Phases, pitch: Pitch, scorers: Mapping[int, int],
) -> Record:  # fmt: skip
    """What the provider's match.json says.

    Args:
        plan: The match's plan.
        clock: Its periods.
        lineup: Both teams.
        phases: Its phases, for the minutes in and out of possession.
        pitch: Its size.
        scorers: Goals by player id.
    """
    home, away = lineup.clubs
    score = _score(lineup, scorers)
    first_right = lineup.home_attacks_right_first
    sides = (
        ["left_to_right", "right_to_left"] if first_right else ["right_to_left", "left_to_right"]
    )
    season = _season(plan.kick_off_at)
    whole = _possession_minutes(phases, clock.periods[0].first_frame, clock.lines)
    return {
        "id": plan.match_id,
        "home_team_score": score[0],
        "away_team_score": score[1],
        "date_time": plan.kick_off_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "stadium": _stadium(home),
        "home_team": _team(home),
        "home_team_kit": _kit(home, season, name="Home"),
        "away_team": _team(away),
        "away_team_kit": _kit(away, season, name="away"),
        "home_team_coach": None,
        "away_team_coach": None,
        "home_team_playing_time": {"minutes_tip": whole[0], "minutes_otip": whole[1]},
        "away_team_playing_time": {"minutes_tip": whole[1], "minutes_otip": whole[0]},
        "competition_edition": _edition(plan.competition_id, season),
        "match_periods": [_period(period) for period in clock.periods],
        "competition_round": _round(lineup.round_number),
        "referees": [],
        "players": _players(plan, clock, lineup, phases=phases, scorers=scorers),
        "status": "closed",
        "home_team_side": sides,
        "ball": {"trackable_object": 55},
        "pitch_length": round(pitch.length_m),
        "pitch_width": round(pitch.width_m),
    }


def _score(lineup: Lineup, scorers: Mapping[int, int]) -> tuple[int, int]:
    sides = {spell.player.player_id: spell.side for spell in lineup.spells}
    home = sum(goals for player, goals in scorers.items() if sides[player] == 0)
    return home, sum(scorers.values()) - home


def _season(kick_off_at: datetime) -> Record:
    start = kick_off_at.year - (kick_off_at.month < SEASON_STARTS_MONTH)
    return {
        "id": FIRST_SEASON[0] + start - FIRST_SEASON[1],
        "start_year": start,
        "end_year": start + 1,
        "name": f"{start}/{start + 1}",
    }


def _stadium(club: Club) -> Record:
    capacity = 12_000 + 250 * (club.club_id % 100)
    name = f"{club.town} Park"
    return {"id": 3_000 + club.club_id, "name": name, "city": club.town, "capacity": capacity}


def _team(club: Club) -> Record:
    return {
        "id": club.club_id,
        "name": club.name,
        "short_name": club.short_name,
        "acronym": club.acronym,
    }


def _kit(club: Club, season: Record, *, name: str) -> Record:
    return {
        "id": 10_000 + club.club_id,
        "team_id": club.club_id,
        "season": season,
        "name": name,
        "jersey_color": club.colour if name == "Home" else "#ffffff",
        "number_color": "#ffffff" if name == "Home" else "#000000",
    }


def _edition(competition_id: int, season: Record) -> Record:
    known = competition_id == A_LEAGUE
    name, area = ("A-League", "AUS") if known else (f"League {competition_id}", "XXX")
    return {
        "id": 870 - A_LEAGUE + competition_id,
        "competition": {
            "id": competition_id,
            "area": area,
            "name": name,
            "gender": "male",
            "age_group": "adult",
        },
        "season": season,
        "name": f"{area} - {name} - {season['name']}",
    }


def _round(number: int) -> Record:
    return {
        "id": 605 + number,
        "name": f"Round {number}",
        "round_number": number,
        "potential_overtime": False,
    }


def _period(period: Period) -> Record:
    frames = period.last_frame - period.first_frame
    return {
        "period": period.number,
        "name": f"period_{period.number}",
        "start_frame": period.first_frame,
        "end_frame": period.last_frame,
        "duration_frames": frames,
        "duration_minutes": round(frames / FRAMES_PER_MIN, 2),
    }


def _players(
    plan: MatchPlan, clock: Clock, lineup: Lineup, *, phases: Phases, scorers: Mapping[int, int]
) -> list[Record]:
    """All players of both squads, in no particular order, as the provider has it."""
    found = []
    for spell in lineup.spells:
        player, side = spell.player, spell.side
        yellow, red = lineup.cards.get(player.player_id, (0, 0))
        found.append(
            _player(player, lineup.clubs[side], spell.role)
            | {
                "start_time": "00:00:00" if spell.started else _time(clock, spell.first_frame),
                "end_time": _time(clock, spell.last_frame + 1) if spell.left else None,
                "yellow_card": yellow,
                "red_card": red,
                "goal": scorers.get(player.player_id, 0),
                "playing_time": _playing_time(spell, clock, phases),
            }
        )
    found += [_player(player, lineup.clubs[side], SUBSTITUTE) for side, player in lineup.unused]
    order = plan.random("players").permutation(len(found))
    return [found[int(k)] for k in order]


def _player(player: Player, club: Club, role: Role) -> Record:
    """A player who did not come on."""
    born = player.birth_date
    return {
        "player_role": {
            "id": role.role_id,
            "position_group": role.group,
            "name": role.name,
            "acronym": role.acronym,
        },
        "start_time": None,
        "end_time": None,
        "number": player.shirt_number,
        "yellow_card": 0,
        "red_card": 0,
        "injured": False,
        "goal": 0,
        "own_goal": 0,
        "playing_time": {"total": None, "by_period": []},
        "team_player_id": 1_000_000 + player.player_id,
        "team_id": club.club_id,
        "id": player.player_id,
        "first_name": player.first_name,
        "last_name": player.last_name,
        "short_name": player.short_name,
        "birthday": born.isoformat() if born else None,
        "trackable_object": player.player_id + 1_500,
        "gender": "male",
    }


def _time(clock: Clock, frame: int) -> str:
    """Match clock as HH:MM:SS."""
    seconds = int(clock.elapsed(np.array([frame]))[0]) // FRAMES_PER_S
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _playing_time(spell: Spell, clock: Clock, phases: Phases) -> Record:
    """Minutes in all and by period; `end_frame` less `start_frame`, as the provider counts."""
    by_period, frames = [], 0
    for period in clock.periods:
        first = max(spell.first_frame, period.first_frame)
        last = min(spell.last_frame, period.last_frame)
        if first <= last:
            frames += last - first
            by_period.append(
                {
                    "name": f"period_{period.number}",
                    **_minutes(spell.side, first, last, phases=phases),
                }
            )
    total = _minutes(spell.side, spell.first_frame, spell.last_frame, phases=phases)
    played = round(frames / FRAMES_PER_MIN, 2)
    total |= {"minutes_played": played, "minutes_played_regular_time": played}
    return {"total": total, "by_period": by_period}


def _minutes(side: int, first: int, last: int, *, phases: Phases) -> Record:
    own = _possession_minutes(phases, first, last)
    return {
        "minutes_tip": own[side],
        "minutes_otip": own[1 - side],
        "start_frame": first,
        "end_frame": last,
        "minutes_played": round((last - first) / FRAMES_PER_MIN, 2),
    }


def _possession_minutes(phases: Phases, first: int, last: int) -> tuple[float, float]:
    """Minutes between two frames in which the home and the away team have the ball."""
    shared = np.clip(np.minimum(phases.last, last + 1) - np.maximum(phases.first, first), 0, None)
    frames = np.bincount(phases.side, weights=shared, minlength=2)
    return (
        round(float(frames[0]) / FRAMES_PER_MIN, 2),
        round(float(frames[1]) / FRAMES_PER_MIN, 2),
    )
