"""All planned efforts of a match: off-ball runs, and what else players of each position run.

Off-ball runs of the events come first; sprints and high-speed runs fill up what is usual.
"""

import numpy as np

from touchline.tracking.simulate.arrays import Bools, Ints
from touchline.tracking.simulate.bouts import HIGH_SPEED, SPRINT, Bout, bout
from touchline.tracking.simulate.clock import FRAMES_PER_MIN, Clock
from touchline.tracking.simulate.lineup import SLOTS, Lineup, Spell
from touchline.tracking.simulate.plan import FRAMES_PER_S, REGULAR_MINUTES, MatchPlan
from touchline.tracking.simulate.possessions import Possessions
from touchline.tracking.simulate.roles import EFFORTS
from touchline.tracking.simulate.run_script import planned_runs
from touchline.tracking.simulate.shape import Pitch

REST_S = 9.0
SURPLUS = 1.15


def efforts(
    plan: MatchPlan, clock: Clock, lineup: Lineup, *,
    possessions: Possessions, held: Ints, pitch: Pitch,
) -> tuple[Bout, ...]:  # fmt: skip
    """Efforts in order of their first frame; a player never has two at once."""
    random = plan.random("efforts")
    free = np.ones((clock.lines, SLOTS), dtype=bool)
    at_start = held[clock.row(possessions.first)]
    wanted = planned_runs(random, lineup, possessions, held=at_start, pitch=pitch)
    runs = list(wanted)
    for spell in lineup.spells:
        wanted += _rest(random, spell, runs)
    kept = [each for each in wanted if _fits(each, free, lineup, clock=clock)]
    return tuple(sorted(kept, key=lambda each: (each.first_frame, each.slot)))


def _rest(random: np.random.Generator, spell: Spell, runs: list[Bout]) -> list[Bout]:
    """Sprints and high-speed runs of a player that are no off-ball runs of the events."""
    minutes = (spell.last_frame - spell.first_frame) / FRAMES_PER_MIN
    usual, found = EFFORTS[spell.role.group], []
    for kind, rate in ((SPRINT, usual.sprints), (HIGH_SPEED, usual.high_speed_runs)):
        planned = sum(
            run.kind == kind
            and run.slot == spell.slot
            and spell.first_frame <= run.first_frame <= spell.last_frame
            for run in runs
        )
        count = int(random.poisson(rate * minutes / REGULAR_MINUTES * SURPLUS)) - planned
        for start in random.integers(spell.first_frame, spell.last_frame + 1, max(0, count)):
            angle = np.pi * float(random.integers(2)) + float(random.normal(0, 0.35))
            top_ms = spell.player.top_speed_ms
            found.append(
                bout(random, spell.slot, int(start), angle=angle, kind=kind, top_ms=top_ms)
            )
    return found


def _fits(effort: Bout, free: Bools, lineup: Lineup, *, clock: Clock) -> bool:
    """Whether the player has time for it; then his time is taken."""
    begin = effort.first_frame - FRAMES_PER_S
    end = effort.first_frame + effort.frames + 3 * FRAMES_PER_S
    inside = any(p.first_frame <= begin and end <= p.last_frame for p in clock.periods)
    changed = any(begin <= frame <= end for frame in lineup.changes(effort.slot))
    taken = slice(max(0, begin), end + round(REST_S * FRAMES_PER_S))
    if not inside or changed or not free[taken, effort.slot].all():
        return False
    free[taken, effort.slot] = False
    return True
