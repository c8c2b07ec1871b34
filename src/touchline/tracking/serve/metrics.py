"""The numbers of the page: label, unit and digits of each; what stands where there is none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from touchline.core.contracts import Column, Contract
from touchline.core.markup import Markup, tag
from touchline.tracking.contracts import PLAYER_PHYSICAL, PLAYER_SPRINTS

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Metric:
    """How a column of PLAYER_METRICS is written: `unit` after `times`, both for people."""

    name: str
    label: str
    unit: str = ""
    digits: int = 0
    times: float = 1.0


# fmt: off
MINUTES = Metric("minutes_played", "Minutes", "min", 1)
DISTANCE = Metric("distance_m", "Distance", "m")
PACE = Metric("metres_per_min", "Pace", "m/min", 1)
HSR = Metric("hsr_distance_m", "HSR", "m")
HSR_PER_90 = Metric("hsr_distance_per_90_m", "HSR distance", "m per 90")
SPRINTS = Metric("sprint_count", "Sprints")
SPRINTS_PER_90 = Metric("sprints_per_90", "Sprints", "per 90", 1)
SPRINT_SPEED = Metric("avg_top_sprint_speed_kmh", "Mean top speed of sprints", "km/h", 1)
TOP_SPEED = Metric("top_speed_kmh", "Top speed", "km/h", 1)
RUNS = Metric("run_count", "Runs")
RUNS_PER_90 = Metric("runs_per_90", "Off-ball runs", "per 90", 1)
DANGEROUS = Metric("high_value_run_count", "Dangerous")
DANGEROUS_PER_90 = Metric("high_value_runs_per_90", "Dangerous runs", "per 90", 1)
THREAT = Metric("total_xthreat", "Threat", "xT", 2)
THREAT_PER_90 = Metric("threat_per_90", "Threat of runs", "xT per 90", 2)
PRESSES = Metric("pressing_action_count", "Presses")
PRESSES_PER_90 = Metric("pressing_actions_per_90", "Presses", "per 90", 1)
PRESS_SUCCESS = Metric("press_success_rate", "Press success", "%", times=100)
REGAINS = Metric("total_regain_count", "Regains")
REGAINS_PER_90 = Metric("regains_per_90", "Regains by pressing", "per 90", 1)
SEEN = Metric("frames_share", "Tracked", "%", times=100)
DETECTED = Metric("detected_share", "Detected", "%", times=100)
# fmt: on

# A mean or a share is null where there is nothing to take it of; this names that number.
_OVER = {SPRINT_SPEED.name: SPRINTS.name, PRESS_SUCCESS.name: PRESSES.name}
_PHYSICAL = frozenset({*PLAYER_PHYSICAL.names, *PLAYER_SPRINTS.names}) - {MINUTES.name}


def amount(metric: Metric, value: float | None) -> str:
    """The number as it is read, thousands apart, without its unit; a dash for none."""
    return "–" if value is None else f"{value * metric.times:,.{metric.digits}f}"


def with_unit(metric: Metric, value: float | None) -> str:
    """The number and its unit."""
    unit = metric.unit if value is not None else ""
    return amount(metric, value) + ("" if unit in {"", "%"} else " ") + unit


def number(metric: Metric, row: Row) -> Markup:
    """The row's number as HTML; a dash that says why where there is none."""
    value = row[metric.name]
    if value is None:
        return missing(reason(metric, row))
    return tag("span", amount(metric, value))


def missing(why: str) -> Markup:
    """A dash, with its reason on hover and for screen readers."""
    return tag("span", "–", tag("span", f" {why}", class_="aside"), class_="none", title=why)


def reason(metric: Metric, row: Row) -> str:
    """Why the row has no number for this metric."""
    over = _OVER.get(metric.name)
    if over is not None and row.get(over) == 0:
        return f"not measured: nothing to take it of, {over} is 0"
    if not row.get("minutes_played"):
        return "not measured: his minutes are unknown or 0"
    if metric.name in _PHYSICAL and not row.get("frames_share"):
        return "not measured: no positions of him in the tracking"
    return "not measured"


def meaning(column: Column, table: str) -> str:
    """What a number means, in which unit, by which version of its definition, and from whom."""
    unit = f" Unit: {column.unit}." if column.unit else ""
    origin = {"provider": "from the provider", "derived": "derived here"}[column.origin]
    return f"{column.definition}.{unit} {table}.{column.name}, version {column.version}, {origin}."


def meaning_of(metric: Metric, definitions: Contract) -> str:
    """See meaning."""
    return meaning(definitions.column(metric.name), definitions.table)


def heading(metric: Metric) -> Markup:
    """Label and unit, the unit small."""
    unit = tag("small", f" {metric.unit}") if metric.unit else None
    return tag("span", metric.label, unit)


def link(metric: Metric, definitions: Contract) -> Markup:
    """Label and unit, leading to the definition at the foot of the page."""
    said = meaning_of(metric, definitions)
    return tag("a", heading(metric), class_="metric", href=f"#def-{metric.name}", title=said)
