"""Configuration -> objects; the only place that names adapters."""

import shlex
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TextIO, cast

from touchline.config import Config, KafkaLog
from touchline.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from touchline.config import sections
    from touchline.core.alerts import Alerting
    from touchline.core.baseline import Baseline
    from touchline.core.due import Due
    from touchline.core.landing import Found
    from touchline.core.pipeline import Job, Outcome, Pipeline
    from touchline.core.pipeline.drive import Platform
    from touchline.core.ports import Engine, Ledger, Log, Notifier, ObjectStore, Run, TableStore
    from touchline.core.retention import Days
    from touchline.core.schedule import Schedule


class Touchline:
    """What a configuration stands for; each part is made when it is first asked for."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @cached_property
    def objects(self) -> "ObjectStore":
        """Where bytes are kept."""
        from touchline.adapters.local import LocalObjects
        from touchline.core.packs import packed

        return packed(LocalObjects(self.config.place(self.config.stores.objects.root)))

    @cached_property
    def tables(self) -> "TableStore":
        """Where tables are kept. Importing it takes half a second: ask late."""
        from touchline.adapters.iceberg import IcebergTables, places

        settings = self.config.stores.tables
        scheme, slashes, path = settings.catalog.partition(":///")
        if scheme != "sqlite" or not slashes:
            raise ConfigError(
                f"$.stores.tables.catalog: {settings.catalog!r}: expected sqlite:///path"
            )
        warehouse = self.config.place(settings.warehouse)
        return IcebergTables(places.settings(self.config.place(path), warehouse))

    @cached_property
    def ledger(self) -> "Ledger":
        """What came, what ran, what is current."""
        from touchline.adapters.sqlite import SqliteLedger

        path = self.config.place(self.config.stores.ledger.path)
        manifests = self.config.place(self.config.stores.objects.root) / "manifests"
        if not path.exists() and manifests.is_dir():
            raise ConfigError(
                f"{path}: no ledger, and {manifests.parent} holds files that one has received",
                hint="check stores.ledger.path, or put the ledger's back-up there; to begin anew,"
                " name new folders under stores",
            )
        return SqliteLedger(path)

    @cached_property
    def log(self) -> "Log":
        """Where what comes live is kept first."""
        settings = self.config.stores.log
        if isinstance(settings, KafkaLog):
            from touchline.wiring import kafka

            return kafka.log(self.config, settings)
        from touchline.adapters.sqlite import SqliteLog

        return SqliteLog(self.config.place(settings.path))

    @cached_property
    def pipelines(self) -> "dict[str, Pipeline]":
        """Every pipeline by name.

        Raises:
            ConfigError: Configuration names a table that there is not.
        """
        found = {"tracking": tracking(self.config), "activity": activity(self.config)}
        tables = [step.table for pipeline in found.values() for step in pipeline.steps]
        for name in self.config.retention.tables:
            if name not in tables:
                raise ConfigError(
                    f"$.retention.tables: no table {name!r}", hint=f"there is: {', '.join(tables)}"
                )
        return found

    def days(self, name: str) -> "Days":
        """For how many days a pipeline's tables, and what arrived for it, are kept."""
        from touchline.core.retention import Days

        set_ = self.config.retention
        mine = {t: days for t, days in set_.tables.items() if t.startswith(f"{name}.")}
        kept = {domain: days for domain, days in set_.bronze.items() if domain == name}
        return Days(mine, next(iter(kept.values()), None))

    def due(self, name: str) -> "Due | None":
        """When the pipeline's input is due, if that is configured."""
        from touchline.core.due import Due

        set_ = getattr(self.config, name).due
        return Due(set_.cron, set_.zone, set_.grace_minutes, set_.day) if set_.cron else None

    @cached_property
    def notifier(self) -> "Notifier":
        """Whom alerts go to. Importing it takes a fifth of a second: ask late."""
        from touchline.adapters.notify import AppriseTargets

        targets = self.config.alerts.targets
        return AppriseTargets({name: secret.value for name, secret in targets.items()})

    @property
    def alerts(self) -> "Alerting":
        """Incidents, and who is told of them. Not kept: it holds this, which is to go at its last use."""
        from touchline.core.alerts import Alerting

        set_ = self.config.alerts
        late = cast("Notifier", _Late(lambda: self.notifier))
        return Alerting(self.ledger, late, tuple(set_.targets), set_.completed, _now)

    @cached_property
    def landing(self) -> "dict[str, Path]":
        """The folder that each domain's files arrive in; "" in the configuration stands for none."""
        named = {name: getattr(self.config, name).landing for name in self.pipelines}
        return {name: self.config.place(folder) for name, folder in named.items() if folder}

    @cached_property
    def schedules(self) -> "tuple[Schedule, ...]":
        """Commands, and when they are to be given."""
        from touchline.core.due import Due
        from touchline.core.schedule import Schedule

        return tuple(
            Schedule(name, Due(s.cron, s.zone, 0.0, s.day), tuple(shlex.split(s.command)))
            for name, s in self.config.schedules.items()
        )

    @cached_property
    def folders(self) -> "frozenset[Path]":
        """Where this installation keeps its own files: nothing there has arrived from anywhere."""
        stores = self.config.stores
        places = (stores.objects.root, stores.tables.warehouse)
        return frozenset(self.config.place(place) for place in places)

    def found(self, domain: str) -> "Callable[[Sequence[Path], Path, frozenset[Path]], Found]":
        """The domain's source: what it makes of paths, given a folder for what it unpacks, and ours."""
        if domain == "activity":
            from touchline.activity.source import found
        else:
            from touchline.tracking.source.found import found
        return found

    def pipeline(self, name: str) -> "Pipeline":
        """The pipeline of that name.

        Raises:
            ConfigError: There is none.
        """
        if name not in self.pipelines:
            raise ConfigError(
                f"no pipeline {name!r}", hint=f"there is: {', '.join(self.pipelines)}"
            )
        return self.pipelines[name]

    def platform(
        self, *, workers: int = 1, engine: str = "process", lines: "TextIO | None" = None
    ) -> "Platform":
        """Everything a run needs; `lines` takes metrics that have no file, else standard error does."""
        from touchline.core.pipeline.drive import Platform

        return Platform(
            objects=self.objects,
            tables=cast("TableStore", _Late(lambda: self.tables)),
            ledger=self.ledger,
            engine=_engine(engine, workers),
            task=partial(_work, self.config),
            clock=_now,
            told=tuple(_told(self.config, lines)),
        )


class _Late:
    """What is imported when it is first used: a run that finds nothing stale never does."""

    def __init__(self, made: Callable[[], Any]) -> None:
        self._made = made

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made(), name)


def _now() -> datetime:
    return datetime.now(UTC)


def _told(config: Config, lines: "TextIO | None") -> "Iterator[Callable[[Pipeline, Run], None]]":
    """What hears of every run that ended."""
    set_ = config.monitoring
    if set_.emf:
        from touchline.adapters.cloudwatch import EmbeddedMetrics

        file = config.place(set_.emf_file) if set_.emf_file else None
        yield EmbeddedMetrics(set_.emf, file, lines)
    if set_.openlineage:
        from touchline.adapters.openlineage import LineageFile

        yield LineageFile(config.place(set_.openlineage))


def _engine(kind: str, workers: int) -> "Engine":
    from touchline.adapters.processes import InProcess, WorkerProcesses

    if kind == "spark":
        from touchline.adapters.spark import SparkExecutors

        return SparkExecutors(workers)
    return InProcess() if workers == 1 else WorkerProcesses(workers)


def _work(config: Config, job: "Job") -> "Outcome":
    """A job's outcome; what it needs is built once in each process that works."""
    from touchline.core.pipeline import work

    here = _BUILT.setdefault(repr(config), Touchline(config))
    return work(job, pipeline=here.pipeline(job.pipeline), objects=here.objects, tables=here.tables)


_BUILT: dict[str, Touchline] = {}


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
