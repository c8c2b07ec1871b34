"""The foot of the page: what each number on it means, and by which version."""

from collections.abc import Sequence

from touchline.core.contracts import Column, Contract
from touchline.core.markup import Markup, tag
from touchline.tracking.contracts import PLAYERS, SPRINTS
from touchline.tracking.serve.comparison import COMPARED
from touchline.tracking.serve.metrics import Metric
from touchline.tracking.serve.player_table import METRICS
from touchline.tracking.serve.scatter import FAMILIES
from touchline.tracking.serve.sprint_map import MEASURES
from touchline.tracking.serve.totals import SUMMED

LINEUP = ("minutes_played", "goals", "own_goals", "yellow_cards", "red_cards")


def shown() -> tuple[Metric, ...]:
    """Every metric of the page, each once, in the order of its first place."""
    axes = [axis for f in FAMILIES for axis in (f.activity, f.value)]
    every = (*SUMMED, *METRICS, *axes, *COMPARED)
    return tuple({metric.name: metric for metric in every}.values())


def definitions(contract: Contract) -> Markup:
    """A table of definitions; the numbers of the page lead to its rows."""
    rows = [
        _line(_label(m), contract.column(m.name), contract, key=f"def-{m.name}") for m in shown()
    ]
    rows += _others("Of a sprint", SPRINTS, MEASURES)
    rows += _others("In the line-ups", PLAYERS, LINEUP)
    head = ("Number", "Definition", "Unit", "Column", "Version", "Origin")
    return tag(
        "div",
        tag(
            "table",
            tag("thead", tag("tr", [tag("th", h, scope="col") for h in head])),
            tag("tbody", rows),
        ),
        class_="scroll card flush definitions",
        tabindex="0",
        role="region",
        aria_label="Definitions",
    )


def _label(metric: Metric) -> str:
    """The label, with what the number is stated for where there is another without."""
    return f"{metric.label} {metric.unit}" if metric.unit.startswith("per ") else metric.label


def _others(where: str, contract: Contract, names: Sequence[str]) -> list[Markup]:
    place = contract.table.rpartition(".")[2]
    return [
        _line(
            f"{where}: {n.replace('_', ' ')}", contract.column(n), contract, key=f"def-{place}-{n}"
        )
        for n in names
    ]


def _line(label: str, column: Column, contract: Contract, *, key: str) -> Markup:
    place = contract.table.rpartition(".")[2]
    return tag(
        "tr",
        tag("th", label, scope="row"),
        tag("td", column.definition, class_="said"),
        tag("td", column.unit or "none", class_="said"),
        tag("td", tag("code", f"{place}.{column.name}"), class_="said"),
        tag("td", column.version),
        tag("td", column.origin, class_="said"),
        id=key,
    )
