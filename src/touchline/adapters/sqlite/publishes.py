"""Announced publishes that become current, and old ones that are forgotten."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from touchline.adapters.sqlite import rows
from touchline.core.ports import Publish, Size


def settled(
    db: sqlite3.Connection, commit_id: str, table: str, *, snapshot: str, now: datetime
) -> None:
    """The announced publishes of a table in this commit are current, those of an earlier one no more.

    Where the clock was set back, their instant is that of the publish before.
    """
    key = (commit_id, table)
    newest = db.execute(
        "SELECT published_at FROM publishes WHERE published_at IS NOT NULL ORDER BY id DESC LIMIT 1"
    ).fetchone()
    at = max([rows.text(now), *(newest or ())])
    db.execute(
        "UPDATE publishes SET snapshot_id = ?, published_at = coalesce("
        "(SELECT max(published_at) FROM publishes WHERE commit_id = ?), ?)"
        " WHERE commit_id = ? AND table_name = ? AND published_at IS NULL",
        (snapshot, commit_id, at, *key),
    )
    db.execute(
        "INSERT INTO heads SELECT table_name, partition, id, derivation, content FROM publishes"
        " WHERE commit_id = ? AND table_name = ? AND published_at IS NOT NULL"
        " ON CONFLICT (table_name, partition) DO UPDATE SET publish_id = excluded.publish_id,"
        " derivation = excluded.derivation, content = excluded.content"
        " WHERE excluded.publish_id > publish_id",
        key,
    )


def forgotten(db: sqlite3.Connection, publishes: Sequence[Publish]) -> None:
    """These publishes are gone, the current ones aside; and since when a partition's are all there."""
    db.executemany(
        "DELETE FROM publishes WHERE table_name = ? AND partition = ? AND commit_id = ?"
        " AND id NOT IN (SELECT publish_id FROM heads)",
        [(p.table, p.partition, p.commit_id) for p in publishes],
    )
    db.executemany(
        "INSERT OR REPLACE INTO forgotten SELECT table_name, partition, min(published_at)"
        " FROM publishes WHERE table_name = ? AND partition = ? GROUP BY 1, 2",
        sorted({(p.table, p.partition) for p in publishes}),
    )


def sizes(asked: Callable[[str], list[tuple[Any, ...]]]) -> dict[str, Size]:
    """Each table with what is current of it."""
    found = asked(
        "SELECT p.table_name, count(*), sum(rows), sum(rejected), max(published_at)"
        " FROM heads AS h JOIN publishes AS p ON p.id = h.publish_id WHERE kind NOT IN ('retire', 'withdraw')"
        " GROUP BY 1"
    )
    return {r[0]: Size(r[1], r[2], r[3], rows.instant(r[4])) for r in found}
