"""A match's four files landed and worked on, down to the staged silver tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import small_match

from touchline.config import Config, Tracking
from touchline.core import landing
from touchline.core.pipeline import Job, Outcome, rejected_contract, work
from touchline.core.ports import Staged, partition
from touchline.tracking import contracts
from touchline.tracking.source import files
from touchline.wiring import Touchline

NOW = datetime(2024, 11, 3, 6, 0, tzinfo=UTC)
SILVER = tuple(c.table for c in contracts.SILVER)


@dataclass(frozen=True)
class Made:
    """What one job came to."""

    here: Touchline
    outcome: Outcome

    @property
    def error(self) -> str:
        """The class and the words of the refusal."""
        refused = self.outcome.error
        return f"{type(refused).__name__}: {refused}" if refused else ""

    def table(self, name: str) -> pl.DataFrame:
        """A staged table."""
        return self._read(f"tracking.{name}", self.outcome.staged)

    def rejected(self, name: str) -> list[tuple[str, int | None, str]]:
        """Reason, line and source of each row that a table rejected, in order of lines."""
        rows = self._read(f"tracking.{name}_rejected", self.outcome.rejected)
        return rows.sort("line", "reason").select("reason", "line", "source").rows()

    def notes(self) -> list[str]:
        """What was noted, in the order of steps."""
        return [note for step in self.outcome.steps for note in step.notes]

    def _read(self, table: str, staged: Sequence[Staged]) -> pl.DataFrame:
        pipeline = self.here.pipeline("tracking")
        known = {c.table: c for s in pipeline.steps for c in (s.makes, rejected_contract(s.makes))}
        pieces = next(s.pieces for s in staged if s.table == table)
        found = pl.from_arrow(self.here.tables.read(known[table], pieces))
        assert isinstance(found, pl.DataFrame)
        return found


def touchline(folder: Path, *, max_rejected: float = 0.01) -> Touchline:
    """Everything in this folder, its tables ready."""
    here = Touchline(Config(folder=str(folder), tracking=Tracking(max_rejected=max_rejected)))
    here.tables.prepare(here.pipeline("tracking").contracts)
    return here


def landed(here: Touchline, given: small_match.Files, match_id: int) -> str:
    """The partition whose latest files these are now."""
    folder = here.config.place("landing") / f"match_id={match_id}"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, data in given.items():
        (folder / name).write_bytes(data)
    found, _ = files.recognised([folder], folder)
    list(landing.land(files.arrivals(found), objects=here.objects, ledger=here.ledger, now=NOW))
    return partition(match_id=str(match_id))


def made(
    here: Touchline,
    given: small_match.Files,
    *,
    match_id: int = small_match.MATCH_ID,
    makes: tuple[str, ...] = SILVER,
) -> Made:
    """These files of a match worked on, down to the tables named."""
    part = landed(here, given, match_id)
    job = Job(
        run_id=f"run-{len(list(here.objects.list('manifests/')))}",
        pipeline="tracking",
        partition=part,
        started_at=NOW,
        makes=makes,
        files=here.ledger.arrivals("tracking", [part])[part],
        tables={},
    )
    pipeline = here.pipeline("tracking")
    return Made(here, work(job, pipeline=pipeline, objects=here.objects, tables=here.tables))
