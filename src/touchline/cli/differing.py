"""diff: what changed between two publishes of a partition."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from touchline import config
from touchline.cli.kinds import Whole
from touchline.cli.output import JSON, counted, table
from touchline.core.wording import number
from touchline.errors import ConfigError, ContractError, QualityError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.diff import Diff

_NO_COLUMN = "rows were only added or removed: no row that is in both differs"


@click.command()
@click.argument("name", metavar="TABLE")
@click.argument("part", metavar="PARTITION")
@click.option("--from", "earlier", metavar="RUN", help="The earlier publish; else the one before.")
@click.option("--to", "later", metavar="RUN", help="The later publish; else the current one.")
@click.option("--dry-run", is_flag=True, help="Compare with what a run would publish now.")
@click.option(
    "--rows",
    "most",
    type=Whole(0, 10_000),
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

    A dry run also says whether it would be published, and what its rules warn of.

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
        with _verdict_if_refused(contract.table, part, as_json=as_json):
            found = diffs.tried(pipeline, contract, part, platform=platform, most=most)
    else:
        runs = (earlier, later)
        found = diffs.published(contract, part, platform=platform, runs=runs, most=most)
    _shown(found, as_json=as_json, verdict=_verdict(found) if dry_run else "")


def _verdict(found: "Diff") -> str:
    return f"would be published, {found.warned}" if found.warned else "would be published"


@contextmanager
def _verdict_if_refused(table_: str, part: str, *, as_json: bool) -> Iterator[None]:
    """That a run would refuse it is the answer; why, and the exit code, are those of the run."""
    try:
        yield
    except (ContractError, QualityError) as exc:
        told = {"table": table_, "partition": part, "verdict": "would be refused", "because": str(exc)}  # fmt: skip
        said = f"{table_}  {part}: would be refused"
        click.echo(json.dumps(told, indent=1) if as_json else said)
        raise


def _shown(found: "Diff", *, as_json: bool, verdict: str) -> None:
    if as_json:
        import msgspec

        told = {**msgspec.to_builtins(found), "same": found.same}
        more = {"verdict": verdict} if verdict else {}
        click.echo(json.dumps({**told, **more}, indent=1, default=str))
        return
    click.echo(
        f"{found.table}  {found.partition}  {found.runs[0]} -> {found.runs[1]}:"
        f" {found.counts[0]:,} -> {counted(found.counts[1], 'row')}"
    )
    if verdict:
        click.echo(verdict)
    if found.same:
        click.echo("the same rows")
        return
    click.echo(f"{found.added:,} added, {found.removed:,} removed, {found.changed:,} changed")
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
    table(columns, title="columns", empty=_NO_COLUMN, counts=True)
    rows = [
        {
            **{k: v for k, v in row.items() if k != "columns"},
            "from -> to": "; ".join(
                f"{name} {_value(was)} -> {_value(now)}"
                for name, (was, now) in row.get("columns", {}).items()
            )
            or None,
        }
        for row in found.rows
    ]
    table(rows, title="rows", empty="none shown")


def _value(value: Any) -> Any:
    """A value of a row; whole numbers may be ids, which stay as they are."""
    return number(value) if isinstance(value, float) else value
