"""quarantine: rejected rows, listed, shown, mended, let go, and run again."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from touchline import config
from touchline.cli import letters
from touchline.cli.finishing import finish
from touchline.cli.kinds import TEXT
from touchline.cli.output import JSON, counted, say, table
from touchline.cli.runs import chosen
from touchline.core.wording import without_byte
from touchline.errors import ConfigError, MissingInputError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.pipeline import Pipeline
    from touchline.core.quarantine.mending import Change
    from touchline.core.quarantine.rejected import Rejected


def _chosen(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose among rejected rows."""
    options = (
        click.option("--table", help="Only rows that this table rejected."),
        click.option("--partition", "-p", metavar="K=V", help="Only rows of this partition."),
        click.option("--reason", help="Only rows whose reason has this in it."),
        click.option("--run", "run_id", help="Only rows of this run, by the beginning of its id."),
    )
    for option in reversed(options):
        command = option(command)
    return command


IDS = click.argument("ids", nargs=-1)
BECAUSE = click.option("--because", type=TEXT, required=True, help="Why; it is kept.")


@click.group()
def quarantine() -> None:
    """See to rejected rows: list, show, fix, discard, replay.

    Example: touchline quarantine list
    """


@quarantine.command("list")
@_chosen
@click.option("--each", is_flag=True, help="A line for each row, in place of one for each reason.")
@JSON
@click.pass_obj
def list_(file: Path | None, /, *, each: bool, as_json: bool, **wanted: Any) -> None:
    """List rejected rows by table, partition and reason; rows that were seen to are not open.

    Example: touchline quarantine list --table tracking.events --each
    """
    here = Touchline(config.load(file))
    found = [row for _, rows in _rejected(here, (), **wanted) for row in rows]
    rows = _each(found) if each else _grouped(found)
    table(rows, as_json=as_json, empty="no rejected rows", every=True, counts=not each)


def _rejected(
    here: Touchline, ids: Sequence[str], **wanted: Any
) -> "list[tuple[Pipeline, list[Rejected]]]":
    """The rows of each pipeline; every id must be one of them."""
    from touchline.core import backfill
    from touchline.core.quarantine.rejected import Wanted, rejected

    asked = Wanted(**wanted)
    if asked.partition is not None:
        backfill.owner(list(here.pipelines.values()), asked.partition)
    _must_be_there(here, asked.table, asked.run_id)
    found = [(p, rejected(p, here.platform(), asked)) for p in here.pipelines.values()]
    if not ids:
        return found
    known = {row.id for _, rows in found for row in rows}
    unknown = [each for each in ids if each not in known]
    if unknown:
        raise ConfigError(
            f"no rejected row {', '.join(unknown)}", hint="see: touchline quarantine list --each"
        )
    return [(p, [row for row in rows if row.id in ids]) for p, rows in found]


def _must_be_there(here: Touchline, table: str | None, run_id: str | None) -> None:
    """Refuse what there is not: no rows of it would look as if all were well."""
    tables = [step.table for p in here.pipelines.values() for step in p.steps]
    if table not in (None, *tables, *(name.partition(".")[2] for name in tables)):
        raise ConfigError(f"no table {table!r}", hint=f"there is: {', '.join(tables)}")
    if run_id is not None and not here.ledger.runs(run_id=run_id, limit=1):
        raise ConfigError(f"no run {run_id!r}", hint="see: touchline runs")


def _grouped(rows: "Sequence[Rejected]") -> list[dict[str, Any]]:
    counts: Counter[tuple[str, ...]] = Counter()
    still: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        key = (row.table, row.partition, without_byte(row.reason), row.source, row.run_id)
        counts[key] += 1
        still[key] += row.state == "open"
    names = ("table", "partition", "reason", "file", "run")
    return [
        {**dict(zip(names, key, strict=True)), "rows": n, "open": still[key]}
        for key, n in counts.items()
    ]


def _each(rows: "Sequence[Rejected]") -> list[dict[str, Any]]:
    return [
        {
            "id": row.id or None,
            "state": row.state,
            "table": row.table,
            "partition": row.partition,
            "reason": row.reason,
            "file": row.source,
            "line": row.line,
            "run": row.run_id,
        }
        for row in rows
    ]


@quarantine.command("show")
@click.argument("id_", metavar="ID")
@click.pass_obj
def show(file: Path | None, id_: str) -> None:
    """Show the row ID: the line as it arrived, where from, and what was said of it.

    Example: touchline quarantine show 1f0c8a3b5d7e:214
    """
    from touchline.core.quarantine.rejected import lines_of, origin

    here = Touchline(config.load(file))
    for pipeline, rows in _rejected(here, (id_,)):
        for row in rows:
            bronze, receipt = origin(row, pipeline, here.platform())
            assert row.line is not None
            lines = lines_of(receipt, bronze, [row.line], platform=here.platform())
            click.echo(f"{row.table}  {row.partition}  {row.state}  run {row.run_id}")
            click.echo(f"reason: {row.reason}")
            click.echo(f"from:   line {row.line} of {receipt.source} (sha256 {receipt.sha256})")
            click.echo(f"came:   {receipt.received_at:%Y-%m-%d %H:%M:%SZ}")
            click.echo(lines.get(row.line, row.row))
            if pipeline.name == "matches":
                letters.show_refused(row.row)
            _show_mend(row)


def _show_mend(row: "Rejected") -> None:
    """What was said of the row's line, and whether the next run is still to see it."""
    if row.mend is None:
        return
    when = f"{row.mend.at:%Y-%m-%d %H:%M:%SZ}"
    seen = "" if row.state != "open" else "; it is what the run rejected"
    what = "let go" if row.mend.row is None else "mended"
    click.echo(f"{what}: {row.mend.because} ({when}{seen})")
    if row.mend.row is not None:
        click.echo(row.mend.row)


@quarantine.command("fix")
@IDS
@_chosen
@click.option("--row", type=TEXT, help="The whole line, as it should have been.")
@click.option(
    "--set",
    "fields",
    type=TEXT,
    multiple=True,
    metavar="FIELD=VALUE",
    help="A field of the line, JSON or CSV; may be repeated.",
)
@click.option(
    "--replace", "swap", type=TEXT, nargs=2, metavar="OLD NEW", help="Part of the line by another."
)
@BECAUSE
@click.pass_obj
def fix(
    file: Path | None,
    /,
    ids: tuple[str, ...],
    *,
    row: str | None,
    fields: tuple[str, ...],
    swap: tuple[str, str] | None,
    because: str,
    **wanted: Any,
) -> None:
    """Put another text in the place of the lines IDS, or of those that the options choose.

    The files in bronze stay as they came; what is said of them arrives beside them, and holds for
    every later run. Then: touchline quarantine replay.

    Example: touchline quarantine fix --reason "event_ts" --replace " noon" "T12:00:00Z" --because "old app"
    """
    change = _change(row, fields, swap)
    _mend(file, ids, change, because=because, one_row=row is not None, **wanted)


def _change(row: str | None, fields: tuple[str, ...], swap: tuple[str, str] | None) -> "Change":
    from touchline.core.quarantine import mending

    if (row is not None) + bool(fields) + bool(swap) != 1:
        raise ConfigError("give one of --row, --set and --replace")
    if row is not None:
        return lambda *_: row
    if swap:
        return mending.replaced(*swap)
    pairs = [field.partition("=") for field in fields]
    odd = [name for name, equals, _ in pairs if not (name and equals)]
    if odd:
        raise ConfigError(f"--set {odd[0]}: expected FIELD=VALUE")
    return mending.with_fields({name: value for name, _, value in pairs})


def _mend(
    file: Path | None,
    ids: tuple[str, ...],
    change: "Change",
    *,
    because: str,
    one_row: bool = False,
    **wanted: Any,
) -> None:
    if not because.strip():
        raise ConfigError("--because is empty: say why, it is kept")
    if not ids and not any(wanted.values()):
        raise ConfigError("which rows?", hint="give ids, or --table, --partition, --reason, --run")
    here = Touchline(config.load(file))
    parts, seen = list[str](), 0
    found = _rejected(here, ids, **wanted)
    if one_row and sum(len(rows) for _, rows in found) > 1:
        raise ConfigError(
            "--row is one line's text, and several rows are chosen",
            hint="give one id, or --set or --replace",
        )
    for pipeline, rows in found:
        parts += letters.mended(rows, change, pipeline, here=here, because=because)
        seen += len(rows)
    if not seen:
        raise MissingInputError("no such rejected row", hint="see: touchline quarantine list")
    say(f"{counted(seen, 'row')} of {counted(len(parts), 'partition')}")
    say("touchline quarantine replay makes the tables with it")


@quarantine.command("discard")
@IDS
@_chosen
@BECAUSE
@click.pass_obj
def discard(file: Path | None, /, ids: tuple[str, ...], *, because: str, **wanted: Any) -> None:
    """Let the lines IDS go, or those that the options choose: they count no more as rejected.

    Example: touchline quarantine discard 1f0c8a3b5d7e:214 --because "a test of the app"
    """
    from touchline.core.quarantine.mending import discarded

    _mend(file, ids, discarded, because=because, **wanted)


@quarantine.command("replay")
@click.argument("parts", nargs=-1, metavar="[K=V]...")
@JSON
@click.pass_obj
def replay(file: Path | None, parts: tuple[str, ...], *, as_json: bool) -> None:
    """Run the partitions again whose lines were mended or let go; again, it finds nothing to do.

    What the gate refused as it is waits for more to be seen to; touchline run tries it again.

    Example: touchline quarantine replay ingestion_date=2025-01-02
    """
    from touchline.core.pipeline import drive
    from touchline.core.quarantine.replaying import to_replay

    here = Touchline(config.load(file))
    platform, ends, total = here.platform(), [], 0
    for pipeline, _ in chosen(here, None, parts):
        drive.settle(pipeline, platform)
        wanted = to_replay(pipeline, here.ledger, parts=parts or None)
        total += len(wanted)
        ends += [drive.run(pipeline, platform, plans=wanted)]
    each = (done for end in ends for done in end)
    finish(here, each, total, as_json=as_json, keep_going=True, empty="nothing to replay")
