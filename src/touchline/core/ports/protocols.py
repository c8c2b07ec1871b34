"""The protocols that services stand behind.

An adapter matches by shape and inherits nothing. Each promise is written here once, and
`tests/contracts/` holds every adapter to it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from touchline.core.ports.notes import Alert
from touchline.core.ports.values import Partition, Piece, Staged, Stored

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

    def read(self, path: str, span: tuple[int, int] | None = None) -> bytes:
        """The bytes, or of a span (where it begins, how many) those; MissingInputError if absent."""
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

    def lost(self, paths: Iterable[str]) -> frozenset[str]:
        """Those of the paths at which nothing is."""
        ...

    def untouched(self, prefix: str, since: datetime) -> Iterator[tuple[str, int]]:
        """Paths that start with the prefix, and their bytes, of what nobody wrote or kept since then.

        Who keeps bytes that are there already touches them, too.
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


Job = TypeVar("Job")
Done = TypeVar("Done")


class Engine(Protocol):
    """Where jobs run: this process, worker processes, Spark executors."""

    def map(self, task: Callable[[Job], Done], jobs: Sequence[Job]) -> Iterator[Done]:
        """The outcome of each job, in any order; task, jobs and outcomes can be pickled."""
        ...


class Notifier(Protocol):
    """Where people are told: mail, chat, a queue. Targets go by the names that they are given."""

    def send(self, target: str, alert: Alert) -> None:
        """Told, with the alert's id in the message: a receiver knows one that is told again by it.

        It ends within seconds, whatever the target does.

        Raises:
            TransientError: Why it may not have arrived; without the target's address, which is secret.
            ConfigError: The target has no address, or one that nobody understands.
        """
        ...
