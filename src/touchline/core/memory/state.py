"""What the owners of one ledger in memory share."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from threading import RLock

from touchline.core.ports import Delivery, Incident, Key, Partition, Publish, Receipt, Run


@dataclass(frozen=True)
class Claim:
    """Who holds a partition, and until when."""

    owner: str
    token: str
    expires_at: datetime


@dataclass(eq=False)
class Version:
    """A publish, announced (`published_at` is None) or done, and who announced it."""

    number: int
    publish: Publish
    owner: str


@dataclass(eq=False)
class State:
    """All that a ledger knows."""

    lock: RLock = field(default_factory=RLock)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    receipts: list[Receipt] = field(default_factory=list)
    runs: dict[str, tuple[Run, str]] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)
    claims: dict[tuple[str, Partition], Claim] = field(default_factory=dict)
    alive: set[str] = field(default_factory=set)
    whole_since: dict[tuple[str, Partition], datetime] = field(default_factory=dict)
    retired: set[tuple[str, Partition]] = field(default_factory=set)
    incidents: dict[tuple[str, datetime], Incident] = field(default_factory=dict)
    outbox: dict[tuple[str, str], Delivery] = field(default_factory=dict)
    checkpoints: dict[str, str] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
