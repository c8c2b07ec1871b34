"""A whole match of 320 frames in the provider's four formats, and what changes one thing in it.

22 starters, one of them replaced, four substitutes who stay out; two periods with frames before,
between and after, ten frames without players (a replay); 200 events of every kind, 20 phases.
"""

import csv
import io
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from touchline.tracking.contracts.silver import ENGAGEMENT_SUBTYPES, RUN_SUBTYPES
from touchline.tracking.source.headers import EVENT_COLUMNS, PHASE_COLUMNS

MATCH_ID, HOME, AWAY = 7001, 10, 20
MATCH, TRACKING = "match.json", "tracking_extrapolated.jsonl"
EVENTS, PHASES = "dynamic_events.csv", "phases_of_play.csv"
PERIODS = {1: (10, 159), 2: (170, 309)}
LAST_FRAME = 319
REPLAY = range(50, 60)
N_EVENTS, N_PHASES = 200, 20
STARTERS = (*range(101, 112), *range(201, 212))
REPLACED, SUBSTITUTE, CHANGED_AT = 111, 112, 240
UNUSED = (113, 114, 213, 214)
FIRST_POSITIONS_LINE = PERIODS[1][0] + 1

Files = Mapping[str, bytes]
Edit = Callable[[bytes], bytes]


@cache
def files() -> Files:
    """The four files by their logical names."""
    return {
        MATCH: json.dumps(_match(), indent=1).encode(),
        TRACKING: b"".join(json.dumps(line).encode() + b"\n" for line in _lines()),
        EVENTS: _csv(EVENT_COLUMNS, [_event(i) for i in range(N_EVENTS)]),
        PHASES: _csv(PHASE_COLUMNS, [_phase(i) for i in range(N_PHASES)]),
    }


def changed(**edits: Edit) -> Files:
    """The files with one of them edited: match=, tracking=, events= or phases=."""
    names = {"match": MATCH, "tracking": TRACKING, "events": EVENTS, "phases": PHASES}
    return {**files(), **{names[n]: edit(files()[names[n]]) for n, edit in edits.items()}}


# --- edits --------------------------------------------------------------------------------------


def with_members(edit: Callable[[dict[str, Any]], Any]) -> Edit:
    """match.json, or one line of tracking, with other members."""

    def change(data: bytes) -> bytes:
        said = json.loads(data)
        edit(said)
        return json.dumps(said).encode()

    return change


def with_line(number: int, edit: Edit | bytes) -> Edit:
    """The file with another line in a place, counted from 1; its line end stays."""

    def change(data: bytes) -> bytes:
        lines = data.split(b"\n")
        old = lines[number - 1]
        lines[number - 1] = edit if isinstance(edit, bytes) else edit(old)
        return b"\n".join(lines)

    return change


def with_each_line(edit: Callable[[dict[str, Any]], Any]) -> Edit:
    """The tracking file with each line's members edited."""
    change = with_members(edit)
    return lambda data: b"".join(change(line) + b"\n" for line in data.splitlines())


def with_position(number: int, place: int = 0, **members: Any) -> Edit:
    """The tracking file with other members of one position in one line."""
    return with_line(number, with_members(lambda said: said["player_data"][place].update(members)))


def with_field(line: int, **values: str) -> Edit:
    """The CSV file with other values in one line; the header is line 1."""

    def change(data: bytes) -> bytes:
        columns, rows = rows_of(data)
        rows[line - 2].update(values)
        return _csv(columns, rows)

    return change


def with_column(edit: Callable[[dict[str, str]], Any], *columns: str) -> Edit:
    """The CSV file with each row edited, and with added columns at its end."""

    def change(data: bytes) -> bytes:
        names, rows = rows_of(data)
        for row in rows:
            edit(row)
        return _csv((*names, *columns), rows)

    return change


def without_column(column: str) -> Edit:
    """The CSV file without a column."""

    def change(data: bytes) -> bytes:
        columns, rows = rows_of(data)
        return _csv([c for c in columns if c != column], rows)

    return change


def in_reverse(data: bytes) -> bytes:
    """The CSV file with its columns in the other order."""
    columns, rows = rows_of(data)
    return _csv(columns[::-1], rows)


def rows_of(data: bytes) -> tuple[list[str], list[dict[str, str]]]:
    """Header and rows of a CSV file."""
    reader = csv.DictReader(io.StringIO(data.decode()))
    rows = list(reader)
    return list(reader.fieldnames or ()), rows


def _csv(columns: Any, rows: list[dict[str, Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


# --- the four files -----------------------------------------------------------------------------


def _match() -> dict[str, Any]:
    return {
        "id": MATCH_ID,
        "date_time": "2024-11-02T09:30:00Z",
        "home_team": {"id": HOME, "short_name": "Home FC", "name": "Home Football Club"},
        "away_team": {"id": AWAY, "short_name": "Away FC", "name": "Away Football Club"},
        "home_team_score": 1,
        "away_team_score": 0,
        "home_team_side": ["left_to_right", "right_to_left"],
        "home_team_playing_time": {"minutes_tip": 20.0, "minutes_otip": 15.0},
        "away_team_playing_time": {"minutes_tip": 15.0, "minutes_otip": 20.0},
        "competition_edition": {
            "id": 870,
            "competition": {"id": 61, "name": "A-League"},
            "season": {"id": 95, "name": "2024/2025"},
        },
        "competition_round": {"id": 606, "name": "Round 3"},
        "stadium": {"id": 1480, "name": "Small Park"},
        "match_periods": [
            {"period": n, "name": f"period_{n}", "start_frame": first, "end_frame": last}
            for n, (first, last) in PERIODS.items()
        ],
        "pitch_length": 105,
        "pitch_width": 68,
        "players": [_player(i) for i in (*STARTERS, SUBSTITUTE, *UNUSED)],
    }


def _player(player_id: int) -> dict[str, Any]:
    started = player_id in STARTERS
    minutes = {REPLACED: 70.0, SUBSTITUTE: 20.0}.get(player_id, 90.0)
    total = {
        "minutes_played": minutes,
        "minutes_tip": minutes / 3,
        "minutes_otip": minutes / 4,
        "start_frame": 10 if started else CHANGED_AT,
        "end_frame": CHANGED_AT - 1 if player_id == REPLACED else 309,
    }
    used = started or player_id == SUBSTITUTE
    return {
        "id": player_id,
        "team_id": HOME if player_id < 200 else AWAY,
        "first_name": "Player",
        "last_name": str(player_id),
        "short_name": f"P. {player_id}",
        "number": player_id % 100,
        "birthday": "2000-01-31",
        "start_time": "00:00:00" if started else "01:10:00" if used else None,
        "player_role": {"name": "Striker", "acronym": "CF", "position_group": "Center Forward"},
        "playing_time": {"total": total if used else None, "by_period": []},
        "goal": 0,
        "own_goal": 0,
        "yellow_card": 0,
        "red_card": 0,
    }


def _lines() -> list[dict[str, Any]]:
    return [_line(frame) for frame in range(LAST_FRAME + 1)]


def _line(frame: int) -> dict[str, Any]:
    period = next((n for n, (first, last) in PERIODS.items() if first <= frame <= last), None)
    seen = period is not None and frame not in REPLAY
    ball = (frame / 10, -3.5, 0.2, True) if seen else (None,) * 4
    return {
        "frame": frame,
        "timestamp": f"00:00:{frame / 10:05.2f}" if period else None,
        "period": period,
        "ball_data": dict(zip(("x", "y", "z", "is_detected"), ball, strict=True)),
        "possession": {
            "player_id": 101 if seen else None,
            "group": "home team" if seen else None,
        },
        "image_corners_projection": {"x_top_left": -52.52 if seen else None},
        "player_data": [_position(p, frame) for p in _on_pitch(frame)] if seen else [],
    }


def _on_pitch(frame: int) -> list[int]:
    """Not in the order of ids, as the provider gives them."""
    out = SUBSTITUTE if frame < CHANGED_AT else REPLACED
    return sorted({*STARTERS, SUBSTITUTE} - {out}, key=lambda p: (p % 7, p))


def _position(player_id: int, frame: int) -> dict[str, Any]:
    return {
        "x": round(player_id % 100 + 0.5 * frame % 40 - 30, 2),
        "y": round(player_id % 30 - 15.25, 2),
        "player_id": player_id,
        "is_detected": (player_id + frame) % 6 > 0,
    }


def _phase_of(frame: int) -> int:
    """Phases of 15 frames, from the first frame of play."""
    return (frame - PERIODS[1][0]) // 15


def _event(at: int) -> dict[str, Any]:
    frame = PERIODS[1][0] + at % 140
    kind = ("player_possession", "passing_option", "off_ball_run", "on_ball_engagement")[at % 4]
    subtypes = {"off_ball_run": RUN_SUBTYPES, "on_ball_engagement": ENGAGEMENT_SUBTYPES}
    of_kind = subtypes.get(kind, ("",))
    defends = kind == "on_ball_engagement"
    return {
        "event_id": f"{at % 4}_{at}",
        "index": at,
        "match_id": MATCH_ID,
        "event_type": kind,
        "event_subtype": of_kind[at // 4 % len(of_kind)],
        "period": 1,
        "frame_start": frame,
        "frame_end": frame + 8,
        "minute_start": 0,
        "second_start": frame // 10,
        "duration": 0.8,
        "player_id": (201 if defends else 101) + at % 11,
        "team_id": AWAY if defends else HOME,
        "player_in_possession_id": 101,
        "attacking_side": "right_to_left" if defends else "left_to_right",
        "x_start": -10.5,
        "y_start": 3.25,
        "end_type": "direct_regain" if defends else "pass",
        "phase_index": _phase_of(frame),
        "team_in_possession_phase_type": "build_up",
        "team_out_of_possession_phase_type": "high_block",
        "lead_to_shot": at % 9 == 0,
        "lead_to_goal": False,
        "xthreat": round(at / 10_000, 4) if kind == "off_ball_run" else "",
        "dangerous": at > 150 if kind == "off_ball_run" else "",
        "targeted": at % 3 == 0,
        "received": at % 6 == 0,
        "speed_avg": 18.5,
        "n_opponents_overtaken": at % 5 - 1,
    }


def _phase(at: int) -> dict[str, Any]:
    first = PERIODS[1][0] + 15 * at
    after = first if at == 7 else first + 15
    if PERIODS[1][1] < first < PERIODS[2][0]:
        first = PERIODS[2][0]
    home = at % 2 == 0
    return {
        "index": at,
        "match_id": MATCH_ID,
        "frame_start": first,
        "frame_end": after,
        "period": 1 if first < PERIODS[2][0] else 2,
        "duration": 1.5,
        "team_in_possession_id": HOME if home else AWAY,
        "attacking_side": "left_to_right" if home else "right_to_left",
        "team_in_possession_phase_type": "build_up",
        "team_out_of_possession_phase_type": "high_block",
        "n_player_possessions_in_phase": 3,
        "team_possession_loss_in_phase": "True",
        "team_possession_lead_to_shot": "False",
        "team_possession_lead_to_goal": "False",
        "x_start": 1.5,
        "team_in_possession_width_start": 40.25,
    }
