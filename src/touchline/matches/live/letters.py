"""Dead letters that somebody saw to: the mended event goes into the log, and the letter is over."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from touchline.core.ports import Asked, Log, Record, ServingStore
from touchline.errors import ContractError
from touchline.matches.live.event import Accepted, EventRule, accepted
from touchline.matches.live.refused import standing, unwrapped
from touchline.matches.live.views import ALL, DEAD, TOPIC, WAITING, letter_order

_READER = "quarantine"
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


def put_in(events: Sequence[Accepted], log: Log) -> None:
    """The events are in the log, and durable."""
    if events:
        log.append(TOPIC, [(event.match_id, event.value) for event in events]).result()


def over(places: Sequence[tuple[int, int]], store: ServingStore) -> int:
    """The letters of these lanes and offsets are listed no more; how many there were."""
    orders = [(key, letter_order(*each)) for key in (ALL, WAITING) for each in places]
    asked = ((key, Asked(first=order, last=f"{order}~")) for key, order in orders)
    found = [v for key, one in asked for v in store.rows(DEAD, key, one)]
    gone = [msgspec.structs.replace(v, listed=False) for v in found]
    store.apply({DEAD: gone}, reader=_READER, before={}, after={})
    return len(gone)
