"""Incidents, alerts and their delivery, as an installation has configured them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from touchline.core.alerts.incidents import Observed, observe
from touchline.core.alerts.looking import of_done
from touchline.core.alerts.messages import trial
from touchline.core.alerts.outbox import deliver
from touchline.core.pipeline.ends import Done
from touchline.core.ports import Delivery, Ledger, Notifier
from touchline.errors import TouchlineError


@dataclass(frozen=True)
class Alerting:
    """Who is told of what. With no targets incidents are recorded, and nobody is told."""

    ledger: Ledger
    notifier: Notifier
    targets: Sequence[str]
    completed: bool
    clock: Callable[[], datetime]

    def saw(self, seen: Observed) -> None:
        """Incidents are as they were seen; see `observe`."""
        observe(seen, ledger=self.ledger, targets=self.targets, now=self.clock())

    def ran(self, done: Done) -> None:
        """A partition has just run: what that says of it, and the notice if one is wanted."""
        self.saw(of_done([done], completed=self.notice_at()))

    def notice_at(self) -> datetime | None:
        """The instant of a notice that is to be given now; None where none are wanted."""
        return self.clock() if self.completed and self.targets else None

    def deliver(self) -> list[Delivery]:
        """Try what is due in the outbox; see `deliver`."""
        return deliver(self.ledger, self.notifier, targets=self.targets, now=self.clock())

    def tested(self) -> dict[str, str]:
        """A test message to each target: why it failed, or "" where it was taken."""
        answers = {}
        for target in self.targets:
            try:
                self.notifier.send(target, trial(self.clock()))
                answers[target] = ""
            except TouchlineError as exc:
                answers[target] = str(exc)
        return answers
