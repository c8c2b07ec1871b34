"""Where each player should be at each step: his place, some freedom, and the ball when it is his."""

from collections.abc import Sequence

import numpy as np

from touchline.tracking.simulate.arrays import Bools, Floats, Ints
from touchline.tracking.simulate.clock import Clock, Period
from touchline.tracking.simulate.lineup import SLOTS, TEAM, Lineup
from touchline.tracking.simulate.motion import STEP_FRAMES, steps
from touchline.tracking.simulate.phases import Phases
from touchline.tracking.simulate.plan import MatchPlan
from touchline.tracking.simulate.possessions import Possessions
from touchline.tracking.simulate.presses import Presses, approach
from touchline.tracking.simulate.shape import Pitch, attacks, focus, phase_at, places

WANDER_M = 4.4
WANDER_STEPS = 8
KEEPER_SHARE = 0.25
KICK_OFF_STEPS = 4
COMING_FRAMES = 15


def guide(
    plan: MatchPlan, clock: Clock, lineup: Lineup, *,
    phases: Phases, possessions: Possessions, presses: Presses, pitch: Pitch,
) -> tuple[list[Floats], list[Bools]]:  # fmt: skip
    """For each period, the target of every slot and whether the ball is in play, by step."""
    random = plan.random("guide")
    targets, in_play = [], []
    for period, frames in zip(clock.periods, steps(clock), strict=True):
        index = phase_at(phases, frames)
        on_ball = np.where(index >= 0, phases.side[index], -1)
        periods = np.full(len(frames), period.number)
        ball = focus(phases, lineup, frames)
        goal = places(lineup, pitch, ball, on_ball=on_ball, periods=periods)
        goal += _wander(random, len(frames))
        _pull(goal, period, frames, possessions=possessions, presses=presses, lineup=lineup)
        _line_up(goal, lineup, period.number)
        edge = pitch.half - 0.8
        targets.append(np.clip(goal, -edge, edge))
        in_play.append(index >= 0)
    return targets, in_play


def _wander(random: np.random.Generator, count: int) -> Floats:
    """Slow random walks about each place, by step and slot; keepers keep nearer to it."""
    knots = np.arange(0, count + WANDER_STEPS, WANDER_STEPS)
    drawn = random.normal(0, WANDER_M, (len(knots), SLOTS, 2))
    drawn[:, ::TEAM] *= KEEPER_SHARE
    share = (np.arange(count) % WANDER_STEPS / WANDER_STEPS)[:, None, None]
    before = np.arange(count) // WANDER_STEPS
    wander: Floats = drawn[before] * (1 - share) + drawn[before + 1] * share
    return wander


def _pull(
    goal: Floats, period: Period, frames: Ints, *,
    possessions: Possessions, presses: Presses, lineup: Lineup,
) -> None:  # fmt: skip
    """Send those on the ball, and those who press them, to it."""
    heading = approach(presses, possessions, lineup)
    calls: Sequence[tuple[Ints, Ints, Ints, Floats]] = (
        (possessions.slot, possessions.first, possessions.last, possessions.point),
        (presses.slot, presses.physical_first, presses.last, heading),
    )
    for slots, firsts, lasts, points in calls:
        inside = (firsts >= period.first_frame) & (firsts <= period.last_frame)
        begin = (firsts - COMING_FRAMES - int(frames[0])) // STEP_FRAMES
        end = (lasts - int(frames[0])) // STEP_FRAMES + 2
        for k in np.flatnonzero(inside):
            goal[max(0, begin[k]) : end[k], slots[k]] = points[k]


def _line_up(goal: Floats, lineup: Lineup, period: int) -> None:
    """At kick-off everybody is in his own half."""
    sides = np.arange(SLOTS) // TEAM
    turn = attacks(lineup, sides, np.full(SLOTS, period))
    x = goal[:KICK_OFF_STEPS, :, 0] * turn
    goal[:KICK_OFF_STEPS, :, 0] = np.minimum(x, -0.6) * turn
