"""A player against his position group: a radar of percentiles, and the numbers behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.patches import Circle, PathPatch, Wedge
from matplotlib.path import Path

from touchline.core.contracts import Contract
from touchline.core.markup import Markup, tag
from touchline.tracking.serve import people
from touchline.tracking.serve.comparison import (
    COMPARE,
    COMPARED,
    ComparisonRule,
    comparison,
    crowds,
)
from touchline.tracking.serve.drawing import (
    ACCENT,
    AWAY,
    HOME,
    LINE,
    MUTED,
    Mark,
    canvas,
    svg,
    whole,
    word,
)
from touchline.tracking.serve.standing import Standing, standing


@dataclass(frozen=True)
class RadarRule:
    """How the picture is laid out, in pixels; `turn` starts the first spoke at the top."""

    width_px: float = 490.0
    height_px: float = 405.0
    radius_px: float = 150.0
    label_px: float = 166.0
    line_px: float = 12.0
    dot_px: float = 4.0
    rings: tuple[float, ...] = (25.0, 75.0, 100.0)
    turn: float = np.pi / 2


def radar(
    metrics: pl.DataFrame,
    population: pl.DataFrame,
    definitions: Contract,
    *,
    chosen: int | None,
    compare: ComparisonRule = COMPARE,
    rule: RadarRule = RadarRule(),
) -> Markup:
    """The choice of a player, the radar of every player (one shown), and his numbers.

    Args:
        metrics: PLAYER_METRICS of the match.
        population: PLAYER_METRICS of all matches.
        definitions: The contract of both.
        chosen: The player shown first.
        compare: Whom a player is compared with.
        rule: How the picture is laid out.
    """
    rows = people.ordered(metrics)
    if not rows:
        return tag("p", "No player of this match has numbers.")
    standings = _by_player(comparison(metrics, population, compare))
    crowd = {c["group"]: c for c in crowds(population, compare).to_dicts()}
    numbers = [
        standing(
            row,
            standings[row["player_id"]],
            definitions,
            crowd=crowd.get(row["group"]),
            compare=compare,
            shown=row["player_id"] == chosen,
        )
        for row in rows
    ]
    return tag(
        "div",
        tag(
            "div",
            _choice(rows, chosen),
            _picture(rows, standings, chosen, rule=rule),
            _key(),
            class_="radar-picture",
        ),
        tag("div", numbers, class_="radar-numbers", aria_live="polite"),
        class_="card radar",
    )


def _by_player(compared: pl.DataFrame) -> dict[int, Standing]:
    found: dict[int, Any] = {}
    for row in compared.to_dicts():
        found.setdefault(row["player_id"], {})[row["metric"]] = row
    return found


def _choice(rows: Sequence[dict[str, Any]], chosen: int | None) -> Markup:
    teams = dict.fromkeys(people.team(r) for r in rows)
    groups = [
        tag(
            "optgroup",
            [
                tag(
                    "option",
                    f"{people.name(r)} · {r['group']}",
                    value=r["player_id"],
                    selected=r["player_id"] == chosen,
                )
                for r in rows
                if people.team(r) == team
            ],
            label=team,
        )
        for team in teams
    ]
    return tag("label", "Player ", tag("select", groups, id="radar-player"), class_="control")


def _key() -> Markup:
    return tag(
        "p",
        tag("span", tag("i", class_="swatch band"), "10–90% of the group "),
        tag("span", tag("i", class_="swatch median"), "median of the group "),
        "The further out, the more of the group's performances lie below his.",
        class_="key",
    )


def _picture(
    rows: Sequence[dict[str, Any]],
    standings: Mapping[int, Standing],
    chosen: int | None,
    *,
    rule: RadarRule,
) -> Markup:
    figure = canvas(rule.width_px, rule.height_px)
    axes = whole(figure)
    _web(axes, rule)
    marks = {}
    for row in rows:
        key = f"radar-{row['player_id']}"
        shape = _shape([standings[row["player_id"]][m.name]["percentile"] for m in COMPARED], rule)
        colour = HOME if row["is_home"] else AWAY
        axes.add_patch(PathPatch(shape, fc=(colour, 0.25), ec=colour, lw=2, gid=key, zorder=3))
        hidden = row["player_id"] != chosen
        marks[key] = Mark(
            attributes={"class": "radar-shape", "data_player": row["player_id"], "hidden": hidden}
        )
    label = (
        "Radar of the chosen player against his position group; the table beside it has the numbers"
    )
    return svg(figure, label, marks=marks, words=_spokes(rule))


def _angles(rule: RadarRule) -> np.ndarray:
    return rule.turn - np.linspace(0, 2 * np.pi, len(COMPARED), endpoint=False)


def _web(axes: Axes, rule: RadarRule) -> None:
    """The spokes, the rings, the group's band from its 10th to its 90th percentile, its median."""
    full = rule.radius_px
    axes.add_patch(
        Wedge((0, 0), 0.9 * full, 0, 360, width=0.8 * full, fc=ACCENT, ec="none", alpha=0.13)
    )
    for ring in rule.rings:
        axes.add_patch(Circle((0, 0), ring / 100 * full, fill=False, ec=LINE, lw=1))
    axes.add_patch(Circle((0, 0), full / 2, fill=False, ec=MUTED, lw=1.4, ls=(0, (4, 3))))
    for angle in _angles(rule):
        axes.plot([0, full * np.cos(angle)], [0, full * np.sin(angle)], color=LINE, lw=1)


def _shape(percentiles: Sequence[float | None], rule: RadarRule) -> Path:
    """The polygon over the spokes, broken at a spoke without a number, a diamond at each number."""
    size, dot = rule.radius_px / 100, rule.dot_px
    points = [
        None if p is None else (p * size * np.cos(a), p * size * np.sin(a))
        for p, a in zip(percentiles, _angles(rule), strict=True)
    ]
    diamonds = [
        Path([(x, y + dot), (x + dot, y), (x, y - dot), (x - dot, y), (x, y + dot)], closed=True)
        for x, y in (p for p in points if p)
    ]
    if all(points):
        outline = [p for p in points if p]
        return Path.make_compound_path(Path([*outline, outline[0]], closed=True), *diamonds)
    pairs = zip(points, [*points[1:], points[0]], strict=True)
    slices = [Path([(0, 0), a, b, (0, 0)], closed=True) for a, b in pairs if a and b]
    return Path.make_compound_path(*slices, *diamonds) if diamonds else Path(np.empty((0, 2)))


def _spokes(rule: RadarRule) -> list[Markup]:
    """The metrics' names around the web, and what its rings stand for."""
    middle_x, middle_y = rule.width_px / 2, rule.height_px / 2
    words = [
        word(middle_x + 3, middle_y - ring / 100 * rule.radius_px - 3, f"{ring:.0f}", class_="ring")
        for ring in (50.0, *rule.rings[:-1])
    ]
    for metric, angle in zip(COMPARED, _angles(rule), strict=True):
        lean, rise = np.cos(angle), np.sin(angle)
        x, y = (
            middle_x + rule.label_px * lean,
            middle_y - rule.label_px * rise - (3 if rise > 0.9 else 0),
        )
        anchor = "middle" if abs(lean) < 0.2 else ("start" if lean > 0 else "end")
        words += [
            word(x, y, metric.label, class_="spoke", text_anchor=anchor),
            word(x, y + rule.line_px, metric.unit, class_="spoke unit", text_anchor=anchor),
        ]
    return words
