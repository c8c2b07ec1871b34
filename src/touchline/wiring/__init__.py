"""Configuration -> objects; the only place that names adapters."""

import shlex
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TextIO, cast

from touchline.config import Config
from touchline.errors import ConfigError
from touchline.wiring import live, monitoring, places
from touchline.wiring.pipelines import activity, matches, tracking

__all__ = ["Touchline", "activity", "matches", "tracking"]

if TYPE_CHECKING:
    from pathlib import Path

    from touchline.core.alerts import Alerting
    from touchline.core.archive import Archive
    from touchline.core.due import Due
    from touchline.core.landing import Found
    from touchline.core.pipeline import Job, Outcome, Pipeline
    from touchline.core.pipeline.drive import Platform
    from touchline.core.ports import (
        Engine,
        Lag,
        Ledger,
        Log,
        Notifier,
        ObjectStore,
        ServingStore,
        TableStore,
    )
    from touchline.core.retention import Days
    from touchline.core.schedule import Schedule
    from touchline.core.shelf import Shelf
    from touchline.matches.live import EventRule


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
        from touchline.adapters.iceberg import IcebergTables
        from touchline.adapters.iceberg.places import settings as catalog

        settings = self.config.stores.tables
        scheme, slashes, path = settings.catalog.partition(":///")
        if scheme != "sqlite" or not slashes:
            raise ConfigError(
                f"$.stores.tables.catalog: {settings.catalog!r}: expected sqlite:///path"
            )
        warehouse = self.config.place(settings.warehouse)
        return IcebergTables(catalog(self.config.place(path), warehouse))

    @cached_property
    def ledger(self) -> "Ledger":
        """What came, what ran, what is current: asked first by every command that looks into a store.

        Raises:
            ConfigError: A store is at or under a file, or the ledger of what there is is gone.
        """
        from touchline.adapters.sqlite import SqliteLedger

        places.must_be_folders(self.config)
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
        """Where what comes live is kept first; what went from there is read from bronze."""
        from touchline.core.whole_log import WholeLog
        from touchline.matches.live import TOPIC

        log = live.log(self.config)
        return WholeLog(log, TOPIC, partial(_shelf, self.config, log))

    @property
    def has_live(self) -> bool:
        """Whether anything was ever posted, as far as can be told without asking a service."""
        return live.begun(self.config)

    @cached_property
    def serving(self) -> "ServingStore":
        """What applications ask for."""
        return live.serving(self.config)

    @property
    def lag(self) -> "Lag":
        """What was posted and is not served yet; of a live path that was never used, nothing."""
        from touchline.core.ports import Lag
        from touchline.core.stream import lag
        from touchline.matches.live import STREAM

        return lag(STREAM, self.log, self.serving) if self.has_live else Lag(0)

    @cached_property
    def event_rule(self) -> "EventRule":
        """Which match events are taken."""
        from touchline.matches.live import EventRule

        set_ = self.config.matches
        return EventRule(set_.unknown_types, max_ahead_s=set_.max_ahead_s)

    @cached_property
    def pipelines(self) -> "dict[str, Pipeline]":
        """Every pipeline by name.

        Raises:
            ConfigError: Configuration names a table that there is not.
        """
        made = {"tracking": tracking, "activity": activity, "matches": matches}
        found = {name: make(self.config) for name, make in made.items()}
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

        set_ = getattr(getattr(self.config, name), "due", None)
        if set_ is None or not set_.cron:
            return None
        return Due(set_.cron, set_.zone, set_.grace_minutes, set_.day)

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
        sections = {name: getattr(self.config, name) for name in self.pipelines}
        named = {name: getattr(section, "landing", "") for name, section in sections.items()}
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

    @cached_property
    def archive(self) -> "Archive":
        """What of the log lands in bronze."""
        from touchline.matches.pipeline import ARCHIVE

        return ARCHIVE

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
            told=tuple(monitoring.told(self.config, lines)),
        )


def _shelf(config: Config, log: "Log") -> "Shelf":
    """What lies in bronze of the log, as it is now."""
    from touchline.core.shelf import shelf

    here = Touchline(config)
    return shelf(here.archive, log, objects=here.objects, ledger=here.ledger)


class _Late:
    """What is imported when it is first used: a run that finds nothing stale never does."""

    def __init__(self, made: Callable[[], Any]) -> None:
        self._made = made

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made(), name)


def _now() -> datetime:
    return datetime.now(UTC)


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
