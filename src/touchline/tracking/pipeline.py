"""Tracking's table of contents: four files -> silver -> gold, one match at a time."""

from dataclasses import dataclass, field
from functools import partial

from touchline.core.baseline import Baseline
from touchline.core.pipeline import Bronze, Pipeline, Shared, Sql, Step
from touchline.core.sql import text
from touchline.tracking import contracts, gold, silver
from touchline.tracking.contracts.events import RateRule
from touchline.tracking.gold.efforts import PhysicalRule
from touchline.tracking.gold.kinematics import KinematicsRule, kinematics
from touchline.tracking.gold.physical import player_physical
from touchline.tracking.gold.player_sprints import player_sprints
from touchline.tracking.gold.prototype import PrototypeRule
from touchline.tracking.gold.rates import Rated
from touchline.tracking.gold.sprints import SprintRule, sprints
from touchline.tracking.source import files, frames, match, tables


@dataclass(frozen=True)
class Rules:
    """Every number that tracking's results depend on."""

    match: silver.MatchRule = field(default_factory=silver.MatchRule)
    frame: silver.FrameRule = field(default_factory=silver.FrameRule)
    kinematics: KinematicsRule = field(default_factory=KinematicsRule)
    sprint: SprintRule | PrototypeRule = field(default_factory=SprintRule)
    physical: PhysicalRule = field(default_factory=PhysicalRule)
    rate: RateRule = field(default_factory=RateRule)
    max_rejected: float = 0.01
    baseline: Baseline = field(default_factory=Baseline)


BRONZE = (
    Bronze("tracking.bronze_matches", files.MATCH_JSON, match.decode, match.relation),
    Bronze(
        "tracking.bronze_frames",
        files.TRACKING,
        frames.decode,
        frames.relation,
        counts_blank=False,
    ),
    Bronze(
        "tracking.bronze_events",
        files.EVENTS,
        partial(tables.decode, columns=silver.EVENT_COLUMNS),
        tables.relation,
    ),
    Bronze(
        "tracking.bronze_phases",
        files.PHASES,
        partial(tables.decode, columns=silver.PHASE_COLUMNS),
        tables.relation,
    ),
)


def pipeline(rules: Rules) -> Pipeline:
    """The steps of tracking under these rules, in the order that data passes."""
    return Pipeline(
        "tracking",
        BRONZE,
        (*_silver(rules), *_gold(rules)),
        shared=(Shared("tracking.motion", ("tracking.frames",), kinematics, rules.kinematics),),
        max_rejected=rules.max_rejected,
        baseline=rules.baseline,
        dated=(files.MATCH_JSON, match.played_on),
    )


def _silver(rules: Rules) -> tuple[Step, ...]:
    """A file's unreadable lines belong to the first table that is made of it: FRAMES before BALL."""
    c = contracts
    match_json, squads = "tracking.bronze_matches", ("tracking.players", "tracking.matches")
    return (
        Step(c.MATCHES, (match_json,), silver.matches, rules.match),
        Step(c.PLAYERS, (match_json, "tracking.matches"), silver.players),
        Step(c.EVENTS, ("tracking.bronze_events", *squads), silver.events, profile=("event_type",)),
        Step(c.PHASES, ("tracking.bronze_phases", "tracking.matches"), silver.phases, version=2),
        Step(
            c.FRAMES,
            ("tracking.bronze_frames", *squads),
            silver.frames,
            rules.frame,
            profile=(),
        ),
        Step(c.BALL, ("tracking.bronze_frames", "tracking.matches"), silver.ball),
    )


def _gold(rules: Rules) -> tuple[Step, ...]:
    c = contracts
    moving = ("tracking.frames", "tracking.motion", "tracking.phases")
    return (
        Step(c.SPRINTS, moving, sprints, rules.sprint, version=2),
        Step(
            c.PLAYER_PHYSICAL,
            (*moving, "tracking.players"),
            player_physical,
            Rated(rules.physical, rules.rate),
        ),
        Step(
            c.PLAYER_SPRINTS,
            ("tracking.sprints", "tracking.players", "tracking.frames"),
            player_sprints,
            Rated(rules.sprint, rules.rate),
            version=2,
        ),
        Step(
            c.PLAYER_RUNS, ("tracking.players", "tracking.events"), _sql("player_runs"), rules.rate
        ),
        Step(
            c.PLAYER_PRESSING,
            ("tracking.players", "tracking.events", "tracking.phases"),
            _sql("player_pressing"),
            rules.rate,
            version=2,
        ),
        Step(
            c.PLAYER_METRICS,
            (
                "tracking.players",
                "tracking.matches",
                "tracking.player_sprints",
                "tracking.player_physical",
                "tracking.player_runs",
                "tracking.player_pressing",
            ),
            _sql("player_metrics"),
        ),
    )


def _sql(name: str) -> Sql:
    return Sql(f"{name}.sql", text(gold.__name__, f"{name}.sql"))
