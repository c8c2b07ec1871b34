"""Faults on request, put into what the tracking file says and noted in the truth."""

from dataclasses import replace
from typing import Any

import numpy as np

from touchline.tracking.simulate.arrays import Bools, Floats, Ints
from touchline.tracking.simulate.clock import Clock
from touchline.tracking.simulate.jsonl import Frames
from touchline.tracking.simulate.plan import FRAMES_PER_S, MatchPlan
from touchline.tracking.simulate.shape import Pitch

JUMP_M = (8.0, 30.0)
TRIES = 64


def gap_rows(plan: MatchPlan, clock: Clock) -> slice:
    """The rows in the middle of period 1 in which all positions are missing."""
    rows = min(round(plan.faults.gap_s * FRAMES_PER_S), clock.periods[0].rows)
    first = (clock.periods[0].rows - rows) // 2
    return slice(first, first + rows)


def with_gap(blank: Bools, rows: slice) -> Bools:
    """The blank rows, and the gap's."""
    gapped = blank.copy()
    gapped[rows] = True
    return gapped


def with_teleports(
    plan: MatchPlan, frames: Frames, clock: Clock, *, pitch: Pitch
) -> tuple[Frames, list[dict[str, Any]]]:
    """Single-frame jumps in random players' positions, and where they are."""
    random = plan.random("teleports")
    xy, numbers = frames.xy.copy(), clock.frames
    places: list[dict[str, Any]] = []
    for row, slot in _moments(random, frames, plan.faults.teleports):
        jump = _jump(random, xy[row, slot], pitch)
        xy[row, slot] = xy[row, slot] + jump
        places.append({
            "frame": int(numbers[row]),
            "player_id": int(frames.players[row, slot]),
            "dx": round(float(jump[0]), 2),
            "dy": round(float(jump[1]), 2),
        })  # fmt: skip
    return replace(frames, xy=xy), places


def noted(
    plan: MatchPlan, clock: Clock, gap: slice, *, jumps: list[dict[str, Any]]
) -> dict[str, Any]:
    """What the truth says about the faults."""
    frames = clock.frames[gap]
    return {
        "gap": [int(frames[0]), int(frames[-1])] if len(frames) else None,
        "teleports": jumps,
        "missing_file": plan.faults.missing_file,
        "reissued": False,
    }


def _moments(random: np.random.Generator, frames: Frames, count: int) -> list[tuple[int, int]]:
    """Different rows, each shown together with the rows beside it, and a slot in each."""
    shown = ~frames.blank
    open_rows = np.flatnonzero(shown[1:-1] & shown[:-2] & shown[2:]) + 1
    rows: Ints = np.sort(random.choice(open_rows, min(count, len(open_rows)), replace=False))
    found = []
    for row in rows.tolist():
        slots = np.flatnonzero((frames.players[row - 1 : row + 2] > 0).all(axis=0))
        found.append((row, int(random.choice(slots))))
    return found


def _jump(random: np.random.Generator, at: Floats, pitch: Pitch) -> Floats:
    """A jump that stays on the pitch."""
    for _ in range(TRIES):
        angle, length = random.uniform(0, 2 * np.pi), random.uniform(*JUMP_M)
        jump: Floats = length * np.array([np.cos(angle), np.sin(angle)])
        if (np.abs(at + jump) < pitch.half).all():
            break
    return jump
