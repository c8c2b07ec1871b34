"""The protocols that services stand behind, and the values that cross them.

An adapter matches by shape and inherits nothing. Each promise is written here once, and
`tests/contracts/` holds every adapter to it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

import pyarrow as pa

from touchline.core.contracts import Contract
from touchline.errors import ConfigError

Partition = str
"""The unit of work in its one text form: `match_id=2017461`, or `a=1/b=2` for several columns."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,127}")


def checked_id(value: str, what: str) -> str:
    """The id unchanged, if it can stand in a path and a partition; names enter through here.

    Raises:
        ConfigError: It is empty, too long, or has separators or `..` in it.
    """
    if not _ID.fullmatch(value) or ".." in value:
        raise ConfigError(
            f"{what}: {value[:80]!r} is not an id",
            hint="ids are 1 to 128 letters, digits and . _ : + -, without '..' or separators",
        )
    return value


def partition(**keys: str) -> Partition:
    """The partition of these column values, in the given order."""
    return "/".join(f"{k}={checked_id(v, k)}" for k, v in keys.items())


def keys_of(part: Partition) -> dict[str, str]:
    """Column -> value of a partition, in order.

    Raises:
        ConfigError: The text is not of the form `column=value[/column=value]`.
    """
    pairs = [piece.partition("=") for piece in part.split("/")]
    if not all(name.isidentifier() and equals for name, equals, _ in pairs):
        raise ConfigError(f"partition {part!r}: expected column=value, such as match_id=2017461")
    return {name: checked_id(value, name) for name, _, value in pairs}


# --- what crosses the ports ---------------------------------------------------------------------


@dataclass(frozen=True)
class Receipt:
    """One arrival: which bytes came under which logical name, from where, for which partition."""

    domain: str
    partition: Partition
    name: str
    sha256: str
    size: int
    source: str
    received_at: datetime
    path: str
    id: int = 0


@dataclass(frozen=True)
class Piece:
    """A part of a published partition as its store knows it; for Iceberg, one data file."""

    path: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class Staged:
    """A partition written where no reader sees it."""

    table: str
    partition: Partition
    rows: int
    pieces: tuple[Piece, ...]


PublishKind = Literal["run", "rollback", "compact"]


@dataclass(frozen=True)
class Publish:
    """One version of one partition of a table.

    `derivation` says what a run made it from, and decides whether it is stale; `content` says what
    it holds, and is what tables downstream are made from. They differ after a rollback only.
    """

    table: str
    partition: Partition
    run_id: str
    commit_id: str
    derivation: str
    content: str
    rows: int
    pieces: tuple[Piece, ...]
    made_from: Mapping[str, str] = field(default_factory=dict)
    kind: PublishKind = "run"
    rejected: int = 0
    published_at: datetime | None = None
    snapshot_id: str = ""


RunStatus = Literal["running", "published", "refused", "failed", "waiting"]


@dataclass(frozen=True)
class Run:
    """One attempt at one partition of a pipeline: how it ended, and its report."""

    run_id: str
    pipeline: str
    partition: Partition
    status: RunStatus
    started_at: datetime
    ended_at: datetime | None = None
    derivations: Mapping[str, str] = field(default_factory=dict)
    message: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Claims:
    """The partitions this run holds, and who holds those it could not get.

    The token fences: a claim that somebody else took over has another one.
    """

    pipeline: str
    token: str
    held: tuple[Partition, ...]
    refused: Mapping[Partition, str]


# --- the ports ----------------------------------------------------------------------------------


class ObjectStore(Protocol):
    """Bytes under paths: bronze, manifests, reports.

    A path is written at most once and its bytes never change; a reader sees all of them or none.
    Paths are relative, with `/` between parts, and `list` gives them in byte order.
    """

    def list(self, prefix: str) -> Iterator[str]:
        """Paths that start with the prefix."""
        ...

    def read(self, path: str) -> bytes:
        """The bytes; MissingInputError if there are none."""
        ...

    def write(self, path: str, data: bytes | Path) -> bool:
        """Durable on return; False if the path was there already, StorageError without room."""
        ...

    def delete(self, path: str) -> None:
        """No error if absent."""
        ...

    def local(self, path: str) -> AbstractContextManager[Path]:
        """A file on this machine with the bytes, for engines that read files."""
        ...


class TableStore(Protocol):
    """Tables in partitions: silver and gold. Which pieces are current is the ledger's to say."""

    def prepare(self, contracts: Sequence[Contract]) -> None:
        """Make tables that are not there, and add columns that older ones lack.

        Raises:
            ContractError: A column exists with another type.
        """
        ...

    def stage(self, contract: Contract, part: Partition, rows: pa.Table, *, run_id: str) -> Staged:
        """Rows written unseen by readers; safe in any process. StorageError without room."""
        ...

    def publish(
        self,
        contract: Contract,
        staged: Sequence[Staged],
        *,
        commit_id: str,
        properties: Mapping[str, str],
    ) -> str:
        """One atomic commit that replaces each staged partition; the snapshot's id.

        A staged partition without pieces leaves the partition empty.
        """
        ...

    def committed(self, table: str, commit_id: str) -> str | None:
        """The snapshot of a commit that `publish` made, None if it never happened."""
        ...

    def read(self, contract: Contract, pieces: Iterable[Piece]) -> pa.Table:
        """The rows of these pieces in the contract's columns; a column they lack is null."""
        ...

    def maintain(self, table: str, keep: frozenset[str]) -> Mapping[str, int]:
        """Expire old snapshots and delete files without an owner; counts of what was done.

        `keep` holds paths of pieces, and run ids whose staged files are still to be published.
        Nobody may publish meanwhile.
        """
        ...


class Ledger(Protocol):
    """What came, what ran, how it ended, what is current; every write is durable on return."""

    def receive(self, receipts: Sequence[Receipt]) -> None:
        """Record arrivals, all or none."""
        ...

    def arrivals(
        self, domain: str, parts: Sequence[Partition] | None = None
    ) -> Mapping[Partition, Mapping[str, Receipt]]:
        """The latest receipt of each logical name, by partition."""
        ...

    def claim(self, pipeline: str, parts: Sequence[Partition]) -> AbstractContextManager[Claims]:
        """Hold those partitions that nobody holds until the context ends.

        A claim lasts while its process lives and renews it; a dead process's claim is free at once.
        """
        ...

    def publishing(
        self, claims: Claims, publishes: Sequence[Publish]
    ) -> AbstractContextManager[Callable[[str, str], None]]:
        """Announce publishes, then hold the ledger while they are committed to the tables.

        Yields `done(table, snapshot_id)`, to be called after each table's commit. Tables not done
        when the context ends are forgotten; after a crash `unsettled` knows them.

        Raises:
            ConflictError: A claim was lost meanwhile; nothing may be committed.
        """
        ...

    def unsettled(self) -> Sequence[Publish]:
        """Publishes announced by a process that died before it said whether they were done."""
        ...

    def settle(self, commit_id: str, table: str, snapshot_id: str | None) -> None:
        """Say how an unsettled publish ended: its snapshot, or None if it never was."""
        ...

    def current(
        self,
        tables: Sequence[str],
        parts: Sequence[Partition] | None = None,
        *,
        as_of: datetime | None = None,
    ) -> Mapping[str, Mapping[Partition, Publish]]:
        """Each table's current publish of each partition, or what was current at an instant."""
        ...

    def heads(self, tables: Sequence[str]) -> Mapping[str, Mapping[Partition, tuple[str, str]]]:
        """Derivation and content of each current publish: what the planner needs, and quick."""
        ...

    def history(self, table: str, part: Partition | None = None) -> Sequence[Publish]:
        """All remembered publishes of a partition, or of the whole table, newest first."""
        ...

    def record(self, runs: Sequence[Run]) -> None:
        """Record how runs stand; a later record of the same run id replaces the earlier."""
        ...

    def runs(
        self,
        *,
        pipeline: str | None = None,
        part: Partition | None = None,
        run_id: str | None = None,
        limit: int = 50,
    ) -> Sequence[Run]:
        """Runs, newest first; `run_id` may be a unique beginning of one."""
        ...

    def last(self, pipeline: str) -> Mapping[Partition, Run]:
        """The newest ended run of each partition."""
        ...

    def forget(self, publishes: Sequence[Publish]) -> None:
        """Drop publishes from history; the current one of a partition is never dropped."""
        ...

    def alone(self) -> AbstractContextManager[frozenset[str]]:
        """Nobody publishes while the context lasts; yields the ids of runs that are alive."""
        ...


Job = TypeVar("Job")
Done = TypeVar("Done")


class Engine(Protocol):
    """Where jobs run: this process, worker processes, Spark executors."""

    def map(self, task: Callable[[Job], Done], jobs: Sequence[Job]) -> Iterator[Done]:
        """The outcome of each job, in any order; task, jobs and outcomes can be pickled."""
        ...
