"""The two teams side by side: sums over their players."""

from collections.abc import Sequence
from dataclasses import replace

from touchline.core.contracts import Contract
from touchline.core.markup import Markup, tag
from touchline.tracking.serve import metrics as m
from touchline.tracking.serve import people

SUMMED = (
    m.DISTANCE, m.HSR, m.SPRINTS, m.RUNS, replace(m.DANGEROUS, label="Dangerous runs"), m.THREAT,
    m.PRESSES, m.REGAINS,
)  # fmt: skip


def totals(rows: Sequence[m.Row], definitions: Contract) -> Markup:
    """A line per metric: home, its name, away, with a bar of each team's part.

    Counts and distances of players add up to their team's; a player without a number is left out,
    and the line says so.
    """
    return tag("div", [_line(metric, rows, definitions) for metric in SUMMED], class_="card totals")


def _line(metric: m.Metric, rows: Sequence[m.Row], definitions: Contract) -> Markup:
    sums: dict[str, float | None] = {}
    without = 0
    for side in ("home", "away"):
        values = [r[metric.name] for r in rows if people.side(r) == side]
        known = [v for v in values if v is not None]
        sums[side] = sum(known) if known else None
        without += len(values) - len(known)
    home, away = sums["home"], sums["away"]
    whole = (home or 0) + (away or 0)
    part = 50.0 if not whole else (home or 0) / whole * 100
    note = tag("small", f" without {without} not measured", class_="quiet") if without else None
    return tag(
        "div",
        tag("b", _sum(metric, home), class_="home"),
        tag("span", m.link(metric, definitions), note, class_="what"),
        tag("b", _sum(metric, away), class_="away"),
        tag(
            "span",
            tag("i", class_="home", style=f"width:{part:.1f}%"),
            tag("i", class_="away", style=f"width:{100 - part:.1f}%"),
            class_="parts",
        ),
        class_="total",
    )


def _sum(metric: m.Metric, value: float | None) -> Markup:
    known = tag("span", m.amount(metric, value))
    return m.missing("not measured for any player") if value is None else known
