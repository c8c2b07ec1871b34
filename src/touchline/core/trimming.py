"""What a log may forget: what is old, archived, and read by all who read it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from touchline.core.archive import Archive, place
from touchline.core.ports import Ledger, Log, Position


def trimmed(
    of: Archive,
    days: int,
    *,
    log: Log,
    ledger: Ledger,
    read: Sequence[Position],
    now: datetime,
) -> int:
    """Forget records older than so many days, if they are archived and all of `read` are past them.

    How many went.
    """
    first = log.start(of.topic)
    old = log.start(of.topic, since=now - timedelta(days=days))
    held = [old, place(of, ledger), *read]
    upto = {lane: max(n, min(h.get(lane, n) for h in held)) for lane, n in first.items()}
    if upto != first:
        log.trim(of.topic, upto)
    return sum(upto[lane] - n for lane, n in first.items())
