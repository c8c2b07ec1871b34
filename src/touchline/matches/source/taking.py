"""The events of a file -> the log, and from there the store."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from touchline.core.ports import Id, Log, ServingStore, Version
from touchline.core.stream import caught_up
from touchline.errors import ContractError
from touchline.matches.live import (
    DEAD,
    EVENTS,
    NO_MATCH,
    STREAM,
    TOPIC,
    WAITING,
    EventRule,
    accepted,
)
from touchline.matches.live.views import waiting_id
from touchline.matches.serve.intake import Intake
from touchline.matches.source.aside import match_of, set_aside
from touchline.matches.source.clock import KickOffs
from touchline.matches.source.files import Feed, Refusal, refusal, timed
from touchline.matches.source.revising import repeated, revised

_AT_ONCE = 1000


@dataclass(frozen=True)
class Taken:
    """What became of a file's events: how many went into the log, and which were refused."""

    new: int
    unchanged: int
    refused: Sequence[Refusal]


def taken(
    feed: Feed,
    known: KickOffs,
    *,
    file: str,
    log: Log,
    store: ServingStore,
    rule: EventRule,
    now: datetime,
) -> Taken:
    """Every event of the file that says something new is in the log, durable, and in the store.

    The same file again changes nothing. Of a provider's file in which something is another, what
    differs is amended. What is refused is in the log, too, under the file's name, and becomes a dead
    letter; once somebody saw to that, it is unchanged.
    """
    caught_up(STREAM, log, store)
    intake = Intake(store, rule, lambda: now)
    new, same, refused, durable = 0, 0, list(feed.refused), set[bytes]()
    for batch in _batches(feed, known):
        said = list(_to_say(batch, feed, store, rule=rule, now=now))
        intake.heard()
        found = intake.take([event for _, event in said])
        records = [r for r in dict.fromkeys(found.records) if r[1] not in durable]
        if records:
            log.append(TOPIC, records).result()
        intake.kept(found)
        durable.update(value for _, value in records)
        pairs = zip(said, found.results, strict=True)
        wrong = [refusal(place, r.error.message, e) for (place, e), r in pairs if r and r.error]
        new += len(records)
        same += len(batch) - len(wrong) - len(records)
        refused += wrong
    standing = list(set_aside(refused, feed, file, log=log, store=store))
    caught_up(STREAM, log, store)
    return Taken(new, same + len(refused) - len(standing), standing)


def usable(feed: Feed, known: KickOffs, *, rule: EventRule, now: datetime) -> list[str]:
    """The matches of which the file has at least one event that may go into the log.

    Where there is none, that of the first event that is refused.
    """
    found = dict[str, None]()
    for _, event in feed.events:
        if str(event.get("match_id")) not in found:
            with suppress(ContractError):
                found[accepted(timed(event, known), rule, now).match_id] = None
    first = [*(e.get("match_id") for _, e in feed.events), *(r.match_id for r in feed.refused)][:1]
    return list(found) or [match_of(match_id, feed) or NO_MATCH for match_id in first]


def _waited(ids: Sequence[Id], store: ServingStore) -> dict[Id, Sequence[Version]]:
    """The corrections that came before these events, whatever became of them."""
    names = {(WAITING, waiting_id(*id_)): id_ for id_ in ids}
    found = store.known(DEAD, list(names)) if names else {}
    return {names[name]: versions for name, versions in found.items()}


_Placed = tuple[str, dict[str, Any]]


def _batches(feed: Feed, known: KickOffs) -> Iterator[list[_Placed]]:
    for first in range(0, len(feed.events), _AT_ONCE):
        some = feed.events[first : first + _AT_ONCE]
        yield [(place, timed(event, known)) for place, event in some]


def _to_say(
    batch: Sequence[_Placed], feed: Feed, store: ServingStore, *, rule: EventRule, now: datetime
) -> Iterator[_Placed]:
    """What is to be posted of these events, given what is known of them."""
    ids = [(str(event.get("match_id")), str(event.get("event_id"))) for _, event in batch]
    known = store.known(EVENTS, list(dict.fromkeys(ids)))
    waited = _waited([id_ for (_, e), id_ in zip(batch, ids, strict=True) if "action" in e], store)
    for (place, event), id_ in zip(batch, ids, strict=True):
        versions = known.get(id_, ())
        if feed.format != "events":
            said = revised(event, versions, rule=rule, now=now)
            if said is not None:
                yield place, said
        elif not repeated(event, [*versions, *waited.get(id_, ())], rule=rule, now=now):
            yield place, event
