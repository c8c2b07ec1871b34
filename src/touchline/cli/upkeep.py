"""maintain, retain: what is cleaned up, and what is past its days."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from touchline import config
from touchline.cli.output import JSON, complain, counted, progress, say, table, worst
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.retention import Past
    from touchline.errors import ConflictError

Found = list[tuple[str, "Past"]]
_NOT_SAID = "nothing is configured: retention.tables and retention.bronze say what is kept how long"


@click.command()
@JSON
@click.pass_obj
def maintain(file: Path | None, *, as_json: bool) -> None:
    """Forget old publishes, merge small files, expire snapshots, delete files nobody names.

    Of bronze, many small files of a partition are put into one, and what no receipt names is
    deleted.
    """
    from touchline.core.maintenance import Kept, maintain_bronze
    from touchline.core.maintenance import maintain as upkeep
    from touchline.core.packing import PackRule

    settings = config.load(file)
    here = Touchline(settings)
    kept = Kept(settings.retention.publishes, settings.retention.days)
    platform, pipelines = here.platform(), list(here.pipelines.values())
    done = [u for pipeline in pipelines for u in upkeep(pipeline, platform, kept=kept)]
    done += maintain_bronze(pipelines, platform, rule=PackRule())
    rows = [
        {
            "table": u.table,
            "publishes forgotten": u.forgotten,
            "compacted": u.compacted,
            "snapshots expired": u.snapshots,
            "files deleted": u.files,
            "MB freed": u.bytes / 1e6,
        }
        for u in done
    ]
    table(rows, as_json=as_json, empty="nothing to maintain yet")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only list what would go.")
@JSON
@click.pass_obj
def retain(file: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Take away partitions of tables, and what arrived in bronze, that are past their days.

    retention.tables and retention.bronze say for how many days each is kept. Nothing is planned of
    what went; `touchline run --force --partition` makes it again, where its files are kept.

    Example: touchline retain --dry-run
    """
    from touchline.core import retention
    from touchline.core.sweep import swept

    settings = config.load(file)
    here = Touchline(settings)
    now = datetime.now(UTC)
    found: Found = [
        (name, each)
        for name, pipeline in here.pipelines.items()
        for each in retention.past(
            pipeline, here.days(name), ledger=here.ledger, objects=here.objects, now=now
        )
    ]
    codes: list[int] = []
    if not dry_run:
        found, codes = _taken(here, found)
        swept(here.objects, here.ledger, now=now)
    said = settings.retention.tables or settings.retention.bronze
    table(
        [_row(name, each) for name, each in found],
        as_json=as_json,
        least=("pipeline", "day", "files", "MB"),
        whole=("what", "partition"),
        empty="nothing is past its days" if said else _NOT_SAID,
    )
    if found:
        size = sum(each.bytes for _, each in found) / 1e6
        would = "would go" if dry_run else "went"
        say(f"{counted(len(found), 'partition')} {would}, {size:.1f} MB")
    sys.exit(worst(codes))


def _taken(here: Touchline, found: Found) -> tuple[Found, list[int]]:
    """What went, and the exit codes of what did not."""
    went: Found = []
    held: dict[str, ConflictError] = {}
    with progress("retain", len(found)) as tell:
        for name, each, error in _each(here, found):
            tell(f"{each.what} {each.partition}", "held" if error else "retired")
            if error is None:
                went.append((name, each))
            else:
                held[str(error)] = error
    for error in held.values():
        complain(str(error), error.hint)
    return went, [error.exit_code for error in held.values()]


def _each(here: Touchline, found: Found) -> "Iterator[tuple[str, Past, ConflictError | None]]":
    from touchline.core import retention

    for name, pipeline in here.pipelines.items():
        mine = [each for of, each in found if of == name]
        for each, error in retention.retain(pipeline, here.platform(), mine):
            yield name, each, error


def _row(pipeline: str, each: "Past") -> dict[str, Any]:
    files = each.what == "bronze"
    return {
        "pipeline": pipeline,
        "what": each.what,
        "partition": each.partition,
        "day": each.day,
        "rows": None if files else each.count,
        "files": each.count if files else None,
        "MB": round(each.bytes / 1e6, 6),
    }
