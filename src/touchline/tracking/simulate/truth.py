"""What was planted: sprints and high-speed runs, distances, and numbers that can be checked."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from touchline.tracking.simulate.arrays import Bools, Floats
from touchline.tracking.simulate.bouts import HIGH_SPEED, Bout
from touchline.tracking.simulate.engagements import COUNTER_PRESS, PRESSING, Engagements
from touchline.tracking.simulate.events.options import Options
from touchline.tracking.simulate.events.runs import Runs
from touchline.tracking.simulate.events.scene import Scene
from touchline.tracking.simulate.plan import FRAMES_PER_S, MatchPlan
from touchline.tracking.simulate.stretches import stretch

KMH = 3.6
HIGH_SPEED_KMH = 20.0
SPRINT_KMH = 25.0
SHORTEST_ROWS = 3

Record = dict[str, Any]


def truth(
    plan: MatchPlan, scene: Scene, bouts: Sequence[Bout], *,
    speed_ms: Floats, blank: Bools, runs: Runs, options: Options, engagements: Engagements,
) -> Record:  # fmt: skip
    """The truth of a match, for tests and for measuring a sprint rule.

    A sprint is a stretch of frames above 25 km/h in the true positions, a high-speed run (hsr) one
    above 20 km/h that stays below 25. Nobody runs that fast outside these stretches.
    """
    clock = scene.clock
    return {
        "match_id": plan.match_id,
        "seed": plan.seed,
        "minutes": plan.minutes,
        "lines": clock.lines,
        "in_period": clock.rows,
        "blank": int(blank.sum()),
        "null": clock.lines - clock.rows,
        "phases": len(scene.phases),
        "events": {
            "player_possession": len(scene.possessions),
            "passing_option": len(options),
            "off_ball_run": len(runs),
            "on_ball_engagement": len(engagements.presses),
        },
        "players": _players(scene, speed_ms, runs=runs, options=options, engagements=engagements),
        "bouts": _bouts(scene, bouts, speed_ms=speed_ms, blank=blank),
    }


def _bouts(scene: Scene, bouts: Sequence[Bout], *, speed_ms: Floats, blank: Bools) -> list[Record]:
    frames, spells = scene.clock.frames, scene.lineup.spells
    found = []
    for bout in bouts:
        if bout.kind < HIGH_SPEED:
            continue
        kind, fast = "sprint", stretch(bout, speed_ms, scene.clock, above_ms=SPRINT_KMH / KMH)
        if fast is None:
            kind, fast = "hsr", stretch(bout, speed_ms, scene.clock, above_ms=HIGH_SPEED_KMH / KMH)
        if fast is None or fast.rows < SHORTEST_ROWS:
            continue
        shown = slice(fast.first_row, fast.last_row + 1)
        found.append({
            "player_id": spells[scene.held[fast.first_row, bout.slot]].player.player_id,
            "kind": kind,
            "frame_start": int(frames[fast.first_row]),
            "frame_end": int(frames[fast.last_row]),
            "top_speed_ms": round(fast.top_ms, 3),
            "distance_m": round(fast.distance_m, 2),
            "duration_s": round(fast.rows / FRAMES_PER_S, 1),
            "blank_share": round(float(blank[shown].mean()), 3),
        })  # fmt: skip
    return found


def _players(
    scene: Scene, speed_ms: Floats, *, runs: Runs, options: Options, engagements: Engagements
) -> list[Record]:
    """Totals of everybody who played."""
    runner = scene.spells(runs.first, runs.slot)
    worth = np.zeros(len(runs))
    worth[options.run[options.run >= 0]] = options.xthreat[options.run >= 0]
    presser = scene.spells(engagements.presses.first, engagements.presses.slot)
    pressed = np.isin(engagements.subtype, (PRESSING, COUNTER_PRESS))
    found = []
    for index, spell in enumerate(scene.lineup.spells):
        on_pitch = scene.held[:, spell.slot] == index
        speeds = np.where(on_pitch, speed_ms[:, spell.slot], 0.0)
        found.append({
            "player_id": spell.player.player_id,
            "team_id": scene.lineup.clubs[spell.side].club_id,
            "distance_m": round(float(speeds.sum()) / FRAMES_PER_S, 1),
            "top_speed_ms": round(float(speeds.max()), 3),
            "s_above_25kmh": round(int((speeds > SPRINT_KMH / KMH).sum()) / FRAMES_PER_S, 1),
            "run_count": int((runner == index).sum()),
            "sum_xthreat": round(float(worth[runner == index].sum()), 4),
            "pressing_action_count": int((pressed & (presser == index)).sum()),
        })  # fmt: skip
    return found
