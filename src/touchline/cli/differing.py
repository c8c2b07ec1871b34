"""diff: what changed between two publishes of a partition."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from touchline import config
from touchline.cli.output import JSON, counted, say, table
from touchline.errors import ConfigError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.diff import Diff


@click.command()
@click.argument("name", metavar="TABLE")
@click.argument("part", metavar="PARTITION")
@click.option("--from", "earlier", metavar="RUN", help="The earlier publish; else the one before.")
@click.option("--to", "later", metavar="RUN", help="The later publish; else the current one.")
@click.option("--dry-run", is_flag=True, help="Compare with what a run would publish now.")
@click.option(
    "--rows",
    "most",
    type=click.IntRange(0, 10_000),
    default=10,
    show_default=True,
    help="How many differing rows to show.",
)
@JSON
@click.pass_obj
def diff(
    file: Path | None,
    name: str,
    part: str,
    *,
    earlier: str | None,
    later: str | None,
    dry_run: bool,
    most: int,
    as_json: bool,
) -> None:
    """Show what changed in a PARTITION of TABLE: rows added, removed, changed, and by how much.

    Example: touchline diff player_metrics match_id=2017461 --dry-run
    """
    from touchline.core import backfill
    from touchline.core import diff as diffs
    from touchline.views import contract_of

    here = Touchline(config.load(file))
    contract, column = contract_of(here, name)
    if column is not None:
        raise ConfigError(f"{name}: a column; give a table", hint=f"such as {contract.table}")
    if dry_run and (earlier or later):
        raise ConfigError("--dry-run compares with what is current: no --from, no --to")
    pipeline = here.pipeline(contract.table.partition(".")[0])
    backfill.checked(pipeline, part)
    platform = here.platform()
    if dry_run:
        found = diffs.tried(pipeline, contract, part, platform=platform, most=most)
    else:
        runs = (earlier, later)
        found = diffs.published(contract, part, platform=platform, runs=runs, most=most)
    _shown(found, as_json=as_json)


def _shown(found: "Diff", *, as_json: bool) -> None:
    import json

    if as_json:
        import msgspec

        click.echo(json.dumps(msgspec.to_builtins(found), indent=1, default=str))
        return
    click.echo(
        f"{found.table}  {found.partition}  {found.runs[0]} -> {found.runs[1]}:"
        f" {found.counts[0]} -> {counted(found.counts[1], 'row')}"
    )
    if found.warned:
        say(found.warned)
    if found.same:
        say("the same rows")
        return
    click.echo(f"{found.added} added, {found.removed} removed, {found.changed} changed")
    columns: list[dict[str, Any]] = [
        {
            "column": c.column,
            "rows changed": c.changed,
            "sum before": c.before,
            "sum after": c.after,
            "largest change": c.largest,
        }
        for c in found.columns
    ]
    table(columns, title="columns", empty="no column of rows that both have")
    rows = [
        {
            **{k: v for k, v in row.items() if k != "columns"},
            "from -> to": "; ".join(
                f"{name} {was} -> {now}" for name, (was, now) in row.get("columns", {}).items()
            )
            or None,
        }
        for row in found.rows
    ]
    table(rows, title="rows", empty="none shown")
