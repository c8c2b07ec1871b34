"""Dead letters that somebody saw to: the mended event goes into the log, and the letter is over."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from touchline.core.ports import Log, Record, ServingStore
from touchline.matches.live.event import Accepted, EventRule, accepted
from touchline.matches.live.views import ALL, DEAD, TOPIC, WAITING

_READER = "quarantine"
_ANY_TIME = EventRule(max_ahead_s=None)


def mended(record: Record, now: datetime) -> Accepted:
    """The event that a mended record says.

    Raises:
        ContractError: It says none that can be used.
    """
    return accepted(msgspec.json.decode(record.value), _ANY_TIME, now)


def put_in(events: Sequence[Accepted], log: Log) -> None:
    """The events are in the log, and durable."""
    if events:
        log.append(TOPIC, [(event.match_id, event.value) for event in events]).result()


def over(places: Sequence[tuple[int, int]], store: ServingStore) -> int:
    """The letters of these lanes and offsets are listed no more; how many there were."""
    names = [f"{lane}-{offset}" for lane, offset in places]
    known = store.known(DEAD, [(key, name) for key in (ALL, WAITING) for name in names])
    found = [v for versions in known.values() for v in versions if v.listed]
    gone = [msgspec.structs.replace(v, listed=False) for v in found]
    store.apply({DEAD: gone}, reader=_READER, before={}, after={})
    return len(gone)
