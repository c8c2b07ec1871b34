"""Announced publishes that become current."""

import sqlite3
from datetime import datetime

from touchline.adapters.sqlite import rows


def settled(
    db: sqlite3.Connection, commit_id: str, table: str, *, snapshot: str, now: datetime
) -> None:
    """The announced publishes of a table in this commit are current, those of an earlier one no more."""
    key = (commit_id, table)
    db.execute(
        "UPDATE publishes SET snapshot_id = ?, published_at = coalesce("
        "(SELECT max(published_at) FROM publishes WHERE commit_id = ?), ?)"
        " WHERE commit_id = ? AND table_name = ? AND published_at IS NULL",
        (snapshot, commit_id, rows.text(now), *key),
    )
    db.execute(
        "INSERT INTO heads SELECT table_name, partition, id, derivation, content FROM publishes"
        " WHERE commit_id = ? AND table_name = ? AND published_at IS NOT NULL"
        " ON CONFLICT (table_name, partition) DO UPDATE SET publish_id = excluded.publish_id,"
        " derivation = excluded.derivation, content = excluded.content"
        " WHERE excluded.publish_id > publish_id",
        key,
    )
