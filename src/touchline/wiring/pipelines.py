"""Each domain's pipeline under the configuration's thresholds."""

from typing import TYPE_CHECKING

from touchline.config import Config

if TYPE_CHECKING:
    from touchline.config import sections
    from touchline.core.baseline import Baseline
    from touchline.core.pipeline import Pipeline


def activity(config: Config) -> "Pipeline":
    """Activity's pipeline under the configuration's thresholds."""
    from dataclasses import replace

    from touchline.activity.pipeline import Rules, pipeline

    set_ = config.activity
    usual = replace(
        _baseline(set_.baseline),
        kinds={"match days": frozenset(set_.baseline.match_days)},
        incidents=frozenset(set_.baseline.incidents),
    )
    return pipeline(Rules(set_.max_null_user, set_.max_duplicates, set_.max_rejected, usual))


def _baseline(set_: "sections.Baseline") -> "Baseline":
    from touchline.core.baseline import Baseline

    return Baseline(
        set_.severity,
        set_.max_rows_change,
        set_.max_share_change,
        set_.max_relative_change,
        set_.days,
    )


def matches(config: Config) -> "Pipeline":  # noqa: ARG001 (as those of the other domains)
    """The history of matches."""
    from touchline.matches.pipeline import pipeline

    return pipeline()


def tracking(config: Config) -> "Pipeline":
    """Tracking's pipeline under the configuration's thresholds."""
    from touchline.tracking import silver
    from touchline.tracking.gold.prototype import PrototypeRule
    from touchline.tracking.gold.sprints import SprintRule
    from touchline.tracking.pipeline import Rules, pipeline

    set_ = config.tracking
    codes = tuple(sorted((int(k), v) for k, v in set_.competitions.items()))
    held = SprintRule(min_speed_kmh=set_.min_sprint_kmh, min_duration_s=set_.min_sprint_s)
    return pipeline(
        Rules(
            match=silver.MatchRule(codes),
            frame=silver.FrameRule(set_.max_outside_m),
            sprint=PrototypeRule() if set_.sprint_rule == "prototype" else held,
            max_rejected=set_.max_rejected,
            baseline=_baseline(set_.baseline),
        )
    )
