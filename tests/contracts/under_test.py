"""Which adapters the contract suites run on: an adapter joins a port's suite by one entry here."""

import multiprocessing
import os
import resource
import signal
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

import ministack
import pyarrow as pa
import pytest
from dying import Scenario, act
from kafka_broker import Shared
from pyiceberg.catalog import load_catalog
from sinks import json_sink

from touchline.adapters.dynamodb import DynamoServing
from touchline.adapters.iceberg import IcebergTables
from touchline.adapters.kafka import Cluster, KafkaLog
from touchline.adapters.local import LocalObjects
from touchline.adapters.notify import AppriseTargets
from touchline.adapters.processes import InProcess, WorkerProcesses
from touchline.adapters.spark import SparkExecutors
from touchline.adapters.sqlite import SqliteLedger, SqliteLog, SqliteServing
from touchline.core.contracts import Contract
from touchline.core.memory import (
    MemoryEngine,
    MemoryLedger,
    MemoryLog,
    MemoryNotifier,
    MemoryObjects,
    MemoryServing,
    MemoryTables,
)
from touchline.core.packs import packed
from touchline.core.ports import (
    Engine,
    Ledger,
    Log,
    Notifier,
    ObjectStore,
    ServingStore,
    TableStore,
)
from touchline.core.shelf import Shelf
from touchline.core.whole_log import WholeLog

Full = Callable[[], AbstractContextManager[None]]
"""While the context lasts the store has no room for 100,000 bytes more."""


@contextmanager
def no_file_over(size_bytes: int) -> Iterator[None]:
    """Nothing is written beyond this place of any file, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def _no_bytes(store: MemoryObjects | MemoryTables) -> Iterator[None]:
    store.room_bytes = 50_000
    yield
    store.room_bytes = None


# --- ObjectStore --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Objects:
    """An object store under test, and how its room is taken away."""

    store: ObjectStore
    full: Full


def _memory_objects(_: Path) -> Objects:
    store = MemoryObjects()
    return Objects(store, partial(_no_bytes, store))


def _local_objects(folder: Path) -> Objects:
    return Objects(LocalObjects(folder), partial(no_file_over, 50_000))


def _packed_objects(folder: Path) -> Objects:
    return Objects(packed(LocalObjects(folder)), partial(no_file_over, 50_000))


OBJECTS = {"memory": _memory_objects, "local": _local_objects, "packed": _packed_objects}


# --- TableStore ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tables:
    """A table store under test, and what a reader sees who knows its tables and no ledger."""

    store: TableStore
    full: Full
    seen: Callable[[Contract], pa.Table]
    snapshots: Callable[[str], Sequence[Mapping[str, str]]]
    """The properties of each snapshot of a table that is still there, oldest first."""


def _memory_tables(_: Path) -> Tables:
    store = MemoryTables()
    return Tables(
        store,
        partial(_no_bytes, store),
        seen=store.seen,
        snapshots=lambda table: [s.properties for s in store.snapshots(table)],
    )


def iceberg_settings(folder: Path) -> dict[str, str]:
    """A catalog in a SQLite file, and a warehouse beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    return {
        "type": "sql",
        "uri": f"sqlite:///{folder}/catalog.db",
        "warehouse": f"file://{folder}/warehouse",
    }


def _iceberg_tables(folder: Path) -> Tables:
    settings = iceberg_settings(folder)

    def seen(contract: Contract) -> pa.Table:
        table = load_catalog("touchline", **settings).load_table(contract.table)
        rows = table.scan().to_arrow()
        return rows.select([n for n in contract.names if n in rows.column_names])

    def snapshots(name: str) -> list[Mapping[str, str]]:
        table = load_catalog("touchline", **settings).load_table(name)
        by_age = sorted(table.metadata.snapshots, key=lambda s: s.sequence_number)
        return [s.summary.additional_properties for s in by_age]

    return Tables(IcebergTables(settings), partial(no_file_over, 50_000), seen, snapshots)


TABLES = {"memory": _memory_tables, "iceberg": _iceberg_tables}


# --- Ledger -------------------------------------------------------------------------------------


@dataclass
class Clock:
    """A clock that stands still until it is told to go on, or goes on at every look."""

    now: datetime = datetime(2025, 4, 5, 12, tzinfo=UTC)
    at_every_look: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        self.now += self.at_every_look
        return self.now

    def forward(self, seconds: float) -> datetime:
        """The time so many seconds later, which it is now."""
        self.now += timedelta(seconds=seconds)
        return self.now


@dataclass
class Ledgers:
    """One ledger under test, and its owners, each as in a process of its own."""

    opened_by: Callable[[], Any]
    crash_by: Callable[[Scenario], None]
    clock: Clock
    owners: list[Any] = field(default_factory=list)

    def open(self) -> Ledger:
        """One more owner of the ledger."""
        self.owners.append(self.opened_by())
        owner: Ledger = self.owners[-1]
        return owner

    def crash(self, scenario: Scenario) -> None:
        """One more owner has acted out the scenario and is dead, without a chance to tidy up."""
        self.crash_by(scenario)


class _Died(BaseException):
    """The end of an owner that has no process of its own."""


def _memory_ledgers(_: Path, clock: Clock) -> Ledgers:
    first = MemoryLedger(clock=clock)

    def crash(scenario: Scenario) -> None:
        owner = MemoryLedger(clock=clock, beside=first)

        def die() -> NoReturn:
            owner.close()
            raise _Died

        with pytest.raises(_Died):
            scenario(owner, die)

    return Ledgers(partial(MemoryLedger, clock=clock, beside=first), crash, clock)


def _sqlite_ledgers(folder: Path, clock: Clock) -> Ledgers:
    opened = partial(SqliteLedger, folder / "ledger.db", clock=clock)
    return Ledgers(opened, partial(_crash_process, opened), clock)


def _crash_process(opened: Callable[[], Ledger], scenario: Scenario) -> None:
    process = multiprocessing.get_context("spawn").Process(target=act, args=(opened, scenario))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


LEDGERS = {"memory": _memory_ledgers, "sqlite": _sqlite_ledgers}


# --- Log ----------------------------------------------------------------------------------------


@dataclass
class Logs:
    """One log under test: opened, closed, and opened again."""

    opened_by: Callable[[], Any]
    now: Any = None

    def open(self) -> Log:
        """The log, as a new process would have it where it was closed."""
        self.now = self.now or self.opened_by()
        found: Log = self.now
        return found

    def other(self) -> Log:
        """The same log, as another process has it at the same time; whoever asks closes it."""
        found: Log = self.opened_by()
        return found

    def close(self) -> None:
        """What was appended is written, and nothing is held open."""
        if self.now is not None:
            self.now.close()
        self.now = None


def _memory_logs(_: Path, __: Shared) -> Logs:
    kept = MemoryLog()
    return Logs(lambda: kept)


def _sqlite_logs(folder: Path, _: Shared) -> Logs:
    return Logs(partial(SqliteLog, folder / "log.db"))


def _kafka_logs(_: Path, kafka: Shared) -> Logs:
    prefix = f"{uuid.uuid4().hex[:8]}."
    cluster = Cluster(kafka.broker().bootstrap, prefix, replication=1, min_insync=1)
    return Logs(partial(KafkaLog, cluster))


def _whole_logs(_: Path, __: Shared) -> Logs:
    """One of which nothing was archived."""
    kept: Any = WholeLog(MemoryLog(), "events", lambda: Shelf(MemoryObjects(), {}, {}))
    kept.close = lambda: None
    return Logs(lambda: kept)


LOGS = {"whole": _whole_logs, "memory": _memory_logs, "sqlite": _sqlite_logs, "kafka": _kafka_logs}


# --- ServingStore -------------------------------------------------------------------------------


@dataclass
class Servings:
    """One serving store under test, and its owners, each as in a process of its own."""

    opened_by: Callable[[], Any]
    owners: list[Any] = field(default_factory=list)

    def open(self) -> ServingStore:
        """One more owner of the store."""
        self.owners.append(self.opened_by())
        found: ServingStore = self.owners[-1]
        return found

    def close(self) -> None:
        """Every owner has let go of it."""
        for owner in self.owners:
            owner.close()


def _memory_servings(_: Path) -> Servings:
    kept = MemoryServing()
    return Servings(lambda: kept)


def _sqlite_servings(folder: Path) -> Servings:
    return Servings(partial(SqliteServing, folder / "serving.db"))


def dynamo_serving(prefix: str, **more: Any) -> DynamoServing:
    """An owner of a store in the DynamoDB of this machine."""
    at = ministack.endpoint()
    with mock.patch.dict(os.environ, ministack.somebody()):
        return DynamoServing(prefix, endpoint=at, **more)


def _dynamo_servings(folder: Path) -> Servings:
    return Servings(partial(dynamo_serving, uuid.uuid4().hex))


SERVINGS = {"memory": _memory_servings, "sqlite": _sqlite_servings, "dynamodb": _dynamo_servings}


# --- Engine -------------------------------------------------------------------------------------

ENGINES: dict[str, Callable[[], Engine]] = {
    "memory": MemoryEngine,
    "in process": InProcess,
    "worker processes": partial(WorkerProcesses, 2),
    "spark": partial(SparkExecutors, 2),
}


# --- Notifier -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class People:
    """A notifier under test, with the targets `well` and `dead`, and what the first was told."""

    notifier: Notifier
    told: Callable[[], Sequence[str]]


@contextmanager
def _memory_people() -> Iterator[People]:
    notifier = MemoryNotifier(dead={"dead"})
    yield People(notifier, lambda: [f"{a.subject} {a.body} {a.id}" for _, a in notifier.sent])


@contextmanager
def _apprise_people() -> Iterator[People]:
    with json_sink() as well, json_sink() as dead:
        dead.status = 500
        urls = {
            "well": lambda: f"json://127.0.0.1:{well.port}",
            "dead": lambda: f"json://u:s3cret@127.0.0.1:{dead.port}/s3cret",
        }
        told = lambda: [f"{t['title']} {t['message']}" for t in well.taken]  # noqa: E731
        yield People(AppriseTargets(urls), told)


NOTIFIERS = {"memory": _memory_people, "apprise": _apprise_people}
