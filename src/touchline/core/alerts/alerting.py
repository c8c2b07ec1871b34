"""Incidents, alerts and their delivery, as an installation has configured them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from touchline.core import notices
from touchline.core.alerts import messages
from touchline.core.alerts.incidents import Observed, observe
from touchline.core.alerts.looking import of_done
from touchline.core.alerts.outbox import Taken, deliver
from touchline.core.pipeline.ends import Done
from touchline.core.ports import Alert, Delivery, Ledger, Notifier, Run
from touchline.errors import TouchlineError


@dataclass(frozen=True)
class Alerting:
    """Who is told of what. With no targets incidents are recorded, and nobody is told."""

    ledger: Ledger
    notifier: Notifier
    targets: Sequence[str]
    completed: bool
    clock: Callable[[], datetime]
    taken: Taken = field(default_factory=dict)

    def saw(self, seen: Observed) -> None:
        """Incidents are as they were seen; see `observe`."""
        observe(seen, ledger=self.ledger, targets=self.targets, now=self.clock())

    def ran(self, done: Done) -> None:
        """A partition has just run: what that says of it, and the notices of what has ended."""
        self.saw(of_done([done]))
        self._notice()

    def deliver(self) -> list[Delivery]:
        """Try what is due in the outbox, see `deliver`; runs that others ended are in it first."""
        self._notice()
        return deliver(
            self.ledger,
            self.notifier,
            targets=self.targets,
            now=self.clock(),
            taken=self.taken,
        )

    def tested(self) -> dict[str, TouchlineError | None]:
        """A test message to each target: why it failed, or None where it was taken."""
        answers: dict[str, TouchlineError | None] = {}
        for target in self.targets:
            try:
                self.notifier.send(target, messages.trial(self.clock()))
                answers[target] = None
            except TouchlineError as exc:
                answers[target] = exc
        return answers

    def _notice(self) -> None:
        """Notices of the runs that have ended are in the outbox; see `notices`."""
        notices.read(self.ledger, self._notices, targets=self.targets)

    def _notices(self, run: Run) -> Iterator[Alert]:
        """Of a published run, that it is if that is wanted, and in any case what rules warn of."""
        if run.status == "published" and self.completed:
            yield messages.completed(run, self.clock())
        if run.status == "published" and run.message:
            yield messages.warned(run, self.clock())
