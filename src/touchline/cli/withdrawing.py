"""withdraw: landed files that should not count, and what has arrived for a partition."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from touchline import config
from touchline.cli.alerting import deliver, unalarmed
from touchline.cli.kinds import TEXT
from touchline.cli.output import JSON, counted, say, table
from touchline.errors import ConfigError, MissingInputError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.pipeline import Pipeline
    from touchline.core.ports import Receipt

_NAMED = 3


@click.command()
@click.argument("domain")
@click.argument("partition")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--because", type=TEXT, default="", help="Why; it is kept.")
@click.option("--undo", is_flag=True, help="Put the files back.")
@JSON
@click.pass_obj
def withdraw(
    file: Path | None,
    domain: str,
    partition: str,
    names: tuple[str, ...],
    because: str,
    *,
    undo: bool,
    as_json: bool,
) -> None:
    """Take the files NAME of DOMAIN's PARTITION out: they count no more, and nothing is deleted.

    Without a NAME, list what has arrived for PARTITION, and what of it counts. The same content
    under that name again stays withdrawn; other content counts.

    Example: touchline withdraw tracking match_id=2017461 dynamic_events.csv --because "another match"
    """
    from touchline.core import backfill, withdrawing

    here = Touchline(config.load(file))
    pipeline = here.pipeline(domain)
    withdrawing.must_have_files(pipeline)
    _must_arrive(here, pipeline, backfill.checked(pipeline, partition))
    if names:
        _must_say(because.strip(), undo=undo)
        changed = withdrawing.withdraw(
            domain,
            partition,
            names,
            because="" if undo else because.strip(),
            objects=here.objects,
            ledger=here.ledger,
            now=datetime.now(UTC),
        )
        _told(here, pipeline, partition, changed=len(changed), undo=undo)
        _noted(here, pipeline, partition)
    elif because or undo:
        raise ConfigError(
            "which files?", hint=f"touchline withdraw {domain} {partition} lists them"
        )
    files = withdrawing.received(here.ledger, domain, [partition]).get(partition, {})
    table([_row(receipt) for receipt in files.values()], as_json=as_json, least=("sha256",))


def _must_arrive(here: Touchline, pipeline: "Pipeline", part: str) -> None:
    """Refuse a partition of which no file is known, with some that are."""
    from touchline.core.withdrawing import received

    if received(here.ledger, pipeline.name, [part]):
        return
    if part in here.ledger.retired(pipeline.name):
        raise MissingInputError(
            f"{pipeline.name} {part}: its files are past their days", hint="ingest them again"
        )
    known: Mapping[str, Any] = received(here.ledger, pipeline.name)
    some = ", ".join(sorted(known)[:_NAMED])
    more = f" and {len(known) - _NAMED} more (touchline status)" if len(known) > _NAMED else ""
    raise MissingInputError(
        f"{pipeline.name} {part}: nothing has arrived for it",
        hint=f"there is: {some}{more}" if known else "see: touchline ingest --help",
    )


def _must_say(because: str, *, undo: bool) -> None:
    if undo and because:
        raise ConfigError("--because and --undo: give one of them")
    if not undo and not because:
        raise ConfigError("--because is empty: say why, it is kept")


def _noted(here: Touchline, pipeline: "Pipeline", part: str) -> None:
    """An incident of the partition that is over with this is noted, and told."""
    from touchline.core.alerts import of_partition

    with unalarmed():
        here.alerts.saw(of_partition(pipeline, part, here.ledger))
    deliver(here)


def _told(here: Touchline, pipeline: "Pipeline", part: str, *, changed: int, undo: bool) -> None:
    """What became of it, and what the next run makes of the partition."""
    from touchline.core import planner
    from touchline.core.retention import unplanned

    if not changed:
        say(f"nothing changed: {'none was withdrawn' if undo else 'withdrawn already'}")
        return
    say(f"{counted(changed, 'file')} of {part} {'put back' if undo else 'withdrawn'}")
    plans = planner.plan(pipeline, here.ledger, parts=[part])
    if unplanned(pipeline, here.ledger, [part]):
        say("it is retired, and its tables stay as they are without touchline run --force")
    elif not plans:
        say("its tables stay as they are")
    elif plans[0].withdrawn:
        say("nothing that arrived for it counts any more: touchline run empties its tables")
    elif plans[0].missing:
        lacks = ", ".join(plans[0].missing)
        say(f"it waits for {lacks}; what was published of it stays until then")
    else:
        say(f"touchline run makes its tables {'with' if undo else 'without'} that")


def _row(receipt: "Receipt") -> dict[str, Any]:
    return {
        "name": receipt.name,
        "state": "withdrawn" if receipt.withdrawn else "counts",
        "because": receipt.withdrawn or None,
        "from": receipt.source,
        "bytes": receipt.size,
        "since": receipt.said_at or receipt.received_at,
        "sha256": receipt.sha256,
    }
