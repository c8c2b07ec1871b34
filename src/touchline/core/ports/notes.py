"""What a ledger notes beside data: what is not well, who is to be told, how far readers are, keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

AlertKind = Literal["opened", "recovered", "completed", "warned", "test"]


@dataclass(frozen=True)
class Incident:
    """Something that is not well, from when it was noted until it was well again.

    `key` names what it is about, so that the same fault met again is the same incident; `code` is
    the exit code that tells what to do.
    """

    key: str
    pipeline: str
    where: str
    what: str
    code: int
    opened_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True)
class Alert:
    """A message to people; its id is the same however often it is met."""

    id: str
    kind: AlertKind
    subject: str
    body: str
    at: datetime


@dataclass(frozen=True)
class Delivery:
    """One alert on its way to one target.

    `sent_at` is set once it is there; before that it is tried at `next_at` and not earlier. One that
    was given up has `next_at` None.
    """

    alert: Alert
    target: str
    attempts: int = 0
    next_at: datetime | None = None
    sent_at: datetime | None = None
    error: str = ""


Scope = Literal["read", "write"]
"""What a key admits to: asking, posting."""


@dataclass(frozen=True)
class Key:
    """What is kept of a key. `rate_per_s` is how many requests a second it has; 0 is any number."""

    name: str
    digest: str
    scopes: tuple[Scope, ...]
    made_at: datetime
    rate_per_s: float = 0.0
    revoked_at: datetime | None = None


class Notes(Protocol):
    """Incidents, the outbox, checkpoints and keys. Every write is durable on return.

    Within the ledger's `alone` nobody else writes between a reading and what is written on it.
    """

    def incidents(self, *, since: datetime | None = None) -> Sequence[Incident]:
        """Open incidents, and those closed since that instant; newest first."""
        ...

    def note(self, incidents: Sequence[Incident]) -> None:
        """Record how incidents stand; a later word on the same key and opening replaces an earlier."""
        ...

    def enqueue(self, alerts: Sequence[Alert], targets: Sequence[str]) -> None:
        """Put each alert into the outbox once for each target, however often it is enqueued."""
        ...

    def outbox(self) -> Sequence[Delivery]:
        """What is neither sent nor given up, in the order in which it was enqueued."""
        ...

    def told(self, delivery: Delivery) -> None:
        """Record how a delivery stands."""
        ...

    def forget(self, before: datetime) -> None:
        """Drop incidents that were closed, and deliveries of alerts that were made, before that."""
        ...

    def checkpoint(self, reader: str) -> str | None:
        """How far a reader has come; None before it has begun."""
        ...

    def advance(self, reader: str, position: str) -> None:
        """The reader has come that far."""
        ...

    def all_keys(self) -> Sequence[Key]:
        """Every key that was ever made, in the order in which they were, revoked ones included."""
        ...

    def put_key(self, key: Key) -> None:
        """Record how a key stands; a later word on the same digest replaces an earlier.

        Raises:
            ConfigError: Another key that is not revoked has the name.
        """
        ...
