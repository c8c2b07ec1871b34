"""The protocols that services stand behind.

An adapter matches by shape and inherits nothing. Each promise is written here once, and
`tests/contracts/` holds every adapter to it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from touchline.core.ports.values import (
    Claims,
    Partition,
    Piece,
    Publish,
    Receipt,
    Run,
    Staged,
    Stored,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from touchline.core.contracts import Contract


class ObjectStore(Protocol):
    """Bytes under paths: bronze, manifests, reports.

    A path is written at most once and its bytes never change, those that `replace` writes aside; a
    reader sees all bytes of a path or none.
    Paths are relative, with `/` between parts, and `list` gives them in byte order.
    """

    def list(self, prefix: str) -> Iterator[str]:
        """Paths that start with the prefix."""
        ...

    def read(self, path: str) -> bytes:
        """The bytes; MissingInputError if there are none."""
        ...

    def write(self, path: str, data: bytes) -> bool:
        """Durable on return; False if the path was there already, StorageError without room."""
        ...

    def replace(self, path: str, data: bytes) -> None:
        """As `write`, in the place of what was there: a reader sees the old bytes or the new ones."""
        ...

    def keep(self, folder: str, file: Path) -> Stored:
        """A file of this machine as `folder/ab/abcd...`, its SHA-256; else as `write`.

        What is there already under that name and is not those bytes, as a disk failed or somebody
        wrote over it, is replaced.

        Raises:
            MissingInputError: It was written to while it was read; nothing of it is kept.
        """
        ...

    def delete(self, path: str) -> None:
        """No error if absent."""
        ...

    def local(self, path: str) -> AbstractContextManager[Path]:
        """A file on this machine with the bytes, for engines that read files.

        Raises:
            MissingInputError: There is no such object.
        """
        ...

    def sweep(self) -> int:
        """Delete what killed writers left half written; how many. Writers at work lose nothing."""
        ...


class TableStore(Protocol):
    """Tables in partitions: silver and gold. Which pieces are current is the ledger's to say."""

    def prepare(self, contracts: "Sequence[Contract]") -> None:
        """Make tables that are not there, and add columns that older ones lack.

        Raises:
            ContractError: A column exists with another type.
        """
        ...

    def stage(
        self, contract: "Contract", part: Partition, rows: "pa.Table", *, run_id: str
    ) -> Staged:
        """Rows written unseen by readers; safe in any process. StorageError without room."""
        ...

    def publish(
        self,
        contract: "Contract",
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

    def read(self, contract: "Contract", pieces: Iterable[Piece]) -> "pa.Table":
        """The rows of these pieces in the contract's columns; a column they lack is null."""
        ...

    def lost(self, pieces: Iterable[Piece]) -> frozenset[str]:
        """Paths of pieces that are not there any more: a disk was lost, or somebody deleted them."""
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
        """The latest receipt of each logical name, by partition; names in the order they first came."""
        ...

    def contents(
        self, domain: str, parts: Sequence[Partition] | None = None
    ) -> Mapping[Partition, Mapping[str, str]]:
        """The SHA-256 of each latest receipt: what the planner needs of `arrivals`, and quick."""
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

        Yields `done(table, snapshot_id)`, to be called after each table's commit. All tables done
        become current at once when the context ends, and those not done are forgotten. After an
        error, or a crash, none has become current, and `unsettled` knows all that was announced.

        Raises:
            ConflictError: A claim was lost meanwhile; nothing may be committed.
        """
        ...

    def unsettled(self) -> Sequence[Publish]:
        """Publishes announced and never ended: the process died, or an error left `publishing`."""
        ...

    def settle(self, commit_id: str, table: str, snapshot_id: str | None) -> None:
        """Say how an unsettled publish ended: its snapshot, or None if it is not to be.

        Several belong together within `alone`. All tables of a commit are published at one instant,
        so that no moment of the past shows some of them and not the others.
        """
        ...

    def current(
        self,
        tables: Sequence[str],
        parts: Sequence[Partition] | None = None,
        *,
        as_of: datetime | None = None,
    ) -> Mapping[str, Mapping[Partition, Publish]]:
        """Each table's current publish of each partition, or what was current at an instant.

        Raises:
            ConfigError: Publishes of that instant were forgotten, so that no answer would be whole.
        """
        ...

    def heads(
        self, tables: Sequence[str], parts: Sequence[Partition] | None = None
    ) -> Mapping[str, Mapping[Partition, tuple[str, str]]]:
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
        """The newest ended run of each partition; stopped and checked ones aside: they made nothing."""
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
