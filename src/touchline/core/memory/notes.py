"""Incidents, the outbox, checkpoints and keys, in memory."""

from collections.abc import Sequence
from datetime import datetime

from touchline.core.memory.state import State
from touchline.core.ports import Alert, Delivery, Incident, Key
from touchline.errors import ConfigError


class MemoryNotes:
    """The Notes of a ledger in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def incidents(self, *, since: datetime | None = None) -> Sequence[Incident]:
        """See Notes."""
        with self._state.lock:
            noted = list(self._state.incidents.values())
        return [
            i
            for i in reversed(noted)
            if i.closed_at is None or (since is not None and i.closed_at >= since)
        ]

    def note(self, incidents: Sequence[Incident]) -> None:
        """See Notes."""
        with self._state.lock:
            for incident in incidents:
                self._state.incidents[incident.key, incident.opened_at] = incident

    def enqueue(self, alerts: Sequence[Alert], targets: Sequence[str]) -> None:
        """See Notes."""
        with self._state.lock:
            for alert, target in ((a, t) for a in alerts for t in targets):
                new = Delivery(alert, target, next_at=alert.at)
                self._state.outbox.setdefault((alert.id, target), new)

    def outbox(self) -> Sequence[Delivery]:
        """See Notes."""
        with self._state.lock:
            found = list(self._state.outbox.values())
        return [d for d in found if d.sent_at is None and d.next_at is not None]

    def told(self, delivery: Delivery) -> None:
        """See Notes."""
        with self._state.lock:
            self._state.outbox[delivery.alert.id, delivery.target] = delivery

    def forget(self, before: datetime) -> None:
        """See Notes."""
        with self._state.lock:
            for key, i in list(self._state.incidents.items()):
                if i.closed_at is not None and i.closed_at < before:
                    del self._state.incidents[key]
            for at, d in list(self._state.outbox.items()):
                if (d.sent_at is not None or d.next_at is None) and d.alert.at < before:
                    del self._state.outbox[at]

    def checkpoint(self, reader: str) -> str | None:
        """See Notes."""
        return self._state.checkpoints.get(reader)

    def advance(self, reader: str, position: str) -> None:
        """See Notes."""
        with self._state.lock:
            self._state.checkpoints[reader] = position

    def all_keys(self) -> Sequence[Key]:
        """See Notes."""
        return list(self._state.keys.values())

    def put_key(self, key: Key) -> None:
        """See Notes."""
        with self._state.lock:
            others = [k for k in self._state.keys.values() if k.digest != key.digest]
            named = [k for k in others if k.name == key.name and k.revoked_at is None]
            if named and key.revoked_at is None:
                raise ConfigError(f"there is a key {key.name!r}")
            self._state.keys[key.digest] = key
