"""alerts: open incidents, what was not delivered yet, and a test of the targets."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from touchline import config
from touchline.cli.output import JSON, say, table, worst
from touchline.errors import ConfigError, TouchlineError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.pipeline.drive import Done


@contextmanager
def unalarmed() -> Iterator[None]:
    """What goes wrong with alerts is told in a line, and fails nothing."""
    try:
        yield
    except TouchlineError as exc:
        say(f"incidents cannot be noted: {exc}")


def note(here: Touchline, done: "Done") -> None:
    """What the end of a partition's run says of incidents."""
    with unalarmed():
        here.alerts.ran(done)


def ended_by_others(here: Touchline) -> bool:
    """Whether there is something to tell of runs that this command did not make: it ended a killed one's."""
    from touchline.core import notices

    with unalarmed():
        return notices.unread(here.ledger)
    return False


def deliver(here: Touchline) -> None:
    """Send what waits in the outbox; a line for each target that did not take it."""
    with unalarmed():
        for delivery in (d for d in here.alerts.deliver() if d.sent_at is None):
            later = "it stays in the outbox, `touchline check` tries again"
            end = later if delivery.next_at is not None else "it is given up"
            say(f"alert not delivered to {delivery.target}: {delivery.error}; {end}")


def unset(here: Touchline) -> dict[str, TouchlineError]:
    """The targets whose environment variable is not set, and why nothing can be told to them."""
    wrong: dict[str, TouchlineError] = {}
    for target, secret in here.config.alerts.targets.items():
        try:
            secret.value()
        except ConfigError as exc:
            wrong[target] = ConfigError(f"$.alerts.targets.{target}: {exc}", hint=exc.hint)
    return wrong


@click.command()
@click.option("--test", is_flag=True, help="Send a test message to each target instead.")
@JSON
@click.pass_obj
def alerts(file: Path | None, *, test: bool, as_json: bool) -> None:
    """List open incidents and alerts that were not delivered yet.

    Example: touchline alerts --test
    """
    here = Touchline(config.load(file))
    if test:
        _test(here, as_json=as_json)
    found = {"incidents": _incidents(here), "undelivered": _undelivered(here)}
    if as_json:
        click.echo(json.dumps(found, indent=1, default=datetime.isoformat))
        return
    table(found["incidents"], title="open incidents", empty="no open incidents", every=True)
    table(found["undelivered"], title="undelivered", empty="no undelivered alerts", every=True)


def _incidents(here: Touchline) -> list[dict[str, Any]]:
    from touchline.core.alerts import to_do

    return [
        {
            "pipeline": i.pipeline,
            "where": i.where or None,
            "since": i.opened_at,
            "what": i.what,
            "to_do": to_do(i) or None,
        }
        for i in here.ledger.notes.incidents()
    ]


def _undelivered(here: Touchline) -> list[dict[str, Any]]:
    from touchline.core.alerts import waits_for

    outbox = here.ledger.notes.outbox()
    alerts = {(d.target, d.alert.id): d.alert for d in outbox}
    return [
        {
            "target": d.target,
            "alert": d.alert.subject,
            "kind": d.alert.kind,
            "attempts": d.attempts,
            "next": None if before else d.next_at,
            "waits_for": before.subject if before else None,
            "error": d.error or None,
        }
        for d, before in ((d, waits_for(d, alerts)) for d in outbox)
    ]


def _test(here: Touchline, *, as_json: bool) -> None:
    """Send a test message to each target, show how each answered, and exit."""
    if not here.alerts.targets:
        raise ConfigError(
            "no target to test: $.alerts.targets is empty",
            hint='name one: targets = { mail = { env = "TOUCHLINE_MAIL_URL" } }',
        )
    answers = here.alerts.tested()
    rows = [{"target": t, "answer": str(exc) if exc else "taken"} for t, exc in answers.items()]
    table(rows, as_json=as_json)
    sys.exit(worst(exc.exit_code for exc in answers.values() if exc))
