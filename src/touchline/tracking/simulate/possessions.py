"""Who has the ball when: the script's phases, split into the possessions of players."""

from dataclasses import dataclass

import numpy as np

from touchline.tracking.simulate.arrays import Bools, Floats, Ints, Names
from touchline.tracking.simulate.clock import Clock
from touchline.tracking.simulate.lineup import SLOTS, TEAM, Lineup
from touchline.tracking.simulate.phases import Phase, Phases
from touchline.tracking.simulate.plan import FRAMES_PER_S, MatchPlan
from touchline.tracking.simulate.shape import Pitch, focus, places

LEAD_S = 10
ONE_TOUCH_SHARE = 0.36
SCATTER_M = 5.0
REACH_M = 7.0


@dataclass(frozen=True)
class Possessions:
    """Possessions of players in order, one element each.

    Frames are inclusive at both ends. `opens` and `closes` mark the first and last possession of
    a team possession (`chain`); `target` is the slot the pass was meant for, -1 without a pass;
    `point` is where on the pitch it was meant to happen.
    """

    period: Ints
    first: Ints
    last: Ints
    side: Ints
    slot: Ints
    phase: Ints
    chain: Ints
    opens: Bools
    closes: Bools
    target: Ints
    passed: Bools
    lead_to_shot: Bools
    lead_to_goal: Bools
    start_type: Names
    end_type: Names
    point: Floats

    def __len__(self) -> int:
        """How many possessions."""
        return len(self.first)

    def scores(self, phases: Phases) -> Bools:
        """Whether each possession ends in a goal."""
        goals = np.array([phase.goal for phase in phases.each])[self.phase]
        scored: Bools = (self.end_type == "shot") & goals
        return scored


def possessions(
    plan: MatchPlan, clock: Clock, lineup: Lineup, *, phases: Phases, pitch: Pitch
) -> Possessions:
    """Split each phase into possessions and give each to the player whose place is nearest."""
    random = plan.random("possessions")
    first, last, phase = _spells(random, phases)
    chains = np.array([each.chain for each in phases.each])[phase]
    opens = np.diff(chains, prepend=-1) != 0
    closes = np.append(opens[1:], True)
    point = focus(phases, lineup, first) + random.normal(0, SCATTER_M, (len(first), 2))
    point = np.clip(point, 1.0 - pitch.half, pitch.half - 1.0)
    sides, periods = phases.side[phase], phases.period[phase]
    stood = places(lineup, pitch, point, on_ball=sides, periods=periods)
    near = _nearness(lineup.occupants(clock)[clock.row(first)], stood, point, sides=sides)
    slot, target = _holders(random, near, opens=opens, closes=closes)
    end_type = _end_types(random, phases, phase, closes=closes)
    shot = end_type == "shot"
    goal = shot & np.array([phases.each[k].goal for k in phase])
    passed = (end_type == "pass") & ~closes
    return Possessions(
        period=periods,
        first=first,
        last=last,
        side=sides,
        slot=slot,
        phase=phase,
        chain=chains,
        opens=opens,
        closes=closes,
        target=np.where(end_type == "pass", target, -1),
        passed=passed,
        lead_to_shot=_leads_to(shot, last, chains),
        lead_to_goal=_leads_to(goal, last, chains),
        start_type=_start_types(random, phases, phase, opens=opens),
        end_type=end_type,
        point=point,
    )


def _spells(random: np.random.Generator, phases: Phases) -> tuple[Ints, Ints, Ints]:
    """First and last frame of each possession, and its phase; every phase has one or more."""
    found: list[tuple[int, int, int]] = []
    for index, phase in enumerate(phases.each):
        frame = phase.first + (0 if index == 0 or not phase.restart else 3)
        if index and phases.each[index - 1].chain == phase.chain:
            frame = min(frame + _flight(random), phase.last)
        while True:
            last = min(frame + _hold(random), phase.last)
            found.append((frame, last, index))
            frame = last + _flight(random)
            if frame >= phase.last - 1:
                break
    first, last_, phase_ = np.array(found, dtype=np.int64).T
    return first, last_, phase_


def _hold(random: np.random.Generator) -> int:
    return 0 if random.random() < ONE_TOUCH_SHARE else 3 + int(random.exponential(19.0))


def _flight(random: np.random.Generator) -> int:
    return 7 + int(random.exponential(2.3 * FRAMES_PER_S))


def _nearness(held: Ints, stood: Floats, point: Floats, *, sides: Ints) -> Floats:
    """How well each slot is placed to have the ball, by possession and slot; -inf if it cannot."""
    away = np.square(stood - point[:, None, :]).sum(axis=2) / (2 * REACH_M**2)
    own = (np.arange(SLOTS) // TEAM)[None, :] == sides[:, None]
    return np.where(own & (held >= 0), -away, -np.inf)


def _holders(
    random: np.random.Generator, near: Floats, *, opens: Bools, closes: Bools
) -> tuple[Ints, Ints]:
    """The slot on the ball, never the same twice running in a team possession, and the next one."""
    score = near + random.gumbel(size=near.shape)
    slot = np.zeros(len(near), dtype=np.int64)
    for k in range(len(near)):
        if not opens[k]:
            score[k, slot[k - 1]] = -np.inf
        slot[k] = int(score[k].argmax())
    other = near / 4 + random.gumbel(size=near.shape)
    other[np.arange(len(near)), slot] = -np.inf
    return slot, np.where(closes, other.argmax(axis=1), np.roll(slot, -1))


def _end_types(random: np.random.Generator, phases: Phases, phase: Ints, *, closes: Bools) -> Names:
    """How each possession ended; the last one of a phase with a shot is the shot."""
    ends = np.full(len(phase), "pass", dtype=object)
    finals = np.append(phase[1:] != phase[:-1], True)
    for k in np.flatnonzero(finals & closes):
        ends[k] = _closing(random, phases.each[phase[k]])
    for k in np.flatnonzero(finals):
        if phases.each[phase[k]].shot:
            ends[k] = "shot"
    return ends


def _closing(random: np.random.Generator, phase: Phase) -> str:
    if phase.stopped == "free_kick" and not phase.lost:
        return "foul_suffered"
    if not phase.lost and not phase.stopped:
        return "unknown"
    return str(random.choice(("pass", "possession_loss", "clearance"), p=(0.74, 0.18, 0.08)))


def _start_types(
    random: np.random.Generator, phases: Phases, phase: Ints, *, opens: Bools
) -> Names:
    """How each possession began: received, won, or after a dead ball."""
    starts = np.where(random.random(len(phase)) < 0.08, "keep_possession", "pass_reception")
    starts = starts.astype(object)
    for k in np.flatnonzero(opens):
        restart = phases.each[phase[k]].restart
        if restart in ("", "kick_off"):
            won = random.choice(("pass_interception", "recovery", "unknown"), p=(0.56, 0.40, 0.04))
            starts[k] = "unknown" if restart else str(won)
        else:
            starts[k] = "unknown" if random.random() < 0.3 else f"{restart}_reception"
    return starts


def _leads_to(event: Bools, last: Ints, chains: Ints) -> Bools:
    """Whether such an event of the same team possession follows within ten seconds."""
    leads = np.zeros(len(event), dtype=bool)
    for k in np.flatnonzero(event):
        near = (last[k] - last <= LEAD_S * FRAMES_PER_S) & (last <= last[k])
        leads |= near & (chains == chains[k])
    return leads
