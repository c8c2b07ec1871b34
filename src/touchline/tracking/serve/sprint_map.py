"""Where players sprinted: an arrow a sprint, each team attacking to the right; upward on a phone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch

from touchline.core.contracts import Contract
from touchline.core.markup import Markup, tag
from touchline.core.wording import counted
from touchline.tracking.contracts import SPRINTS
from touchline.tracking.serve import people
from touchline.tracking.serve.drawing import (
    DEAD_BALL,
    WITH_BALL,
    WITHOUT_BALL,
    Mark,
    canvas,
    svg,
    whole,
)
from touchline.tracking.serve.metrics import meaning
from touchline.tracking.serve.pitch import Pitch, draw

Row = dict[str, Any]


@dataclass(frozen=True)
class State:
    """Who had the ball during a sprint, and how its arrow is drawn."""

    key: str
    label: str
    colour: str
    dashes: str


STATES: Mapping[bool | None, State] = {
    True: State("with", "his team on the ball", WITH_BALL, "solid"),
    False: State("without", "the other team on the ball", WITHOUT_BALL, "dashed"),
    None: State("dead", "ball dead, or in no phase of play", DEAD_BALL, "dotted"),
}
MEASURES = ("top_speed_kmh", "distance_m", "duration_s", "detected_share")


@dataclass(frozen=True)
class SprintMapRule:
    """How sprints become arrows and minutes of the match clock; pixels a metre of the pitch."""

    px_per_m: float = 5.6
    margin_m: float = 2.5
    frames_per_s: float = 10.0
    period_starts_min: tuple[int, ...] = (0, 45, 90, 105)


def sprint_map(
    match: Row,
    metrics: Sequence[Row],
    sprints: pl.DataFrame,
    *,
    rule: SprintMapRule = SprintMapRule(),
) -> Markup:
    """The filters and a pitch for each team.

    Args:
        match: The row of MATCHES.
        metrics: PLAYER_METRICS of the match, as people.ordered.
        sprints: SPRINTS of the match.
        rule: How sprints are drawn.
    """
    by_id = {r["player_id"]: r for r in metrics}
    rows = _played_right(sprints, match).sort("first_frame", "player_id").to_dicts()
    pitches = []
    for side in ("home", "away"):
        team, name = (
            match[f"{side}_team_id"],
            match[f"{side}_team_name"] or f"{side.capitalize()} team",
        )
        own = [r for r in rows if r["team_id"] == team]
        picture = _picture(match, own, by_id, name=name, rule=rule)
        count = tag("small", f" {counted(len(own), 'sprint')}")
        way = tag("small", "attacking ", tag("i", "→"), class_="way")
        known = way if match["home_side_period_1"] else None
        head = tag("h3", tag("span", class_=f"dot {side}"), name, count, known)
        pitches.append(tag("article", head, picture, class_="card sprints", data_team=side))
    return tag(
        "div",
        _controls(metrics, match),
        tag(
            "p",
            f"{len(rows)} of {counted(len(rows), 'sprint')} shown.",
            id="sprints-shown",
            aria_live="polite",
            class_="quiet",
        ),
        tag("div", pitches, class_="pitches"),
        tag("p", _note(match), class_="quiet"),
        class_="sprint-map",
    )


def measured(definitions: Contract = SPRINTS) -> list[tuple[str, str]]:
    """Each number of a sprint and what it means."""
    return [(n, meaning(definitions.column(n), definitions.table)) for n in MEASURES]


def _played_right(sprints: pl.DataFrame, match: Row) -> pl.DataFrame:
    """The sprints turned so that the sprinter's team attacks towards +x, where that is known.

    Teams change ends after each period; `home_side_period_1` says how they began.
    """
    home_right = match["home_side_period_1"] == "left_to_right"
    is_home = pl.col("team_id") == match["home_team_id"]
    odd = pl.col("period") % 2 == 1
    right = (is_home == odd) == home_right
    known = match["home_side_period_1"] is not None
    turn = pl.when(right | (not known)).then(1.0).otherwise(-1.0)
    places = ("start_x_m", "start_y_m", "end_x_m", "end_y_m")
    return sprints.with_columns(pl.col(p) * turn for p in places)


def _note(match: Row) -> str:
    if match["home_side_period_1"] is None:
        return "Playing direction is not known for this match: positions as recorded."
    said = "Both teams attack the same way in every period: positions are turned where teams changed ends."
    if match.get("period_3_start_frame") is not None:
        said += " Extra time is drawn as if teams had gone on changing ends."
    return said


def _controls(metrics: Sequence[Row], match: Row) -> Markup:
    options = [tag("option", "Both teams", value="")]
    for side in ("home", "away"):
        team = match[f"{side}_team_name"] or f"{side.capitalize()} team"
        mine = [r for r in metrics if people.side(r) == side]
        inner = [
            tag("option", people.name(r), value=f"player {r['player_id']}", data_side=side)
            for r in mine
        ]
        everyone = tag("option", f"{team}: all", value=f"team {side}")
        options.append(tag("optgroup", everyone, inner, label=team))
    boxes = [
        tag(
            "label",
            tag("input", type="checkbox", checked=True, value=s.key, name="state"),
            tag("i", class_=f"stroke {s.key}"),
            s.label,
            class_="check",
        )
        for s in STATES.values()
    ]
    who = tag("label", "Show ", tag("select", options, id="sprint-who"), class_="control")
    return tag(
        "form",
        who,
        tag("fieldset", tag("legend", "Ball", class_="aside"), boxes),
        class_="controls",
        id="sprint-filter",
    )


def _picture(
    match: Row, sprints: Sequence[Row], by_id: Mapping[int, Row], *, name: str, rule: SprintMapRule
) -> Markup:
    pitch = Pitch(match["pitch_length_m"], match["pitch_width_m"])
    long, wide = pitch.length_m + 2 * rule.margin_m, pitch.width_m + 2 * rule.margin_m
    figure = canvas(long * rule.px_per_m, wide * rule.px_per_m)
    axes = whole(figure, 1 / rule.px_per_m)
    draw(axes, pitch, line=1.3)
    marks = {}
    for row in sprints:
        if None in (row["start_x_m"], row["start_y_m"], row["end_x_m"], row["end_y_m"]):
            continue
        key, state = f"sprint-{row['player_id']}-{row['first_frame']}", STATES[row["in_possession"]]
        _arrow(axes, row, state, key=key)
        found = {
            "class": f"sprint {state.key}",
            "data_player": row["player_id"],
            "data_state": state.key,
        }
        marks[key] = Mark(_said(row, by_id.get(row["player_id"]), match, rule=rule), found)
    label = f"Sprints of {name} on the pitch, attacking to the right: {len(sprints)}"
    shape = f"--long:{long:.1f};--wide:{wide:.1f}"
    return tag("div", svg(figure, label, marks=marks), class_="turf", style=shape)


def _arrow(axes: Axes, row: Row, state: State, *, key: str) -> None:
    arrow = FancyArrowPatch(
        (row["start_x_m"], row["start_y_m"]),
        (row["end_x_m"], row["end_y_m"]),
        arrowstyle="-|>,head_length=0.5,head_width=0.28",
        mutation_scale=12,
        shrinkA=0,
        shrinkB=0,
        color=state.colour,
        lw=1.6,
        ls=state.dashes,
        gid=key,
        zorder=3,
    )
    axes.add_patch(arrow)


def _said(row: Row, player: Row | None, match: Row, *, rule: SprintMapRule) -> str:
    who = people.name(player) if player else f"Player {row['player_id']}"
    phase = row[
        "team_in_possession_phase_type"
        if row["in_possession"]
        else "team_out_of_possession_phase_type"
    ]
    during = f", {phase.replace('_', ' ')}" if phase else ""
    return (
        f"{who}, {_minute(row, match, rule)}: top speed {row['top_speed_kmh']:.1f} km/h,"
        f" {row['distance_m']:.0f} m in {row['duration_s']:.1f} s; {STATES[row['in_possession']].label}{during};"
        f" detected {row['detected_share']:.0%}"
    )


def _minute(row: Row, match: Row, rule: SprintMapRule) -> str:
    """The minute of the match clock in which a sprint began, as people count: from 1."""
    period = row["period"]
    start = match.get(f"period_{period}_start_frame")
    if start is None:
        return f"period {period}"
    played = int((row["first_frame"] - start) / rule.frames_per_s // 60)
    return f"minute {rule.period_starts_min[period - 1] + played + 1} (period {period})"
