"""Possessions of players as events: how they begin and end, who is passed to, what options exist."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from touchline.tracking.simulate.arrays import Bools, Floats, Ints
from touchline.tracking.simulate.events.acts import (
    IN_KINDS,
    OUT_KINDS,
    Acts,
    act_columns,
    attack_columns,
    persons,
)
from touchline.tracking.simulate.events.labels import (
    END_TYPES,
    INTERRUPTIONS,
    OUTCOMES,
    START_TYPES,
    Columns,
    Labels,
    cm,
    given,
    labelled,
    named,
    zone,
)
from touchline.tracking.simulate.events.options import Options
from touchline.tracking.simulate.events.passing import line_columns, pass_columns, vector_columns
from touchline.tracking.simulate.events.runs import Runs, overtaken
from touchline.tracking.simulate.events.scene import Scene, ahead, team

CARRY_M = 2.0
BOTH_KINDS = Labels(IN_KINDS.names + OUT_KINDS.names, IN_KINDS.ids + OUT_KINDS.ids)


def possession_acts(scene: Scene) -> Acts:
    """The possessions as events."""
    made = scene.possessions
    number = np.arange(len(made))
    return Acts(
        "player_possession", made.first, made.last, made.first, made.slot, made.side, number
    )


def possession_columns(
    scene: Scene, options: Options, runs: Runs, *, random: np.random.Generator
) -> Columns:
    """All columns of the possessions."""
    made, acts = scene.possessions, possession_acts(scene)
    best = _targeted_option(options, len(made))
    carried = scene.covered_m(made.first, made.last, made.slot) >= CARRY_M
    carried &= made.last > made.first
    attack = attack_columns(scene, acts)
    lines, _ = line_columns(random, known=best >= 0, typed=False)
    return {
        **act_columns(scene, acts, random),
        **attack,
        "in_to_out": given(attack["in_to_out"], carried),
        "out_to_in": given(attack["out_to_in"], carried),
        **_sequence(scene),
        **_interruptions(scene, acts),
        **_touches(scene, random, carried),
        **_received(scene, random),
        **_target(scene, options, best),
        **pass_columns(
            scene, acts, random, target=made.target, received=made.passed, known=best >= 0
        ),
        **lines,
        **_counts(scene, options, runs),
        **overtaken(scene, acts),
        **mates_ahead(scene, acts),
        "is_pass_reception_matched": given(random.random(len(made)) > 0.03, made.target >= 0),
        "fully_extrapolated": pl.Series(random.random(len(made)) < 0.03),
    }


def _targeted_option(options: Options, count: int) -> Ints:
    """The option that each possession's pass was meant for, -1 for none."""
    best = np.full(count, -1)
    best[options.possession[options.targeted]] = np.flatnonzero(options.targeted)
    return best


def _sequence(scene: Scene) -> Columns:
    """Place among the possessions of the phase and of the team, and the phases around."""
    made, phases = scene.possessions, scene.phases
    starts = np.flatnonzero(np.diff(made.phase, prepend=-1))
    counts = np.diff(np.append(starts, len(made)))
    rank = np.arange(len(made)) - np.repeat(starts, counts)
    alone = np.repeat(counts, counts)
    columns: Columns = {
        "player_possession_phase_index": pl.Series(rank + 1),
        "first_player_possession_in_team_possession": pl.Series(made.opens),
        "last_player_possession_in_team_possession": pl.Series(made.closes),
        "lead_to_different_phase": pl.Series(rank == alone - 1),
        "issued_from_different_phase": pl.Series(rank == 0),
        "n_player_possessions_in_phase": pl.Series(alone),
        "team_possession_loss_in_phase": pl.Series([phases.each[k].lost for k in made.phase]),
    }
    for name, step in (("next", 1), ("previous", -1)):
        columns |= _around(scene, made.phase + step, name)
    return columns


def _around(scene: Scene, phase: Ints, name: str) -> Columns:
    """The phase before or after, as each of the two teams sees it."""
    made, phases = scene.possessions, scene.phases
    at = np.clip(phase, 0, len(phases) - 1)
    exists = (phase == at) & (phases.period[at] == made.period)
    same = phases.side[at] == made.side
    kind, other = phases.kind[at], phases.kind[at] + len(IN_KINDS.names)
    columns: Columns = {}
    for team_name, index in (
        ("current_team_in_possession", np.where(same, kind, other)),
        ("current_team_out_of_possession", np.where(same, other, kind)),
    ):
        column = f"{team_name}_{name}_phase_type"
        columns |= labelled(f"{column}_id", column, BOTH_KINDS, index=index, where=exists)
    return columns


def _interruptions(scene: Scene, acts: Acts) -> Columns:
    before, after = interruptions(scene, acts.possession, ours=True)
    return {
        **named(
            "game_interruption_before_id", "game_interruption_before", INTERRUPTIONS, names=before
        ),
        **named(
            "game_interruption_after_id", "game_interruption_after", INTERRUPTIONS, names=after
        ),
    }


def interruptions(scene: Scene, possession: Ints, *, ours: bool) -> tuple[list[str], list[str]]:
    """What stopped play before and after each possession; for the other team if not `ours`."""
    made = scene.possessions
    words = ("for", "against") if ours else ("against", "for")
    before, after = [], []
    for k in possession:
        phase = scene.phases.each[made.phase[k]]
        restart = phase.restart if made.opens[k] and phase.restart != "kick_off" else ""
        before.append(f"{restart}_{words[0]}" if restart else "")
        stopped = phase.stopped if made.closes[k] else ""
        kept = phase.goal or not phase.lost
        after.append(f"{stopped}_{words[0] if kept else words[1]}" if stopped else "")
    return before, after


def _touches(scene: Scene, random: np.random.Generator, carried: Bools) -> Columns:
    made = scene.possessions
    count = len(made)
    one_touch = made.first == made.last
    outcome = np.where(made.passed, 0, np.where(random.random(count) < 0.02, 2, 1))
    return {
        **named("start_type_id", "start_type", START_TYPES, names=made.start_type.tolist()),
        **named("end_type_id", "end_type", END_TYPES, names=made.end_type.tolist()),
        "one_touch": pl.Series(one_touch),
        "quick_pass": pl.Series(~one_touch & (made.last - made.first < 9)),
        "carry": pl.Series(carried),
        "forward_momentum": pl.Series(random.random(count) < 0.017),
        "is_header": pl.Series(one_touch & (random.random(count) < 0.24)),
        "hand_pass": pl.Series((made.slot % 11 == 0) & (random.random(count) < 0.15)),
        "initiate_give_and_go": pl.Series(random.random(count) < 0.037),
        **labelled(
            "pass_outcome_id", "pass_outcome", OUTCOMES,
            index=outcome, where=made.end_type == "pass",
        ),
    }  # fmt: skip


def _received(scene: Scene, random: np.random.Generator) -> Columns:
    """The pass that each possession began with."""
    made = scene.possessions
    passed = made.start_type == "pass_reception"
    known = passed | (made.start_type == "pass_interception")
    before = np.maximum(np.arange(len(made)) - 1, 0)
    passer = scene.places(made.last[before], made.slot[before], made.side)
    change = scene.places(made.first, made.slot, made.side) - passer
    return {
        **vector_columns(change, passed, prefix="pass", reach="pass_range", suffix="_received"),
        "is_previous_pass_matched": given(random.random(len(made)) > 0.035, known),
    }


def _target(scene: Scene, options: Options, best: Ints) -> Columns:
    """Who the pass was meant for, where he was then and where he got it, and what it was worth."""
    made = scene.possessions
    aimed, slot = made.target >= 0, np.maximum(made.target, 0)
    reception = np.where(made.passed, np.roll(made.first, -1), made.last)
    columns = persons(scene, made.last, slot, prefix="player_targeted", where=aimed)
    for name, frames, where in (("pass", made.last, aimed), ("reception", reception, made.passed)):
        at, prefix = scene.places(frames, slot, made.side), "player_targeted"
        columns[f"{prefix}_x_{name}"] = given(cm(at[:, 0]), where)
        columns[f"{prefix}_y_{name}"] = given(cm(at[:, 1]), where)
        channel, third = f"{prefix}_channel_{name}", f"{prefix}_third_{name}"
        names = (f"{channel}_id", channel, f"{third}_id", third, f"{prefix}_penalty_area_{name}")
        columns |= zone(at, scene.pitch, names=names, where=where)
    known = best >= 0

    def worth(values: Floats | Bools) -> pl.Series:
        return given(values[best], known)

    return columns | {
        "player_targeted_xpass_completion": worth(options.completion),
        "player_targeted_difficult_pass_target": worth(options.difficult),
        "player_targeted_xthreat": worth(options.xthreat),
        "player_targeted_dangerous": worth(options.dangerous),
    }


def _counts(scene: Scene, options: Options, runs: Runs) -> Columns:
    """How many options of each kind a possession has."""
    made = scene.possessions
    size = len(made)
    x = scene.places(options.last, options.slot, made.side[options.possession])[:, 0]
    ball = scene.places(options.last, made.slot[options.possession], made.side[options.possession])
    forward = x > ball[:, 0]
    at_start = options.first == made.first[options.possession]
    at_end = options.last == made.last[options.possession]
    held = made.last > made.first

    def count(which: Bools, where: Bools | None = None) -> pl.Series:
        found = np.bincount(options.possession[which], minlength=size)
        return pl.Series(found) if where is None else given(found, where)

    first, second_last, last = options.breaks
    dangerous, difficult = options.dangerous, options.difficult
    name = "n_passing_options"
    return {
        name: count(np.ones(len(options), dtype=bool)),
        "n_off_ball_runs": pl.Series(np.bincount(runs.possession, minlength=size)),
        f"{name}_line_break": count(first | second_last | last),
        f"{name}_first_line_break": count(first),
        f"{name}_second_last_line_break": count(second_last),
        f"{name}_last_line_break": count(last),
        f"{name}_ahead": count(forward),
        f"{name}_dangerous_difficult": count(dangerous & difficult),
        f"{name}_dangerous_not_difficult": count(dangerous & ~difficult),
        f"{name}_not_dangerous_not_difficult": count(~dangerous & ~difficult),
        f"{name}_not_dangerous_difficult": count(~dangerous & difficult),
        f"{name}_at_start": count(at_start, held),
        f"{name}_at_end": count(at_end, held),
        f"{name}_ahead_at_start": count(at_start & forward, held),
        f"{name}_ahead_at_end": count(at_end & forward, held),
    }


def mates_ahead(scene: Scene, acts: Acts) -> Columns:
    """Team mates further up the pitch than the acting player, at both ends."""
    mates = team(acts.side)
    counts: Sequence[pl.Series] = [
        pl.Series(
            ahead(
                scene.everybody(frames, acts.side),
                scene.places(frames, acts.slot, acts.side)[:, 0],
                mates,
            )
        )
        for frames in (acts.first, acts.last)
    ]
    return {"n_teammates_ahead_end": counts[1], "n_teammates_ahead_start": counts[0]}
