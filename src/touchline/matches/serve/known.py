"""What is known of the events of a match, and what is on its way to be known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from touchline.core.ports import Version
from touchline.matches.live import Accepted
from touchline.matches.serve.answers import Problem


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one event: a status as of an answer, its id, and what is wrong with it."""

    status: int
    event_id: str = ""
    message: str = ""
    error: Problem | None = None


@dataclass(eq=False, slots=True)
class Known:
    """What is known of the events of a match.

    `digests` has of each event that has come what it is known by, and by its corrections; `coming` of
    those that are on their way to the log their digest, and the takes that bring them. Of an event in
    `doubt` the reader of the log will say what is true. `upto` is the last change of the store that is
    known, `last` the last record that was appended here, `looked` as of which look at the store it is,
    `users` how many takes are at it.
    """

    digests: dict[str, str] = field(default_factory=dict)
    coming: "dict[str, tuple[str, list[Taken]]]" = field(default_factory=dict)
    doubt: set[str] = field(default_factory=set)
    upto: int = -1
    last: int = -1
    looked: int = 0
    users: int = 0

    def learn(self, versions: Sequence[Version]) -> None:
        """What the store has; these events have come."""
        for v in versions:
            before = self.digests.get(v.id)
            if before is None:
                self.digests[v.id] = v.digest
            elif v.digest not in before:
                self.digests[v.id] = f"{before} {v.digest}"
            self.upto = v.since

    def comes(self, event: Accepted, taken: "Taken") -> None:
        """The event is on its way, with this take, too."""
        _, takes = self.coming.setdefault(event.event_id, (event.digest, []))
        if taken not in takes:
            takes.append(taken)
            taken.coming.append(event)

    def over(self, event: Accepted, taken: "Taken", *, is_kept: bool) -> None:
        """The event is on its way no more: it is durable, or this take was lost."""
        _, takes = self.coming[event.event_id]
        takes.remove(taken)
        if not takes:
            del self.coming[event.event_id]
        if is_kept:
            self.digests.setdefault(event.event_id, event.digest)


class Taken(msgspec.Struct, eq=False):
    """Results in the order of the events, and the records that have to be durable before they hold.

    A result is None where it depends on what is on its way to the log: ask again when that is settled.
    What is posted again is a record again: the one before it may not have become durable.
    """

    of: Mapping[str, Known]
    results: list[Result | None] = []
    records: list[tuple[str, bytes]] = []
    coming: list[Accepted] = []

    def told(self) -> list[Result]:
        """The results, where none is open."""
        return [result for result in self.results if result]
