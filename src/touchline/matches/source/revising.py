"""A file given again: what of it was said before, and what is to be said of what is another now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from touchline.core.ports import Version
from touchline.errors import ContractError
from touchline.matches.live import Accepted, EventRule, accepted
from touchline.matches.live.event import ENRICHED

_OF_ITS_STATE = ENRICHED | {"status"}


def repeated(
    event: dict[str, Any], versions: Sequence[Version], *, rule: EventRule, now: datetime
) -> bool:
    """Whether the same was said of the event before."""
    try:
        return bool(versions) and _is_known(accepted(event, rule, now), versions)
    except ContractError:
        return False


def _is_known(said: Accepted, versions: Sequence[Version]) -> bool:
    return any(said.digest in version.digest.split() for version in versions)


def revised(
    event: dict[str, Any], versions: Sequence[Version], *, rule: EventRule, now: datetime
) -> dict[str, Any] | None:
    """What is to be posted so that the event is as the file has it; None where nothing is.

    What the file said before is not said again, so that it undoes no correction that came since; but
    when its period began, somebody says anew each time.
    """
    if not versions:
        return event
    try:
        said = accepted(event, rule, now)
    except ContractError:
        return event
    body = msgspec.json.decode(versions[-1].body)
    if _is_known(said, versions):
        began = said.posted.get("kick_off_at")
        named = {"match_id": said.match_id, "event_id": said.event_id, "action": "amend"}
        return None if body.get("kick_off_at") == began else {**named, "kick_off_at": began}
    before = {name: value for name, value in body.items() if name not in _OF_ITS_STATE}
    if before == msgspec.json.decode(said.value):
        return None
    gone = dict.fromkeys(before.keys() - event.keys())
    return {**event, **gone, "action": "amend"}
