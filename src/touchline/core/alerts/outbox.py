"""The outbox is emptied: each alert to each target, again and again until it is there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from touchline.core.ports import Alert, Delivery, Ledger, Notifier
from touchline.errors import TouchlineError

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=7)


def deliver(
    ledger: Ledger, notifier: Notifier, *, targets: Sequence[str], now: datetime
) -> list[Delivery]:
    """Try what is due, in order; what was tried, as it stands now.

    One process at a time does so; beside it this does nothing. Of a target that fails nothing more is
    tried this time, and that something is over is not told before that it began. An alert counts as
    sent once its target has taken it: a process that is killed in between tells it again, under the
    same id.
    """
    if not any(_is_due(d, targets, now) for d in ledger.notes.outbox()):
        return []
    with ledger.claim("alerts", ["outbox"]) as claims:
        return list(_delivered(ledger, notifier, targets, now=now)) if claims.held else []


def _delivered(
    ledger: Ledger, notifier: Notifier, targets: Sequence[str], *, now: datetime
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
        now_so = _tried(waiting, notifier, targets=targets, now=now)
        ledger.notes.told(now_so)
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
    delivery: Delivery, notifier: Notifier, *, targets: Sequence[str], now: datetime
) -> Delivery:
    """The delivery after one attempt: sent, to be tried again, or given up."""
    if delivery.target not in targets:
        return replace(delivery, next_at=None, error="the target is configured no more")
    attempts = delivery.attempts + 1
    try:
        notifier.send(delivery.target, delivery.alert)
    except TouchlineError as exc:
        old = now - delivery.alert.at > GIVEN_UP_AFTER
        again = None if old else now + wait_after(attempts)
        return replace(delivery, attempts=attempts, next_at=again, error=str(exc))
    return replace(delivery, attempts=attempts, sent_at=now, error="")
