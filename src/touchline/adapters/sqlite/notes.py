"""Incidents, the outbox, checkpoints and keys, in the ledger's file."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from touchline.adapters.sqlite import rows
from touchline.adapters.sqlite.file import LedgerFile
from touchline.core.ports import Alert, Delivery, Incident, Key
from touchline.errors import ConfigError

INCIDENT = "key, pipeline, place, what, code, opened_at, closed_at"
DELIVERY = "alert_id, kind, subject, body, at, target, attempts, next_at, sent_at, error"

KEY = "digest, name, scopes, made_at, rate_per_s, revoked_at"


class SqliteNotes:
    """The Notes of a ledger in a file."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file

    def incidents(self, *, since: datetime | None = None) -> Sequence[Incident]:
        """See Notes."""
        chosen, values = "closed_at IS NULL", list[object]()
        if since is not None:
            chosen, values = f"({chosen} OR closed_at >= ?)", [rows.text(since)]
        found = self._file.rows(
            f"SELECT {INCIDENT} FROM incidents WHERE {chosen} ORDER BY +rowid DESC", values
        )
        return [_incident(row) for row in found]

    def note(self, incidents: Sequence[Incident]) -> None:
        """See Notes."""
        with self._file.writing() as db:
            db.executemany(
                f"INSERT INTO incidents ({INCIDENT}) VALUES (?,?,?,?,?,?,?) ON CONFLICT"
                " (key, opened_at) DO UPDATE SET what = excluded.what, code = excluded.code,"
                " closed_at = excluded.closed_at",
                [_incident_row(incident) for incident in incidents],
            )

    def enqueue(self, alerts: Sequence[Alert], targets: Sequence[str]) -> None:
        """See Notes."""
        if not targets:
            return
        with self._file.writing() as db:
            db.executemany(
                f"INSERT INTO outbox ({DELIVERY}) VALUES (?,?,?,?,?,?,0,?5,NULL,'')"
                " ON CONFLICT (alert_id, target) DO NOTHING",
                [
                    (a.id, a.kind, a.subject, a.body, rows.text(a.at), target)
                    for a in alerts
                    for target in targets
                ],
            )

    def outbox(self) -> Sequence[Delivery]:
        """See Notes."""
        found = self._file.rows(
            f"SELECT {DELIVERY} FROM outbox WHERE sent_at IS NULL AND next_at IS NOT NULL"
            " ORDER BY +rowid"
        )
        return [_delivery(row) for row in found]

    def told(self, delivery: Delivery) -> None:
        """See Notes."""
        d = delivery
        with self._file.writing() as db:
            db.execute(
                "UPDATE outbox SET attempts = ?, next_at = ?, sent_at = ?, error = ?"
                " WHERE alert_id = ? AND target = ?",
                (d.attempts, _text(d.next_at), _text(d.sent_at), d.error, d.alert.id, d.target),
            )

    def forget(self, before: datetime) -> None:
        """See Notes."""
        at = rows.text(before)
        with self._file.writing() as db:
            db.execute("DELETE FROM incidents WHERE closed_at < ?", (at,))
            over = "(sent_at IS NOT NULL OR next_at IS NULL)"
            db.execute(f"DELETE FROM outbox WHERE {over} AND at < ?", (at,))

    def checkpoint(self, reader: str) -> str | None:
        """See Notes."""
        found = self._file.rows("SELECT position FROM checkpoints WHERE reader = ?", (reader,))
        return found[0][0] if found else None

    def advance(self, reader: str, position: str) -> None:
        """See Notes."""
        with self._file.writing() as db:
            db.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?)", (reader, position))

    def all_keys(self) -> Sequence[Key]:
        """See Notes."""
        return [_key(row) for row in self._file.rows(f"SELECT {KEY} FROM keys ORDER BY rowid")]

    def put_key(self, key: Key) -> None:
        """See Notes."""
        k = key
        with self._file.writing() as db:
            sql = "SELECT 1 FROM keys WHERE name = ? AND digest <> ? AND revoked_at IS NULL"
            if k.revoked_at is None and db.execute(sql, (k.name, k.digest)).fetchone():
                raise ConfigError(
                    f"there is a key {k.name!r}", hint="revoke it, or choose another name"
                )
            db.execute(
                f"INSERT INTO keys ({KEY}) VALUES (?,?,?,?,?,?) ON CONFLICT (digest) DO UPDATE SET"
                " scopes = excluded.scopes, rate_per_s = excluded.rate_per_s,"
                " revoked_at = excluded.revoked_at",
                (k.digest, k.name, " ".join(k.scopes), rows.text(k.made_at), k.rate_per_s,
                 _text(k.revoked_at)),
            )  # fmt: skip


def _text(at: datetime | None) -> str | None:
    return None if at is None else rows.text(at)


def _at(written: str | None) -> datetime | None:
    return None if written is None else rows.instant(written)


def _incident_row(i: Incident) -> tuple[object, ...]:
    opened, closed = rows.text(i.opened_at), _text(i.closed_at)
    return (i.key, i.pipeline, i.where, i.what, i.code, opened, closed)


def _incident(row: Sequence[Any]) -> Incident:
    key, pipeline, where, what, code, opened, closed = row
    return Incident(key, pipeline, where, what, code, rows.instant(opened), _at(closed))


def _delivery(row: Sequence[Any]) -> Delivery:
    id_, kind, subject, body, at, target, attempts, next_at, sent_at, error = row
    alert = Alert(id_, kind, subject, body, rows.instant(at))
    return Delivery(alert, target, attempts, _at(next_at), _at(sent_at), error)


def _key(row: Sequence[Any]) -> Key:
    digest, name, scopes, made_at, rate_per_s, revoked_at = row
    said = tuple(scopes.split())
    return Key(name, digest, said, rows.instant(made_at), rate_per_s, _at(revoked_at))
