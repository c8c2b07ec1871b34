"""What the pages read with: a connection for each thread, and answers that are kept for a moment."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from touchline.config import Config
from touchline.wiring import Touchline

Found = TypeVar("Found")

KEPT_S = 2.0
KEPT_TIMES = 10.0


@dataclass(eq=False)
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    value: Any = None
    until: float = 0.0


@dataclass(eq=False)
class Reading:
    """The stores, read only; any thread may ask."""

    config: Config
    trouble: Callable[[], str] = lambda: ""
    _own: threading.local = field(default_factory=threading.local)
    _kept: dict[str, _Kept] = field(default_factory=dict)

    @property
    def here(self) -> Touchline:
        """The stores as this thread has them open."""
        found: Touchline | None = getattr(self._own, "here", None)
        if found is None:
            found = self._own.here = Touchline(self.config)
        return found

    def kept(self, name: str, made: Callable[[], Found]) -> Found:
        """What `made` gave a moment ago, or gives now; who asks meanwhile waits for the same answer.

        It is kept for two seconds, or ten times as long as it took: so that, however much there is
        to read and however many ask, nine tenths of the time nobody reads.
        """
        kept = self._kept.setdefault(name, _Kept())
        with kept.lock:
            began = time.monotonic()
            if began >= kept.until:
                kept.value = made()
                ended = time.monotonic()
                kept.until = ended + max(KEPT_S, KEPT_TIMES * (ended - began))
            value: Found = kept.value
            return value
