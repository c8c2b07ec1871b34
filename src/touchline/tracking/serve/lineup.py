"""The line-ups: each starting eleven where it stands, and the bench with its minutes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from matplotlib.patches import Circle

from touchline.core.markup import Markup, tag
from touchline.tracking.serve import people
from touchline.tracking.serve.drawing import AWAY, HOME, PAPER, Mark, canvas, svg, whole, word
from touchline.tracking.serve.metrics import MINUTES, missing, with_unit
from touchline.tracking.serve.pitch import Pitch, draw

# fmt: off
# Where a position stands: metres from the own goal line, and from the middle towards the left.
_STANDS = {
    "GK": (7.0, 0.0),
    "CB": (23.0, 0.0), "LCB": (23.0, 11.0), "RCB": (23.0, -11.0),
    "LB": (28.0, 26.0), "RB": (28.0, -26.0), "LWB": (38.0, 27.0), "RWB": (38.0, -27.0),
    "DM": (43.0, 0.0), "LDM": (43.0, 10.0), "RDM": (43.0, -10.0),
    "LM": (57.0, 24.0), "RM": (57.0, -24.0), "CM": (52.0, 0.0), "LCM": (52.0, 10.0), "RCM": (52.0, -10.0),
    "AM": (66.0, 0.0), "LAM": (66.0, 12.0), "RAM": (66.0, -12.0),
    "LW": (77.0, 25.0), "RW": (77.0, -25.0), "LF": (86.0, 11.0), "RF": (86.0, -11.0),
    "CF": (90.0, 0.0),
}
_GROUP_STANDS = {
    "Central Defender": (23.0, 0.0), "Full Back": (28.0, 0.0), "Midfield": (50.0, 0.0),
    "Wide Attacker": (77.0, 0.0), "Center Forward": (90.0, 0.0),
}
# fmt: on


@dataclass(frozen=True)
class LineupRule:
    """How the picture is laid out; players nearer than `apart_m` across are moved apart."""

    width_px: float = 330.0
    height_px: float = 480.0
    dot_px: float = 12.0
    margin_m: float = 2.0
    apart_m: float = 15.0
    level_m: float = 8.0
    unknown: tuple[float, float] = (50.0, 0.0)


def lineup(players: pl.DataFrame, name: str, rule: LineupRule = LineupRule()) -> Markup:
    """A team's card: its starting eleven on a pitch, its substitutes in a list.

    Args:
        players: PLAYERS, the rows of one team.
        name: The team's name.
        rule: How the picture is laid out.
    """
    order = ["minutes_played", "shirt_number", "player_id"]
    rows = (
        players.with_columns(people.group())
        .sort(order, descending=[True, False, False], nulls_last=True)
        .to_dicts()
    )
    starters = [r for r in rows if r["started"]]
    bench = [r for r in rows if not r["started"]]
    side = people.side(rows[0]) if rows else "home"
    eleven = (
        tag("p", "No starting eleven in the data.")
        if not starters
        else _eleven(starters, name, rule)
    )
    return tag(
        "article",
        tag("h3", tag("span", class_=f"dot {side}"), name),
        tag("div", tag("div", eleven, class_="eleven"), _bench(bench), class_="lineup"),
        class_=f"card {side}",
    )


def stands(rows: Sequence[dict[str, Any]], rule: LineupRule) -> list[tuple[float, float]]:
    """Where each player is drawn, (from the own goal line, to the left) in metres, none on another.

    A position that is not known stands where its group does, and one without either in midfield.
    """
    wanted = [_stand(r, rule) for r in rows]
    placed = list(wanted)
    for at, (depth, _) in enumerate(wanted):
        level = [i for i, w in enumerate(wanted) if abs(w[0] - depth) < rule.level_m]
        if at == level[0]:
            across = _apart([wanted[i][1] for i in level], rule.apart_m)
            for i, left in zip(level, across, strict=True):
                placed[i] = (wanted[i][0], left)
    return placed


def _stand(row: dict[str, Any], rule: LineupRule) -> tuple[float, float]:
    position, group = row["position"] or "", row["position_group"] or ""
    return _STANDS.get(position) or _GROUP_STANDS.get(group) or rule.unknown


def _apart(values: Sequence[float], gap: float) -> list[float]:
    """The values moved as little as needed to lie `gap` apart, around their common middle."""
    order = sorted(range(len(values)), key=lambda i: (values[i], i))
    moved = [values[i] for i in order]
    for at in range(1, len(moved)):
        moved[at] = max(moved[at], moved[at - 1] + gap)
    shift = (sum(values) - sum(moved)) / len(values)
    back = dict(zip(order, moved, strict=True))
    return [back[i] + shift for i in range(len(values))]


def _eleven(starters: Sequence[dict[str, Any]], team: str, rule: LineupRule) -> Markup:
    figure = canvas(rule.width_px, rule.height_px)
    pitch = Pitch()
    half = pitch.length_m / 2 + rule.margin_m
    wide = half * rule.width_px / rule.height_px
    per_m = rule.height_px / (2 * half)
    axes = whole(figure, 1 / per_m)
    draw(axes, pitch, upright=True)
    marks, words = {}, []
    named = people.labels([people.name(r) for r in starters])
    for row, label, (depth, left) in zip(starters, named, stands(starters, rule), strict=True):
        key, x, y = f"starter-{row['player_id']}", -left, depth - pitch.length_m / 2
        colour = HOME if row["is_home"] else AWAY
        dot = Circle((x, y), rule.dot_px / per_m, fc=colour, ec=PAPER, lw=1.5, gid=key, zorder=3)
        axes.add_patch(dot)
        marks[key] = Mark(_said(row))
        across, down = (x + wide) * per_m, (half - y) * per_m
        number = row["shirt_number"]
        words += [
            word(across, down + 4, "" if number is None else number, class_="shirt"),
            word(across, down + rule.dot_px + 12, label, class_="name"),
        ]
    shown = people.listed(
        f"{people.name(r)} ({r['position'] or 'position unknown'})" for r in starters
    )
    return svg(figure, f"Starting eleven of {team}: {shown}", marks=marks, words=words)


def _said(row: dict[str, Any]) -> str:
    parts = [people.name(row), row["group"], with_unit(MINUTES, row["minutes_played"])]
    return " · ".join(str(p) for p in parts if p) + _deeds(row)


def _deeds(row: dict[str, Any]) -> str:
    kinds = (("goals", "goal"), ("own_goals", "own goal"), ("yellow_cards", "yellow card"), ("red_cards", "red card"))  # fmt: skip
    deeds = [f"{row[k]} {one}{'s' if row[k] > 1 else ''}" for k, one in kinds if row[k]]
    return "".join(f" · {d}" for d in deeds)


def _bench(bench: Sequence[dict[str, Any]]) -> Markup:
    used = [_substitute(r) for r in bench if r["played"]]
    unused = [r for r in bench if not r["played"]]
    rest = people.listed(people.name(r) for r in unused)
    return tag(
        "div",
        tag("h4", "Came on"),
        tag("ul", used) if used else tag("p", "Nobody."),
        (tag("h4", "Not used"), tag("p", rest, class_="quiet")) if unused else None,
        class_="bench",
    )


def _substitute(row: dict[str, Any]) -> Markup:
    minutes = row["minutes_played"]
    return tag(
        "li",
        tag("span", "" if row["shirt_number"] is None else row["shirt_number"], class_="number"),
        tag("span", people.name(row), tag("small", f" {row['position'] or ''}{_deeds(row)}")),
        tag(
            "span",
            missing("not measured: his minutes are unknown")
            if minutes is None
            else with_unit(MINUTES, minutes),
            class_="minutes",
        ),
    )
