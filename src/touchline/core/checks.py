"""Whether all is well: input that was due, partitions that are not published, bytes in bronze."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from touchline import errors
from touchline.core import attempts, planner
from touchline.core.baseline import is_incident
from touchline.core.due import Due, missing
from touchline.core.pipeline import Pipeline
from touchline.core.ports import Ledger, ObjectStore, Partition, Receipt, Run
from touchline.errors import MissingInputError, QualityError, StorageError

About = Literal["input", "run", "bronze", "warning", "file", "command", "lag", "target"]

UP = "up"
"""The pipeline, so to speak, of what is nobody's: scheduled commands."""

_KILLED = 128
"""Codes beyond it, and negative ones, say that a process was ended from outside."""


@dataclass(frozen=True)
class Finding:
    """What is not well: of which pipeline, where, what, and the exit code that tells what to do.

    `where` is a partition, or "" where it is about the whole pipeline.
    """

    pipeline: str
    where: str
    about: About
    what: str
    code: int

    @property
    def key(self) -> str:
        """What it is about: the same for the same fault met again, whatever is said of it."""
        return " ".join(word for word in (self.pipeline, self.where, self.about) if word)


def of_input(
    pipeline: Pipeline, due: Due, ledger: Ledger, *, now: datetime, days: int
) -> Iterator[Finding]:
    """Input that was due in the last days and is not there."""
    for each, part in missing(pipeline, due, ledger, now=now, days=days):
        said = f"due {each.due_at:%Y-%m-%d %H:%M}Z, missing since {each.late_at:%Y-%m-%d %H:%M}Z"
        yield Finding(pipeline.name, part, "input", said, MissingInputError.exit_code)


def of_runs(
    pipeline: Pipeline, ledger: Ledger, *, parts: Sequence[Partition] | None = None
) -> Iterator[Finding]:
    """Partitions that wait for files, or whose newest run was refused or failed.

    Stale ones aside, and those that are only to be emptied. What is published and was to be made
    again in vain is among them.
    """
    last = ledger.last(pipeline.name)
    plans = planner.plan(pipeline, ledger, parts=parts)
    for plan in plans:
        part, run = plan.partition, last.get(plan.partition)
        if plan.withdrawn:
            continue
        if plan.missing:
            code = MissingInputError.exit_code
            yield Finding(pipeline.name, part, "run", waits(plan.missing), code)
        elif run and run.status in ("refused", "failed"):
            yield Finding(pipeline.name, part, "run", ended(run), _code(run, ledger))
    planned = {plan.partition for plan in plans}
    wanted = set(last if parts is None else parts).difference(planned)
    for part in sorted(wanted.intersection(last)):
        if attempts.in_vain(run := last[part], pipeline, ledger):
            yield Finding(pipeline.name, part, "run", ended(run), _code(run, ledger))


def waits(missing: Sequence[str]) -> str:
    """What is said of a partition that lacks files."""
    return f"waits for {', '.join(missing)}"


def ended(run: Run) -> str:
    """What is said of a run that published nothing."""
    return f"{run.status}: {run.message}"


def of_warnings(
    pipeline: Pipeline, ledger: Ledger, *, now: datetime, days: int
) -> Iterator[Finding]:
    """What the newest run of a partition warned of in the last days; known incidents aside."""
    for part, run in sorted(ledger.last(pipeline.name).items()):
        recent = run.ended_at is not None and run.ended_at >= now - timedelta(days=days)
        known = is_incident(part, pipeline.baseline)
        if run.status == "published" and run.message and recent and not known:
            yield Finding(pipeline.name, part, "warning", run.message, 0)


def _code(run: Run, ledger: Ledger) -> int:
    """The exit code that the run ended with; one that was killed only has to be given again."""
    if run.status == "refused":
        return QualityError.exit_code
    (whole,) = ledger.runs(run_id=run.run_id, limit=1)
    names = [failure["error"] for failure in whole.report.get("failures", [])]
    code: int = getattr(errors, names[0]).exit_code if names else errors.TransientError.exit_code
    return code


def of_up(ledger: Ledger, *, pipeline: str = "") -> Iterator[Finding]:
    """Open incidents that only `up` can see, of a pipeline or all: files not landed, commands failed.

    A command that was killed counts as a service that failed: it only has to be given again.
    """
    for found in ledger.notes.incidents():
        about = found.key.rpartition(" ")[2]
        killed = found.code < 0 or found.code > _KILLED
        code = errors.TransientError.exit_code if killed else found.code
        if about in ("file", "command") and pipeline in ("", found.pipeline):
            yield Finding(found.pipeline, found.where, cast("About", about), found.what, code)


def of_bronze(
    pipeline: Pipeline, ledger: Ledger, objects: ObjectStore
) -> Iterator[tuple[Receipt, Finding | None]]:
    """Each file that counts, and what is wrong with its bytes in bronze, or None; all are read."""
    arrivals = ledger.arrivals(pipeline.name).values()
    for receipt in (receipt for files in arrivals for receipt in files.values()):
        fault = _fault(receipt, objects)
        said = f"{receipt.name} {fault} ({receipt.path}, from {receipt.source})"
        code = StorageError.exit_code
        part = receipt.partition
        yield receipt, Finding(pipeline.name, part, "bronze", said, code) if fault else None


def _fault(receipt: Receipt, objects: ObjectStore) -> str:
    """What is wrong with what bronze holds of it; "" where nothing is."""
    try:
        with objects.local(receipt.path) as path, path.open("rb") as file:
            seen = hashlib.file_digest(file, "sha256").hexdigest()
    except MissingInputError:
        return "is gone: ingest it again"
    except OSError as exc:
        return f"cannot be read: {exc.strerror}"
    except StorageError as exc:
        return f"cannot be read: {exc}"
    return "" if seen == receipt.sha256 else "is not what came: ingest it again"
