"""Values of the ports <-> rows of the ledger's tables."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from touchline.core.ports import Piece, Publish, Receipt, Run
from touchline.errors import ConfigError

PUBLISH = (
    "table_name, partition, run_id, commit_id, derivation, content, rows, pieces, made_from, kind,"
    " rejected, published_at, snapshot_id"
)
RECEIPT = "domain, partition, name, sha256, size, source, received_at, path, withdrawn, said_at"
RUN = "run_id, pipeline, partition, status, started_at, ended_at, derivations, message, report"


def text(at: datetime) -> str:
    """The instant as text that sorts as instants do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def instant(written: str) -> datetime:
    """The instant that `text` wrote."""
    return datetime.fromisoformat(written)


def to_json(value: object) -> str:
    """Any value of the ports as JSON."""
    return msgspec.json.encode(value).decode()


def publish_row(p: Publish) -> tuple[object, ...]:
    """An announced publish, in the order of PUBLISH."""
    return (
        p.table,
        p.partition,
        p.run_id,
        p.commit_id,
        p.derivation,
        p.content,
        p.rows,
        to_json(p.pieces),
        to_json(p.made_from),
        p.kind,
        p.rejected,
        None,
        "",
    )


def publish(row: Sequence[Any]) -> Publish:
    """A row in the order of PUBLISH."""
    return Publish(
        table=row[0],
        partition=row[1],
        run_id=row[2],
        commit_id=row[3],
        derivation=row[4],
        content=row[5],
        rows=row[6],
        pieces=msgspec.json.decode(row[7], type=tuple[Piece, ...]),
        made_from=msgspec.json.decode(row[8]),
        kind=row[9],
        rejected=row[10],
        published_at=instant(row[11]) if row[11] else None,
        snapshot_id=row[12],
    )


def run_row(run: Run) -> tuple[object, ...]:
    """A run, in the order of RUN."""
    return (
        run.run_id,
        run.pipeline,
        run.partition,
        run.status,
        text(run.started_at),
        text(run.ended_at) if run.ended_at else None,
        to_json(run.derivations),
        run.message,
        to_json(run.report),
    )


def run(row: Sequence[Any], *, alive: bool) -> Run:
    """A row in the order of RUN; a run whose process died without a word counts as failed."""
    status, message = row[3], row[7]
    if status == "running" and not alive:
        status, message = "failed", "the process ended without a word"
    return Run(
        run_id=row[0],
        pipeline=row[1],
        partition=row[2],
        status=status,
        started_at=instant(row[4]),
        ended_at=instant(row[5]) if row[5] else None,
        derivations=msgspec.json.decode(row[6]),
        message=message,
        report=msgspec.json.decode(row[8]),
    )


def receipt_row(r: Receipt) -> tuple[object, ...]:
    """An arrival, in the order of RECEIPT."""
    at, said_at = text(r.received_at), text(r.said_at) if r.said_at else None
    named = (r.domain, r.partition, r.name)
    return (*named, r.sha256, r.size, r.source, at, r.path, r.withdrawn, said_at)


def receipt(row: Sequence[Any]) -> Receipt:
    """A row in the order of RECEIPT, and its id."""
    return Receipt(
        domain=row[0],
        partition=row[1],
        name=row[2],
        sha256=row[3],
        size=row[4],
        source=row[5],
        received_at=instant(row[6]),
        path=row[7],
        withdrawn=row[8],
        said_at=instant(row[9]) if row[9] else None,
        id=row[10],
    )


def no_longer_kept(table: str, part: str, since: str) -> ConfigError:
    """The error of a question about an instant whose publishes were forgotten."""
    return ConfigError(
        f"{table} {part}: earlier publishes are kept since {since[:19]}Z only",
        hint="retention.publishes and retention.days say how much is kept",
    )
