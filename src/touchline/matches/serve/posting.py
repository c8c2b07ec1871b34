"""What is posted: bodies as events, and what became of them as answers."""

from collections.abc import Iterator
from typing import Any

import msgspec

from touchline.errors import ContractError
from touchline.matches.live import MOST_EVENT_BYTES
from touchline.matches.serve.answers import Answer, problem, said
from touchline.matches.serve.known import Result

MOST_IN_A_BATCH = 10_000
_MOST_VALUES = 2_000_000
_AT_ONCE_BYTES = 1 << 18
_LINES = msgspec.json.Decoder()

# --- bodies -------------------------------------------------------------------------------------


def one(body: bytes) -> list[Any]:
    """The one event of a body.

    Raises:
        ContractError: It is not JSON, or holds more values than an event has room for.
    """
    _must_be_quick(body, b"{[,", MOST_EVENT_BYTES)
    return [_json(body, "$")]


def many(body: bytes) -> list[Any]:
    """The events of a body: a JSON array, or an object a line; blank lines aside.

    Raises:
        ContractError: It is neither, or there are more than 10,000, or 2,000,000 values in them.
    """
    _must_be_quick(body, b"{[,\n", _MOST_VALUES)
    is_array = body.lstrip()[:1] == b"["
    found = _json(body, "$") if is_array else [each for p in _pieces(body) for each in _lines(p)]
    if len(found) > MOST_IN_A_BATCH:
        raise _too_much(f"{len(found):,} events", MOST_IN_A_BATCH)
    return list(found)


def _must_be_quick(body: bytes, marks: bytes, most: int) -> None:
    """Refuse what would take long to decode before it is decoded: every value is next to a mark."""
    found, few = 0, len(body) <= most
    for first in () if few else range(0, len(body), _AT_ONCE_BYTES):
        found += sum(body.count(mark, first, first + _AT_ONCE_BYTES) for mark in marks)
        if found > most:
            raise _too_much(f"{found:,} values or more", most)


def _too_much(seen: str, most: int) -> ContractError:
    said = f"$: seen {seen}, expected at most {most:,}"
    return ContractError(said, hint="post them in parts", field="$", status=413)


def _pieces(body: bytes) -> Iterator[bytes]:
    """The lines of a body, many at a time: other threads have their turn between two pieces."""
    first = 0
    while first < len(body):
        end = body.find(b"\n", first + _AT_ONCE_BYTES) + 1 or len(body)
        yield body[first:end]
        first = end


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
        return [_line(line) for line in body.split(b"\n") if line.strip()]


def _line(text: bytes) -> Any:
    """What a line says; why it says nothing, where it is no JSON."""
    try:
        return _json(text, "$")
    except ContractError as exc:
        return exc


# --- answers ------------------------------------------------------------------------------------


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
