"""archive: what came live lands in bronze."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from touchline import config
from touchline.cli.output import JSON, complain, counted, table
from touchline.errors import MissingInputError
from touchline.wiring import Touchline


@click.command()
@click.option("--all", "whole", is_flag=True, help="The hour that is not over, too.")
@JSON
@click.pass_obj
def archive(file: Path | None, *, whole: bool, as_json: bool) -> None:
    """Land what came live in bronze: of the log, the records of hours that are over.

    What lies there is history: touchline run matches makes tables of it. Given again at any time,
    it goes on where it was. With matches.keep_log_days, older records are then taken out of the log.

    Example: touchline archive --all
    """
    from touchline.core.archive import archived
    from touchline.core.trimming import trimmed
    from touchline.matches.live import STREAM

    here, now = Touchline(config.load(file)), datetime.now(UTC)
    of, log = here.archive, here.log
    done = archived(of, log=log, objects=here.objects, ledger=here.ledger, now=now, whole=whole)
    went = 0
    if days := here.config.matches.keep_log_days:
        read = [here.serving.position(STREAM.reader)]
        went = trimmed(of, days, log=log, ledger=here.ledger, read=read, now=now)
    row = {
        "topic": of.topic,
        "records": done.records,
        "files": done.files,
        "partitions": len(done.partitions),
        "trimmed": went,
    }
    table([row], as_json=as_json)
    if ahead := done.ahead:
        complain(
            f"{counted(ahead, 'record')} of {of.topic} wait for an hour that is yet to come: a clock was"
            " ahead when they came",
            "see to the clock; touchline archive --all takes them now",
        )
    if lost := done.lost:
        complain(
            f"{counted(lost, 'record')} of {of.topic} went from the log before they were archived",
            "archive more often than the log forgets",
        )
        sys.exit(MissingInputError.exit_code)
