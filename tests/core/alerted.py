"""What the tests of alerts share: who is told, and how things are seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from small_pipeline import World

from touchline.core import alerts
from touchline.core.alerts import Alerting, Observed
from touchline.core.checks import Finding
from touchline.core.memory import MemoryNotifier
from touchline.core.ports import Incident

BAD = (("Ada", 30.0), ("Bo", 50.0))
"""Readings that the gate refuses: 50 km/h is more than the 40 that are allowed."""


@dataclass
class People:
    """A world and the people who are told of it."""

    world: World
    notifier: MemoryNotifier = field(default_factory=MemoryNotifier)
    targets: Sequence[str] = ("mail",)
    completed: bool = False

    @property
    def alerting(self) -> Alerting:
        w = self.world
        return Alerting(w.ledger, self.notifier, self.targets, self.completed, lambda: w.clock.now)

    def run(self, **more: Any) -> None:
        """Run, as a command does: every end is noted, and told at last."""
        for done in self.world.run(**more).values():
            self.alerting.ran(done)
        self.alerting.deliver()

    def check(self, due: Any = None, pipeline: Any = None, days: int = 7) -> None:
        """Look at the whole pipeline, note it and tell it."""
        seen = alerts.of_pipeline(
            pipeline or self.world.pipeline,
            due,
            self.world.ledger,
            now=self.world.clock.now,
            days=days,
        )
        self.alerting.saw(seen)
        self.alerting.deliver()

    @property
    def told(self) -> list[tuple[str, str]]:
        """Kind and subject of each message that was taken, in order."""
        return [(alert.kind, alert.subject) for _, alert in self.notifier.sent]

    @property
    def open(self) -> list[Incident]:
        return list(self.world.ledger.notes.incidents())


def finding(where: str = "match_id=1", what: str = "refused: 3 of 4", code: int = 3) -> Finding:
    return Finding("club", where, "run", what, code)


def seen(*findings: Finding, ended: Callable[[Incident], str] = lambda _: "") -> Observed:
    return Observed(findings, ended)
