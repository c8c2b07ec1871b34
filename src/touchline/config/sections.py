"""The configuration file as frozen types. Every key has a default that needs no server."""

import shlex
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from touchline.config.kafka import TOPICS
from touchline.config.section import Secret, Section
from touchline.config.stores import CATALOG, ENDPOINT, TABLE_PREFIX, Stores
from touchline.core.wording import counted

Domain = Literal["tracking", "activity", "matches"]
_SCHEMA = "^[a-z_][a-z0-9_]*$"
_PROVIDER_ID = "^[0-9]{1,18}$"
_CODE = "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
_MEMORY = "^[1-9][0-9]{0,6} ?[MGT]i?B$"
_METRICS = "^([A-Za-z0-9._/#-][A-Za-z0-9._/#:-]{0,254})?$"
IN_WORDS = {
    _SCHEMA: "small letters, digits and _, no digit first",
    _PROVIDER_ID: "1 to 18 digits",
    _CODE: "1 to 64 letters, digits, _ and -, no _ or - first",
    _MEMORY: "a whole number from 1 on and its unit, such as 512MB or 2GB",
    CATALOG: "sqlite:/// and the path of a file",
    ENDPOINT: "http:// or https:// and a host, and nothing else",
    TABLE_PREFIX: "1 to 200 letters, digits and _ . -",
    _METRICS: "up to 255 letters, digits and . _ / # : -, no : first",
    TOPICS: "up to 100 letters, digits and . _ -",
}

Schema = Annotated[str, Meta(pattern=_SCHEMA)]
ProviderId = Annotated[str, Meta(pattern=_PROVIDER_ID)]
Code = Annotated[str, Meta(pattern=_CODE)]
"""A code stands in paths and partitions: no separators, no dots."""


class Limits(Section, frozen=True):
    """How much of the machine one query takes."""

    memory: Annotated[str, Meta(pattern=_MEMORY)] = "1GB"


Days = Annotated[int, Meta(ge=1, le=100_000)]


class Retention(Section, frozen=True):
    """Which earlier publishes stay readable: the last `publishes` of a partition, and `days`.

    How many days the partitions of a table, and a domain's arrivals, are kept: others are for ever.
    """

    publishes: Annotated[int, Meta(ge=1)] = 5
    days: Annotated[int, Meta(ge=0, le=100_000)] = 7
    tables: dict[str, Days] = msgspec.field(default_factory=dict)
    bronze: dict[Domain, Days] = msgspec.field(default_factory=dict)


class Firings(Section, frozen=True):
    """Instants by a cron expression in a time zone, and the day that each is about."""

    cron: str = ""
    zone: str = "UTC"
    day: Literal["same", "previous"] = "previous"

    def __post_init__(self) -> None:
        """Refuse what no clock knows."""
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError) as exc:
            raise ValueError(f"no time zone {self.zone!r}, expected such as Europe/Berlin") from exc
        if self.cron:
            _check_cron(self.cron)


class Due(Firings, frozen=True):
    """When a pipeline's input is due; without a cron expression it never is."""

    grace_minutes: Annotated[float, Meta(ge=0, le=100_000)] = 60.0


def _check_cron(text: str) -> None:
    from datetime import UTC, datetime

    from cronsim import CronSim, CronSimError

    try:
        CronSim(text, datetime(2025, 1, 1, tzinfo=UTC))
    except CronSimError as exc:
        said = f"{text!r} is no cron expression: {exc}; expected such as '0 6 * * *'"
        raise ValueError(said) from exc
    if len(text.split()) != 5:
        raise ValueError(
            f"{text!r} has {counted(len(text.split()), 'field')}, expected five: '0 6 * * *'"
        )


class Schedule(Firings, frozen=True):
    """A command at the firings of `cron`; `{day}` in it is the day of the firing, or the one before."""

    command: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no command."""
        super().__post_init__()
        words = shlex.split(self.command)
        if not self.cron or not words:
            raise ValueError("a schedule needs cron and command, such as 'run activity'")
        if words[0] in ("up", "serve", "demo"):
            raise ValueError(f"{words[0]} is no command for a schedule")


class Baseline(Section, frozen=True):
    """How far a partition may be from what is usual; off, unless somebody wants it."""

    severity: Literal["off", "warn", "fail"] = "off"
    max_rows_change: Annotated[float, Meta(ge=0, le=1000)] = 0.5
    max_share_change: Annotated[float, Meta(ge=0, le=1)] = 0.1
    max_relative_change: Annotated[float, Meta(ge=0, le=1000)] = 0.3
    days: Annotated[int, Meta(ge=4, le=90)] = 8


class DayBaseline(Baseline, frozen=True):
    """The same of days, and which of them are of another kind, or odd."""

    severity: Literal["off", "warn", "fail"] = "warn"
    match_days: tuple[date, ...] = ()
    incidents: tuple[date, ...] = ()


class Up(Section, frozen=True):
    """How `touchline up` works."""

    workers: Annotated[int, Meta(ge=1, le=64)] = 1


class Tracking(Section, frozen=True):
    """Where tracking's files arrive, and thresholds that teams change."""

    landing: str = "landing/tracking"
    competitions: dict[ProviderId, Code] = msgspec.field(default_factory=lambda: {"61": "aus1"})
    sprint_rule: Literal["default", "prototype"] = "default"
    min_sprint_kmh: Annotated[float, Meta(gt=0, le=100)] = 25.0
    min_sprint_s: Annotated[float, Meta(ge=0, le=60)] = 0.7
    max_rejected: Annotated[float, Meta(ge=0, le=1)] = 0.01
    max_outside_m: Annotated[float, Meta(ge=0, le=1000)] = 50.0
    due: Due = Due()
    baseline: Baseline = Baseline()


class Activity(Section, frozen=True):
    """Where activity's files arrive, and the thresholds of its gate."""

    landing: str = "landing/activity"
    max_null_user: Annotated[float, Meta(ge=0, le=1)] = 0.03
    max_duplicates: Annotated[float, Meta(ge=0, le=1)] = 0.02
    max_rejected: Annotated[float, Meta(ge=0, le=1)] = 0.01
    due: Due = Due()
    baseline: DayBaseline = DayBaseline()


class Matches(Section, frozen=True):
    """Which match events are taken, and who may post and ask."""

    unknown_types: Literal["keep", "refuse"] = "keep"
    max_ahead_s: Annotated[float, Meta(ge=0, le=86_400)] = 300.0
    keep_log_days: Annotated[int, Meta(ge=0, le=100_000)] = 0
    max_lag_s: Annotated[float, Meta(ge=0, le=86_400)] = 60.0


class Server(Section, frozen=True):
    """Where the pages, the figures for monitoring and the live path are, and whether it asks for keys."""

    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = 8640
    key: Secret = Secret("TOUCHLINE_KEY")
    api_keys: bool = True


class Monitoring(Section, frozen=True):
    """What is told of each run that ended beside its report; "" is nothing."""

    emf: Annotated[str, Meta(pattern=_METRICS)] = ""
    emf_file: str = ""
    openlineage: str = ""


class Skillcorner(Section, frozen=True):
    """The provider's API; credentials come from the environment."""

    base_url: str = "https://skillcorner.com/api"
    username: Secret = Secret("SKILLCORNER_USERNAME")
    password: Secret = Secret("SKILLCORNER_PASSWORD")
    token: Secret = Secret("SKILLCORNER_TOKEN")


class Opendata(Section, frozen=True):
    """The provider's public repository."""

    base_url: str = "https://raw.githubusercontent.com/SkillCorner/opendata/master"
    lfs_url: str = "https://github.com/SkillCorner/opendata.git/info/lfs"


class Alerts(Section, frozen=True):
    """Who is told when something is not well; each target's URL is a secret."""

    targets: dict[Code, Secret] = msgspec.field(default_factory=dict)
    completed: bool = False


def _upkeep() -> dict[str, Schedule]:
    return {
        "maintain": Schedule(cron="15 3 * * *", command="maintain"),
        "retain": Schedule(cron="45 3 * * *", command="retain"),
        "archive": Schedule(cron="5 * * * *", command="archive"),
    }


class Config(Section, frozen=True):
    """The whole file. `folder` is where relative paths start: the file's own folder."""

    stores: Stores = Stores()
    limits: Limits = Limits()
    retention: Retention = Retention()
    alerts: Alerts = Alerts()
    tracking: Tracking = Tracking()
    activity: Activity = Activity()
    matches: Matches = Matches()
    up: Up = Up()
    schedules: dict[Schema, Schedule] = msgspec.field(default_factory=_upkeep)
    server: Server = Server()
    monitoring: Monitoring = Monitoring()
    skillcorner: Skillcorner = Skillcorner()
    opendata: Opendata = Opendata()
    aliases: dict[Schema, Domain] = msgspec.field(
        default_factory=lambda: {"traits_etl": "tracking", "prod_data_pipeline": "activity"}
    )
    folder: str = "."

    def place(self, path: str) -> Path:
        """An absolute path, relative ones being in `folder`."""
        return (Path(self.folder) / path).resolve()
