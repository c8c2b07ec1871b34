"""What people read: an incident opened, it is over, a run has completed, or warns. Their ids are stable."""

from datetime import UTC, datetime, timedelta

from touchline.core.alerts.to_do import to_do
from touchline.core.ports import Alert, Incident, Run, keys_of
from touchline.core.wording import counted
from touchline.errors import MissingInputError, QualityError


def opened(incident: Incident, now: datetime) -> Alert:
    """The alert of an incident that was met for the first time."""
    lines = [incident.what, f"Since {_at(incident.opened_at)}.", to_do(incident)]
    subject = f"{_place(incident)}: {_headline(incident)}"
    return Alert(_id("opened", incident), "opened", subject, "\n".join(filter(None, lines)), now)


def recovered(incident: Incident, how: str, now: datetime) -> Alert:
    """The alert of an incident that is over: how it ended, and how long it lasted."""
    assert incident.closed_at is not None
    lasted = _lasted(incident.closed_at - incident.opened_at)
    span = f"from {_at(incident.opened_at)} to {_at(incident.closed_at)}"
    body = f"It lasted {lasted}, {span}. It was:\n{incident.what}"
    subject = f"{_place(incident)}: {how}"
    return Alert(_id("recovered", incident), "recovered", subject, body, now)


def completed(run: Run, now: datetime) -> Alert:
    """The notice of a run that was published; `run` has its report."""
    values = " ".join(keys_of(run.partition).values())
    steps = run.report.get("steps", [])
    rows = sum(s.get("rows", 0) for s in steps)
    rejected = sum(sum(s.get("rejected", {}).values()) for s in steps)
    made = f"{counted(len(steps), 'table')}, {counted(rows, 'row')}, {rejected} rejected"
    body = f"{made}.\nRun {run.run_id}."
    subject = f"{run.pipeline}: completed for {values}"
    return Alert(f"completed {run.run_id}", "completed", subject, body, now)


def warned(run: Run, now: datetime) -> Alert:
    """The notice of a run that was published although rules warn of it."""
    body = f"{run.message}\nThe partition is published. Run {run.run_id}."
    subject = f"{run.pipeline} {run.partition}: published with warnings"
    return Alert(f"warned {run.run_id}", "warned", subject, body, now)


def trial(now: datetime) -> Alert:
    """A message that only shows whether a target can be reached."""
    body = "This is a test of the target. Nothing is wrong."
    return Alert(f"test {now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "test", "a test", body, now)


def _id(kind: str, incident: Incident) -> str:
    return f"{kind} {incident.key} {incident.opened_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _place(incident: Incident) -> str:
    return f"{incident.pipeline} {incident.where}".rstrip()


def _headline(incident: Incident) -> str:
    about = incident.key.rpartition(" ")[2]
    if about == "input":
        return "input is missing"
    if about == "file":
        return "cannot be landed" if incident.where else "no file can be landed"
    if about == "command":
        return "a command failed"
    if about == "lag":
        return "the live path lags"
    if about == "bronze":
        return "bronze is damaged"
    if incident.code == MissingInputError.exit_code:
        return "waits for input"
    return "refused" if incident.code == QualityError.exit_code else "failed"


def _at(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def _lasted(span: timedelta) -> str:
    """In the two largest units that it has."""
    left, words = int(span.total_seconds()), list[str]()
    for unit, seconds in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, left = divmod(left, seconds)
        words += [f"{number} {unit}"] if number else []
    return " ".join(words[:2]) or "less than a second"
