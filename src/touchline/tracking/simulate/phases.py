"""The script of a match: phases of play, team possessions, and where the ball is heading.

Coordinates here are seen from the team on the ball: it attacks to +x, its left is +y.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from touchline.tracking.simulate.arrays import Floats, Ints
from touchline.tracking.simulate.clock import Clock
from touchline.tracking.simulate.plan import FRAMES_PER_S, MatchPlan

RESTARTS = ("throw_in", "free_kick", "goal_kick", "corner")
GOAL_RESTART = "goal"


@dataclass(frozen=True)
class Kind:
    """A pair of phase types, and how such phases run.

    `reach` is where along the pitch they end, in metres; `lost` the chance that the ball is lost,
    `shot` that they end in a shot.
    """

    in_possession: str
    in_possession_id: int
    out_of_possession: str
    out_of_possession_id: int
    median_s: float
    spread: float
    reach: tuple[float, float]
    lost: float
    shot: float


# fmt: off
KINDS = (
    Kind("build_up", 0, "high_block", 10, 6.8, 0.55, (-32, -4), 0.28, 0.0),
    Kind("create", 1, "medium_block", 9, 7.0, 0.75, (-12, 30), 0.42, 0.02),
    Kind("finish", 2, "low_block", 8, 6.3, 0.80, (28, 49), 0.60, 0.24),
    Kind("quick_break", 3, "defending_quick_break", 12, 8.0, 0.45, (15, 48), 0.55, 0.40),
    Kind("transition", 4, "defending_transition", 11, 10.5, 0.45, (-5, 35), 0.55, 0.08),
    Kind("chaotic", 5, "chaotic", 5, 2.7, 0.65, (-25, 25), 0.84, 0.01),
    Kind("direct", 6, "defending_direct", 15, 3.1, 0.40, (8, 40), 0.68, 0.02),
    Kind("set_play", 7, "defending_set_play", 13, 6.2, 0.60, (32, 50), 0.60, 0.22),
)
# chances of the next kind, in the order of KINDS, by third of the pitch; after the ball was won
_KEPT = ((5.0, 3.0, 0.1, 0.0, 0.2, 1.0, 1.6, 0.0), (0.8, 4.5, 2.4, 0.1, 0.2, 1.2, 1.2, 0.0), (0.0, 1.0, 6.0, 0.0, 0.0, 1.0, 0.1, 0.0))
_WON = ((1.6, 1.4, 0.0, 0.15, 0.8, 6.0, 1.0, 0.0), (0.4, 3.2, 0.8, 0.20, 0.6, 6.0, 0.8, 0.0), (0.0, 0.8, 3.0, 0.0, 0.0, 3.5, 0.0, 0.0))
_RESTARTED = ((3.0, 2.5, 0.0, 0.0, 0.0, 1.2, 0.6, 0.0), (0.6, 4.0, 0.5, 0.0, 0.0, 2.0, 0.6, 0.3), (0.0, 0.8, 2.2, 0.0, 0.0, 1.2, 0.0, 6.0))
# fmt: on
DEAD_BALL_AFTER_LOSS = 0.13
DEAD_BALL_IF_KEPT = 0.27
GOAL_PER_SHOT = 0.11


@dataclass(frozen=True)
class Phase:
    """A phase of play: frames half-open, `chain` numbers team possessions.

    `restart` is how play began after a dead ball (else empty), `stopped` what stopped it at the end.
    """

    period: int
    first: int
    last: int
    side: int
    kind: int
    start_xy: tuple[float, float]
    end_xy: tuple[float, float]
    chain: int
    lost: bool
    shot: bool
    goal: bool
    restart: str
    stopped: str


@dataclass(frozen=True)
class Phases:
    """All phases in order: each by itself, and as columns."""

    each: tuple[Phase, ...]
    period: Ints
    first: Ints
    last: Ints
    side: Ints
    kind: Ints
    start_xy: Floats
    end_xy: Floats

    def __len__(self) -> int:
        """How many phases."""
        return len(self.each)


@dataclass
class _Draft:
    """What is known while the script is written, one phase after the other."""

    random: np.random.Generator
    half_length: float
    done: list[Phase] = field(default_factory=list)
    side: int = 0
    chain: int = -1
    x: float = 0.0
    y: float = 0.0
    restart: str = ""
    won: bool = False


def phases(plan: MatchPlan, clock: Clock, pitch_length: float) -> Phases:
    """A script for both halves, every kind of phase at least once if there are enough phases."""
    random = plan.random("phases")
    draft = _Draft(random, pitch_length / 2)
    kick_off_side = int(random.integers(2))
    for period in clock.periods:
        draft.side = kick_off_side if period.number == 1 else 1 - kick_off_side
        draft.x = draft.y = 0.0
        draft.restart, draft.won = "kick_off", False
        draft.chain += 1
        frame = period.first_frame + 2
        while frame < period.last_frame - 3 * FRAMES_PER_S:
            frame = _play(draft, period.number, frame, limit=period.last_frame - FRAMES_PER_S)
            frame += _dead_time(draft)
    return _columns(_with_every_kind(draft.done))


def _play(draft: _Draft, period: int, frame: int, *, limit: int) -> int:
    """Add phases until the ball is dead or the time is up; returns the last frame."""
    while frame < limit:
        kind = _next_kind(draft)
        style = KINDS[kind]
        length_s = style.median_s * float(np.exp(style.spread * draft.random.standard_normal()))
        last = min(frame + max(2, round(length_s * FRAMES_PER_S)), limit)
        done = _phase(draft, kind, period, first=frame, last=last)
        draft.done.append(done)
        draft.restart, frame = "", last
        if done.stopped:
            return last
        _turn(draft, won=done.lost)
    return frame


def _next_kind(draft: _Draft) -> int:
    third = int(np.digitize(draft.x, (-draft.half_length / 3, draft.half_length / 3)))
    table = _WON if draft.won else _RESTARTED if draft.restart else _KEPT
    if draft.restart == "kick_off":
        return 1
    weights = np.array(table[third])
    return int(draft.random.choice(len(KINDS), p=weights / weights.sum()))


def _phase(draft: _Draft, kind: int, period: int, *, first: int, last: int) -> Phase:
    random, style = draft.random, KINDS[kind]
    start = (draft.x, draft.y)
    reach = float(random.uniform(*style.reach))
    pace_m = 9.0 * (last - first) / FRAMES_PER_S + 4.0
    draft.x += float(np.clip(reach - draft.x, -pace_m, pace_m))
    draft.y = float(np.clip(draft.y + random.normal(0, 9.0), -31, 31))
    shot = bool(random.random() < style.shot)
    goal = shot and bool(random.random() < GOAL_PER_SHOT)
    lost = not goal and bool(random.random() < style.lost)
    dead = goal or bool(random.random() < (DEAD_BALL_AFTER_LOSS if lost else DEAD_BALL_IF_KEPT))
    return Phase(
        period=period,
        first=first,
        last=last,
        side=draft.side,
        kind=kind,
        start_xy=start,
        end_xy=(draft.x, draft.y),
        chain=draft.chain,
        lost=lost,
        shot=shot,
        goal=goal,
        restart=draft.restart,
        stopped="" if not dead else GOAL_RESTART if goal else _stoppage(draft, lost),
    )


def _stoppage(draft: _Draft, lost: bool) -> str:
    """Why the ball is dead, and with it who plays on: the side that lost it, or the other."""
    far = draft.x > draft.half_length * 0.6
    weights = np.array((0.55, 0.25, 0.9 if far and lost else 0.0, 0.7 if far and not lost else 0.0))
    return RESTARTS[int(draft.random.choice(len(RESTARTS), p=weights / weights.sum()))]


def _turn(draft: _Draft, *, won: bool) -> None:
    """The other side has the ball, if it was won."""
    draft.won = won
    if won:
        draft.side, draft.x, draft.y = 1 - draft.side, -draft.x, -draft.y
        draft.chain += 1


def _dead_time(draft: _Draft) -> int:
    """Frames until play goes on; sets who restarts it, how, and where."""
    random, ended = draft.random, draft.done[-1]
    stopped = ended.stopped or "throw_in"
    if ended.lost or ended.goal:
        _turn(draft, won=True)
    else:
        draft.chain += 1
    draft.won, draft.restart = False, stopped
    if stopped == GOAL_RESTART:
        draft.restart = "kick_off"
    restarts = {
        GOAL_RESTART: (0.0, 0.0),
        "corner": (draft.half_length - 12, float(random.choice((-14.0, 14.0)))),
        "goal_kick": (8 - draft.half_length, 0.0),
        "throw_in": (draft.x, 28.0 if draft.y > 0 else -28.0),
    }
    draft.x, draft.y = restarts.get(stopped, (draft.x, draft.y))
    wait_s = 29.0 * float(np.exp(0.75 * random.standard_normal()))
    return round(float(np.clip(wait_s, 2.0, 90.0)) * FRAMES_PER_S)


def _with_every_kind(done: list[Phase]) -> tuple[Phase, ...]:
    """The phases; a kind that did not occur gets one of the commonest kind's."""
    kinds = [phase.kind for phase in done]
    for kind in range(len(KINDS)):
        commonest = max(set(kinds), key=kinds.count)
        if kind not in kinds and kinds.count(commonest) > 1:
            kinds[len(kinds) - 1 - kinds[::-1].index(commonest)] = kind
    return tuple(replace(phase, kind=kind) for phase, kind in zip(done, kinds, strict=True))


def _columns(each: tuple[Phase, ...]) -> Phases:
    return Phases(
        each=each,
        period=np.array([phase.period for phase in each]),
        first=np.array([phase.first for phase in each]),
        last=np.array([phase.last for phase in each]),
        side=np.array([phase.side for phase in each]),
        kind=np.array([phase.kind for phase in each]),
        start_xy=np.array([phase.start_xy for phase in each]),
        end_xy=np.array([phase.end_xy for phase in each]),
    )
