"""Looks at how things are: of a whole pipeline, of its bronze, of partitions that just ran."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from touchline.core import checks
from touchline.core.alerts.incidents import Observed
from touchline.core.checks import About, Finding
from touchline.core.due import Due, came, is_due, late
from touchline.core.pipeline import Pipeline
from touchline.core.pipeline.ends import Done
from touchline.core.ports import Incident, Lag, Ledger, Partition, keys_of
from touchline.core.withdrawing import received, without_files
from touchline.core.wording import counted
from touchline.errors import MissingInputError, TouchlineError, TransientError

WELL = "it is well again"
CAME = "its input has come"
MOOT = "its input is no longer expected"
SERVED = "what came is served again"
WITHDRAWN = "its files were withdrawn"


def of_pipeline(
    pipeline: Pipeline,
    due: Due | None,
    ledger: Ledger,
    *,
    now: datetime,
    days: int = 7,
    patience: timedelta = timedelta(),
) -> Observed:
    """A pipeline's missing input and the runs that were refused, failed or wait.

    Input that was missing is over when it has come, or is expected no more; not because a look goes
    less far back. A partition that lacks files is none before nothing has come for it for so long as
    `patience` says: the others are on their way.
    """
    findings = list(checks.of_input(pipeline, due, ledger, now=now, days=days)) if due else []
    runs = list(checks.of_runs(pipeline, ledger))
    coming = (
        _still_coming(runs, pipeline, ledger, since=now - patience) if patience else frozenset()
    )
    findings += [finding for finding in runs if finding.where not in coming]

    def ended(incident: Incident) -> str:
        if incident.where in coming:
            return ""
        if _is(incident, pipeline, "run"):
            return _made_well(incident.where, pipeline, ledger)
        if not _is(incident, pipeline, "input"):
            return ""
        if due is None:
            return MOOT
        if incident.where:
            return _day_came(incident, pipeline, due=due, ledger=ledger)
        in_view = bool(late(due, now=now, days=days))
        return _something_came(incident, pipeline, ledger, in_view=in_view)

    def again() -> Observed:
        return of_pipeline(pipeline, due, ledger, now=now, days=days, patience=patience)

    return Observed(tuple(findings), ended, again)


def of_partition(pipeline: Pipeline, part: Partition, ledger: Ledger) -> Observed:
    """A partition whose files were withdrawn or put back: what was said of its runs may be over."""
    unwell = any(checks.of_runs(pipeline, ledger, parts=[part]))

    def ended(incident: Incident) -> str:
        here = _is(incident, pipeline, "run") and incident.where == part
        return _made_well(part, pipeline, ledger) if here and not unwell else ""

    return Observed((), ended, lambda: of_partition(pipeline, part, ledger))


def _made_well(part: Partition, pipeline: Pipeline, ledger: Ledger) -> str:
    """How the partition's incident ended: it was made, or nothing is to be made of it."""
    counting = ledger.contents(pipeline.name, [part])
    return WITHDRAWN if without_files(pipeline, ledger, counting, parts=[part]) else WELL


def _still_coming(
    runs: Sequence[Finding], pipeline: Pipeline, ledger: Ledger, *, since: datetime
) -> frozenset[str]:
    """The partitions that lack files, of which one has come since then."""
    lacking = [f.where for f in runs if f.code == MissingInputError.exit_code]
    return frozenset(
        part
        for part, files in ledger.arrivals(pipeline.name, lacking).items()
        if any(receipt.received_at > since for receipt in files.values())
    )


def of_stream(name: str, lag: Lag, *, now: datetime, max_lag_s: float) -> Observed:
    """A pipeline's live path: what was posted is served, or has not waited longer than it may."""
    findings = list[Finding]()
    if lag.oldest_at is not None and (now - lag.oldest_at).total_seconds() > max_lag_s:
        events = counted(lag.records, "event is", "events are")
        since = f"{lag.oldest_at:%Y-%m-%d %H:%M:%S}Z"
        said = f"{events} not served yet, the oldest came at {since}"
        findings.append(Finding(name, "", "lag", said, TransientError.exit_code))
    return Observed(tuple(findings), lambda i: SERVED if i.key == f"{name} lag" else "")


def of_bronze(pipeline: Pipeline, found: Sequence[Finding]) -> Observed:
    """A pipeline's files in bronze, all of which were read: `found` is what `checks.of_bronze` said."""
    return Observed(tuple(found), lambda i: WELL if _is(i, pipeline, "bronze") else "")


def of_done(dones: Iterable[Done]) -> Observed:
    """Partitions that just ran.

    Those that were held, stopped or only decoded say nothing of how their partition stands.
    """
    findings, over = list[Finding](), dict[tuple[str, str], str]()
    for done in dones:
        if done.run is None:
            continue
        run, error = done.run, done.error
        if run.status == "published":
            over[run.pipeline, run.partition] = WELL
        elif run.status == "withdrawn":
            over[run.pipeline, run.partition] = WITHDRAWN
        elif run.status in ("refused", "failed", "waiting") and error is not None:
            said = checks.waits(lacking) if (lacking := _lacking(error)) else checks.ended(run)
            findings.append(Finding(run.pipeline, run.partition, "run", said, error.exit_code))

    def ended(incident: Incident) -> str:
        how = over.get((incident.pipeline, incident.where), "")
        return how if _is_about(incident, "run") else ""

    return Observed(tuple(findings), ended)


def _lacking(error: TouchlineError) -> Sequence[str]:
    """The files that a partition waits for."""
    found = error.facts.get("missing")
    return found if isinstance(found, list) else []


def _is_about(incident: Incident, about: About) -> bool:
    return incident.key.endswith(f" {about}")


def _is(incident: Incident, pipeline: Pipeline, about: About) -> bool:
    return incident.pipeline == pipeline.name and _is_about(incident, about)


def _day_came(incident: Incident, pipeline: Pipeline, *, due: Due, ledger: Ledger) -> str:
    """How a day that lacked its input stands; days before the first that came are not expected."""
    there = came(pipeline, ledger)
    if incident.where in there:
        return CAME
    early = bool(there) and incident.where < min(there)
    (day,) = keys_of(incident.where).values()
    gone = incident.where in ledger.retired(pipeline.name)
    return MOOT if early or gone or not is_due(due, date.fromisoformat(day)) else ""


def _something_came(
    incident: Incident, pipeline: Pipeline, ledger: Ledger, *, in_view: bool
) -> str:
    """How a pipeline that lacked input stands: with a firing in view it would have been found again."""
    receipts = received(ledger, pipeline.name).values()
    since = incident.opened_at
    came = in_view or any(r.received_at > since for files in receipts for r in files.values())
    return CAME if came else ""
