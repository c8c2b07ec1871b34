"""When events of a recorded feed were sent, as far as they tell."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from touchline.errors import ContractError
from touchline.matches.live.event import Fields, event_at


def due_s(events: Sequence[Mapping[str, Any]]) -> Iterator[float]:
    """How many seconds after the first of them each is to be sent, in the order of the feed.

    An event that was sent late, and one that says no time, go right after the one before it.
    """
    first: datetime | None = None
    last_s = 0.0
    for event in events:
        at = _instant(event)
        if at is not None:
            first = first or at
            last_s = max(last_s, (at - first).total_seconds())
        yield last_s


def _instant(event: Mapping[str, Any]) -> datetime | None:
    try:
        return event_at(msgspec.convert(event, Fields))
    except (msgspec.ValidationError, ContractError):
        return None
