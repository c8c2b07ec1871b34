"""The live path on the health page: what waits, and what could not be used."""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from touchline.core.markup import Child, Markup, tag
from touchline.core.ports import Asked, ServingStore, Version
from touchline.errors import TouchlineError
from touchline.matches.live import ALL, DEAD, STREAM, WAITING, Letter
from touchline.server.match_list import PLACE
from touchline.server.parts import age, instant, link, number, section, table
from touchline.wiring import Touchline

NEWEST = 5
_FIRST_LOOK = 64
_EVERY = 8


def live_part(here: Touchline, trouble: str = "") -> Markup | None:
    """The section of the live path; nothing where nothing was ever posted.

    `trouble` is what reading the log on failed at.
    """
    if not here.has_live:
        return None
    try:
        return _part(here, trouble)
    except TouchlineError as exc:
        told = tag("p", f"It cannot be read now: {exc}", class_="notice")
        return section("Match events", told, tag("p", exc.hint, class_="quiet"))


def _part(here: Touchline, trouble: str) -> Markup:
    store = here.serving
    dead, waiting = (store.count(DEAD, key, Asked()) for key in (ALL, WAITING))
    newest = [v for key in (ALL, WAITING) for v in _newest(store, key)] if dead or waiting else []
    newest.sort(key=lambda v: (v.since_us, v.since), reverse=True)
    rows = [_row(version) for version in newest[:NEWEST]]
    letters = table(["State", "Reason", "Match", "Event", "Since, UTC"], rows)
    return section(
        "Match events",
        tag("p", f"The log is not read on now: {trouble}", class_="notice") if trouble else None,
        tag("p", _lag(here), class_="fresh-since"),
        tag(
            "p",
            f"{number(dead)} could not be used · {number(waiting)} waiting for the event they correct",
            class_="fresh-since",
        ),
        tag("p", link(PLACE, "Matches"), class_="fresh-since"),
        letters if rows else None,
    )  # fmt: skip


def _lag(here: Touchline) -> str:
    found = here.lag
    if not found.records:
        return "Everything that was posted is served."
    since = (datetime.now(UTC) - found.oldest_at).total_seconds() if found.oldest_at else 0.0
    return f"{number(found.records)} posted and not served yet, the oldest for {age(since)}."


def _newest(store: ServingStore, key: str) -> Iterator[Version]:
    """The last letters of each lane of the log; looked for from its end, ever further back."""
    for lane, end in store.position(STREAM.reader).items():
        look, found = _FIRST_LOOK, list[Version]()
        while len(found) < NEWEST and look < end * _EVERY + _FIRST_LOOK * _EVERY:
            first = f"{lane:06d}#{max(end - look, 0):020d}"
            asked = Asked(first=first, last=f"{lane:06d}#~", limit=look)
            found, look = list(store.rows(DEAD, key, asked)), look * _EVERY
        yield from found[-NEWEST:]


def _row(version: Version) -> list[Child]:
    letter = msgspec.json.decode(version.body, type=Letter)
    state = "unusable" if version.key == ALL else "waits"
    return [state, letter.reason, letter.match_id, letter.event_id or "–", instant(datetime.fromtimestamp(version.since_us / 1e6, UTC))]  # fmt: skip
