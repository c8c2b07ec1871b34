"""Engagements of the player on the ball as events: how near, at what speed, to what end."""

import numpy as np
import polars as pl

from touchline.tracking.simulate.arrays import Floats, Ints
from touchline.tracking.simulate.engagements import SUBTYPE_IDS, SUBTYPES, Engagements
from touchline.tracking.simulate.events.acts import Acts, act_columns, persons
from touchline.tracking.simulate.events.labels import (
    BANDS,
    CHAIN_ENDS,
    END_TYPES,
    INTERRUPTIONS,
    LINES,
    Columns,
    Labels,
    angles,
    bands,
    cm,
    given,
    labelled,
    named,
)
from touchline.tracking.simulate.events.on_ball import interruptions, mates_ahead
from touchline.tracking.simulate.events.options import Options
from touchline.tracking.simulate.events.runs import SUBTYPES as RUN_SUBTYPES
from touchline.tracking.simulate.events.runs import Runs
from touchline.tracking.simulate.events.scene import Scene, ahead, team, within

ENGAGEMENTS = Labels(SUBTYPES, SUBTYPE_IDS)
CLOSE_M = 2.0
NEAR_M = 5.0
AFFECTED_SHARE = 0.35


def engagement_acts(scene: Scene, made: Engagements) -> Acts:
    """The engagements as events; the acting side is the one without the ball."""
    presses = made.presses
    side = 1 - scene.possessions.side[presses.possession]
    return Acts(
        "on_ball_engagement",
        presses.first,
        presses.last,
        presses.physical_first,
        presses.slot,
        side,
        presses.possession,
    )


def engagement_columns(
    scene: Scene, made: Engagements, options: Options, *,
    runs: Runs, random: np.random.Generator,
) -> Columns:  # fmt: skip
    """All columns of the engagements."""
    acts = engagement_acts(scene, made)
    possessions, k = scene.possessions, acts.possession
    before, after = interruptions(scene, k, ours=False)
    lost = [scene.phases.each[phase].lost for phase in possessions.phase[k]]
    passed = np.isin(possessions.start_type[k], ("pass_reception", "pass_interception"))
    aimed = possessions.target[k] >= 0
    possession = "associated_player_possession"
    before_play, after_play = "game_interruption_before", "game_interruption_after"
    return {
        **act_columns(scene, acts, random),
        "frame_physical_start": pl.Series(acts.timed),
        **labelled("event_subtype_id", "event_subtype", ENGAGEMENTS, index=made.subtype),
        **persons(scene, acts.first, possessions.slot[k], prefix="player_in_possession"),
        **persons(scene, acts.first, possessions.slot[k], prefix="player_targeted"),
        f"{possession}_frame_start": pl.Series(possessions.first[k]),
        f"{possession}_frame_end": pl.Series(possessions.last[k]),
        **named(
            f"{possession}_end_type_id", f"{possession}_end_type", END_TYPES,
            names=possessions.end_type[k].tolist(),
        ),
        "team_possession_loss_in_phase": pl.Series(lost),
        **named(f"{before_play}_id", before_play, INTERRUPTIONS, names=before),
        **named(f"{after_play}_id", after_play, INTERRUPTIONS, names=after),
        **named("end_type_id", "end_type", END_TYPES, names=made.end_type.tolist()),
        **_against(scene, acts, random),
        **_between(scene, acts),
        **mates_ahead(scene, acts),
        **_around(scene, acts),
        **_chains(made, random),
        **_affected(options, runs, acts, random=random),
        **_danger(random, len(acts)),
        "is_previous_pass_matched": given(random.random(len(acts)) > 0.04, passed),
        "is_pass_reception_matched": given(random.random(len(acts)) > 0.03, aimed),
    }  # fmt: skip


def _against(scene: Scene, acts: Acts, random: np.random.Generator) -> Columns:
    """The player on the ball: how far from goal, how fast."""
    slot = scene.possessions.slot[acts.possession]
    goal = np.array([scene.pitch.half[0], 0.0])
    columns: Columns = {}
    for suffix, frames in (("start", acts.first), ("end", acts.last)):
        ball = scene.places(frames, slot, 1 - acts.side)
        far = np.hypot(*(goal - ball).T)
        columns[f"player_targeted_distance_to_goal_{suffix}"] = pl.Series(cm(far))
        angle = angles(ball - goal)
        columns[f"player_targeted_angle_to_goal_{suffix}"] = pl.Series(cm(angle))
    theirs = cm(scene.speeds_kmh(acts.timed, acts.last, slot))
    ours = cm(scene.speeds_kmh(acts.timed, acts.last, acts.slot))
    known = random.random(len(acts)) > 0.02
    band = "player_targeted_speed_avg_band"
    return columns | {
        "player_targeted_average_speed": given(theirs, known),
        **labelled(f"{band}_id", band, BANDS, index=bands(theirs), where=known),
        "speed_difference": given(cm(ours - theirs), known),
    }


def _between(scene: Scene, acts: Acts) -> Columns:
    """Distance and angle between the two players."""
    slot = scene.possessions.slot[acts.possession]

    def gap(frames: Ints) -> Floats:
        theirs = scene.places(frames, slot, acts.side)
        change: Floats = theirs - scene.places(frames, acts.slot, acts.side)
        return change

    start, end, physical = (gap(frames) for frames in (acts.first, acts.last, acts.timed))
    middle = gap((acts.first + acts.last) // 2)
    length = {
        name: cm(np.hypot(change[:, 0], change[:, 1]))
        for name, change in (("start", start), ("end", end), ("start_physical", physical))
    }
    least = np.minimum(np.minimum(length["start"], length["end"]), cm(np.hypot(*middle.T)))
    return {
        **{f"interplayer_distance_{name}": pl.Series(values) for name, values in length.items()},
        "interplayer_distance_min": pl.Series(least),
        "close_at_player_possession_start": pl.Series(length["start"] < CLOSE_M),
        "angle_of_engagement": pl.Series(cm(angles(start))),
        "goal_side_start": pl.Series(start[:, 0] > 0),
        "goal_side_end": pl.Series(end[:, 0] > 0),
    }


def _around(scene: Scene, acts: Acts) -> Columns:
    """Who is ahead of, and who is near, the player on the ball."""
    attackers = 1 - acts.side
    slot = scene.possessions.slot[acts.possession]
    columns: Columns = {}
    for suffix, frames in (("start", acts.first), ("end", acts.last)):
        everybody = scene.everybody(frames, attackers)
        ball = scene.places(frames, slot, attackers)
        for name, side in (("opponents", acts.side), ("teammates", attackers)):
            members = team(side)
            members[np.arange(len(acts)), slot] = False
            column = f"n_player_targeted_{name}"
            further = ahead(everybody, ball[:, 0], members)
            near = within(everybody, ball, members, radius_m=NEAR_M)
            columns[f"{column}_ahead_{suffix}"] = pl.Series(further)
            columns[f"{column}_within_5m_{suffix}"] = pl.Series(near)
    return columns


def _chains(made: Engagements, random: np.random.Generator) -> Columns:
    """Pressing chains, and who engages the same player at the same time."""
    chained = made.chain >= 0
    possession = made.presses.possession
    counts = np.bincount(possession)[possession]
    rank = np.zeros(len(possession), dtype=np.int64)
    seen: dict[int, int] = {}
    for index, k in enumerate(possession.tolist()):
        seen[k] = rank[index] = seen.get(k, 0) + 1
    ended = np.zeros(int(made.chain.max(initial=-1)) + 2, dtype=np.int64) - 1
    regains = np.array([end.endswith("regain") for end in made.end_type])
    stops = np.array([end.endswith("disruption") for end in made.end_type])
    ended[made.chain[chained & stops]] = 1
    ended[made.chain[chained & regains]] = 0
    outcome = np.where(chained, ended[made.chain], -1)
    together = "simultaneous_defensive_engagement_same_target"
    return {
        "consecutive_on_ball_engagements": pl.Series(random.random(len(possession)) < 0.17),
        "pressing_chain": pl.Series(chained),
        "pressing_chain_length": given(made.length, chained),
        **labelled(
            "pressing_chain_end_type_id", "pressing_chain_end_type", CHAIN_ENDS,
            index=outcome, where=outcome >= 0,
        ),
        "pressing_chain_index": given(made.chain, chained),
        "index_in_pressing_chain": given(made.place, chained),
        together: pl.Series(counts > 1),
        f"{together}_rank": given(rank, counts > 1),
    }  # fmt: skip


def _affected(options: Options, runs: Runs, acts: Acts, *, random: np.random.Generator) -> Columns:
    """Options through a line that the engagement bears on."""
    first, second_last, last = options.breaks
    line = np.where(last, 2, np.where(second_last, 1, np.where(first, 0, -1)))
    last_possession = max(acts.possession.max(initial=0), options.possession.max(initial=0))
    by_possession = np.full(int(last_possession) + 1, -1)
    breaking = np.flatnonzero(line >= 0)
    by_possession[options.possession[breaking]] = breaking
    option = by_possession[acts.possession]
    known = (option >= 0) & (random.random(len(acts)) < AFFECTED_SHARE)
    run = np.append(options.run, -1)[option]
    ran, kind = known & (run >= 0), np.append(runs.kind, -1)[run]
    name = "affected_line_breaking_passing_option"
    ids = [f"7_{number}" for number in option.tolist()]
    return {
        f"{name}_id": given(pl.Series(ids, dtype=pl.String), known),
        **labelled(
            "affected_line_break_id", "affected_line_break", LINES,
            index=np.append(line, -1)[option], where=known,
        ),
        f"{name}_attempted": given(options.targeted[option], known),
        f"{name}_xthreat": given(options.xthreat[option], known),
        f"{name}_dangerous": given(options.dangerous[option], known),
        **labelled(
            f"{name}_run_subtype_id", f"{name}_run_subtype", RUN_SUBTYPES, index=kind, where=ran
        ),
    }  # fmt: skip


def _danger(random: np.random.Generator, count: int) -> Columns:
    """The provider's judgement of the danger, before and after."""
    shares = {
        "possession_danger": 0.25,
        "beaten_by_possession": 0.012,
        "beaten_by_movement": 0.009,
        "stop_possession_danger": 0.03,
        "reduce_possession_danger": 0.012,
        "force_backward": 0.034,
    }
    columns = {name: pl.Series(random.random(count) < share) for name, share in shares.items()}
    for name, scale, power in (("xloss", 0.5, 1.0), ("xshot", 0.5, 8.0)):
        drawn = np.round(scale * random.random((3, count)) ** power, 3)
        columns[f"{name}_player_possession_start"] = pl.Series(drawn[0])
        columns[f"{name}_player_possession_end"] = pl.Series(drawn[1])
        columns[f"{name}_player_possession_max"] = pl.Series(drawn.max(axis=0))
    return columns
