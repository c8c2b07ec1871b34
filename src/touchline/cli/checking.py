"""check: whether all is well, with an exit code for cron."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from touchline import config
from touchline.cli.alerting import deliver, unalarmed, unset
from touchline.cli.kinds import Whole
from touchline.cli.output import JSON, progress, table, worst
from touchline.cli.scheduling import faults
from touchline.errors import ConfigError, TouchlineError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core import alerts
    from touchline.core.checks import Finding
    from touchline.core.pipeline import Pipeline


@click.command()
@click.argument("pipeline", required=False)
@click.option(
    "--days",
    type=Whole(1, 366),
    default=7,
    show_default=True,
    help="How far back input and warnings are looked for.",
)
@click.option(
    "--bronze", is_flag=True, help="Also read every file in bronze, and hold it to its hash."
)
@JSON
@click.pass_obj
def check(
    file: Path | None, pipeline: str | None, *, days: int, bronze: bool, as_json: bool
) -> None:
    """Check that input came when it was due and is published, of PIPELINE or of all.

    What `touchline up` could not land, and commands that it gave and that failed, are told too; commands
    are of PIPELINE up.

    Exits 0 if all is well, 4 if input is missing, 3 if a partition is refused, 7 if bronze is damaged.
    Example: touchline check activity
    """
    from touchline.core import alerts, checks
    from touchline.core.checks import UP, Finding

    here = Touchline(config.load(file))
    looks: list[alerts.Observed] = []
    warned: list[Finding] = []
    for chosen in _chosen(here, pipeline):
        now, due = datetime.now(UTC), here.due(chosen.name)
        looks.append(alerts.of_pipeline(chosen, due, here.ledger, now=now, days=days))
        warned += checks.of_warnings(chosen, here.ledger, now=now, days=days)
        if bronze:
            looks.append(alerts.of_bronze(chosen, _of_bronze(here, chosen)))
    if pipeline in (None, "matches"):
        try:
            looks.append(_of_stream(here))
        except TouchlineError as exc:
            said = f"not looked at, whether events are served: {exc}"
            warned.append(Finding("matches", "", "lag", said, exc.exit_code))
    found = [finding for seen in looks for finding in seen.findings] + warned
    found += _of_up(here, pipeline)
    if pipeline in (None, UP):
        found += [
            Finding(UP, name, "command", f"{place}: {said}", ConfigError.exit_code)
            for name, place, said in faults(here)
        ]
    if pipeline is None:
        found += [
            Finding("alerts", target, "target", str(exc), exc.exit_code)
            for target, exc in unset(here).items()
        ]
    rows = [{"pipeline": f.pipeline, "where": f.where or f.about, "what": f.what} for f in found]
    table(rows, as_json=as_json, empty="all is well")
    with unalarmed():
        for seen in looks:
            here.alerts.saw(seen)
        deliver(here)
    sys.exit(worst(f.code for f in found))


def _chosen(here: Touchline, name: str | None) -> "Sequence[Pipeline]":
    """The pipeline of that name, or all; `up` has nothing but commands."""
    from touchline.core.checks import UP

    if name == UP:
        return ()
    return [here.pipeline(name)] if name else list(here.pipelines.values())


def _of_stream(here: Touchline) -> "alerts.Observed":
    """What was posted and is not served yet; where the stores cannot be opened, nothing is known."""
    from touchline.core import alerts

    now, most = datetime.now(UTC), here.config.matches.max_lag_s
    return alerts.of_stream("matches", here.lag, now=now, max_lag_s=most)


def _of_up(here: Touchline, pipeline: str | None) -> "list[Finding]":
    """What `up` has met. A scheduled `check` that failed is none: what it found is told itself."""
    from touchline.core import checks

    echoes = {(checks.UP, each.name) for each in here.schedules if each.command[0] == "check"}
    met = checks.of_up(here.ledger, pipeline=pipeline or "")
    return [finding for finding in met if (finding.pipeline, finding.where) not in echoes]


def _of_bronze(here: Touchline, pipeline: "Pipeline") -> "list[Finding]":
    from touchline.core import checks

    files = sum(map(len, here.ledger.contents(pipeline.name).values()))
    found: list[Finding] = []
    with progress("check", files) as tell:
        for file, seen in checks.of_bronze(pipeline, here.ledger, here.objects):
            found += [seen] if seen else []
            tell(f"{file.partition}/{file.name}", "damaged" if seen else "well")
    return found
