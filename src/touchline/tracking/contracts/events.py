"""The gold tables made from dynamic events: off-ball runs and pressing, per player and match.

A rate over nothing is null (no run has no mean xThreat); a rate per 90 or 30 minutes is 0 for a
player who did nothing, and null where his minutes are unknown or 0. To sum up several matches,
add counts, totals and minutes first and divide then: never average a rate.
"""

from dataclasses import dataclass

from touchline.core.contracts import Column, Contract
from touchline.core.quality import RowPer, Rows
from touchline.tracking.contracts.silver import (
    EVENT_PHASES,
    MATCH,
    MATCH_COLUMNS,
    PLAYERS,
    RUN_SUBTYPES,
)

PRESS_SUBTYPES = ("pressing", "counter_press")
PRESSING_SUBTYPES = (*PRESS_SUBTYPES, "pressure", "recovery_press")

_PRESS = "pressing or counter_press"
_ENGAGEMENT = "pressing, counter_press, pressure or recovery_press"


@dataclass(frozen=True)
class RateRule:
    """The minutes that rates are stated for: a match, and half an hour with or without the ball."""

    per_90_min: float = 90.0
    per_30_min: float = 30.0


def _count(name: str, definition: str, *, version: int = 1) -> Column:
    return Column(
        name, "long", definition, unit="count", null=False, origin="derived", version=version
    )


def _share(name: str, definition: str) -> Column:
    return Column(name, "double", definition, unit="share, 0 to 1", origin="derived")


def _per_90(name: str, definition: str, unit: str = "count") -> Column:
    text = f"{definition} x 90 / minutes_played"
    return Column(name, "double", text, unit=f"{unit} per 90 min", origin="derived")


def _per_30_tip(name: str, definition: str, unit: str = "count") -> Column:
    text = f"{definition} x 30 / minutes_tip (his team in possession)"
    return Column(name, "double", text, unit=f"{unit} per 30 min TIP", origin="derived")


def _per_30_otip(name: str, definition: str) -> Column:
    text = f"{definition} x 30 / minutes_otip (the other team in possession)"
    return Column(name, "double", text, unit="count per 30 min OTIP", origin="derived")


def _table(name: str, minutes: tuple[str, ...], columns: tuple[Column, ...]) -> Contract:
    return Contract(
        f"tracking.{name}",
        "one row per player who started or played, and match; 0 where he did nothing",
        (
            *MATCH_COLUMNS,
            *(PLAYERS.column(n) for n in ("player_id", "team_id", *minutes)),
            *columns,
        ),
        key=("match_id", "player_id"),
        replace_by=("match_id",),
        partition_by=MATCH,
        layer="gold",
        rules=(
            Rows(at_least=1),
            RowPer(of="players", on=("match_id", "player_id"), where="started"),
        ),
    )


# fmt: off
PLAYER_RUNS = _table("player_runs", ("minutes_played", "minutes_tip"), (
    _count("run_count", "Off-ball runs"),
    _per_90("runs_per_90", "run_count"),
    _per_30_tip("runs_per_30_tip", "run_count"),
    Column("avg_xthreat", "double", "Mean xThreat of his runs: probability of a goal within 10 s if he is passed to", unit="probability", origin="derived"),
    Column("max_xthreat", "double", "Highest xThreat of his runs", unit="probability", origin="derived"),
    Column("total_xthreat", "double", "Sum of the xThreat of his runs", unit="xThreat", null=False, origin="derived"),
    _per_90("threat_per_90", "total_xthreat", "xThreat"),
    _per_30_tip("threat_per_30_tip", "total_xthreat", "xThreat"),
    _count("high_value_run_count", "Runs that the provider calls dangerous: xThreat above 0.02"),
    _share("high_value_run_pct", "high_value_run_count / run_count"),
    _per_90("high_value_runs_per_90", "high_value_run_count"),
    _per_30_tip("high_value_runs_per_30_tip", "high_value_run_count"),
    Column("avg_run_speed", "double", "Mean over his runs of each run's mean speed, where known", unit="km/h", origin="derived"),
    Column("avg_opponents_beaten", "double", "Mean over his runs of opponents overtaken; below 0 where more overtook him", unit="opponents per run", origin="derived"),
    _count("runs_targeted", "Runs that a team-mate passed to, or tried to"),
    _count("runs_received", "Runs that ended in receiving the ball"),
    _count("runs_leading_to_shot", "Runs that a shot follows within 10 s"),
    _count("runs_leading_to_goal", "Runs that a goal follows within 10 s"),
    *(_count(f"run_count_{s}", f"Runs of subtype {s}") for s in RUN_SUBTYPES),
    *(_count(f"run_count_in_{p}", f"Runs in phase {p} of his team, as the event states it") for p in EVENT_PHASES),
))

PLAYER_PRESSING = _table("player_pressing", ("minutes_played", "minutes_otip"), (
    _count("pressing_action_count", f"Presses: on-ball engagements of subtype {_PRESS}"),
    _per_90("pressing_actions_per_90", "pressing_action_count"),
    _per_30_otip("pressing_actions_per_30_otip", "pressing_action_count"),
    _count("successful_press_count", "Presses that end in a regain or a disruption, direct or indirect"),
    _share("press_success_rate", "successful_press_count / pressing_action_count"),
    _per_90("successful_presses_per_90", "successful_press_count"),
    _per_30_otip("successful_presses_per_30_otip", "successful_press_count"),
    _count("total_regain_count", "Presses that end in a regain, direct or indirect"),
    _count("direct_regain_count", "Presses that end in a direct regain"),
    _count("indirect_regain_count", "Presses that end in an indirect regain"),
    _share("regain_rate", "total_regain_count / pressing_action_count"),
    _per_90("regains_per_90", "total_regain_count"),
    _per_30_otip("regains_per_30_otip", "total_regain_count"),
    _count("total_disruption_count", "Presses that end in a disruption, direct or indirect"),
    _count("direct_disruption_count", "Presses that end in a direct disruption"),
    _count("indirect_disruption_count", "Presses that end in an indirect disruption"),
    _share("disruption_rate", "total_disruption_count / pressing_action_count"),
    _count("presses_leading_to_shot", "Presses on a possession that the provider says leads to a shot within 10 s: the shot of the team pressed, as the flag is the possession's"),
    _count("presses_leading_to_goal", "Presses on a possession that the provider says leads to a goal within 10 s: the goal of the team pressed"),
    _share("shot_creation_rate", "presses_leading_to_shot / pressing_action_count"),
    *(_count(f"{b}_block_press_count", f"Presses whose first frame lies in a phase that the provider calls {b}_block out of possession, whichever team has the ball in it; none in dead ball", version=2) for b in ("high", "medium", "low")),
    _count("counter_press_count", "Presses of subtype counter_press"),
    _per_90("counter_presses_per_90", "counter_press_count"),
    _per_30_otip("counter_presses_per_30_otip", "counter_press_count"),
    _count("engagement_count", f"The wider set: on-ball engagements of subtype {_ENGAGEMENT}"),
    _per_90("engagements_per_90", "engagement_count"),
    _per_30_otip("engagements_per_30_otip", "engagement_count"),
    *(_count(f"engagement_count_{s}", f"Engagements of subtype {s}") for s in PRESSING_SUBTYPES),
    _count("successful_engagement_count", "Engagements that end in a regain or a disruption"),
    _share("engagement_success_rate", "successful_engagement_count / engagement_count"),
    _count("engagement_regain_count", "Engagements that end in a regain, direct or indirect"),
    _share("engagement_regain_rate", "engagement_regain_count / engagement_count"),
    _count("engagement_disruption_count", "Engagements that end in a disruption, direct or indirect"),
    _share("engagement_disruption_rate", "engagement_disruption_count / engagement_count"),
    _count("engagements_leading_to_shot", "Engagements on a possession that leads to a shot within 10 s: the shot of the team engaged"),
    _count("engagements_leading_to_goal", "Engagements on a possession that leads to a goal within 10 s: the goal of the team engaged"),
))
# fmt: on
