"""The off-ball runs of the script: which team mates run while a player has the ball, and how."""

from dataclasses import dataclass, replace

import numpy as np

from touchline.tracking.simulate.arrays import Floats, Ints
from touchline.tracking.simulate.bouts import HIGH_SPEED, RUNNING, SPRINT, Bout, bout
from touchline.tracking.simulate.lineup import SLOTS, TEAM, Lineup
from touchline.tracking.simulate.possessions import Possessions
from touchline.tracking.simulate.shape import Pitch, places

RUNS_A_POSSESSION = (0.55, 0.28, 0.12, 0.05)
NEAR_M = 13.0
SPREAD_DEG = 15.0


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


# fmt: off
_FRONT = {"Center Forward": 3.0, "Wide Attacker": 2.0}
_BUILD = {"Midfield": 2.0, "Center Forward": 1.0, "Wide Attacker": 1.0, "Central Defender": 0.5}
_FLANK = {"Full Back": 3.0, "Wide Attacker": 0.6, "Midfield": 0.2}
_ALL = {"Midfield": 1.2, "Center Forward": 2.2, "Wide Attacker": 2.4, "Full Back": 1.8, "Central Defender": 0.2}
RUN_KINDS = (
    RunKind("behind", 1, 5.0, (0.50, 0.28), 1.1, {k: 0.45 * v for k, v in _FRONT.items()}),
    RunKind("coming_short", 2, 165.0, (0.08, 0.0), -0.6, {k: 0.35 * v for k, v in _BUILD.items()}),
    RunKind("cross_receiver", 3, -12.0, (0.36, 0.10), 2.0, {k: 0.95 * v for k, v in _FRONT.items()}),
    RunKind("dropping_off", 4, 190.0, (0.06, 0.0), -1.2, {k: 0.30 * v for k, v in _BUILD.items()}),
    RunKind("overlap", 5, 8.0, (0.42, 0.12), 0.5, {k: 0.22 * v for k, v in _FLANK.items()}),
    RunKind("pulling_half_space", 6, -50.0, (0.15, 0.0), -0.3, {k: 0.24 * v for k, v in _FRONT.items()}),
    RunKind("pulling_wide", 7, 85.0, (0.12, 0.0), -0.8, {k: 0.50 * v for k, v in _FRONT.items()}),
    RunKind("run_ahead_of_the_ball", 8, 10.0, (0.26, 0.06), 0.3, _ALL),
    RunKind("support", 9, 20.0, (0.26, 0.05), 0.4, {k: 0.55 * v for k, v in _ALL.items()}),
    RunKind("underlap", 10, -25.0, (0.42, 0.10), 0.7, {k: 0.12 * v for k, v in _FLANK.items()}),
)
# fmt: on


def planned_runs(
    random: np.random.Generator, lineup: Lineup, possessions: Possessions, *,
    held: Ints, pitch: Pitch,
) -> list[Bout]:  # fmt: skip
    """Runs of team mates, those near the ball and those up front before others.

    Args:
        random: Random numbers of their own.
        lineup: Both teams.
        possessions: The script.
        held: Who holds each slot, by possession and slot; -1 where nobody does.
        pitch: Its size.
    """
    counts = random.choice(len(RUNS_A_POSSESSION), len(possessions), p=RUNS_A_POSSESSION)
    eager = _eagerness(lineup, possessions, held=held, pitch=pitch)
    order = np.argsort(-(eager + random.gumbel(size=eager.shape)), axis=1)
    return [
        _run(random, lineup, possessions, k=int(k), slot=int(slot), spell=int(held[k, slot]))
        for k in np.flatnonzero(counts)
        for slot in order[k, : counts[k]]
        if np.isfinite(eager[k, slot])
    ]


def _eagerness(lineup: Lineup, possessions: Possessions, *, held: Ints, pitch: Pitch) -> Floats:
    """How likely each slot is to run, as a logarithm, by possession and slot."""
    groups = [spell.role.group for spell in lineup.spells]
    weights = [sum(kind.weight.get(group, 0.0) for kind in RUN_KINDS) for group in groups]
    stood = places(
        lineup, pitch, possessions.point, on_ball=possessions.side, periods=possessions.period
    )
    away = np.sqrt(np.square(stood - possessions.point[:, None, :]).sum(axis=2))
    mates = (np.arange(SLOTS) // TEAM)[None, :] == possessions.side[:, None]
    mates[np.arange(len(possessions)), possessions.slot] = False
    weight = np.where(mates & (held >= 0), np.array(weights)[held], 0.0)
    eager = np.full(weight.shape, -np.inf)
    np.log(weight, out=eager, where=weight > 0)
    eager -= away / NEAR_M
    return eager


def _run(
    random: np.random.Generator, lineup: Lineup, possessions: Possessions, *,
    k: int, slot: int, spell: int,
) -> Bout:  # fmt: skip
    runner = lineup.spells[spell]
    weights = np.array([kind.weight.get(runner.role.group, 0.0) for kind in RUN_KINDS])
    run = int(np.searchsorted(weights.cumsum(), random.random() * weights.sum(), side="right"))
    kind = RUN_KINDS[run]
    hard = random.random()
    effort = SPRINT if hard < kind.hard[1] else HIGH_SPEED if hard < sum(kind.hard) else RUNNING
    flank = 1.0 if runner.role.stand[1] >= 0 else -1.0
    turn = 0.0 if lineup.attack(runner.side, int(possessions.period[k])) > 0 else np.pi
    angle = turn + flank * np.radians(kind.heading + random.normal(0, SPREAD_DEG))
    start = int(possessions.first[k]) - 12 + round(float(random.normal(0, 10)))
    made = bout(
        random, slot, start, angle=float(angle), kind=effort, top_ms=runner.player.top_speed_ms
    )
    return replace(made, possession=k, run=run)
