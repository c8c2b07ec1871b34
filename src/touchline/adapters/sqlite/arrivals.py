"""Receipts, all of them, and which is the latest of each logical name."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from touchline.adapters.sqlite import rows
from touchline.adapters.sqlite.file import LedgerFile
from touchline.core.ports import Partition, Receipt


def arrived(db: sqlite3.Connection, receipt: Receipt) -> None:
    """The receipt is recorded, and is the latest of its name."""
    added = db.execute(
        f"INSERT INTO receipts ({rows.RECEIPT}) VALUES ({','.join('?' * 10)})",
        rows.receipt_row(receipt),
    )
    db.execute(
        "INSERT INTO latest VALUES (?, ?, ?, ?4, ?4, ?5, ?6) ON CONFLICT (domain, partition, name)"
        " DO UPDATE SET receipt_id = excluded.receipt_id, sha256 = excluded.sha256,"
        " withdrawn = excluded.withdrawn",
        (
            receipt.domain,
            receipt.partition,
            receipt.name,
            added.lastrowid,
            receipt.sha256,
            bool(receipt.withdrawn),
        ),
    )


def latest(
    file: LedgerFile, domain: str, parts: Sequence[Partition] | None, *, withdrawn: bool
) -> dict[Partition, dict[str, Receipt]]:
    """The latest receipt of each name, by partition, in the order in which the names first came."""
    chosen = "INDEXED BY latest_withdrawn WHERE" if withdrawn else "WHERE NOT"
    sql = (
        f"SELECT {rows.RECEIPT}, id FROM (SELECT receipt_id, first_id FROM latest"
        f" {chosen} withdrawn AND domain = ? {{}}) JOIN receipts ON id = receipt_id ORDER BY first_id"
    )
    found: dict[Partition, dict[str, Receipt]] = {}
    for row in file.by_parts(sql, [domain], parts):
        receipt = rows.receipt(row)
        found.setdefault(receipt.partition, {})[receipt.name] = receipt
    return found


def retired(
    db: sqlite3.Connection, domain: str, parts: Sequence[Partition], *, now: datetime
) -> None:
    """The partitions' receipts are gone, and that they were is remembered."""
    named = [(domain, part) for part in parts]
    for table in ("receipts", "latest"):
        db.executemany(f"DELETE FROM {table} WHERE domain = ? AND partition = ?", named)
    at = rows.text(now)
    db.executemany(
        "INSERT INTO retired VALUES (?, ?, ?) ON CONFLICT (domain, partition)"
        " DO UPDATE SET retired_at = excluded.retired_at",
        [(*name, at) for name in named],
    )
