"""One partition's work order, its outcome, and what lies on the bench meanwhile."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from touchline.core.pipeline.gate import StepReport
from touchline.core.pipeline.steps import Decoded, Pipeline
from touchline.core.ports import (
    Engine,
    Ledger,
    ObjectStore,
    Partition,
    Piece,
    Receipt,
    Run,
    Staged,
    TableStore,
)
from touchline.errors import TouchlineError


@dataclass(frozen=True)
class Job:
    """What one partition needs done: which tables to make, and where their inputs are."""

    run_id: str
    pipeline: str
    partition: Partition
    started_at: datetime
    makes: tuple[str, ...]
    files: Mapping[str, Receipt]
    tables: Mapping[str, tuple[Piece, ...]]
    decode_only: bool = False


@dataclass(frozen=True)
class Outcome:
    """A job's end: everything staged, or the errors that refused the partition, and the reports.

    `seconds` is how long the work on it took, from its files to staged tables.
    """

    job: Job
    staged: tuple[Staged, ...] = ()
    rejected: tuple[Staged, ...] = ()
    steps: tuple[StepReport, ...] = ()
    errors: tuple[TouchlineError, ...] = ()
    seconds: float = 0.0

    @property
    def error(self) -> TouchlineError | None:
        """The first of its errors in the order of steps."""
        return next(iter(self.errors), None)


@dataclass(eq=False)
class Bench:
    """What a job has on its table while it works; freed table by table after the last use."""

    job: Job
    pipeline: Pipeline
    objects: ObjectStore
    tables: TableStore
    frames: dict[str, Any] = field(default_factory=dict)
    locks: dict[str, Lock] = field(default_factory=dict)
    decoded: dict[str, Decoded] = field(default_factory=dict)
    staged: list[Staged] = field(default_factory=list)
    rejected: list[Staged] = field(default_factory=list)
    reports: list[StepReport] = field(default_factory=list)


@dataclass(frozen=True)
class Platform:
    """Where a run reads, works and writes; `task` is what an engine can carry to its workers.

    Each of `told` hears of every run that ended, and raises nothing: it is there for those who watch.
    """

    objects: ObjectStore
    tables: TableStore
    ledger: Ledger
    engine: Engine
    task: Callable[[Job], Outcome]
    clock: Callable[[], datetime]
    told: tuple[Callable[[Pipeline, Run], None], ...] = ()
