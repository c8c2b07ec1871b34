"""Keys that admit to what is served: shown once, kept as a hash, each with scopes and a rate."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime

from touchline.core.ports import Key, Scope

SCOPES: tuple[Scope, ...] = ("read", "write")

_PREFIX = "tl_"


def made(
    name: str, scopes: tuple[Scope, ...], now: datetime, *, rate_per_s: float = 0.0
) -> tuple[str, Key]:
    """A new key's text, which nobody can make again, and what is kept of it."""
    text = _PREFIX + secrets.token_urlsafe(32)
    return text, Key(name, digest(text), scopes, now, rate_per_s)


def digest(text: str) -> str:
    """What a key's text is known by. It has 256 bits of chance, so that a plain hash is enough."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(eq=False)
class Bucket:
    """Admits so many a second, and as many at once; `level` is what is left."""

    rate_per_s: float
    level: float = field(init=False)
    at_s: float = 0.0

    def __post_init__(self) -> None:
        """It begins full."""
        self.level = max(self.rate_per_s, 1.0)

    def wait_s(self, now_s: float, cost: float = 1.0) -> float:
        """0 where it admits now, else how long until it may.

        What costs more than a second has is admitted by a full bucket, and leaves it below nothing.
        """
        most = max(self.rate_per_s, 1.0)
        self.level = min(most, self.level + max(now_s - self.at_s, 0.0) * self.rate_per_s)
        self.at_s = now_s
        needed = min(cost, most)
        if self.level >= needed:
            self.level -= cost
            return 0.0
        return (needed - self.level) / self.rate_per_s
