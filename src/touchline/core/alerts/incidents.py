"""Findings become incidents: opened when first met, closed when it is known that they are over."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from touchline.core.alerts import messages
from touchline.core.checks import Finding
from touchline.core.ports import Alert, Incident, Ledger, Notes


@dataclass(frozen=True)
class Observed:
    """What one look found, and what it can tell of incidents that it did not find.

    `ended` says how an incident ended ("it is well again"), or "" where this look cannot tell.
    `again` looks once more, for a look that others may have overtaken; None where nobody can have.
    """

    findings: tuple[Finding, ...]
    ended: Callable[[Incident], str]
    again: "Callable[[], Observed] | None" = None


def observe(seen: Observed, *, ledger: Ledger, targets: Sequence[str], now: datetime) -> None:
    """Incidents are as they were seen, and an alert for each target waits for what changed.

    The same observation again changes nothing and writes nothing. Alerts are enqueued in the
    transaction that opens or closes their incident: after a kill both are there, or neither.
    """
    if not any(_changes(seen, ledger.notes, now)):
        return
    with ledger.alone():
        seen = seen.again() if seen.again else seen
        incidents, alerts = _changes(seen, ledger.notes, now)
        if incidents:
            ledger.notes.note(incidents)
        if alerts:
            ledger.notes.enqueue(alerts, targets)


def _changes(seen: Observed, notes: Notes, now: datetime) -> tuple[list[Incident], list[Alert]]:
    """The incidents that stand otherwise now, and what people are to hear of it."""
    known = notes.incidents(since=now)
    already = {i.key: i for i in known if i.closed_at is None}
    found = _by_key(seen.findings)
    opened = [_opened(f, known, now) for key, f in found.items() if key not in already]
    over = [(i, seen.ended(i)) for key, i in already.items() if key not in found]
    closed = [(_closed(i, now), how) for i, how in over if how]
    changed = [
        replace(i, what=found[key].what, code=found[key].code)
        for key, i in already.items()
        if key in found and (i.what, i.code) != (found[key].what, found[key].code)
    ]
    alerts = [messages.opened(i, now) for i in opened]
    alerts += [messages.recovered(i, how, now) for i, how in reversed(closed)]
    return [*opened, *(i for i, _ in closed), *changed], alerts


def _by_key(findings: Iterable[Finding]) -> dict[str, Finding]:
    """One finding for each key; of several the first speaks, and says how many more there are."""
    of: dict[str, list[Finding]] = {}
    for finding in findings:
        of.setdefault(finding.key, []).append(finding)
    return {
        key: replace(many[0], what=f"{many[0].what} (and {len(many) - 1} more)")
        if len(many) > 1
        else many[0]
        for key, many in of.items()
    }


def _opened(finding: Finding, known: Sequence[Incident], now: datetime) -> Incident:
    """A new incident, of an instant that no earlier one of the same key has."""
    ends = [i.closed_at for i in known if i.key == finding.key and i.closed_at is not None]
    at = max([now, *(end + timedelta(microseconds=1) for end in ends)])
    f = finding
    return Incident(f.key, f.pipeline, f.where, f.what, f.code, at)


def _closed(incident: Incident, now: datetime) -> Incident:
    return replace(incident, closed_at=max(now, incident.opened_at))
