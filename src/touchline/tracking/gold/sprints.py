"""Sprints of a match from positions, by the product's own rule or by the prototype's."""

from dataclasses import dataclass, field

import polars as pl

from touchline.core.contracts import conformed
from touchline.tracking.contracts.physical import SPRINTS
from touchline.tracking.gold.kinematics import (
    KMH_PER_MS,
    Kinematics,
    KinematicsRule,
    given_or_made,
    in_order,
    one_match,
)
from touchline.tracking.gold.phases import phase_rows
from touchline.tracking.gold.prototype import PrototypeRule, prototype_sprints
from touchline.tracking.gold.stretches import bouts, rows_of

__all__ = ["PrototypeRule", "SprintRule", "rule_told", "sprints"]

_PHASE = (
    "team_in_possession_id",
    "team_out_of_possession_id",
    "team_in_possession_phase_type",
    "team_out_of_possession_phase_type",
)


@dataclass(frozen=True)
class SprintRule:
    """The default: `min_duration_s` or more in one piece at `min_speed_kmh` or more.

    Gaps and tracking jumps end a stretch, see KinematicsRule; the top speed is the highest held
    for `KinematicsRule.held_frames`. 0.7 s is the shortest effort that the provider's glossary
    counts, and 25 km/h where its sprint band begins.
    """

    name: str = "default"
    min_speed_kmh: float = 25.0
    min_duration_s: float = 0.7
    kinematics: KinematicsRule = field(default_factory=KinematicsRule)


def rule_told(rule: SprintRule | PrototypeRule) -> str:
    """The rule as `sprint_rule` tells it: its name, and its thresholds where they are not its own.

    Two rules that differ in a threshold never share a text; `default` alone is 25 km/h for 0.7 s.
    """
    if isinstance(rule, PrototypeRule):
        return rule.name
    usual = SprintRule()
    set_ = (rule.min_speed_kmh, rule.min_duration_s)
    if set_ == (usual.min_speed_kmh, usual.min_duration_s):
        return rule.name
    kmh, seconds = (repr(float(n)).removesuffix(".0") for n in set_)
    return f"{rule.name}, {kmh} km/h, {seconds} s"


def sprints(
    frames: pl.DataFrame,
    phases: pl.DataFrame,
    rule: SprintRule | PrototypeRule | None = None,
    *,
    motion: Kinematics | None = None,
) -> pl.DataFrame:
    """Each stretch in which a player sprints, with the phase of play at its middle frame.

    Args:
        frames: FRAMES of one match, in any order.
        phases: PHASES of the match.
        rule: What counts as a sprint; SprintRule() if not given.
        motion: kinematics(frames, rule.kinematics), where the caller has it already; the prototype
            rule does not use it.

    Returns:
        SPRINTS, one row per sprint, ordered by key. No sprints give no rows.

    Raises:
        ContractError: The frames are of more than one match.

    Source: docs/tracking.md, Two sprint rules.
    """
    rule = rule or SprintRule()
    if isinstance(rule, PrototypeRule):
        ordered = in_order(one_match(frames))
        found = prototype_sprints(ordered, rule)
    else:
        motion = given_or_made(motion, frames, rule.kinematics)
        ordered = motion.frames
        found = _held_sprints(motion, rule)
    told = _in_play(_placed(found, ordered), phases).with_columns(
        sprint_rule=pl.lit(rule_told(rule))
    )
    return conformed(told, SPRINTS).sort(SPRINTS.key)


def _held_sprints(motion: Kinematics, rule: SprintRule) -> pl.DataFrame:
    """`first_row`, `last_row`, duration, distance along the path, and speeds of each sprint."""
    found = bouts(motion, pl.col("speed_kmh") >= rule.min_speed_kmh, rule.min_duration_s)
    rows = rows_of(found)
    moved = motion.speeds.select("speed_kmh", "held_speed_kmh", "step_frames")[rows["row"]]
    begins = (rows["stretch"] != rows["stretch"].shift(1)).fill_null(value=True)
    told = (
        pl.concat([rows, moved], how="horizontal")
        .with_columns(step_frames=pl.when(begins).then(1).otherwise("step_frames"))
        .group_by("stretch", maintain_order=True)
        .agg(
            frames=pl.col("step_frames").sum(),
            kmh_frames=pl.col("speed_kmh").dot("step_frames"),
            top_speed_kmh=pl.coalesce(pl.col("held_speed_kmh").max(), pl.col("speed_kmh").max()),
        )
        .select(
            "top_speed_kmh",
            duration_s=pl.col("frames") / motion.rule.frames_per_s,
            distance_m=pl.col("kmh_frames") / KMH_PER_MS / motion.rule.frames_per_s,
            avg_speed_kmh=pl.col("kmh_frames") / pl.col("frames"),
        )
    )
    return pl.concat([found, told], how="horizontal")


def _placed(found: pl.DataFrame, ordered: pl.DataFrame) -> pl.DataFrame:
    """The sprints with who, when, from where to where, and how much of it the camera saw."""
    first = ordered[found["first_row"]].rename(
        {"frame": "first_frame", "x_m": "start_x_m", "y_m": "start_y_m"}
    )
    last = ordered[found["last_row"]].select(last_frame="frame", end_x_m="x_m", end_y_m="y_m")
    rows = rows_of(found)
    seen = (
        rows.with_columns(seen=ordered["is_detected"].gather(rows["row"]))
        .group_by("stretch", maintain_order=True)
        .agg(detected_share=pl.col("seen").mean())
        .drop("stretch")
    )
    return pl.concat([first.drop("is_detected"), last, seen, found], how="horizontal")


def _in_play(told: pl.DataFrame, phases: pl.DataFrame) -> pl.DataFrame:
    """The sprints with the phase that holds the middle frame, null in dead ball."""
    middle = (told["first_frame"] + told["last_frame"]) // 2
    rows = phase_rows(phases, middle)
    phase = pl.DataFrame([phases[name].gather(rows) for name in _PHASE])
    own = pl.col("team_id") == pl.col("team_in_possession_id")
    other = pl.col("team_id") == pl.col("team_out_of_possession_id")
    return pl.concat([told, phase], how="horizontal").with_columns(
        in_possession=pl.when(own).then(True).when(other).then(False)
    )
