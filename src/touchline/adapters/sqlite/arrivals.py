"""Receipts, all of them, and which is the latest of each logical name."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from touchline.adapters.sqlite import rows
from touchline.core.ports import Partition, Receipt


def arrived(db: sqlite3.Connection, receipt: Receipt) -> None:
    """The receipt is recorded, and is the latest of its name."""
    added = db.execute(
        f"INSERT INTO receipts ({rows.RECEIPT}) VALUES ({','.join('?' * 8)})",
        rows.receipt_row(receipt),
    )
    db.execute(
        "INSERT INTO latest VALUES (?, ?, ?, ?4, ?4, ?5) ON CONFLICT (domain, partition, name)"
        " DO UPDATE SET receipt_id = excluded.receipt_id, sha256 = excluded.sha256",
        (receipt.domain, receipt.partition, receipt.name, added.lastrowid, receipt.sha256),
    )


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
