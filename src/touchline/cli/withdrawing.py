"""withdraw: landed files that are not to count, taken out and put back."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from touchline import config
from touchline.cli.alerting import deliver, unalarmed
from touchline.cli.output import JSON, counted, say, table
from touchline.errors import ConfigError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.pipeline import Pipeline
    from touchline.core.ports import Receipt
    from touchline.core.withdrawal import Told


@click.command()
@click.argument("domain")
@click.argument("part", metavar="PARTITION")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--because", default="", help="Why; it is kept.")
@click.option("--undo", is_flag=True, help="Let the files count again.")
@JSON
@click.pass_obj
def withdraw(
    file: Path | None,
    domain: str,
    part: str,
    names: tuple[str, ...],
    *,
    because: str,
    undo: bool,
    as_json: bool,
) -> None:
    """Take the files NAME of PARTITION out of what counts; without NAME, list its files.

    Nothing is deleted. The same file stays withdrawn if it lands again, another under its name counts.
    NAME may be a pattern: '*' is all of them.

    Example: touchline withdraw activity ingestion_date=2025-01-02 events/app/events.json --because "a test"
    """
    from touchline.core.withdrawal import files_of
    from touchline.core.withdrawal import withdraw as out

    here = Touchline(config.load(file))
    pipeline, why = here.pipeline(domain), because.strip()
    files = files_of(pipeline, part, here.ledger)
    _must_say(files, names, because, undo=undo)
    if names:
        done = out(pipeline, part, names, platform=here.platform(), because=why)
        _tell(here, pipeline, part, done=done, undo=undo)
        files = files_of(pipeline, part, here.ledger)
    table([_row(receipt) for receipt in files.values()], as_json=as_json)


def _must_say(
    files: "dict[str, Receipt]", names: tuple[str, ...], because: str, *, undo: bool
) -> None:
    """Refuse what is half said."""
    if (because or undo) and not names:
        raise ConfigError(f"which files? there is: {', '.join(files)}", hint="'*' is all of them")
    if because and undo:
        raise ConfigError("--undo and --because: a file that counts needs no reason")
    if names and not undo and not because.strip():
        raise ConfigError("--because is missing or empty: say why, it is kept")


def _tell(here: Touchline, pipeline: "Pipeline", part: str, *, done: "Told", undo: bool) -> None:
    """What changed, what follows from it, and the end of incidents of what counts no more."""
    from touchline.core.alerts import of_withdrawn

    of = f"{pipeline.name} {part}"
    if not done.written:
        say(f"{of}: nothing to change")
        return
    now = "counts again" if undo else "withdrawn"
    say(f"{of}: {now}: {', '.join(r.name for r in done.written)}")
    if done.counting:
        say(f"{counted(done.counting, 'file')} of it count; touchline plan says what is stale now")
        return
    gone = f"; the rows of {counted(len(done.emptied), 'table')} went" if done.emptied else ""
    say(f"no file of it counts: nothing is planned of it{gone}")
    with unalarmed():
        here.alerts.saw(of_withdrawn(pipeline, part))
        deliver(here)


def _row(receipt: "Receipt") -> dict[str, Any]:
    return {
        "file": receipt.name,
        "state": f"withdrawn: {receipt.withdrawn}" if receipt.withdrawn else "counts",
        "came from": receipt.source,
        "since": receipt.received_at,
        "bytes": receipt.size,
        "sha256": receipt.sha256[:12],
    }
