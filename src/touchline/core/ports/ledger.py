"""The ledger's protocol: the memory that everything else can be made again from."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from touchline.core.ports.notes import Notes
from touchline.core.ports.values import (
    Claims,
    Partition,
    Publish,
    Receipt,
    Run,
    RunStatus,
    Size,
    Total,
)


class Ledger(Protocol):
    """What came, what ran, how it ended, what is current; every write is durable on return.

    What is newer is what was written later, whatever the clock said meanwhile.
    """

    @property
    def notes(self) -> Notes:
        """What it notes beside data, in the same transactions."""
        ...

    def receive(self, receipts: Sequence[Receipt]) -> None:
        """Record arrivals, all or none."""
        ...

    def arrivals(
        self, domain: str, parts: Sequence[Partition] | None = None
    ) -> Mapping[Partition, Mapping[str, Receipt]]:
        """The latest receipt of each logical name, by partition; names in the order they first came.

        Names whose latest receipt is withdrawn are not among them.
        """
        ...

    def contents(
        self, domain: str, parts: Sequence[Partition] | None = None
    ) -> Mapping[Partition, Mapping[str, str]]:
        """The SHA-256 of each latest receipt: what the planner needs of `arrivals`, and quick."""
        ...

    def withdrawn(
        self, domain: str, parts: Sequence[Partition] | None = None
    ) -> Mapping[Partition, Mapping[str, Receipt]]:
        """What `arrivals` leaves out: the latest receipts that are withdrawn; quick where few are."""
        ...

    def moved(self, paths: Mapping[str, str]) -> None:
        """What every receipt says lies at one path lies at another now; old path -> new path."""
        ...

    def paths(self) -> frozenset[str]:
        """Where all that any receipt names lies."""
        ...

    def retire(self, domain: str, parts: Sequence[Partition]) -> None:
        """Forget the receipts of these partitions, and remember that they were retired."""
        ...

    def retired(self, domain: str) -> frozenset[Partition]:
        """The partitions whose receipts were ever forgotten."""
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
        """Runs, the newest to begin first; `run_id` may be a unique beginning of one."""
        ...

    def ends(self, *, after: int, limit: int) -> Mapping[int, Run]:
        """The first runs whose end was recorded after that of this number, by the number of theirs.

        Numbers grow from 1 on in the order of recording. A run whose end is recorded again has the
        later number alone.
        """
        ...

    def last(self, pipeline: str) -> Mapping[Partition, Run]:
        """The newest ended run of each partition; stopped and checked ones aside: they made nothing."""
        ...

    def totals(self) -> Mapping[tuple[str, RunStatus], Total]:
        """How many runs of each pipeline ended in each way, and their `seconds` in all."""
        ...

    def sizes(self) -> Mapping[str, Size]:
        """Each table with what is current of it; partitions that were retired or withdrawn aside."""
        ...

    def forget(self, publishes: Sequence[Publish]) -> None:
        """Drop publishes from history; the current one of a partition is never dropped."""
        ...

    def alone(self) -> AbstractContextManager[frozenset[str]]:
        """Nobody publishes while the context lasts; yields the ids of runs that are alive."""
        ...
