"""The events of a file -> the log, and from there the store."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from touchline.core.ports import Log, ServingStore
from touchline.core.stream import catch_up
from touchline.errors import ConflictError, ContractError
from touchline.matches.live import EVENTS, STREAM, TOPIC, EventRule, accepted
from touchline.matches.serve.posting import Intake
from touchline.matches.source.clock import KickOffs
from touchline.matches.source.files import Feed, Refusal, timed
from touchline.matches.source.revising import revised

_AT_ONCE = 1000
_WAIT_S = 0.05


@dataclass(frozen=True)
class Taken:
    """What became of a file's events: how many went into the log, and which were refused."""

    new: int
    unchanged: int
    refused: Sequence[Refusal]


def taken(
    feed: Feed, known: KickOffs, *, log: Log, store: ServingStore, rule: EventRule, now: datetime
) -> Taken:
    """Every event of the file that says something new is in the log, durable, and in the store.

    The same file again changes nothing. Of a provider's file in which something is another, what
    differs is amended.
    """
    read_to_the_end(log, store)
    intake = Intake(store, rule, lambda: now)
    new, same, refused = 0, 0, list(feed.refused)
    for batch in _batches(feed, known):
        said = batch if feed.format == "events" else list(_revised(batch, store, rule, now=now))
        found = intake.take([event for _, event in said])
        if found.records:
            log.append(TOPIC, found.records).result()
        pairs = zip(said, found.results, strict=True)
        wrong = [Refusal(place, r.error.message) for (place, _), r in pairs if r.error]
        new += len(found.records)
        same += len(batch) - len(wrong) - len(found.records)
        refused += wrong
    read_to_the_end(log, store)
    return Taken(new, same, refused)


def usable(feed: Feed, known: KickOffs, *, rule: EventRule, now: datetime) -> list[str]:
    """The matches of which the file has at least one event that may go into the log."""
    found = dict[str, None]()
    for _, event in feed.events:
        if str(event.get("match_id")) not in found:
            with suppress(ContractError):
                found[accepted(timed(event, known), rule, now).match_id] = None
    return list(found)


def read_to_the_end(log: Log, store: ServingStore) -> None:
    """What is in the log is in the store; where another process reads on, too, by one of them."""
    while True:
        try:
            catch_up(STREAM, log, store)
            return
        except ConflictError:
            time.sleep(_WAIT_S)


_Placed = tuple[str, dict[str, Any]]


def _batches(feed: Feed, known: KickOffs) -> Iterator[list[_Placed]]:
    for first in range(0, len(feed.events), _AT_ONCE):
        some = feed.events[first : first + _AT_ONCE]
        yield [(place, timed(event, known)) for place, event in some]


def _revised(
    batch: Sequence[_Placed], store: ServingStore, rule: EventRule, *, now: datetime
) -> Iterator[_Placed]:
    """What is to be posted of a provider's events."""
    ids = [(event["match_id"], event["event_id"]) for _, event in batch]
    versions = store.known(EVENTS, list(dict.fromkeys(ids)))
    for (place, event), id_ in zip(batch, ids, strict=True):
        said = revised(event, versions.get(id_, ()), rule=rule, now=now)
        if said is not None:
            yield place, said
