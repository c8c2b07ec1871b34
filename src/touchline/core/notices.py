"""Notices of what ended, read off the ledger: whoever comes first gives them, and nobody a second time.

How far they have come is a checkpoint in the ledger, so that none is lost where a process is killed
between its publish and what it says of it, or where another one finishes what was left.
"""

from collections.abc import Callable, Iterable, Sequence

from touchline.core.ports import Alert, Ledger, Run

_READER = "notices"
_AT_ONCE = 50


def unread(ledger: Ledger) -> bool:
    """Whether runs have ended that nothing was said of."""
    return bool(ledger.ends(after=_place(ledger), limit=1))


def read(ledger: Ledger, of: Callable[[Run], Iterable[Alert]], *, targets: Sequence[str]) -> None:
    """Put what `of` makes of each run that has ended since the last time into the outbox, in order.

    Alerts and the place that was come to are written in one transaction. Without targets it is only
    the place, so that whoever becomes a target hears of what ends from then on.
    """
    while unread(ledger):
        with ledger.alone():
            ends = ledger.ends(after=_place(ledger), limit=_AT_ONCE)
            ledger.notes.enqueue([alert for run in ends.values() for alert in of(run)], targets)
            ledger.notes.advance(_READER, str(max(ends, default=_place(ledger))))


def _place(ledger: Ledger) -> int:
    return int(ledger.notes.checkpoint(_READER) or 0)
