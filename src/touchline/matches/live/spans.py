"""When the events of each match were: its row among the matches, made anew as events come and move."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta

import msgspec

from touchline.core.ports import Asked, Record, ServingStore, Version
from touchline.core.ports.serving import us
from touchline.matches.live.views import ALL, EVENTS, MATCHES, Match, season

_LOOKS_BACK = (timedelta(minutes=1), timedelta(hours=1))
"""How far before the last event that there was the last that there is now is looked for; then in all."""

_AT_ONCE = 1000

Span = tuple[datetime, datetime]


def matches(
    last: Mapping[str, Record], changed: Iterable[Version], store: ServingStore
) -> Iterator[Version]:
    """Each match of which something came, as it stands now; one that moved, at both places.

    Args:
        last: The last record of each match.
        changed: The versions of events that the batch made or ended, in the order in which it did.
        store: What was known before the batch.
    """
    by_match: dict[str, list[Version]] = {}
    for version in changed:
        by_match.setdefault(version.key, []).append(version)
    known = store.known(MATCHES, [(ALL, match_id) for match_id in last])
    for match_id, record in last.items():
        found = [v for v in known.get((ALL, match_id), []) if v.listed]
        was = msgspec.json.decode(found[0].body, type=Match) if found else None
        span = _span(match_id, by_match.get(match_id, []), was=was, store=store)
        if span is None:
            continue
        at, offset = record.at, record.offset
        if was is not None:
            at, offset = max(at, was.changed_at), max(offset, was.offset)
        now = _match(Match(match_id, season(span[0]), *span, at, offset))
        yield now
        yield from (msgspec.structs.replace(v, listed=False) for v in found if v.order != now.order)


def _span(
    match_id: str, changed: Sequence[Version], *, was: Match | None, store: ServingStore
) -> Span | None:
    """The instants of the first and the last event that is listed.

    Where none is, that of the last that something was said of. The store is asked only where the batch
    does not tell: an event is gone from where the match began or ended, or nothing else was there.
    """
    before = (was.first_event_at, was.last_event_at) if was else None
    if not changed:
        return before
    now = {_at(v) for v in changed if v.until is None and v.listed}
    gone = {_at(v) for v in changed} - now
    if before is None or before[0] == before[1] or gone & set(before):
        now |= _ends(match_id, {v.order for v in changed}, before=before, store=store)
    else:
        now |= set(before)
    if not now:
        now = {next(_at(v) for v in reversed(changed) if v.until is None)}
    return min(now), max(now)


def _ends(
    match_id: str, but: Set[str], *, before: Span | None, store: ServingStore
) -> set[datetime]:
    """When the first and the last event are that the store lists, but for these."""
    first = next(_listed(match_id, "", but, store=store), None)
    if first is None:
        return set()
    for back in _LOOKS_BACK if before else ():
        since = _text(before[1] - back) if before else ""
        if late := list(_listed(match_id, since, but, store=store)):
            return {_at(first), _at(late[-1])}
    *_, last = _listed(match_id, "", but, store=store)
    return {_at(first), _at(last)}


def _listed(match_id: str, since: str, but: Set[str], *, store: ServingStore) -> Iterator[Version]:
    asked = Asked(first=since, limit=1)
    while rows := store.rows(EVENTS, match_id, asked):
        yield from (v for v in rows if v.order not in but)
        asked = Asked(first=since, after=rows[-1].order, limit=_AT_ONCE)


def _match(match: Match) -> Version:
    order = f"{_text(match.first_event_at)}#{match.match_id}"
    body = msgspec.json.encode(match)
    return Version(ALL, match.match_id, order, (match.season,), body, 0, us(match.changed_at))


def _text(at: datetime) -> str:
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _at(version: Version) -> datetime:
    """The instant of an event, as its order begins with it."""
    return datetime.fromisoformat(version.order[:27])
