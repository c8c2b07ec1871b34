"""Runs and pressing of a real match again, from the provider's files with loops and lists alone."""

from collections.abc import Callable
from functools import cache
from typing import Any

import provider_files

Row = dict[str, str]
PRESSES = ("pressing", "counter_press")
ENGAGEMENTS = ("pressing", "counter_press", "pressure", "recovery_press")
RUNS = (
    "behind", "coming_short", "cross_receiver", "dropping_off", "overlap", "pulling_half_space",
    "pulling_wide", "run_ahead_of_the_ball", "support", "underlap",
)  # fmt: skip
PHASES = (
    "build_up", "create", "finish", "transition", "quick_break", "direct", "chaotic", "set_play",
    "disruption",
)  # fmt: skip


def runs(match_id: int) -> dict[int, dict[str, Any]]:
    """player_runs by player id."""
    seen = [row for row in _events(match_id) if row["event_type"] == "off_ball_run"]
    return _by_player(match_id, seen, _runs)


def pressing(match_id: int) -> dict[int, dict[str, Any]]:
    """player_pressing by player id."""
    play = provider_files.csv_rows(match_id, "phases_of_play.csv")
    seen = [
        row | {"block": _block(row, play)}
        for row in _events(match_id)
        if row["event_type"] == "on_ball_engagement" and row["event_subtype"] in ENGAGEMENTS
    ]
    return _by_player(match_id, seen, _pressing)


def _events(match_id: int) -> list[Row]:
    return provider_files.csv_rows(match_id, "dynamic_events.csv")


def _by_player(
    match_id: int, seen: list[Row], row: Callable[[dict[str, Any], list[Row]], dict[str, Any]]
) -> dict[int, dict[str, Any]]:
    rows = {}
    for player in provider_files.match_json(match_id)["players"]:
        total = player["playing_time"]["total"]
        if total is not None:
            his = [event for event in seen if int(event["player_id"]) == player["id"]]
            same = {"player_id": player["id"], "minutes_played": total["minutes_played"]}
            rows[player["id"]] = same | row(total, his)
    return rows


def _runs(total: dict[str, Any], his: list[Row]) -> dict[str, Any]:
    minutes, tip, n = total["minutes_played"], total["minutes_tip"], len(his)
    xthreat = [float(row["xthreat"]) for row in his]
    dangerous = _true(his, "dangerous")
    subtypes = [row["event_subtype"] for row in his]
    phases = [row["team_in_possession_phase_type"] for row in his]
    return {
        "minutes_tip": tip,
        "run_count": n,
        "runs_per_90": n / minutes * 90,
        "runs_per_30_tip": n / tip * 30,
        "avg_xthreat": _mean(xthreat),
        "max_xthreat": max(xthreat, default=None),
        "total_xthreat": sum(xthreat),
        "threat_per_90": sum(xthreat) / minutes * 90,
        "threat_per_30_tip": sum(xthreat) / tip * 30,
        "high_value_run_count": dangerous,
        "high_value_run_pct": dangerous / n if n else None,
        "high_value_runs_per_90": dangerous / minutes * 90,
        "high_value_runs_per_30_tip": dangerous / tip * 30,
        "avg_run_speed": _mean([float(row["speed_avg"]) for row in his if row["speed_avg"]]),
        "avg_opponents_beaten": _mean([float(row["n_opponents_overtaken"]) for row in his]),
        "runs_targeted": _true(his, "targeted"),
        "runs_received": _true(his, "received"),
        "runs_leading_to_shot": _true(his, "lead_to_shot"),
        "runs_leading_to_goal": _true(his, "lead_to_goal"),
        **{f"run_count_{s}": subtypes.count(s) for s in RUNS},
        **{f"run_count_in_{p}": phases.count(p) for p in PHASES},
    }


def _pressing(total: dict[str, Any], his: list[Row]) -> dict[str, Any]:
    minutes, otip = total["minutes_played"], total["minutes_otip"]
    counter = sum(row["event_subtype"] == "counter_press" for row in his)
    return {
        "minutes_otip": otip,
        **_presses(minutes, otip, [row for row in his if row["event_subtype"] in PRESSES]),
        "counter_press_count": counter,
        "counter_presses_per_90": counter / minutes * 90,
        "counter_presses_per_30_otip": counter / otip * 30,
        **_engagements(minutes, otip, his),
    }


def _presses(minutes: float, otip: float, his: list[Row]) -> dict[str, Any]:
    n, ends, blocks = len(his), [row["end_type"] for row in his], [row["block"] for row in his]
    regains, disruptions = _ending(ends, "regain"), _ending(ends, "disruption")
    shots = _true(his, "lead_to_shot")
    return {
        "pressing_action_count": n,
        "pressing_actions_per_90": n / minutes * 90,
        "pressing_actions_per_30_otip": n / otip * 30,
        "successful_press_count": regains + disruptions,
        "press_success_rate": (regains + disruptions) / n if n else None,
        "successful_presses_per_90": (regains + disruptions) / minutes * 90,
        "successful_presses_per_30_otip": (regains + disruptions) / otip * 30,
        "total_regain_count": regains,
        "direct_regain_count": ends.count("direct_regain"),
        "indirect_regain_count": ends.count("indirect_regain"),
        "regain_rate": regains / n if n else None,
        "regains_per_90": regains / minutes * 90,
        "regains_per_30_otip": regains / otip * 30,
        "total_disruption_count": disruptions,
        "direct_disruption_count": ends.count("direct_disruption"),
        "indirect_disruption_count": ends.count("indirect_disruption"),
        "disruption_rate": disruptions / n if n else None,
        "presses_leading_to_shot": shots,
        "presses_leading_to_goal": _true(his, "lead_to_goal"),
        "shot_creation_rate": shots / n if n else None,
        **{
            f"{b}_press_count": blocks.count(b) for b in ("high_block", "medium_block", "low_block")
        },
    }


def _engagements(minutes: float, otip: float, his: list[Row]) -> dict[str, Any]:
    n, ends, subtypes = len(his), [r["end_type"] for r in his], [r["event_subtype"] for r in his]
    regains, disruptions = _ending(ends, "regain"), _ending(ends, "disruption")
    return {
        "engagement_count": n,
        "engagements_per_90": n / minutes * 90,
        "engagements_per_30_otip": n / otip * 30,
        **{f"engagement_count_{s}": subtypes.count(s) for s in ENGAGEMENTS},
        "successful_engagement_count": regains + disruptions,
        "engagement_success_rate": (regains + disruptions) / n if n else None,
        "engagement_regain_count": regains,
        "engagement_regain_rate": regains / n if n else None,
        "engagement_disruption_count": disruptions,
        "engagement_disruption_rate": disruptions / n if n else None,
        "engagements_leading_to_shot": _true(his, "lead_to_shot"),
        "engagements_leading_to_goal": _true(his, "lead_to_goal"),
    }


def _block(press: Row, play: list[Row]) -> str:
    """The out-of-possession phase at the press's first frame, by a list of the match's frames."""
    return _block_at(tuple(map(_span, play))).get(int(press["frame_start"]), "")


def _span(row: Row) -> tuple[int, int, str]:
    ends = int(row["frame_start"]), int(row["frame_end"])
    return (*ends, row["team_out_of_possession_phase_type"])


@cache
def _block_at(spans: tuple[tuple[int, int, str], ...]) -> dict[int, str]:
    """Each frame's phase, written over by the one that starts later."""
    return {frame: name for first, after, name in sorted(spans) for frame in range(first, after)}


def _ending(ends: list[str], kind: str) -> int:
    return sum(end in {f"direct_{kind}", f"indirect_{kind}"} for end in ends)


def _true(rows: list[Row], name: str) -> int:
    return sum(row[name] == "True" for row in rows)


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
