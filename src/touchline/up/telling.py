"""What `up` sees becomes incidents, and people are told, beside everything else that it does."""

import threading
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from touchline.config import Config
from touchline.core import schedule
from touchline.core.alerts import Alerting, Observed, of_pipeline, of_stream
from touchline.core.checks import UP, Finding
from touchline.core.pipeline import Pipeline
from touchline.core.ports import Incident, Notes
from touchline.core.schedule import Schedule
from touchline.errors import ConfigError, TouchlineError
from touchline.wiring import Touchline

LANDED, GONE, WENT_WELL, NO_MORE = (
    "it is landed",
    "the file is gone",
    "it went well again",
    "it is no longer scheduled",
)
_LOOKS_EVERY_S = 5.0
_USUAL_PATIENCE_MIN = 60.0


def of_the_pipeline(here: Touchline, pipeline: Pipeline, now: datetime) -> Observed:
    """How a pipeline stands; what lacks files has the time that input has when it is due."""
    due = here.due(pipeline.name)
    patience = timedelta(minutes=due.grace_minutes if due else _USUAL_PATIENCE_MIN)
    return of_pipeline(pipeline, due, here.ledger, now=now, patience=patience)


def of_the_stream(here: Touchline, now: datetime) -> Observed:
    """How far behind the live path is."""
    return of_stream("matches", here.lag, now=now, max_lag_s=here.config.matches.max_lag_s)


def of_files(
    refused: Mapping[tuple[str, str], TouchlineError],
    landed: Collection[tuple[str, str]],
    faults: Mapping[str, TouchlineError],
) -> Observed:
    """Files in a landing folder, by domain and path: those that cannot be landed, and those that were.

    `faults` are of a store that takes no file of a domain: one incident, however many files wait.
    """

    def ended(incident: Incident) -> str:
        if not incident.key.endswith(" file"):
            return ""
        if (incident.pipeline, incident.where) in landed or not incident.where:
            return LANDED
        path = Path(incident.where)
        return "" if path.exists() or path.is_symlink() else GONE

    findings = (
        Finding(domain, path, "file", _with_hint(error), error.exit_code)
        for (domain, path), error in refused.items()
    )
    of_stores = (Finding(d, "", "file", str(error), error.exit_code) for d, error in faults.items())
    return Observed((*findings, *of_stores), ended)


def _with_hint(error: TouchlineError) -> str:
    return f"{error} ({error.hint})" if error.hint else str(error)


def of_commands(schedules: tuple[Schedule, ...], notes: Notes) -> Observed:
    """Scheduled commands whose last time did not end well."""
    failing = {
        each.name: Finding(
            UP, each.name, "command", f"{' '.join(each.command)}: {place.said}", place.code
        )
        for each, place in schedule.failing(schedules, notes)
        if not _is_told_itself(each, place.code)
    }
    named = {each.name for each in schedules}

    def ended(incident: Incident) -> str:
        if not incident.key.endswith(" command"):
            return ""
        return WENT_WELL if incident.where in named else NO_MORE

    return Observed(tuple(failing.values()), ended)


def _is_told_itself(each: Schedule, code: int) -> bool:
    """Whether it is `check`, and ended as it does when it found something: that is told already."""
    return each.command[0] == "check" and code > ConfigError.exit_code


def delivering(config: Config, tell: Callable[..., None]) -> threading.Event:
    """Begin to deliver alerts in a thread of its own, soon after the event is set, and now and then.

    A target that does not answer keeps nothing waiting but other alerts.
    """
    soon = threading.Event()

    def work() -> None:
        here = Touchline(config)
        alerts = here.alerts
        while True:
            soon.wait(_LOOKS_EVERY_S)
            soon.clear()
            _deliver(alerts, tell)

    if config.alerts.targets:
        threading.Thread(target=work, daemon=True).start()
    return soon


def _deliver(alerts: Alerting, tell: Callable[..., None]) -> None:
    """Try what is due in the outbox, and say how it went."""
    try:
        for delivery in alerts.deliver():
            event = "alert delivered" if delivery.sent_at else "alert not delivered"
            said = {"message": delivery.error} if delivery.error else {}
            tell(event, alert=delivery.alert.subject, target=delivery.target, **said)
    except (TouchlineError, OSError) as exc:
        tell("error", message=str(exc), hint=getattr(exc, "hint", ""))
