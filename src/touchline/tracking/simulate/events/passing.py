"""Passes: from whom to whom, how far, past whom, through which line."""

import numpy as np

from touchline.tracking.simulate.arrays import Bools, Floats, Ints
from touchline.tracking.simulate.events.acts import Acts
from touchline.tracking.simulate.events.labels import (
    BREAKS,
    DIRECTIONS,
    LINES,
    RANGES,
    Columns,
    angles,
    cm,
    directions,
    given,
    labelled,
    ranges,
)
from touchline.tracking.simulate.events.scene import Scene, ahead, team

HIGH_PASS_SHARE = 0.09
ORGANISED_SHARE = 0.48
THREE_LINES_SHARE = 0.85
STRUCTURES = (442, 424, 541, 532, 433, 4231, 523, 4321, 4141, 352)
STRUCTURE_CHANCES = (0.38, 0.12, 0.11, 0.09, 0.08, 0.07, 0.05, 0.04, 0.03, 0.03)
BREAK_SHARES = (0.22, 0.23, 0.055)


def vector_columns(
    change: Floats, where: Bools, *, prefix: str, reach: str, suffix: str = ""
) -> Columns:
    """Length, range, angle and direction of vectors, null where they are not known.

    Args:
        change: The vectors, as x and y.
        where: Rows in which they are known.
        prefix: What the column names begin with.
        reach: The name of the range's column.
        suffix: What the column names end with.
    """
    length, angle = np.hypot(change[:, 0], change[:, 1]), angles(change)
    reached, way = f"{reach}{suffix}", f"{prefix}_direction{suffix}"
    return {
        f"{prefix}_distance{suffix}": given(cm(length), where),
        **labelled(f"{reached}_id", reached, RANGES, index=ranges(cm(length)), where=where),
        f"{prefix}_angle{suffix}": given(cm(angle), where),
        **labelled(f"{way}_id", way, DIRECTIONS, index=directions(cm(angle)), where=where),
    }


def pass_columns(
    scene: Scene, acts: Acts, random: np.random.Generator, *,
    target: Ints, received: Bools, known: Bools | None = None,
) -> Columns:  # fmt: skip
    """The pass to a target: where both are at the pass, where it is received, who is bypassed.

    Args:
        scene: The match.
        acts: Options or possessions.
        random: Random numbers of their own.
        target: The slot of who is or might be passed to.
        received: Rows in which the pass arrives.
        known: Rows that have a target; all by default.
    """
    made = scene.possessions
    where = np.ones(len(acts), dtype=bool) if known is None else known
    slot = np.maximum(target, 0)
    moment = made.last[acts.possession]
    reception = made.first[np.minimum(acts.possession + 1, len(made) - 1)]
    passer = scene.places(moment, made.slot[acts.possession], acts.side)
    meant = scene.places(moment, slot, acts.side)
    caught = scene.places(np.where(received, reception, moment), slot, acts.side)
    opponents = team(1 - acts.side)
    everybody = scene.everybody(moment, acts.side)
    before = ahead(everybody, passer[:, 0], opponents)
    after = ahead(everybody, meant[:, 0], opponents)
    high = random.random(len(acts)) < HIGH_PASS_SHARE
    return {
        **vector_columns(
            meant - passer, where, prefix="interplayer", reach="interplayer_distance_range"
        ),
        **vector_columns(caught - passer, received, prefix="pass", reach="pass_range"),
        "high_pass": given(high, received),
        "pass_ahead": given(meant[:, 0] > passer[:, 0], where),
        "n_opponents_ahead_player_in_possession_pass_moment": given(before, where),
        "n_opponents_ahead_pass_reception": given(after, where),
        "n_opponents_bypassed": given(before - after, where),
    }


def line_columns(
    random: np.random.Generator, *, known: Bools, typed: bool
) -> tuple[Columns, tuple[Bools, Bools, Bools]]:
    """The opponents' lines and whether the pass breaks one, and the breaks by line.

    Args:
        random: Random numbers of their own.
        known: Rows that have a pass or an option of one.
        typed: Whether there is a column for the way in which each line is broken.
    """
    count = len(known)
    organised = known & (random.random(count) < ORGANISED_SHARE)
    three = random.random(count) < THREE_LINES_SHARE
    structure = random.choice(STRUCTURES, count, p=STRUCTURE_CHANCES)
    columns: Columns = {
        "organised_defense": given(organised, known),
        "defensive_structure": given(structure, organised),
        "n_defensive_lines": given(np.where(three, 3, 2), organised),
    }
    way, furthest = random.integers(0, 2, count), np.full(count, -1)
    breaks = []
    for index, (line, share) in enumerate(zip(LINES.names, BREAK_SHARES, strict=True)):
        applies = organised & three if index == 0 else organised
        broken = applies & (random.random(count) < share)
        breaks.append(broken)
        furthest[broken] = index
        name = f"{line}_line_break"
        columns[name] = given(broken, applies)
        if typed:
            columns |= labelled(f"{name}_type_id", f"{name}_type", BREAKS, index=way, where=broken)
    name, any_broken = "furthest_line_break", furthest >= 0
    columns |= labelled(f"{name}_id", name, LINES, index=furthest, where=any_broken)
    columns |= labelled(f"{name}_type_id", f"{name}_type", BREAKS, index=way, where=any_broken)
    return columns, (breaks[0], breaks[1], breaks[2])
