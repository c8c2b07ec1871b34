"""What is posted: checked, held against what is known, and handed on to the log."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from touchline.core.ports import ServingStore
from touchline.errors import ContractError
from touchline.matches.live import EVENTS, Accepted, EventRule, accepted
from touchline.matches.serve.answers import Answer, Problem, problem, said

MOST_IN_A_BATCH = 10_000
_MOST_MATCHES = 256
_ALL_CHANGES = 10_000_000
_LINES = msgspec.json.Decoder()


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one event: a status as of an answer, its id, and what is wrong with it."""

    status: int
    event_id: str = ""
    message: str = ""
    error: Problem | None = None


@dataclass(frozen=True)
class Taken:
    """Results in the order in which events were given, and the records that have to be durable first.

    What is posted again is a record again: the one before it may not have become durable.
    """

    results: list[Result]
    records: list[tuple[str, bytes]]

    def lost(self) -> Iterator[str]:
        """The matches whose records did not become durable."""
        yield from dict.fromkeys(key for key, _ in self.records)


@dataclass(eq=False)
class Known:
    """The digests of what is known of each event of a match; "" among them: it has not come.

    `upto` is the offset of the last change of the store that is among them.
    """

    digests: dict[str, tuple[str, ...]] = field(default_factory=dict)
    upto: int = -1

    def add(self, event_id: str, digests: Sequence[str]) -> None:
        """So many more are known of the event, which has come."""
        before = self.digests.get(event_id, ())
        if "" in before or not set(digests).issubset(before):
            self.digests[event_id] = tuple(dict.fromkeys([*filter(None, before), *digests]))


@dataclass(eq=False)
class Intake:
    """Takes events; remembers what was taken of the matches that were posted to last.

    With `alone` the same event again is told from another event under the same id, also before it is
    served. Where other machines append to the log, and without a store, the live loop tells.
    """

    store: ServingStore | None
    rule: EventRule
    clock: Callable[[], datetime]
    alone: bool = True
    _known: OrderedDict[str, Known] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, given: Sequence[Any]) -> Taken:
        """Each event's result, and the records of those that are accepted. Any thread may ask."""
        now, results, records = self.clock(), list[Result](), list[tuple[str, bytes]]()
        looked = dict[str, Known]()
        with self._lock:
            for each in given:
                event = self._read(each, now)
                if isinstance(event, Accepted):
                    result = self._judged(event, looked)
                else:
                    result = _refused(event)
                results.append(result)
                if isinstance(event, Accepted) and not result.error:
                    records.append((event.match_id, event.value))
        return Taken(results, records)

    def _read(self, given: Any, now: datetime) -> Accepted | ContractError:
        """The event, or why it is none; `given` may be that already."""
        try:
            return given if isinstance(given, ContractError) else accepted(given, self.rule, now)
        except ContractError as exc:
            return exc

    def forget(self, taken: Taken) -> None:
        """Its records did not become durable, as far as is known."""
        with self._lock:
            for match_id in taken.lost():
                self._known.pop(match_id, None)

    def _judged(self, event: Accepted, looked: dict[str, Known]) -> Result:
        """The event's result, given what is known of it; `looked` has the matches looked at anew."""
        if self.store is None or not self.alone:
            return Result(202, event.event_id, "accepted")
        if event.match_id not in looked:
            looked[event.match_id] = self._of(event.match_id, self.store)
        known = looked[event.match_id]
        digests = known.digests.get(event.event_id, ())
        is_insert, waits = event.action == "insert", "" in digests or not digests
        if event.digest not in digests:
            if is_insert and not waits:
                return _conflict(event)
            if is_insert or not waits:
                known.add(event.event_id, [event.digest])
            else:
                known.digests[event.event_id] = ("", *filter(None, digests), event.digest)
        has_come = "" not in known.digests[event.event_id]
        return _accepted(event.event_id) if has_come else _waits(event)

    def _of(self, match_id: str, store: ServingStore) -> Known:
        """What is known of a match, with what the store has learnt of it since the last time."""
        found = self._known.setdefault(match_id, Known())
        for v in store.changes(EVENTS, match_id, after=found.upto, limit=_ALL_CHANGES):
            found.add(v.id, v.digest.split())
            found.upto = v.since
        self._known.move_to_end(match_id)
        if len(self._known) > _MOST_MATCHES:
            self._known.popitem(last=False)
        return found


def _accepted(event_id: str) -> Result:
    return Result(201, event_id, "accepted")


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


# --- bodies and answers --------------------------------------------------------------------------


def one(body: bytes) -> list[Any]:
    """The one event of a body.

    Raises:
        ContractError: It is not JSON.
    """
    return [_json(body, "$")]


def many(body: bytes) -> list[Any]:
    """The events of a body: a JSON array, or an object a line; blank lines aside.

    Raises:
        ContractError: It is neither, or there are more than 10,000.
    """
    text = body.lstrip()
    found = _json(text, "$") if text[:1] == b"[" else _lines(body)
    if len(found) > MOST_IN_A_BATCH:
        seen = f"$: seen {len(found)} events or more, expected at most {MOST_IN_A_BATCH:,}"
        raise ContractError(seen, hint="post them in parts", field="$", status=413)
    return list(found)


def _json(text: bytes, place: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise ContractError(f"{place}: not JSON: {exc}", hint="post JSON", field=place) from exc


def _lines(body: bytes) -> list[Any]:
    """What each line says; where one of them is no JSON, line by line."""
    try:
        return _LINES.decode_lines(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        lines = [line for line in body.split(b"\n") if line.strip()]
        return [_line(line) for line in lines[: MOST_IN_A_BATCH + 1]]


def _line(text: bytes) -> Any:
    """What a line says; why it says nothing, where it is no JSON."""
    try:
        return _json(text, "$")
    except ContractError as exc:
        return exc


def unreadable(exc: ContractError) -> Answer:
    """The answer to a body that is none, or holds too much."""
    return problem(int(str(exc.facts.get("status", 400))), str(exc), field="$", hint=exc.hint)


def answer(result: Result) -> Answer:
    """The answer of one event. Source: design 003 (`message` and `event_id`)."""
    if result.error:
        wrong = result.error
        return problem(result.status, wrong.message, field=wrong.field, hint=wrong.hint)
    return said(result.status, {"message": result.message, "event_id": result.event_id})


class Summary(msgspec.Struct, frozen=True):
    """What became of a batch, event by event."""

    accepted: int
    refused: int
    results: list[Result]


def summary(results: list[Result]) -> Answer:
    """The answer of a batch; each event has a status of its own."""
    refused = sum(result.error is not None for result in results)
    return said(200, Summary(len(results) - refused, refused, results))
