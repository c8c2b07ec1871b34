"""Receipts, all of them, and which is the latest of each logical name."""

import sqlite3

from touchline.adapters.sqlite import rows
from touchline.core.ports import Receipt


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
