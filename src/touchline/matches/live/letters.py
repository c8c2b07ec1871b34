"""Dead letters: records that cannot be used, yet or at all, until somebody sees to them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from touchline.core.ports import Asked, Id, Log, Record, ServingStore, Version
from touchline.core.ports.serving import us
from touchline.errors import ContractError
from touchline.matches.live.beside import Over, Refused, standing, unwrapped
from touchline.matches.live.event import Accepted, EventRule, accepted
from touchline.matches.live.views import (
    ALL,
    DEAD,
    TOPIC,
    WAITING,
    Letter,
    letter_order,
    waiting_id,
)

_ANY_TIME = EventRule(max_ahead_s=None)


def mended(record: Record, now: datetime) -> Accepted:
    """The event that a mended record says.

    Raises:
        ContractError: It says none that can be used.
    """
    try:
        return accepted(unwrapped(msgspec.json.decode(record.value)), _ANY_TIME, now)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise ContractError(f"not JSON: {exc}") from exc


def refused_text(record: Record) -> str:
    """What came, where the record stands for what of a file was refused; else nothing."""
    try:
        found = standing(record.key, msgspec.json.decode(record.value))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return found.text if found else ""


def put_in(events: Sequence[Accepted], seen_to: Sequence[Record], log: Log) -> None:
    """The events are in the log, and that the letters of these records are over; both durable."""
    said = [(event.match_id, event.value) for event in events]
    said += [(r.key, msgspec.json.encode(Over(r.lane, r.offset))) for r in seen_to]
    if said:
        log.append(TOPIC, said).result()


# --- as they are kept ---------------------------------------------------------------------------


def letter(record: Record, error: ContractError, *, key: str, said: object) -> Version:
    """The dead letter of a record, or what waits of it."""
    match_id, event_id, text, digest = record.key, "", _text(record), ""
    id_ = f"{record.lane}-{record.offset}"
    match said:
        case Accepted():
            match_id, event_id, digest = said.match_id, said.event_id, said.digest
            id_ = waiting_id(match_id, event_id) if key == WAITING else id_
        case Refused():
            id_, event_id, text = said.refused, said.event_id, said.text
    letter = Letter(
        str(error),
        error.hint,
        match_id,
        event_id,
        record.lane,
        record.offset,
        text,
    )
    return Version(
        key,
        id_,
        letter_order(record.lane, record.offset),
        (str(error.facts.get("field", "")),),
        msgspec.json.encode(letter),
        record.offset,
        us(record.at),
        digest,
    )


def _text(record: Record) -> str:
    return record.value.decode(errors="backslashreplace")


def ended(
    said: Over, record: Record, letters: Sequence[Version], *, store: ServingStore
) -> Iterator[Version]:
    """The letter as it is from this record on; `letters` are those of the same batch."""
    order = letter_order(said.over_lane, said.over_offset)
    newest = {(v.key, v.order): v for v in letters}
    for key in (ALL, WAITING):
        asked = Asked(first=order, last=f"{order}~")
        found = newest.get((key, order))
        for version in [found] if found else store.rows(DEAD, key, asked):
            over = {"listed": False, "until": record.offset, "until_us": us(record.at)}
            yield msgspec.structs.replace(version, **over)


def unseen(letters: Sequence[Version], store: ServingStore) -> Iterator[Version]:
    """Those that are not over already: records that are read again begin none anew."""
    ids = dict.fromkeys((v.key, v.id) for v in letters if v.listed)
    known = store.known(DEAD, list(ids)) if ids else {}
    over = {(v.key, v.order) for many in known.values() for v in many if not v.listed}
    return (v for v in letters if not v.listed or (v.key, v.order) not in over)


def waiting_of(ids: Iterable[Id], store: ServingStore) -> dict[Id, list[Version]]:
    """The corrections that wait for these events, in the order in which they came."""
    if not store.rows(DEAD, WAITING, Asked(limit=1)):
        return {}
    names = {(WAITING, waiting_id(*id_)): id_ for id_ in ids}
    found = store.known(DEAD, list(names)).items()
    return {names[name]: [v for v in versions if v.listed] for name, versions in found}
