"""Where every player is in every frame.

Twice a second each player speeds up towards where he should be, within what a body can do; these
points are the control points of a cubic B-spline, so speed and acceleration between them stay
within the same limits. Both periods are walked at once: a lane is a slot in a period.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from touchline.tracking.simulate.arrays import Bools, Floats, Ints
from touchline.tracking.simulate.bouts import Acceleration, Bout
from touchline.tracking.simulate.clock import Clock
from touchline.tracking.simulate.lineup import SLOTS
from touchline.tracking.simulate.plan import FRAMES_PER_S
from touchline.tracking.simulate.shape import Pitch

STEP_FRAMES = 5
STEP_S = STEP_FRAMES / FRAMES_PER_S
LANES = 2 * SLOTS
TURNS = tuple(np.radians(degrees) for degrees in (0, 25, -25, 50, -50, 80, -80, 120, -120, 180))


@dataclass(frozen=True)
class BodyRule:
    """What players do when they do not run a bout: speeds in m/s, accelerations in m/s2."""

    settle_s: float = 1.7
    play_ms: float = 4.8
    walk_ms: float = 1.9
    accelerate_ms2: float = 2.3
    brake_ms2: float = 3.0
    rush: Acceleration = field(default_factory=Acceleration)


def steps(clock: Clock) -> list[Ints]:
    """The frame of each control point, by period; the first lies before the period."""
    return [
        period.first_frame + STEP_FRAMES * (np.arange((period.rows - 1) // STEP_FRAMES + 4) - 1)
        for period in clock.periods
    ]


def paths(
    targets: Sequence[Floats],
    in_play: Sequence[Bools],
    bouts: Sequence[Bout],
    *,
    clock: Clock,
    pitch: Pitch,
    rule: BodyRule = BodyRule(),
) -> Floats:
    """Positions in metres by row and slot, as x and y.

    Args:
        targets: For each period, where each slot should be at each step.
        in_play: For each period, whether the ball is in play at each step.
        bouts: Planned efforts; none overlaps another of the same slot.
        clock: The periods.
        pitch: Its size; nobody leaves it by more than a metre.
        rule: What a body can do.
    """  # fmt: skip
    grid = steps(clock)
    count = max(len(frames) for frames in grid)
    goal = np.concatenate([_stretched(target, count) for target in targets], axis=1)
    paces = [np.where(_stretched(play, count), rule.play_ms, rule.walk_ms) for play in in_play]
    pace = np.repeat(np.stack(paces, axis=1), SLOTS, axis=1)
    points = _walk(goal, pace, _starts(bouts, grid), pitch=pitch, rule=rule)
    found = [
        _spline(points[:, lane : lane + SLOTS], period.rows)
        for lane, period in zip((0, SLOTS), clock.periods, strict=True)
    ]
    edge = pitch.half + 0.9
    inside: Floats = np.clip(np.concatenate(found), -edge, edge)
    return inside


def _stretched(values: npt.NDArray[Any], count: int) -> npt.NDArray[Any]:
    return np.concatenate([values, np.repeat(values[-1:], count - len(values), axis=0)])


def _starts(bouts: Sequence[Bout], grid: Sequence[Ints]) -> dict[int, list[tuple[int, int, Bout]]]:
    """Bouts by the step at which they start, each with its lane and the step at which it ends."""
    found: dict[int, list[tuple[int, int, Bout]]] = {}
    for bout in bouts:
        period = int(bout.first_frame >= grid[1][1])
        first = round((bout.first_frame - int(grid[period][0])) / STEP_FRAMES)
        last = first + max(2, round(bout.frames / STEP_FRAMES))
        found.setdefault(first, []).append((bout.slot + SLOTS * period, last, bout))
    return found


def _walk(
    goal: Floats, pace: Floats, starts: dict[int, list[tuple[int, int, Bout]]], *,
    pitch: Pitch, rule: BodyRule,
) -> Floats:  # fmt: skip
    """Control points by step and lane. Inside, a place or speed is one complex number: x + iy."""
    target = goal[:, :, 0] + 1j * goal[:, :, 1]
    points = np.empty_like(target)
    at, speed = target[0].copy(), np.zeros(LANES, dtype=complex)
    until, heading = np.zeros(LANES, dtype=np.int64), np.zeros(LANES, dtype=complex)
    for step in range(len(target)):
        for lane, last, bout in starts.get(step, ()):
            heading[lane] = _heading(bout, at[lane], pitch, seconds=(last - step) * STEP_S)
            until[lane] = last if heading[lane] else step
        rushing = until > step
        wish = (target[step] - at) / rule.settle_s
        wish *= np.minimum(1.0, pace[step] / np.maximum(np.abs(wish), 1e-9))
        wish[rushing] = heading[rushing]
        now, change = np.abs(speed), wish - speed
        limit = np.where(now > np.abs(wish), rule.brake_ms2, rule.accelerate_ms2)
        limit[rushing] = rule.rush.most_ms2 * (1 - now[rushing] / rule.rush.limit_ms)
        speed += change * np.minimum(1.0, limit * STEP_S / np.maximum(np.abs(change), 1e-9))
        at += speed * STEP_S
        points[step] = at
    return np.stack([points.real, points.imag], axis=2)


def _heading(bout: Bout, at: complex, pitch: Pitch, *, seconds: float) -> complex:
    """The bout's velocity, turned to where there is room for it; zero if there is none."""
    need = bout.peak_ms * seconds * 0.9 + bout.peak_ms**2 / 5.0
    half_length, half_width = pitch.half - 0.8
    for turn in TURNS:
        way = complex(np.cos(bout.angle + turn), np.sin(bout.angle + turn))
        end = at + way * need
        if abs(end.real) < half_length and abs(end.imag) < half_width:
            return way * bout.peak_ms
    return 0j


def _spline(points: Floats, rows: int) -> Floats:
    """The cubic B-spline through a period's control points, at each of its rows."""
    count = (rows - 1) // STEP_FRAMES + 1
    found = np.empty((count, STEP_FRAMES, *points.shape[1:]))
    for frame in range(STEP_FRAMES):
        u = frame / STEP_FRAMES
        weights = (
            (1 - u) ** 3 / 6,
            (3 * u**3 - 6 * u**2 + 4) / 6,
            (-3 * u**3 + 3 * u**2 + 3 * u + 1) / 6,
            u**3 / 6,
        )
        found[:, frame] = sum(weight * points[k : k + count] for k, weight in enumerate(weights))
    return found.reshape(-1, *points.shape[1:])[:rows]
