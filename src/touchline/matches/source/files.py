"""Files of match events: lines of JSON, Wyscout's, StatsBomb's; their format is told by what is in them."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from touchline.core.bytes import BOM, opened
from touchline.core.ports import checked_id
from touchline.errors import ConfigError, ContractError
from touchline.matches.source import statsbomb, wyscout
from touchline.matches.source.clock import KickOffs

ENDING = re.compile(r"\.(json|jsonl|ndjson)(\.gz)?$", re.IGNORECASE)
_ENCODER = msgspec.json.Encoder(order="deterministic")

_OF_AN_EVENT = frozenset({"event_type", "action"})
"""What is told of an event of a match has one of these at least."""

_ZIP = b"PK\x03\x04"
_EXPECTED = (
    "expected an event a line, a JSON array of them, or a file of Wyscout or StatsBomb; where it was"
    " cut off, ask for it again"
)

T = TypeVar("T")
Format = Literal["events", "wyscout", "statsbomb", "kick-offs", "other"]


@dataclass(frozen=True)
class Refusal:
    """What of a file is no event, and why; `place` is its line, or its number in the file.

    `text` is it as it came; `match_id` and `event_id` are what it says of itself, as far as it does.
    """

    place: str
    reason: str
    text: str
    match_id: str = ""
    event_id: str = ""


def refusal(place: str, reason: str, given: Any) -> Refusal:
    """The refusal of what a file's JSON says there."""
    said = given if isinstance(given, dict) else {}
    match_id, event_id = (
        next((str(said[n]) for n in names if isinstance(said.get(n), str | int)), "")
        for names in (("match_id", "matchId"), ("event_id", "id"))
    )
    return Refusal(place, reason, _ENCODER.encode(given).decode(), match_id, event_id)


@dataclass(frozen=True)
class Feed:
    """What a file says: events as they are posted, in its order, each with its place in it.

    A file of kick-offs has no events, but says when matches began; an other one is JSON, and none of
    it is an event. In those of a provider each event stands for itself; files of events are what
    somebody sent, corrections among it.
    """

    format: Format
    events: Sequence[tuple[str, dict[str, Any]]] = ()
    refused: Sequence[Refusal] = ()
    kick_offs: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def matches(self) -> tuple[str, ...]:
        """The ids of its matches, in the order in which they come."""
        ids = (event.get("match_id") for _, event in self.events)
        return tuple(dict.fromkeys(str(i) for i in ids if isinstance(i, str | int)))


# --- when it was --------------------------------------------------------------------------------


def clocked(feed: Feed) -> set[str]:
    """The matches of which it has clocks, and no instant from which they run."""
    return {str(e.get("match_id")) for _, e in feed.events if _has_clock_only(e)}


def must_be_of_one_match(clocks: Collection[str]) -> None:
    """Refuse kick-offs that would be taken for several matches.

    Raises:
        ConfigError: There are several.
    """
    if len(clocks) > 1:
        raise ConfigError(
            f"--kick-off is for one match, and there are {len(clocks)}: {', '.join(sorted(clocks)[:3])}",
            hint="give one at a time, or the provider's file of matches beside them",
        )


def must_be_timed(path: Path, feed: Feed, known: KickOffs) -> None:
    """Refuse a file of clocks where nobody says when its matches kicked off.

    Raises:
        ConfigError: It is such a file, or kick-offs of one match are given for several.
    """
    clocks = clocked(feed)
    if known.periods:
        must_be_of_one_match(clocks)
    lacking = sorted(m for m in clocks if known.of(m, 1) is None)
    if lacking:
        named = f"match {lacking[0]}" if len(lacking) == 1 else f"{len(lacking)} matches"
        raise ConfigError(
            f"{path}: {feed.format} has the minutes of {named}, and not when it kicked off",
            hint="give --kick-off 2018-06-14T15:00:00Z, or the provider's file of matches beside it;"
            " a period that began at another time than usual: --kick-off 2=2018-06-14T16:04:10Z",
        )


def timed(event: dict[str, Any], known: KickOffs) -> dict[str, Any]:
    """The event with the instant at which its period began, if it has none of its own."""
    if not _has_clock_only(event):
        return event
    began = known.of(str(event.get("match_id")), event["period"])
    return event if began is None else {**event, "kick_off_at": _text(began)}


def _has_clock_only(event: Mapping[str, Any]) -> bool:
    if event.get("timestamp") is not None or event.get("kick_off_at") is not None:
        return False
    return type(event.get("period")) is int and event.get("minute") is not None


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


# --- one file -----------------------------------------------------------------------------------


def read(path: Path) -> Feed:
    """What the file says.

    Raises:
        ContractError: None of it can be read: it is empty, cut off, or of another format.
    """
    with opened(path) as file:
        data = file.read().removeprefix(BOM)
    whole = _whole(data)
    match whole:
        case [first, *_] if wyscout.is_match(first):
            return _kick_offs(whole)
        case [first, *_] if wyscout.is_one(first):
            return _wyscout(whole)
        case [first, *_] if statsbomb.is_one(first):
            return _statsbomb(whole, _match_in_name(path))
        case {"events": [first, *_]} if wyscout.is_one(first):
            return _wyscout(whole["events"])
        case dict():
            return _events(iter([("event 1", whole)]))
        case list():
            return _events((f"event {n}", each) for n, each in enumerate(whole, start=1))
    said = list(_lines(data))
    if not any(isinstance(each, dict) for _, each in said):
        raise _unreadable(said, is_zip=data.startswith(_ZIP))
    return _events(iter(said))


def _unreadable(said: Sequence[tuple[str, Any]], *, is_zip: bool) -> ContractError:
    if is_zip:
        return ContractError("a zip, and no file of events", hint="unpack it, and give the folder")
    if not said:
        return ContractError("the file is empty", hint=_EXPECTED)
    place, first = said[0]
    reason = first.reason if isinstance(first, Refusal) else "not a JSON object"
    return ContractError(f"no line of it is an event; {place}: {reason}", hint=_EXPECTED)


def _whole(data: bytes) -> Any:
    """What the file is as one JSON text; None where it is lines.

    Raises:
        ContractError: It begins as an array and is none.
    """
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        if data.lstrip()[:1] != b"[":
            return None
        hint = "ask the provider for the file again"
        raise ContractError(f"not JSON: {exc}", hint=hint) from exc


def _lines(data: bytes) -> Iterator[tuple[str, Any]]:
    """What each line says, or that it says nothing; blank ones aside."""
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            yield f"line {number}", msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            text = line.decode(errors="backslashreplace").strip()
            yield f"line {number}", Refusal(f"line {number}", f"not JSON: {exc}", text)


def _events(given: Iterator[tuple[str, Any]]) -> Feed:
    """Events as they are posted; those without an id get one of what they say."""
    events: list[tuple[str, dict[str, Any]]] = []
    refused: list[Refusal] = []
    seen: Counter[str] = Counter()
    for place, each in given:
        if isinstance(each, dict):
            events.append((place, _with_id(each, seen)))
        elif isinstance(each, Refusal):
            refused.append(each)
        else:
            refused.append(refusal(place, "not a JSON object", each))
    if (events or refused) and not any(
        "match_id" in e and _OF_AN_EVENT & e.keys() for _, e in events
    ):
        return Feed("other")
    return Feed("events", events, refused)


def _with_id(event: dict[str, Any], seen: Counter[str]) -> dict[str, Any]:
    """The same file gives the same ids; the same event twice in it is two."""
    if event.get("event_id") is not None or event.get("action", "insert") != "insert":
        return event
    digest = hashlib.blake2b(_ENCODER.encode(event), digest_size=12).hexdigest()
    seen[digest] += 1
    return {**event, "event_id": f"{digest}-{seen[digest]}"}


def _wyscout(given: Sequence[Any]) -> Feed:
    numbers: Counter[str] = Counter()

    def events(each: Any) -> list[dict[str, Any]]:
        match_id = str(each.get("matchId")) if isinstance(each, dict) else ""
        numbers[match_id] += 1
        return _with_card(wyscout.event(each, numbers[match_id]))

    return Feed("wyscout", *_sorted_out(given, events))


def _statsbomb(given: Sequence[Any], match_id: str) -> Feed:
    return Feed(
        "statsbomb",
        *_sorted_out(given, lambda each: _with_card(statsbomb.event(each, match_id))),
    )


def _with_card(event: dict[str, Any]) -> list[dict[str, Any]]:
    """The event, and the card that was shown for it as an event of its own, so that it counts."""
    if "card" not in event or event["event_type"] == "card":
        return [event]
    card = {name: event[name] for name in _OF_A_CARD if name in event}
    return [event, {**card, "event_id": f"{event['event_id']}-card", "event_type": "card"}]


_OF_A_CARD = (
    "match_id", "team_id", "player_id", "period", "minute", "second", "sequence", "card", "provider",
)  # fmt: skip


def _sorted_out(
    given: Sequence[Any], told: Callable[[Any], Sequence[T]]
) -> tuple[list[tuple[str, T]], list[Refusal]]:
    """What there is, each with its place, and what is refused."""
    found: list[tuple[str, T]] = []
    refused: list[Refusal] = []
    for number, each in enumerate(given, start=1):
        try:
            found += [(f"event {number}", one) for one in told(each)]
        except ContractError as exc:
            refused.append(refusal(f"event {number}", str(exc), each))
    return found, refused


def _kick_offs(given: Sequence[Any]) -> Feed:
    found, refused = _sorted_out(given, lambda each: [wyscout.kick_off(each)])
    return Feed("kick-offs", (), refused, dict(pair for _, pair in found))


def _match_in_name(path: Path) -> str:
    """StatsBomb names a file by its match, and says it nowhere in it."""
    name = ENDING.sub("", path.name)
    try:
        return checked_id(name, "match_id")
    except ConfigError as exc:
        raise ContractError(
            f"{name!r}, the name of the file, is no match id, and StatsBomb's events do not say theirs",
            hint="name the file as the provider does: MATCH_ID.json",
        ) from exc
