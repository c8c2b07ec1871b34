"""Records of the log -> what is known of each event and each match, and what cannot be used.

An event has an order among those of its match that does not depend on when it came: its instant, its
provider's number, its id. A correction ends what was known of its event before; both stay known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from touchline.core.ports import Id, Record, ServingStore, Version, View
from touchline.core.ports.serving import us
from touchline.errors import ContractError
from touchline.matches.live.beside import Over, Refused, over, standing, unwrapped
from touchline.matches.live.event import (
    ENRICHED,
    MOST_KNOWN_BYTES,
    Accepted,
    EventRule,
    Fields,
    accepted,
    event_at,
    event_type,
    sequence,
)
from touchline.matches.live.letters import ended, letter, unseen, waiting_of
from touchline.matches.live.spans import matches
from touchline.matches.live.views import (
    ALL,
    DEAD,
    EVENTS,
    MATCHES,
    WAITING,
    Letter,
    letter_order,
    season,
)

_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = ("event_id", "match_id", "event_type", "team_id", "player_id")
_WHOLE_S = len("2025-04-05T12:00:00Z")
_LAST_RULE = EventRule(max_ahead_s=None)
"""What may go into the log was said where it entered; here only what can be folded counts."""


@dataclass(eq=False)
class Folding:
    """What is known while a batch is folded, and what became of it."""

    store: ServingStore
    known: dict[Id, list[Version]]
    waiting: dict[Id, list[Version]]
    changed: dict[tuple[str, str, int], Version] = field(default_factory=dict)
    letters: list[Version] = field(default_factory=list)
    last: dict[str, Record] = field(default_factory=dict)


def fold(records: Sequence[Record], store: ServingStore) -> Mapping[View, Sequence[Version]]:
    """What these records change, given what the store knows; the same records again change nothing."""
    read = [(record, _read(record)) for record in records]
    ids = dict.fromkeys((r.match_id, r.event_id) for _, r in read if isinstance(r, Accepted))
    found = store.known(EVENTS, list(ids))
    known = {id_: list(versions) for id_, versions in found.items()}
    waiting = waiting_of([id_ for id_ in ids if id_ not in known], store)
    folding = Folding(store, known, waiting)
    for record, said in read:
        if isinstance(said, Over):
            _end(said, record, folding)
            continue
        error = _take(said, record, folding) if isinstance(said, Accepted) else _wrong(said)
        if error is not None:
            folding.letters.append(letter(record, error, key=ALL, said=said))
    return {
        EVENTS: list(folding.changed.values()),
        MATCHES: list(matches(folding.last, folding.changed.values(), store)),
        DEAD: list(unseen(folding.letters, store)),
    }


def _read(record: Record) -> Accepted | Refused | Over | ContractError:
    """What the record says, or why it says nothing."""
    try:
        given = msgspec.json.decode(record.value)
        if beside := over(given) or standing(record.key, given):
            return beside
        said = accepted(unwrapped(given), _LAST_RULE, record.at)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        return ContractError(f"not JSON: {exc}", field="$")
    except ContractError as exc:
        return exc
    if said.match_id != record.key:
        seen = f"match_id {said.match_id!r} in a record of key {record.key!r}"
        return ContractError(seen, hint="the key of a record is its match_id", field="$.match_id")
    return said


def _wrong(said: Refused | ContractError) -> ContractError:
    if isinstance(said, ContractError):
        return said
    hint = "touchline quarantine fix puts an event in its place, discard lets it go"
    return ContractError(said.reason, hint=hint)


# --- an event -----------------------------------------------------------------------------------


def _take(said: Accepted, record: Record, folding: Folding) -> ContractError | None:
    """One record more of an event is known; or why it cannot be used."""
    id_ = (said.match_id, said.event_id)
    versions = folding.known.get(id_, [])
    if versions and any(said.digest in v.digest.split() for v in versions):
        folding.last[said.match_id] = record
        return None
    if said.action == "insert" and versions:
        return ContractError(
            f"event {said.event_id!r} is known, and says something else",
            hint="a correction has action amend or cancel",
        )
    if said.action != "insert" and not versions:
        _wait(said, record, folding)
        return None
    if versions and versions[-1].since > record.offset:
        return None  # read again: what it could change it has changed
    try:
        _put(_next(said, record, versions), versions, folding=folding)
    except ContractError as exc:
        return exc
    folding.last[said.match_id] = record
    if said.action == "insert":
        _take_waiting(id_, record, folding)
    return None


def _next(said: Accepted, record: Record, versions: Sequence[Version]) -> Version:
    """The event as it is known from this record on."""
    posted, fields, at, number = said.posted, said.fields, said.at, 1
    if "action" in posted:
        posted = {name: value for name, value in posted.items() if name != "action"}
    if said.action != "insert":
        before = msgspec.json.decode(versions[-1].body)
        number = before["version"] + 1
        posted = _merged({k: v for k, v in before.items() if k not in ENRICHED}, posted)
        if said.action == "cancel":
            posted["status"] = "cancelled"
        fields = msgspec.convert(posted, Fields)
        event_type(fields)
        at = event_at(fields)
    assert at is not None
    text = _micros(at)
    body = _enriched(posted, fields, text, at=at, version=number)
    if len(body) > MOST_KNOWN_BYTES:
        too_large = (
            f"with this correction {len(body):,} bytes, expected at most {MOST_KNOWN_BYTES:,}"
        )
        raise ContractError(f"event {said.event_id!r}: {too_large}", field="$")
    since_us = us(record.at)
    return Version(
        said.match_id,
        said.event_id,
        f"{text}#{sequence(fields):010d}#{said.event_id}",
        (posted["event_type"], posted.get("team_id") or "", posted.get("player_id") or ""),
        body,
        record.offset,
        max(since_us, versions[-1].since_us) if versions else since_us,
        said.digest,
        fields.status != "cancelled",
    )


def _micros(at: datetime) -> str:
    """The instant, which is in UTC, to the microsecond; isoformat takes twenty times as long."""
    text: str = msgspec.to_builtins(at)
    return f"{text[:-1]}.000000Z" if len(text) == _WHOLE_S else text


def _merged(before: dict[str, Any], posted: dict[str, Any]) -> dict[str, Any]:
    """What was posted in the place of what was there; null takes a field away."""
    return {k: v for k, v in {**before, **posted}.items() if v is not None}


def _enriched(
    posted: Mapping[str, Any], fields: Fields, text: str, *, at: datetime, version: int
) -> bytes:
    body = {
        **{name: posted[name] for name in _FIRST if name in posted},
        "event_at": text,
        "season": season(at),
        "status": fields.status or "confirmed",
        "version": version,
        **posted,
        "event_timestamp": text,
        "event_type_timestamp": f"{posted['event_type']}#{text}",
    }
    return msgspec.json.encode(body)


def _put(version: Version, versions: list[Version], *, folding: Folding) -> None:
    """The version is the last of its event: the one before it is over.

    One that the same record began was never known, and is not kept: an event has one version of a record.
    """
    if versions and versions[-1].since == version.since:
        never = versions.pop()
        folding.changed.pop((never.key, never.order, never.since), None)
        version = msgspec.structs.replace(version, digest=f"{never.digest} {version.digest}")
    elif versions:
        over = msgspec.structs.replace(versions[-1], until=version.since, until_us=version.since_us)
        versions[-1] = over
        _change(over, folding)
    versions.append(version)
    folding.known[version.key, version.id] = versions
    _change(version, folding)


def _change(version: Version, folding: Folding) -> None:
    """The version goes into the store, behind all others of this batch."""
    name = (version.key, version.order, version.since)
    folding.changed.pop(name, None)
    folding.changed[name] = version


# --- what cannot be used, yet or at all ---------------------------------------------------------


def _wait(said: Accepted, record: Record, folding: Folding) -> None:
    """The correction is kept until its event comes."""
    id_ = (said.match_id, said.event_id)
    if any(v.digest == said.digest for v in folding.waiting.get(id_, [])):
        return
    error = ContractError(
        f"event {said.event_id!r} has not come", hint="the correction takes effect when it does"
    )
    version = letter(record, error, key=WAITING, said=said)
    folding.letters.append(version)
    folding.waiting.setdefault(id_, []).append(version)


def _take_waiting(id_: Id, record: Record, folding: Folding) -> None:
    """Corrections that came before their event take effect now, in the order in which they came."""
    for version in folding.waiting.pop(id_, []):
        said_then = msgspec.json.decode(version.body, type=Letter)
        late = Record(record.lane, record.offset, record.key, said_then.record.encode(), record.at)
        said = _read(late)
        assert isinstance(said, Accepted)
        over = {"listed": False, "until": record.offset, "until_us": us(record.at)}
        folding.letters.append(msgspec.structs.replace(version, **over))
        if (error := _take(said, late, folding)) is not None:
            at = _1970 + timedelta(microseconds=version.since_us)
            came = Record(said_then.lane, said_then.offset, late.key, late.value, at)
            folding.letters.append(letter(came, error, key=ALL, said=said))


def _end(said: Over, record: Record, folding: Folding) -> None:
    """The letter is listed no more; a correction that waited takes no effect."""
    folding.letters += ended(said, record, folding.letters, store=folding.store)
    order = letter_order(said.over_lane, said.over_offset)
    for many in folding.waiting.values():
        many[:] = [version for version in many if version.order != order]
