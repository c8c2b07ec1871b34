"""The rows that lie in quarantine: which, why, where from, and whether somebody has seen to them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Literal

from touchline.core.bytes import opened
from touchline.core.pipeline import Bronze, Pipeline, rejected_contract
from touchline.core.pipeline.job import Platform
from touchline.core.ports import Partition, Receipt
from touchline.core.quarantine.mends import Mend, Mends, decoded, name_of
from touchline.errors import ConfigError, MissingInputError

State = Literal["open", "mended", "discarded"]
_SHOWN = 12


@dataclass(frozen=True)
class Rejected:
    """A rejected row, as its run saw it.

    It is no longer open once the next run will see another text, or nothing, in its place.
    """

    table: str
    partition: Partition
    reason: str
    source: str
    sha256: str
    line: int | None
    row: str
    run_id: str
    state: State
    mend: Mend | None = None

    @property
    def id(self) -> str:
        """What names it: the beginning of its file's hash, and its line; "" where it has none."""
        return f"{self.sha256[:_SHOWN]}:{self.line}" if self.sha256 and self.line else ""


@dataclass(frozen=True)
class Wanted:
    """Which rejected rows: those that meet all of it."""

    ids: tuple[str, ...] = ()
    table: str | None = None
    partition: Partition | None = None
    reason: str | None = None
    run_id: str | None = None

    def __bool__(self) -> bool:
        """Whether anything was asked for at all."""
        return self != Wanted()

    def meets(self, row: Rejected) -> bool:
        """Whether it is one of them; a reason may be a part of one, a run the beginning of its id."""
        return (
            (not self.ids or row.id in self.ids)
            and self.table in (None, row.table, row.table.partition(".")[2])
            and self.partition in (None, row.partition)
            and (self.reason or "") in row.reason
            and row.run_id.startswith(self.run_id or "")
        )


def rejected(pipeline: Pipeline, platform: Platform, wanted: Wanted = Wanted()) -> list[Rejected]:
    """The rejected rows of what is published, and of the newest refused runs, in order of tables.

    Raises:
        ConfigError: An id is asked for that no row has.
    """
    said = cache(lambda sha256, part: _said(sha256, part, pipeline, platform=platform))
    started = cache(lambda run_id: _started(run_id, platform))
    found = [
        row
        for step in pipeline.steps
        for row in _of_table(step.table, pipeline, platform, said=said, started=started)
        if wanted.meets(row)
    ]
    unknown = sorted(set(wanted.ids) - {row.id for row in found})
    if unknown:
        raise ConfigError(
            f"no rejected row {', '.join(unknown)}",
            hint="touchline quarantine list --each has them",
        )
    return found


def _of_table(
    table: str,
    pipeline: Pipeline,
    platform: Platform,
    *,
    said: Callable[[str, Partition], Mends],
    started: Callable[[str], datetime],
) -> Iterator[Rejected]:
    contract = rejected_contract(pipeline.step(table).makes)
    for part, publish in sorted(platform.ledger.current([contract.table])[contract.table].items()):
        for row in platform.tables.read(contract, publish.pieces).to_pylist():
            sha256, line = row["sha256"] or "", row["line"]
            mend = said(sha256, part).lines.get(line) if sha256 and line else None
            seen_to = mend is not None and mend.at >= started(row["run_id"])
            yield Rejected(
                table,
                part,
                row["reason"],
                row["source"] or "",
                sha256,
                line,
                row["row"] or "",
                row["run_id"],
                _state(mend if seen_to else None),
                mend,
            )


def _state(mend: Mend | None) -> State:
    if mend is None:
        return "open"
    return "discarded" if mend.row is None else "mended"


def _said(sha256: str, part: Partition, pipeline: Pipeline, *, platform: Platform) -> Mends:
    files = platform.ledger.arrivals(pipeline.name, [part]).get(part, {})
    found = files.get(name_of(sha256))
    return decoded(platform.objects.read(found.path)) if found else Mends(sha256)


def _started(run_id: str, platform: Platform) -> datetime:
    (run,) = platform.ledger.runs(run_id=run_id, limit=1)
    return run.started_at


def origin(row: Rejected, pipeline: Pipeline, platform: Platform) -> tuple[Bronze, Receipt]:
    """The file that the row came from: its kind, and its receipt.

    Raises:
        MissingInputError: The row came from no line of a file, or of one that was issued again or withdrawn.
    """
    files = platform.ledger.arrivals(pipeline.name, [row.partition]).get(row.partition, {})
    for bronze in pipeline.bronze:
        for receipt in bronze.of(files).values():
            if receipt.sha256 == row.sha256 and row.line:
                return bronze, receipt
    raise MissingInputError(
        f"{row.table} {row.partition}: {row.reason}: this row is of no line of a file that counts",
        hint="it was made by a step, or its file was issued again or withdrawn: mend the file and ingest it",
    )


def lines_of(
    receipt: Receipt, bronze: Bronze, numbers: Sequence[int], *, platform: Platform
) -> dict[int, str]:
    """Lines of a bronze file as they arrived, by number; line 1 is among them, a CSV's header."""
    wanted, found, number = {1, *numbers}, dict[int, str](), 0
    with platform.objects.local(receipt.path) as path, opened(path) as lines:
        for line in lines:
            number += bronze.counts_blank or bool(line.strip())
            if number in wanted and number not in found:
                found[number] = line.decode(errors="backslashreplace").rstrip("\r\n")
    return found
