"""Records of the log -> what is known of each event and each match, and what cannot be used.

An event has an order among those of its match that does not depend on when it came: its instant, its
provider's number, its id. A correction ends what was known of its event before; both stay known.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from touchline.core.ports import Asked, Id, Record, ServingStore, Version, View
from touchline.core.ports.serving import us
from touchline.errors import ContractError
from touchline.matches.live.event import (
    ENRICHED,
    Accepted,
    EventRule,
    Fields,
    accepted,
    event_at,
    event_type,
    sequence,
)
from touchline.matches.live.views import ALL, DEAD, EVENTS, MATCHES, WAITING, Letter, Match, season

_MOST_WAITING = 100_000
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
    spans: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    last: dict[str, Record] = field(default_factory=dict)


def fold(records: Sequence[Record], store: ServingStore) -> Mapping[View, Sequence[Version]]:
    """What these records change, given what the store knows; the same records again change nothing."""
    read = [(record, _read(record)) for record in records]
    ids = [(r.match_id, r.event_id) for _, r in read if isinstance(r, Accepted)]
    found = store.known(EVENTS, list(dict.fromkeys(ids)))
    known = {id_: list(versions) for id_, versions in found.items()}
    waiting: dict[Id, list[Version]] = {}
    for version in store.rows(DEAD, WAITING, Asked(limit=_MOST_WAITING)):
        letter = msgspec.json.decode(version.body, type=Letter)
        waiting.setdefault((letter.match_id, letter.event_id), []).append(version)
    folding = Folding(store, known, waiting)
    for record, said in read:
        error = _take(said, record, folding) if isinstance(said, Accepted) else said
        if error is not None:
            folding.letters.append(_letter(record, error, key=ALL, said=said))
    return {
        EVENTS: list(folding.changed.values()),
        MATCHES: list(_matches(folding)),
        DEAD: folding.letters,
    }


def _read(record: Record) -> Accepted | ContractError:
    """What the record says, or why it says nothing."""
    try:
        said = accepted(msgspec.json.decode(record.value), _LAST_RULE, record.at)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        return ContractError(f"not JSON: {exc}", field="$")
    except ContractError as exc:
        return exc
    if said.match_id != record.key:
        seen = f"match_id {said.match_id!r} in a record of key {record.key!r}"
        return ContractError(seen, hint="the key of a record is its match_id", field="$.match_id")
    return said


# --- an event -----------------------------------------------------------------------------------


def _take(said: Accepted, record: Record, folding: Folding) -> ContractError | None:
    """One record more of an event is known; or why it cannot be used."""
    id_ = (said.match_id, said.event_id)
    versions = folding.known.get(id_, [])
    if any(said.digest in v.digest.split() for v in versions):
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
    posted = {name: value for name, value in said.posted.items() if name != "action"}
    fields, at, number = said.fields, said.at, 1
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
    text = f"{at.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    body = _enriched(posted, fields, text, at=at, version=number)
    return Version(
        said.match_id,
        said.event_id,
        f"{text}#{sequence(fields):010d}#{said.event_id}",
        (posted["event_type"], posted.get("team_id") or "", posted.get("player_id") or ""),
        body,
        record.offset,
        us(record.at),
        said.digest,
        fields.status != "cancelled",
    )


def _merged(before: dict[str, Any], posted: dict[str, Any]) -> dict[str, Any]:
    """What was posted in the place of what was there; null takes a field away."""
    return {k: v for k, v in {**before, **posted}.items() if v is not None}


def _enriched(
    posted: Mapping[str, Any], fields: Fields, text: str, *, at: datetime, version: int
) -> bytes:
    named = ("event_id", "match_id", "event_type", "team_id", "player_id")
    body = {
        **{name: posted[name] for name in named if name in posted},
        "event_at": text,
        "season": season(at),
        "status": fields.status or "confirmed",
        "version": version,
        **{name: value for name, value in posted.items() if name not in named},
        "event_timestamp": text,
        "event_type_timestamp": f"{posted['event_type']}#{text}",
    }
    return msgspec.json.encode(body)


def _put(version: Version, versions: list[Version], *, folding: Folding) -> None:
    """The version is the last of its event: the one before it is over, or makes way for it."""
    if versions:
        over = msgspec.structs.replace(versions[-1], until=version.since, until_us=version.since_us)
        versions[-1] = over
        folding.changed[over.key, over.order, over.since] = over
        if (over.order, over.since) == (version.order, version.since):
            both = f"{over.digest} {version.digest}"
            version = msgspec.structs.replace(version, digest=both)
    versions.append(version)
    folding.known[version.key, version.id] = versions
    folding.changed[version.key, version.order, version.since] = version
    at = datetime.fromisoformat(version.order[:27])
    first, last = folding.spans.get(version.key, (at, at))
    folding.spans[version.key] = min(first, at), max(last, at)


# --- what cannot be used, yet or at all ---------------------------------------------------------


def _wait(said: Accepted, record: Record, folding: Folding) -> None:
    """The correction is kept until its event comes."""
    id_ = (said.match_id, said.event_id)
    if any(v.digest == said.digest for v in folding.waiting.get(id_, [])):
        return
    error = ContractError(
        f"event {said.event_id!r} has not come", hint="the correction takes effect when it does"
    )
    version = _letter(record, error, key=WAITING, said=said)
    folding.letters.append(version)
    folding.waiting.setdefault(id_, []).append(version)


def _take_waiting(id_: Id, record: Record, folding: Folding) -> None:
    """Corrections that came before their event take effect now, in the order in which they came."""
    for version in folding.waiting.pop(id_, []):
        letter = msgspec.json.decode(version.body, type=Letter)
        late = Record(record.lane, record.offset, record.key, letter.record.encode(), record.at)
        said = _read(late)
        assert isinstance(said, Accepted)
        over = {"listed": False, "until": record.offset, "until_us": us(record.at)}
        folding.letters.append(msgspec.structs.replace(version, **over))
        if (error := _take(said, late, folding)) is not None:
            came = Record(letter.lane, letter.offset, late.key, late.value, late.at)
            dead = _letter(came, error, key=ALL, said=said)
            folding.letters.append(msgspec.structs.replace(dead, since=record.offset))


def _letter(record: Record, error: ContractError, *, key: str, said: object) -> Version:
    found = said if isinstance(said, Accepted) else None
    match_id, event_id = (found.match_id, found.event_id) if found else (record.key, "")
    place = f"{record.lane}-{record.offset}"
    letter = Letter(
        str(error),
        error.hint,
        match_id,
        event_id,
        record.lane,
        record.offset,
        record.value.decode(errors="backslashreplace"),
    )
    return Version(
        key,
        place,
        f"{record.lane:06d}#{record.offset:020d}",
        (str(error.facts.get("field", "")),),
        msgspec.json.encode(letter),
        record.offset,
        us(record.at),
        found.digest if found else "",
    )


# --- a match ------------------------------------------------------------------------------------


def _matches(folding: Folding) -> Iterable[Version]:
    """Each match of which something came, as it stands now; one that moved, at both places."""
    known = folding.store.known(MATCHES, [(ALL, match_id) for match_id in folding.last])
    for match_id, record in folding.last.items():
        found = [v for v in known.get((ALL, match_id), []) if v.listed]
        was = msgspec.json.decode(found[0].body, type=Match) if found else None
        spans = [folding.spans[match_id]] if match_id in folding.spans else []
        spans += [(was.first_event_at, was.last_event_at)] if was else []
        if not spans:
            continue
        first, last = min(s[0] for s in spans), max(s[1] for s in spans)
        now = _match(Match(match_id, season(first), first, last, record.at, record.offset))
        yield now
        yield from (msgspec.structs.replace(v, listed=False) for v in found if v.order != now.order)


def _match(match: Match) -> Version:
    began = match.first_event_at.astimezone(UTC).replace(tzinfo=None)
    order = f"{began.isoformat(timespec='microseconds')}Z#{match.match_id}"
    body = msgspec.json.encode(match)
    return Version(ALL, match.match_id, order, (match.season,), body, 0, us(match.changed_at))
