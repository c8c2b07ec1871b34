"""The values that cross the ports, and the ids and partitions that name things."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

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
        raise ConfigError(
            f"partition {part!r}: expected column=value",
            hint="touchline status lists the partitions that have arrived",
        )
    return {name: checked_id(value, name) for name, _, value in pairs}


# --- what crosses the ports ---------------------------------------------------------------------


@dataclass(frozen=True)
class Stored:
    """A file in an object store, under the SHA-256 of its bytes; `new` if it was not there before."""

    path: str
    sha256: str
    size: int
    new: bool


@dataclass(frozen=True)
class Receipt:
    """One arrival: which bytes came under which logical name, from where, for which partition.

    `withdrawn` is why they are not to count, "" where they do: a receipt that says so supersedes
    that of the arrival, and one that says so no more puts it back. Both are of the instant `said_at`,
    and keep when the bytes came.
    """

    domain: str
    partition: Partition
    name: str
    sha256: str
    size: int
    source: str
    received_at: datetime
    path: str
    id: int = 0
    withdrawn: str = ""
    said_at: datetime | None = None


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


PublishKind = Literal["run", "rollback", "compact", "retire", "withdraw"]

RETIRED = "retired"
"""The derivation of a partition that retention took away: nothing is made of it, nor it of anything."""
WITHDRAWN = "withdrawn"
"""The derivation and the content of a partition every file of which was withdrawn."""


@dataclass(frozen=True)
class Publish:
    """One version of one partition of a table.

    `derivation` says what a run made it from, and decides whether it is stale; `content` says what
    it holds, and is what tables downstream are made from. They differ after a rollback, and where
    retention took the rows away.
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

    @property
    def retired(self) -> bool:
        """Whether it says that retention took the partition away."""
        return self.derivation == RETIRED

    @property
    def emptied(self) -> bool:
        """Whether it holds nothing as retention, or a withdrawal, took the partition's rows away."""
        return self.kind in ("retire", "withdraw")


RunStatus = Literal[
    "running",
    "published",
    "refused",
    "failed",
    "waiting",
    "stopped",
    "checked",
    "rolled back",
    "retired",
    "withdrawn",
]
"""`stopped`: the driver ended before the run's turn came; `checked`: bronze was decoded, and no more.
Neither says how the partition stands."""


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

    @property
    def seconds(self) -> float | None:
        """How long the work on its partition took; None where its report does not say.

        Runs of one command begin together and are published together: from its beginning to its end
        a run also waits for others.
        """
        return self.report.get("seconds")


@dataclass(frozen=True)
class Total:
    """Of many runs: how many, and for how long their partitions were worked on in all."""

    runs: int
    seconds: float


@dataclass(frozen=True)
class Size:
    """What is current of a table: partitions, their rows and rejected rows, its newest publish."""

    partitions: int
    rows: int
    rejected: int
    published_at: datetime


@dataclass(frozen=True)
class Claims:
    """The partitions this run holds, and who holds those it could not get.

    The token fences: a claim that somebody else took over has another one.
    """

    pipeline: str
    token: str
    held: tuple[Partition, ...]
    refused: Mapping[Partition, str]
