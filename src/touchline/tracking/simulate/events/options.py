"""Passing options: team mates who could have had the ball, among them runners and the target."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from touchline.tracking.simulate.arrays import Bools, Floats, Ints
from touchline.tracking.simulate.events.acts import Acts, act_columns, attack_columns
from touchline.tracking.simulate.events.labels import Columns, given, labelled
from touchline.tracking.simulate.events.passing import line_columns, pass_columns
from touchline.tracking.simulate.events.runs import SUBTYPES, Runs, holder_columns
from touchline.tracking.simulate.events.scene import SIDES, Scene
from touchline.tracking.simulate.run_script import RUN_KINDS

EXTRA_OPTIONS = 1.4
NEAR_M = 11.0
DANGEROUS_ABOVE = 0.02
DIFFICULT_BELOW = 0.65


@dataclass(frozen=True)
class Options:
    """Options in order of their first frame; `run` is an index into the runs, else -1.

    `xthreat`, `completion` and `score` are rounded as in the file. `lines` are the columns about
    the opponents' lines, `breaks` whether the first, second last and last of them is broken.
    """

    first: Ints
    last: Ints
    slot: Ints
    possession: Ints
    run: Ints
    targeted: Bools
    received: Bools
    xthreat: Floats
    completion: Floats
    score: Floats
    lines: Columns
    breaks: tuple[Bools, Bools, Bools]

    def __len__(self) -> int:
        """How many options."""
        return len(self.first)

    @property
    def dangerous(self) -> Bools:
        """Where xThreat is above 0.02."""
        return self.xthreat > DANGEROUS_ABOVE

    @property
    def difficult(self) -> Bools:
        """Where the pass is not likely to arrive."""
        return self.completion < DIFFICULT_BELOW


def options(scene: Scene, runs: Runs, random: np.random.Generator) -> Options:
    """The options of every possession: its runners, its target, and some who stand near."""
    made = scene.possessions
    possession, slot, run = _who(scene, runs, random)
    begin, end = made.first[possession], made.last[possession]
    hold = end - begin
    targeted = made.target[possession] == slot
    late = np.where(random.random(len(slot)) < 0.3, random.random(len(slot)), 0.0)
    early = np.where((random.random(len(slot)) < 0.22) & ~targeted, random.random(len(slot)), 0.0)
    first = begin + np.floor(late * hold).astype(np.int64)
    last = np.maximum(end - np.floor(early * (end - first)).astype(np.int64), first)
    runner = run >= 0
    first[runner] = np.clip(runs.first[run[runner]], begin[runner], end[runner])
    last[runner] = np.clip(runs.last[run[runner]], first[runner], end[runner])
    order = np.argsort(first, kind="stable")
    possession, slot, run = possession[order], slot[order], run[order]
    x = scene.places(last[order], slot, made.side[possession])[:, 0]
    xthreat, completion = _values(random, x, _lift(runs, run))
    score = np.round(random.beta(7, 1.7, len(x)).clip(0.01, 0.995), 4)
    lines, breaks = line_columns(random, known=np.ones(len(x), dtype=bool), typed=True)
    return Options(
        first=first[order],
        last=last[order],
        slot=slot,
        possession=possession,
        run=run,
        targeted=targeted[order],
        received=targeted[order] & made.passed[possession],
        xthreat=xthreat,
        completion=completion,
        score=score,
        lines=lines,
        breaks=breaks,
    )


def _who(scene: Scene, runs: Runs, random: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Possession, slot and run of each option, by possession."""
    made = scene.possessions
    everybody = scene.everybody(made.first, made.side)
    ball = scene.places(made.first, made.slot, made.side)
    gap = everybody - ball[:, None, :]
    near = -np.hypot(gap[:, :, 0], gap[:, :, 1]) / NEAR_M + random.gumbel(size=gap.shape[:2])
    mates = (SIDES[None, :] == made.side[:, None]) & ~np.isnan(gap[:, :, 0])
    mates[np.arange(len(made)), made.slot] = False
    near = np.where(mates, near, -np.inf)
    rank = np.argsort(np.argsort(-near, axis=1), axis=1)
    wanted = random.poisson(EXTRA_OPTIONS, len(made))
    chosen = mates & (rank < wanted[:, None])
    meant = (made.target >= 0) & (random.random(len(made)) < np.where(made.passed, 0.97, 0.80))
    chosen[np.flatnonzero(meant), made.target[meant]] = True
    run = np.full(chosen.shape, -1)
    run[runs.possession, runs.slot] = np.arange(len(runs))
    chosen |= run >= 0
    possession, slot = np.nonzero(chosen)
    return possession, slot, run[possession, slot]


def _lift(runs: Runs, run: Ints) -> Floats:
    values = np.array([kind.value for kind in RUN_KINDS] + [0.0])
    kinds = np.append(runs.kind, len(RUN_KINDS))
    lift: Floats = values[kinds[run]]
    return lift


def _values(random: np.random.Generator, x: Floats, lift: Floats) -> tuple[Floats, Floats]:
    """Threat and completion: further up the pitch there is more to win and more to lose.

    The line of log xThreat over x was read off two real matches.
    """
    threat = np.exp(-5.75 + 0.064 * x + lift + 0.8 * random.standard_normal(len(x)))
    likely = 2.2 - 0.022 * x - 0.5 * lift + 1.25 * random.standard_normal(len(x))
    xthreat: Floats = np.round(threat.clip(0.0, 0.35), 4)
    completion: Floats = np.round((1 / (1 + np.exp(-likely))).clip(0.11, 0.9996), 4)
    return xthreat, completion


def option_acts(scene: Scene, made: Options) -> Acts:
    """The options as events."""
    side = scene.possessions.side[made.possession]
    return Acts(
        "passing_option", made.first, made.last, made.first, made.slot, side, made.possession
    )


def option_columns(
    scene: Scene, made: Options, runs: Runs, *, random: np.random.Generator
) -> Columns:
    """All columns of the options."""
    acts = option_acts(scene, made)
    count = len(made)
    runner = made.run >= 0
    kind = np.append(runs.kind, -1)[made.run]
    same = np.bincount(made.possession, minlength=len(scene.possessions))[made.possession]
    run = "associated_off_ball_run"
    return {
        **act_columns(scene, acts, random),
        **attack_columns(scene, acts),
        **holder_columns(scene, acts),
        **pass_columns(scene, acts, random, target=made.slot, received=made.received),
        **made.lines,
        **labelled(f"{run}_subtype_id", f"{run}_subtype", SUBTYPES, index=kind, where=runner),
        **value_columns(made),
        "targeted": pl.Series(made.targeted),
        "received": pl.Series(made.received),
        "received_in_space": given(random.random(count) < 0.78, made.received),
        "peak_passing_option_frame": pl.Series(made.last - (made.last - made.first) // 3),
        "passing_option_at_player_possession_start": pl.Series(
            made.first == scene.possessions.first[made.possession]
        ),
        "n_simultaneous_passing_options": pl.Series(same - 1),
        "passing_option_at_pass_moment": pl.Series(
            made.last == scene.possessions.last[made.possession]
        ),
        "is_pass_reception_matched": given(np.full(count, True), made.received),
        "fully_extrapolated": pl.Series(random.random(count) < 0.15),
    }


def value_columns(made: Options) -> Columns:
    """What an option is worth; its run is worth the same."""
    return {
        "dangerous": pl.Series(made.dangerous),
        "difficult_pass_target": pl.Series(made.difficult),
        "xthreat": pl.Series(made.xthreat),
        "xpass_completion": pl.Series(made.completion),
        "passing_option_score": pl.Series(made.score),
        "predicted_passing_option": pl.Series(made.score > 0.35),
    }
