"""Whether all is well: input that was due, partitions that are not published, bytes in bronze."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from touchline.core import planner
from touchline.core.due import Due, missing
from touchline.core.pipeline import Pipeline
from touchline.core.ports import Ledger, ObjectStore, Receipt
from touchline.errors import MissingInputError, QualityError, StorageError


@dataclass(frozen=True)
class Finding:
    """What is not well: of which pipeline, where, what, and the exit code that tells what to do."""

    pipeline: str
    where: str
    what: str
    code: int


def of_input(
    pipeline: Pipeline, due: Due, ledger: Ledger, *, now: datetime, days: int
) -> Iterator[Finding]:
    """Input that was due in the last days and is not there."""
    for each, part in missing(pipeline, due, ledger, now=now, days=days):
        said = f"due {each.due_at:%Y-%m-%d %H:%M}Z, missing since {each.late_at:%Y-%m-%d %H:%M}Z"
        where = part or "input"
        yield Finding(pipeline.name, where, said, MissingInputError.exit_code)


def of_runs(pipeline: Pipeline, ledger: Ledger) -> Iterator[Finding]:
    """Partitions that wait for files, or whose newest run was refused or failed; stale ones aside."""
    last = ledger.last(pipeline.name)
    for plan in planner.plan(pipeline, ledger):
        part, run = plan.partition, last.get(plan.partition)
        if plan.missing:
            said = f"waits for {', '.join(plan.missing)}"
            yield Finding(pipeline.name, part, said, MissingInputError.exit_code)
        elif run and run.status in ("refused", "failed"):
            code = QualityError.exit_code if run.status == "refused" else 1
            yield Finding(pipeline.name, part, f"{run.status}: {run.message}", code)


def of_bronze(pipeline: Pipeline, ledger: Ledger, objects: ObjectStore) -> Iterator[Finding | None]:
    """For each file that counts: what is wrong with its bytes in bronze, or None; all are read."""
    arrivals = ledger.arrivals(pipeline.name).values()
    for receipt in (receipt for files in arrivals for receipt in files.values()):
        seen = _sha256(receipt, objects)
        if seen == receipt.sha256:
            yield None
            continue
        how = "is not what came" if seen else "is gone"
        said = f"{receipt.name} {how} ({receipt.path}): ingest {receipt.source} again"
        yield Finding(pipeline.name, receipt.partition, said, StorageError.exit_code)


def _sha256(receipt: Receipt, objects: ObjectStore) -> str:
    """The hash of what bronze holds; "" where it holds nothing."""
    try:
        with objects.local(receipt.path) as path, path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except MissingInputError:
        return ""
