"""What is posted, held against what is known: whether it is an event, and not another one's."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from touchline.core.ports import ServingStore, Version
from touchline.errors import ContractError
from touchline.matches.live import EVENTS, STREAM, Accepted, EventRule, accepted
from touchline.matches.serve.answers import Problem
from touchline.matches.serve.known import Known, Result, Taken

_MOST_MATCHES = 256
_ALL_CHANGES = 10_000_000
_LOOKED_AT_S = 0.5

Read = Accepted | ContractError
"""An event, or why it is none."""

Places = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Looked:
    """What the store said of matches: its changes, and how far it was before they were read."""

    position: int
    look: int
    found: Mapping[str, Sequence[Version]]


@dataclass(eq=False)
class Intake:
    """Takes events; remembers what was taken of the matches that were posted to last.

    With a store the same event again is told from another event under the same id, also before it is
    served. Without one, where other machines append to the log, the live loop tells. It does, too, until
    the store has what lay in the log up to `end` when this began, and what other processes of this
    machine append.

    One thread takes; `read`, `position` and `changes` may be asked in any.
    """

    store: ServingStore | None
    rule: EventRule
    clock: Callable[[], datetime]
    end: int = 0
    _behind: int = 0
    _seen: int = -1
    _look: int = 0
    _is_stale: bool = True
    _looked_at: float = 0.0
    _under_way: int = 0
    _known: OrderedDict[str, Known] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        """What was in the log before this is known when the store has it."""
        self._behind = self.end

    def take(self, given: Sequence[Any]) -> Taken:
        """What becomes of each, in one go; `kept` or `lost` is to be said of it."""
        events = self.read(given)
        if self.wants_position():
            self.reached(self.position())
        if missing := self.missing(events):
            self.learn(self.changes(missing))
        taken = self.begun(events)
        self.judge(taken, events)
        return taken

    def read(self, given: Iterable[Any]) -> list[Read]:
        """Each as an event, or why it is none; what is given may be that already."""
        now, rule = self.clock(), self.rule
        return [_read(each, rule, now) for each in given]

    # --- what the store knows -----------------------------------------------------------------

    @property
    def is_near(self) -> bool:
        """Whether how far the store is may be asked in between."""
        return self.store is not None and self.store.near

    def heard(self) -> None:
        """The store has read on; called in any thread."""
        self._is_stale = True

    def wants_position(self) -> bool:
        """Whether it is to be asked how far the store is."""
        if self.store is None:
            return False
        is_stale, self._is_stale = self._is_stale, False
        return is_stale or time.monotonic() - self._looked_at > _LOOKED_AT_S

    def position(self) -> int:
        """How far the store is. A log that only this machine appends to has one lane."""
        assert self.store is not None
        return sum(self.store.position(STREAM.reader).values())

    def reached(self, position: int) -> None:
        """The store is there; what others appended is known as soon as it has that."""
        if position > self.end and not self._under_way:
            self.end = self._behind = position
        if position < self._seen:  # it is made anew
            self._behind = self.end
        self._seen, self._looked_at = position, time.monotonic()
        if self._behind and position >= self._behind:
            self._behind, self._look = 0, self._look + 1

    def missing(self, events: Sequence[Read]) -> list[str]:
        """The matches of these events that are to be looked at in the store."""
        if self.store is None:
            return []
        return [m for m in _matches(events) if self._is_missing(m)]

    def _is_missing(self, match_id: str) -> bool:
        known = self._known.get(match_id)
        return known is None or known.looked != self._look or self._may_tell(known, self._seen)

    def _may_tell(self, known: Known, position: int) -> bool:
        """Whether the store, there, knows what became of the events in doubt."""
        is_idle = not known.users and not self._behind
        return is_idle and bool(known.doubt) and position > known.last

    def changes(self, match_ids: Sequence[str]) -> Looked:
        """What the store knows of these matches beyond what is known of them here."""
        assert self.store is not None
        look, position, found = self._look, self.position(), dict[str, Sequence[Version]]()
        for each in match_ids:
            upto = known.upto if (known := self._known.get(each)) else -1
            found[each] = self.store.changes(EVENTS, each, after=upto, limit=_ALL_CHANGES)
        return Looked(position, look, found)

    def learn(self, looked: Looked) -> None:
        """It is known here, too."""
        for match_id, versions in looked.found.items():
            known = self._of(match_id)
            known.learn(versions)
            known.looked = looked.look
            if self._may_tell(known, looked.position):
                known.doubt.clear()

    def _of(self, match_id: str) -> Known:
        found = self._known.get(match_id)
        if found is None:
            found = self._known[match_id] = Known()
        return found

    # --- a take -------------------------------------------------------------------------------

    def begun(self, events: Sequence[Read]) -> Taken:
        """A take of these events, or of parts of them in turn; what is known of them is held on to."""
        of = dict[str, Known]()
        if self.store is not None:
            for match_id in _matches(events):
                known = of[match_id] = self._of(match_id)
                known.users += 1
                self._known.move_to_end(match_id)
            self._under_way += 1
        return Taken(of)

    def judge(self, taken: Taken, events: Sequence[Read]) -> None:
        """The take has the results of these events, and what is to be appended."""
        for event in events:
            if isinstance(event, ContractError):
                taken.results.append(_refused(event))
                continue
            result = self._judged(event, taken) if taken.of else _taken(event)
            taken.results.append(result)
            if result is not None and result.error is None:
                taken.records.append((event.match_id, event.value))

    def kept(self, taken: Taken, places: Places = ()) -> None:
        """Its records are durable, and lie there; none need be told."""
        if taken.of and places:
            first = places[0][1]
            if first > self.end:
                self._behind = first
            self.end = max(self.end, places[-1][1] + 1)
            for (match_id, _), (_, offset) in zip(taken.records, places, strict=True):
                taken.of[match_id].last = offset
        self._over(taken, is_kept=True)

    def lost(self, taken: Taken) -> None:
        """Its records did not become durable, as far as is known."""
        self._over(taken, is_kept=False)

    def _over(self, taken: Taken, *, is_kept: bool) -> None:
        for event in taken.coming:
            taken.of[event.match_id].over(event, taken, is_kept=is_kept)
        for known in taken.of.values():
            known.users -= 1
        self._under_way -= self.store is not None
        self._forget()

    def _forget(self) -> None:
        """Of more than some matches, those that nobody posts to, and whose events are all served."""
        while len(self._known) > _MOST_MATCHES:
            match_id, oldest = next(iter(self._known.items()))
            if oldest.users or oldest.last >= self._seen:
                return
            del self._known[match_id]

    def _judged(self, event: Accepted, taken: Taken) -> Result | None:
        """The event's result, given what is known of it; None where that is not settled."""
        known, id_ = taken.of[event.match_id], event.event_id
        digests, coming = known.digests.get(id_), known.coming.get(id_)
        if id_ in known.doubt or (self._behind and digests is None and coming is None):
            known.doubt.add(id_)
            return _taken(event)
        if event.action != "insert":
            return _waits(event) if digests is None and coming is None else _accepted(event)
        if digests is not None:
            return _accepted(event) if event.digest in digests else _conflict(event)
        if coming is not None and coming[0] != event.digest:
            return _conflict(event) if taken in coming[1] else None
        known.comes(event, taken)
        return _accepted(event)


def _read(given: Any, rule: EventRule, now: datetime) -> Read:
    try:
        return given if isinstance(given, ContractError) else accepted(given, rule, now)
    except ContractError as exc:
        return exc


def _matches(events: Sequence[Read]) -> Iterable[str]:
    if len(events) == 1:
        (event,) = events
        return (event.match_id,) if isinstance(event, Accepted) else ()
    return dict.fromkeys(each.match_id for each in events if isinstance(each, Accepted))


def _accepted(event: Accepted) -> Result:
    return Result(201, event.event_id, "accepted")


def _taken(event: Accepted) -> Result:
    return Result(202, event.event_id, "accepted")


def _waits(event: Accepted) -> Result:
    said = f"accepted; it takes effect when event {event.event_id!r} comes"
    return Result(202, event.event_id, said)


def _conflict(event: Accepted) -> Result:
    wrong = Problem(
        f"event {event.event_id!r} of match {event.match_id!r} is known, and says something else",
        "$.event_id",
        "give a correction action amend or cancel, another event another id",
    )
    return Result(409, event.event_id, error=wrong)


def _refused(exc: ContractError) -> Result:
    wrong = Problem(str(exc), str(exc.facts.get("field", "")), exc.hint)
    return Result(422, error=wrong)
