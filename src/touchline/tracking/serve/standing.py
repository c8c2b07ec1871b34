"""Where one player stands in his position group, in numbers and words."""

from collections.abc import Mapping
from typing import Any

from touchline.core.contracts import Contract
from touchline.core.markup import Markup, tag
from touchline.core.wording import counted
from touchline.tracking.serve import metrics as m
from touchline.tracking.serve import people
from touchline.tracking.serve.comparison import COMPARED, ComparisonRule

Standing = Mapping[str, Mapping[str, Any]]

_HEAD = ("Metric", "His number", "Percentile", "Median of the group", "10–90% of the group")


def standing(
    row: m.Row,
    stands: Standing,
    definitions: Contract,
    *,
    crowd: Mapping[str, Any] | None,
    compare: ComparisonRule,
    shown: bool,
) -> Markup:
    """The numbers behind a player's radar.

    Args:
        row: His row, as people.ordered.
        stands: By metric, his row of comparison.comparison.
        definitions: The contract of PLAYER_METRICS.
        crowd: His group's row of comparison.crowds; None if nobody is in it.
        compare: The rule behind both.
        shown: Whether it is open at first.
    """
    place = row["position"] or "position unknown"
    minutes = m.with_unit(m.MINUTES, row["minutes_played"])
    head = tag("tr", [tag("th", title, scope="col") for title in _HEAD])
    lines = [
        tag("tr", tag("th", m.link(x, definitions), scope="row"), _cells(row, stands[x.name], x))
        for x in COMPARED
    ]
    return tag(
        "section",
        tag("h3", tag("span", class_=f"dot {people.side(row)}"), people.name(row)),
        tag("p", f"{people.team(row)} · {place} · {minutes}", class_="quiet"),
        tag("p", _against(row, crowd, compare)),
        tag("div", tag("table", tag("thead", head), tag("tbody", lines)), class_="scroll"),
        data_radar=row["player_id"],
        hidden=not shown,
    )


def _cells(row: m.Row, stands: Mapping[str, Any], metric: m.Metric) -> list[Markup]:
    return [
        tag("td", m.number(metric, row), class_="strong"),
        tag("td", _rank(row, stands, metric)),
        *_of_group(stands, metric),
    ]


def _rank(row: m.Row, stands: Mapping[str, Any], metric: m.Metric) -> list[Markup | str]:
    percentile = stands["percentile"]
    if stands["value"] is None:
        return [m.missing(m.reason(metric, row))]
    if percentile is None:
        return [m.missing("nobody of his group to compare with")]
    bar = tag("i", style=f"width:{percentile:.0f}%", class_=f"rank {people.side(row)}")
    return [tag("span", bar, class_="ranks"), f"{percentile:.0f}"]


def _of_group(stands: Mapping[str, Any], metric: m.Metric) -> list[Markup]:
    if stands["median"] is None:
        nobody = m.missing("nobody of his group has this number")
        return [tag("td", nobody), tag("td", nobody)]
    band = f"{m.amount(metric, stands['low'])} to {m.amount(metric, stands['high'])}"
    return [tag("td", m.amount(metric, stands["median"])), tag("td", band)]


def _against(
    row: m.Row, crowd: Mapping[str, Any] | None, compare: ComparisonRule
) -> list[Markup | str]:
    """Whom he is compared with, and what to make of that."""
    least = f"{compare.min_minutes:.0f} minutes or more"
    if crowd is None:
        return [f"Nobody of his group, {row['group']}, to compare with ({least})."]
    short = (row["minutes_played"] or 0) < compare.min_minutes
    said = (
        f"Against {counted(crowd['players'], 'player')} of his group, {row['group']}, in"
        f" {counted(crowd['matches'], 'match', 'matches')}:"
        f" {counted(crowd['performances'], 'performance')} of {least}{'' if short else ', his own included'}."
    )
    few = " Too few to rank by: read it as an order, not as a level."
    unsteady = " He played less than that: his rates per 90 minutes are unsteady."
    return [
        said,
        tag("strong", few, class_="warn") if crowd["performances"] < compare.few else "",
        tag("strong", unsteady, class_="warn") if short else "",
    ]
