"""The outbox is emptied: each alert to each target, again and again until it is there."""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from touchline.core.ports import Alert, Delivery, Ledger, Notifier
from touchline.errors import TouchlineError

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=7)


Taken = MutableMapping[tuple[str, str], Delivery]
"""What a target took and the ledger had no room to note, by target and alert."""


def deliver(
    ledger: Ledger, notifier: Notifier, *, targets: Sequence[str], now: datetime, taken: Taken
) -> list[Delivery]:
    """Try what is due, in order; what was tried, as it stands now.

    One process at a time does so; beside it this does nothing. Of a target that fails nothing more is
    tried this time, and that something is over is not told before that it began. An attempt is noted
    before it is made: where the ledger takes nothing, nobody is told. An alert counts as sent once its
    target has taken it: a process that is killed in between tells it again, under the same id. One that
    lives on remembers it in `taken`.

    Raises:
        TouchlineError: The ledger takes nothing.
    """
    if not any(_is_due(d, targets, now) for d in ledger.notes.outbox()):
        return []
    with ledger.claim("alerts", ["outbox"]) as claims:
        return (
            list(_delivered(ledger, notifier, targets, now=now, taken=taken)) if claims.held else []
        )


def _delivered(
    ledger: Ledger, notifier: Notifier, targets: Sequence[str], *, now: datetime, taken: Taken
) -> Iterator[Delivery]:
    """Each delivery that was tried, once it is recorded how it stands."""
    failed: set[str] = set()
    untold: set[tuple[str, str]] = set()
    for waiting in ledger.notes.outbox():
        kind, _, of = waiting.alert.id.partition(" ")
        too_soon = kind == "recovered" and (waiting.target, of) in untold
        if waiting.target in failed or too_soon or not _is_due(waiting, targets, now):
            untold.add((waiting.target, of))
            continue
        name = (waiting.target, waiting.alert.id)
        if name not in taken:
            taken[name] = _tried(waiting, ledger, notifier, targets=targets, now=now)
        ledger.notes.told(taken[name])
        now_so = taken.pop(name)
        yield now_so
        if now_so.sent_at is None and now_so.next_at is not None:
            failed.add(waiting.target)
            untold.add((waiting.target, of))


def waits_for(delivery: Delivery, waiting: Mapping[tuple[str, str], Alert]) -> Alert | None:
    """The alert that has to be there first, if any: that something is over comes after that it began.

    `waiting` are all alerts of the outbox, by target and id.
    """
    kind, _, of = delivery.alert.id.partition(" ")
    return waiting.get((delivery.target, f"opened {of}")) if kind == "recovered" else None


def wait_after(attempts: int) -> timedelta:
    """How long a delivery waits that has failed so often; it doubles from time to time."""
    return min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT) if attempts else timedelta()


def _is_due(delivery: Delivery, targets: Sequence[str], now: datetime) -> bool:
    """Whether it is time; one that is further off than it ever waits was set by another clock."""
    if delivery.target not in targets or delivery.next_at is None:
        return True
    ahead = delivery.next_at - now
    return ahead <= timedelta() or ahead > wait_after(delivery.attempts)


def _tried(
    waiting: Delivery, ledger: Ledger, notifier: Notifier, *, targets: Sequence[str], now: datetime
) -> Delivery:
    """The delivery after one attempt: sent, to be tried again, or given up."""
    if waiting.target not in targets:
        return replace(waiting, next_at=None, error="the target is configured no more")
    attempts = waiting.attempts + 1
    begun = replace(waiting, attempts=attempts, next_at=now + wait_after(attempts))
    ledger.notes.told(begun)
    try:
        notifier.send(waiting.target, waiting.alert)
    except TouchlineError as exc:
        old = now - waiting.alert.at > GIVEN_UP_AFTER
        return replace(begun, next_at=None if old else begun.next_at, error=str(exc))
    return replace(begun, sent_at=now, error="")
