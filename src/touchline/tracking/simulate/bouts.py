"""Planned efforts: who runs hard when, how fast, in which direction.

Most off-ball runs of the events are such bouts; the rest are sprints and high-speed runs that fill
up what players of each position do in a match.
"""

from dataclasses import dataclass

import numpy as np

from touchline.tracking.simulate.arrays import Bools, Ints
from touchline.tracking.simulate.clock import FRAMES_PER_MIN, Clock
from touchline.tracking.simulate.lineup import SLOTS, TEAM, Lineup
from touchline.tracking.simulate.plan import FRAMES_PER_S, REGULAR_MINUTES, MatchPlan
from touchline.tracking.simulate.possessions import Possessions
from touchline.tracking.simulate.roles import EFFORTS

RUNNING, HIGH_SPEED, SPRINT = 0, 1, 2
REST_S = 9.0
RUNS_A_POSSESSION = (0.56, 0.27, 0.12, 0.05)


@dataclass(frozen=True)
class RunKind:
    """A kind of off-ball run.

    `heading` is its direction in degrees for a player on the left (0 is the goal attacked, 90 the
    left touchline), `hard` the chances of a high-speed run and of a sprint, `value` lifts xThreat
    (natural logarithm); `weight` counts by position group.
    """

    subtype: str
    subtype_id: int
    heading: float
    hard: tuple[float, float]
    value: float
    weight: dict[str, float]


@dataclass(frozen=True)
class Acceleration:
    """How fast a bout gains speed: `most_ms2` at rest, none at `limit_ms`."""

    most_ms2: float = 5.0
    limit_ms: float = 12.0

    def ramp_s(self, speed_ms: float, from_ms: float = 1.5) -> float:
        """Seconds from one speed to another."""
        decay_s = self.limit_ms / self.most_ms2
        return decay_s * float(np.log((self.limit_ms - from_ms) / (self.limit_ms - speed_ms)))


# fmt: off
_FRONT = {"Center Forward": 3.0, "Wide Attacker": 2.0}
_BUILD = {"Midfield": 2.0, "Center Forward": 1.0, "Wide Attacker": 1.0, "Central Defender": 0.5}
_FLANK = {"Full Back": 3.0, "Wide Attacker": 0.6, "Midfield": 0.2}
_ALL = {"Midfield": 1.2, "Center Forward": 2.2, "Wide Attacker": 2.4, "Full Back": 1.8, "Central Defender": 0.2}
RUN_KINDS = (
    RunKind("behind", 1, 5.0, (0.50, 0.28), 1.1, {k: 0.36 * v for k, v in _FRONT.items()}),
    RunKind("coming_short", 2, 165.0, (0.08, 0.0), -0.6, {k: 0.30 * v for k, v in _BUILD.items()}),
    RunKind("cross_receiver", 3, -12.0, (0.36, 0.10), 2.0, {k: 0.75 * v for k, v in _FRONT.items()}),
    RunKind("dropping_off", 4, 190.0, (0.06, 0.0), -1.2, {k: 0.26 * v for k, v in _BUILD.items()}),
    RunKind("overlap", 5, 8.0, (0.42, 0.12), 0.5, {k: 0.20 * v for k, v in _FLANK.items()}),
    RunKind("pulling_half_space", 6, -50.0, (0.15, 0.0), -0.3, {k: 0.26 * v for k, v in _FRONT.items()}),
    RunKind("pulling_wide", 7, 85.0, (0.12, 0.0), -0.8, {k: 0.42 * v for k, v in _FRONT.items()}),
    RunKind("run_ahead_of_the_ball", 8, 10.0, (0.26, 0.06), 0.3, _ALL),
    RunKind("support", 9, 20.0, (0.26, 0.05), 0.4, {k: 0.6 * v for k, v in _ALL.items()}),
    RunKind("underlap", 10, -25.0, (0.42, 0.10), 0.7, {k: 0.12 * v for k, v in _FLANK.items()}),
)
# fmt: on


@dataclass(frozen=True)
class Bout:
    """An effort: from a frame on, the player heads in a direction (radians) at up to `peak_ms`.

    `possession` and `run` (an index into RUN_KINDS) are -1 unless it is an off-ball run.
    """

    slot: int
    first_frame: int
    frames: int
    angle: float
    peak_ms: float
    kind: int
    possession: int = -1
    run: int = -1


def bouts(
    plan: MatchPlan, clock: Clock, lineup: Lineup, *, possessions: Possessions, held: Ints
) -> tuple[Bout, ...]:
    """Off-ball runs first, then what is missing to each player's efforts; never two at once."""
    random = plan.random("bouts")
    free = np.ones((clock.lines, SLOTS), dtype=bool)
    wanted = _runs(random, lineup, possessions, held=held[clock.row(possessions.first)])
    wanted += _efforts(random, lineup, clock, runs=wanted)
    kept = [bout for bout in wanted if _fits(bout, free, lineup, clock=clock)]
    return tuple(sorted(kept, key=lambda bout: (bout.first_frame, bout.slot)))


def _runs(
    random: np.random.Generator, lineup: Lineup, possessions: Possessions, *, held: Ints
) -> list[Bout]:
    groups = [spell.role.group for spell in lineup.spells]
    counts = random.choice(len(RUNS_A_POSSESSION), len(possessions), p=RUNS_A_POSSESSION)
    found = []
    for k in np.flatnonzero(counts):
        mates = [
            slot
            for slot in range(TEAM * possessions.side[k], TEAM * (possessions.side[k] + 1))
            if held[k, slot] >= 0 and slot != possessions.slot[k]
        ]
        weights = [
            sum(kind.weight.get(groups[held[k, s]], 0.0) for kind in RUN_KINDS) for s in mates
        ]
        chances = np.array(weights) / sum(weights)
        for slot in random.choice(mates, int(counts[k]), replace=False, p=chances):
            found.append(
                _run(random, lineup, possessions, int(k), slot=int(slot), spell=held[k, slot])
            )
    return found


def _run(
    random: np.random.Generator,
    lineup: Lineup,
    possessions: Possessions,
    k: int,
    *,
    slot: int,
    spell: int,
) -> Bout:
    runner = lineup.spells[spell]
    weights = np.array([kind.weight.get(runner.role.group, 0.0) for kind in RUN_KINDS])
    run = int(random.choice(len(RUN_KINDS), p=weights / weights.sum()))
    kind = RUN_KINDS[run]
    hard = random.random()
    effort = SPRINT if hard < kind.hard[1] else HIGH_SPEED if hard < sum(kind.hard) else RUNNING
    flank = 1.0 if runner.role.stand[1] >= 0 else -1.0
    turn = 0.0 if lineup.attack(runner.side, int(possessions.period[k])) > 0 else np.pi
    angle = turn + flank * np.radians(kind.heading + random.normal(0, 15))
    start = int(possessions.first[k]) - 12 + round(float(random.normal(0, 10)))
    made = _bout(random, slot, start, angle=angle, kind=effort, top_ms=runner.player.top_speed_ms)
    return Bout(**{**made, "possession": k, "run": run})


def _efforts(
    random: np.random.Generator, lineup: Lineup, clock: Clock, *, runs: list[Bout]
) -> list[Bout]:
    """Sprints and high-speed runs that are no off-ball runs of the events."""
    found = []
    for spell in lineup.spells:
        minutes = (spell.last_frame - spell.first_frame) / FRAMES_PER_MIN
        effort = EFFORTS[spell.role.group]
        share = minutes / REGULAR_MINUTES
        for kind, rate in ((SPRINT, effort.sprints), (HIGH_SPEED, effort.high_speed_runs)):
            planned = sum(
                bout.kind == kind and bout.slot == spell.slot
                and spell.first_frame <= bout.first_frame <= spell.last_frame
                for bout in runs
            )  # fmt: skip
            count = max(0, int(random.poisson(rate * share * 1.15)) - planned)
            for start in random.integers(spell.first_frame, spell.last_frame + 1, count):
                angle = float(random.choice((0.0, np.pi)) + random.normal(0, 0.35))
                top_ms = spell.player.top_speed_ms
                made = _bout(random, spell.slot, int(start), angle=angle, kind=kind, top_ms=top_ms)
                found.append(Bout(**made))
    return found


def _bout(
    random: np.random.Generator, slot: int, start: int, *, angle: float, kind: int, top_ms: float
) -> dict[str, object]:
    peak_ms = (
        float(random.uniform(4.7, 5.5)),
        float(random.uniform(5.8, 6.75)),
        float(random.uniform(7.3, top_ms)),
    )[kind]
    hold_s = float(np.clip(random.gamma(2.6, 0.62), 0.5, 5.0 if kind < SPRINT else 2.6))
    length_s = Acceleration().ramp_s(peak_ms) + hold_s
    return {
        "slot": slot,
        "first_frame": start,
        "frames": round(length_s * FRAMES_PER_S),
        "angle": angle,
        "peak_ms": peak_ms,
        "kind": kind,
    }


def _fits(bout: Bout, free: Bools, lineup: Lineup, *, clock: Clock) -> bool:
    """Whether the player has time for it; then his time is taken."""
    last = bout.first_frame + bout.frames + 3 * FRAMES_PER_S
    inside = any(
        period.first_frame + FRAMES_PER_S <= bout.first_frame and last <= period.last_frame
        for period in clock.periods
    )
    changed = any(
        bout.first_frame - FRAMES_PER_S <= frame <= last for frame in lineup.changes(bout.slot)
    )
    taken = slice(max(0, bout.first_frame - 5), last + round(REST_S * FRAMES_PER_S))
    if not inside or changed or not free[taken, bout.slot].all():
        return False
    free[taken, bout.slot] = False
    return True
