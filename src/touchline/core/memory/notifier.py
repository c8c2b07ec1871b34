"""People who are told, in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field

from touchline.core.ports import Alert
from touchline.errors import TransientError


@dataclass(eq=False)
class MemoryNotifier:
    """A Notifier that keeps what it sent; targets in `dead` take nothing."""

    sent: list[tuple[str, Alert]] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    tried: list[str] = field(default_factory=list)
    after: Callable[[], object] = lambda: None
    """What happens once a message is there, before its sender hears of it."""

    def send(self, target: str, alert: Alert) -> None:
        """See Notifier."""
        self.tried.append(target)
        if target in self.dead:
            raise TransientError("Connection refused")
        self.sent.append((target, alert))
        self.after()
