"""Activity against value: how often a player does a thing, and how much comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, RegularPolygon

from touchline.core.contracts import Contract
from touchline.core.markup import Markup, tag
from touchline.tracking.serve import metrics as m
from touchline.tracking.serve import people
from touchline.tracking.serve.drawing import AWAY, HOME, LINE, MUTED, PAPER, Mark, canvas, svg, word
from touchline.tracking.serve.placement import Box, placed

Row = dict[str, Any]


@dataclass(frozen=True)
class Family:
    """A family of metrics: its two axes, what they count, and what its four corners mean.

    `corners` go often and much, rarely and much, rarely and little, often and little.
    """

    key: str
    title: str
    activity: m.Metric
    value: m.Metric
    count: m.Metric
    corners: tuple[str, str, str, str]


@dataclass(frozen=True)
class ScatterRule:
    """How the picture is laid out, in pixels.

    A player with fewer than `min_minutes`, or `min_count` of what is counted, is in the table, not
    in the picture: one sprint in two minutes is 45 in ninety, one press that succeeds is 100 %.
    `letter_px` is the width of a letter in a corner; a name further than
    `leader_px` from its point gets a line to it.
    """

    min_minutes: float = 20.0
    min_count: int = 3
    width_px: float = 400.0
    height_px: float = 385.0
    left_px: float = 44.0
    bottom_px: float = 42.0
    margin_px: float = 12.0
    dot_px: float = 5.5
    spare: float = 0.08
    letter_px: float = 5.4
    leader_px: float = 12.0


FAMILIES = (
    Family("sprints", "Sprints", m.SPRINTS_PER_90, m.SPRINT_SPEED, m.SPRINTS, ("often and fast", "rarely, but fast", "rarely and slower", "often, but slower")),
    Family("runs", "Off-ball runs", m.RUNS_PER_90, m.THREAT_PER_90, m.RUNS, ("many and dangerous", "few, but dangerous", "few and harmless", "many, but harmless")),
    Family("pressing", "Pressing", m.PRESSES_PER_90, m.PRESS_SUCCESS, m.PRESSES, ("often and with success", "rarely, but with success", "rarely, with little success", "often, with little success")),
)  # fmt: skip


def scatter(
    family: Family,
    rows: Sequence[Row],
    definitions: Contract,
    *,
    rule: ScatterRule = ScatterRule(),
) -> Markup:
    """One family's card: the picture, what its corners say, and its numbers as a table.

    Args:
        family: Which axes.
        rows: PLAYER_METRICS of the match, as people.ordered.
        definitions: Their contract.
        rule: How the picture is laid out.
    """
    drawn = [r for r in rows if not _left_out(family, r, rule)]
    axes = tag(
        "p",
        "Across: ",
        m.link(family.activity, definitions),
        ". Up: ",
        m.link(family.value, definitions),
        ". Dashed lines: medians of the players drawn.",
        class_="axes",
    )
    picture = (
        _picture(family, drawn, rule) if drawn else tag("p", "Nobody to draw.", class_="quiet")
    )
    return tag(
        "article",
        tag("h3", family.title),
        axes,
        tag("div", picture, class_="picture"),
        _reading(family, drawn),
        _numbers(family, rows, definitions, rule=rule),
        class_="card scatter",
        id=f"scatter-{family.key}",
    )


def _left_out(family: Family, row: Row, rule: ScatterRule) -> str:
    """Why a player is not in the picture; empty where he is."""
    for metric in (family.activity, family.value):
        if row[metric.name] is None:
            return m.reason(metric, row)
    if (row["minutes_played"] or 0) < rule.min_minutes:
        return f"fewer than {rule.min_minutes:.0f} minutes"
    few = (row[family.count.name] or 0) < rule.min_count
    return f"fewer than {rule.min_count} {family.count.label.lower()}" if few else ""


def _medians(family: Family, drawn: Sequence[Row]) -> tuple[float, float]:
    x, y = family.activity, family.value
    return (
        median(r[x.name] * x.times for r in drawn),
        median(r[y.name] * y.times for r in drawn),
    )


def _corner(family: Family, row: Row, middle: tuple[float, float]) -> int:
    """Which of the family's corners a player is in; on a line counts as below it."""
    often = row[family.activity.name] * family.activity.times > middle[0]
    much = row[family.value.name] * family.value.times > middle[1]
    return {(True, True): 0, (False, True): 1, (False, False): 2, (True, False): 3}[often, much]


def _picture(family: Family, drawn: Sequence[Row], rule: ScatterRule) -> Markup:
    figure, axes = _axes(family, drawn, rule)
    middle = _medians(family, drawn)
    axes.axvline(middle[0], color=MUTED, lw=1, ls=(0, (4, 3)))
    axes.axhline(middle[1], color=MUTED, lw=1, ls=(0, (4, 3)))
    xy = [
        (r[family.activity.name] * family.activity.times, r[family.value.name] * family.value.times)
        for r in drawn
    ]
    spots = [(float(x), float(y)) for x, y in axes.transData.transform(xy)]
    marks = {}
    for row, spot in zip(drawn, spots, strict=True):
        key = f"{family.key}-{row['player_id']}"
        figure.add_artist(_dot(row, spot, rule, key=key))
        marks[key] = Mark(_said(family, row), {"class": "point", "data_player": row["player_id"]})
    corners, taken = _corners(family, rule)
    words = [*corners, *_labels(drawn, spots, taken, rule=rule)]
    names = people.listed(_said(family, r) for r in drawn)
    label = f"{family.activity.label} {family.activity.unit} against {family.value.label}, {family.value.unit}: {names}"
    return svg(figure, label, marks=marks, words=words)


def _axes(family: Family, drawn: Sequence[Row], rule: ScatterRule) -> tuple[Figure, Axes]:
    figure = canvas(rule.width_px, rule.height_px)
    wide = 1 - (rule.left_px + rule.margin_px) / rule.width_px
    high = 1 - (rule.bottom_px + rule.margin_px) / rule.height_px
    place = (rule.left_px / rule.width_px, rule.bottom_px / rule.height_px, wide, high)
    axes = figure.add_axes(place)
    axes.patch.set_visible(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, labelcolor=MUTED, labelsize=10)
    axes.grid(visible=True, color=LINE, lw=1)
    axes.set_axisbelow(True)
    axes.set_xlabel(f"{family.activity.label} {family.activity.unit}", color=MUTED, fontsize=10.5)
    axes.set_ylabel(f"{family.value.label}, {family.value.unit}", color=MUTED, fontsize=10.5)
    axes.set_xlim(_span([r[family.activity.name] * family.activity.times for r in drawn], rule))
    axes.set_ylim(_span([r[family.value.name] * family.value.times for r in drawn], rule))
    return figure, axes


def _span(values: Sequence[float], rule: ScatterRule) -> tuple[float, float]:
    """The values' range with some room around it, also where all are the same."""
    low, high = min(values), max(values)
    room = (high - low) * rule.spare or max(abs(high) * rule.spare, 1.0)
    return low - room, high + room


def _dot(row: Row, spot: tuple[float, float], rule: ScatterRule, *, key: str) -> Any:
    """A disc for the home team, a diamond for the away team; in pixels of the figure."""
    home = bool(row["is_home"])
    shape = (
        Circle(spot, rule.dot_px) if home else RegularPolygon(spot, 4, radius=rule.dot_px * 1.25)
    )
    shape.set(fc=HOME if home else AWAY, ec=PAPER, lw=1, gid=key, transform=None, zorder=3)
    return shape


def _corners(family: Family, rule: ScatterRule) -> tuple[list[Markup], list[Box]]:
    """The corners' meanings, and the room they take."""
    left, right = rule.left_px + 4, rule.width_px - rule.margin_px - 4
    top, bottom = rule.margin_px + 10, rule.height_px - rule.bottom_px - 5
    places = (
        (right, top, "end"),
        (left, top, "start"),
        (left, bottom, "start"),
        (right, bottom, "end"),
    )
    words, taken = [], []
    for said, (x, y, anchor) in zip(family.corners, places, strict=True):
        words.append(word(x, y, said, class_="corner", text_anchor=anchor))
        width = len(said) * rule.letter_px
        start = x if anchor == "start" else x - width
        taken.append((start, rule.height_px - y - 3, start + width, rule.height_px - y + 10))
    return words, taken


def _labels(
    drawn: Sequence[Row],
    spots: Sequence[tuple[float, float]],
    taken: Sequence[Box],
    *,
    rule: ScatterRule,
) -> list[Markup]:
    names = people.labels([people.name(r) for r in drawn])
    right, top = rule.width_px - 2, rule.height_px - 2
    frame = (rule.left_px, rule.bottom_px, right, top)
    words = []
    for row, name, spot, box in zip(
        drawn, names, spots, placed(spots, names, frame, taken=taken), strict=True
    ):
        x, y = box[0], rule.height_px - box[1] - 2.5
        near = (min(max(spot[0], box[0]), box[2]), min(max(spot[1], box[1]), box[3]))
        if abs(near[0] - spot[0]) + abs(near[1] - spot[1]) > rule.leader_px:
            words.append(
                tag(
                    "line",
                    x1=f"{spot[0]:.1f}",
                    y1=f"{rule.height_px - spot[1]:.1f}",
                    x2=f"{near[0]:.1f}",
                    y2=f"{rule.height_px - near[1]:.1f}",
                    class_="leader",
                )
            )
        words.append(
            word(x, y, name, class_=f"name {people.side(row)}", data_player=row["player_id"])
        )
    return words


def _said(family: Family, row: Row) -> str:
    x, y = family.activity, family.value
    return (
        f"{people.name(row)} ({people.team(row)}, {row['group']}, {m.with_unit(m.MINUTES, row['minutes_played'])}):"
        f" {m.with_unit(x, row[x.name])}; {m.with_unit(y, row[y.name])}"
    )


def _reading(family: Family, drawn: Sequence[Row]) -> Markup:
    """Who stands out, in words."""
    if not drawn:
        return Markup("")
    middle = _medians(family, drawn)
    best = [r for r in drawn if _corner(family, r, middle) == 0]
    best.sort(key=lambda r: r[family.value.name], reverse=True)
    names = people.listed(people.name(r) for r in best) or "nobody"
    return tag(
        "p", tag("strong", family.corners[0].capitalize()), ": ", names, ".", class_="reading"
    )


def _numbers(
    family: Family, rows: Sequence[Row], definitions: Contract, *, rule: ScatterRule
) -> Markup:
    """The same as a table, those left out of the picture included."""
    drawn = [r for r in rows if not _left_out(family, r, rule)]
    middle = _medians(family, drawn) if drawn else (0.0, 0.0)
    metrics = (m.MINUTES, family.activity, family.value)
    head = [
        tag("th", "Player", scope="col"),
        *(tag("th", m.link(x, definitions), scope="col") for x in metrics),
        tag("th", "Corner", scope="col"),
    ]
    lines = []
    for row in rows:
        out = _left_out(family, row, rule)
        corner = f"not drawn: {out}" if out else family.corners[_corner(family, row, middle)]
        cells = [tag("td", m.number(x, row)) for x in metrics]
        lines.append(
            tag(
                "tr",
                tag("th", people.name(row), scope="row"),
                cells,
                tag("td", corner, class_="said"),
            )
        )
    table = tag("table", tag("thead", tag("tr", head)), tag("tbody", lines))
    return tag(
        "details",
        tag("summary", f"The numbers, {len(drawn)} of {len(rows)} players drawn"),
        tag("div", table, class_="scroll"),
    )
