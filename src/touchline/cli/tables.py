"""query, define, report, rollback: what works on tables."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from touchline import config
from touchline.cli import answers
from touchline.cli.output import JSON, counted, must_have_a_place, say, table
from touchline.errors import ConfigError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.contracts import Column, Contract
    from touchline.core.pipeline import Bronze


class Instant(click.ParamType[datetime]):
    """An ISO 8601 instant or day; without a zone it is UTC."""

    name = "instant"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The instant, timezone-aware."""
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not an instant such as 2025-05-18T12:00:00Z", param, ctx)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("sql")
@click.option("--as-of", type=Instant(), help="Tables as they were published then.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["table", "json", "csv"]),
    help="How rows are printed; a table, if nothing is said.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a .csv, .parquet or .json file.",
)
@click.pass_obj
def query(
    file: Path | None,
    sql: str,
    as_of: datetime | None,
    kind: str | None,
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    """Run one SELECT over tables named domain.table; aliases of configuration count too.

    `touchline define` lists the tables.

    Example: touchline query "SELECT player_short_name, sprint_count FROM tracking.player_metrics"
    """
    from touchline.views import rows_of

    kind = _one_kind(kind, out, as_json=as_json)
    if as_of is not None and as_of > datetime.now(UTC):
        say("--as-of lies in the future: tables are shown as they are now")
    found = rows_of(Touchline(config.load(file)), sql, as_of=as_of, tell=say)
    if out is not None:
        answers.write(found, out)
        say(f"{counted(found.num_rows, 'row')} -> {out}")
    elif kind == "json":
        table(found.to_pylist(), as_json=True)
    elif kind == "csv":
        for text in answers.csv(found):
            click.echo(text, nl=False)
    else:
        rows = found.slice(0, 1000).to_pylist()
        more = "use --format csv, --json or name columns"
        table(rows, empty="no rows", more=more, exact=True)
        if found.num_rows > 1000:
            say(f"the first 1,000 of {found.num_rows:,} rows; --out FILE writes all")


def _one_kind(kind: str | None, out: Path | None, *, as_json: bool) -> str | None:
    """How rows are asked for; what cannot be done is told before the query takes its time."""
    told = {
        "--json": "json" if as_json else None,
        f"--format {kind}": kind,
        f"--out {out}": out.suffix.removeprefix(".") if out else None,
    }
    asked = {option: wanted for option, wanted in told.items() if wanted is not None}
    if len(set(asked.values())) > 1:
        raise ConfigError(f"{' and '.join(asked)} contradict each other", hint="give one of them")
    if out is not None and out.suffix not in answers.ENDINGS:
        raise ConfigError(
            f"{out}: seen the ending {out.suffix!r}, expected one of {', '.join(answers.ENDINGS)}",
            hint="the ending says how the rows are written",
        )
    must_have_a_place(out)
    return next(iter(asked.values()), None)


@click.command()
@click.argument("name", metavar="[DOMAIN | TABLE[.COLUMN]]", required=False)
@JSON
@click.pass_obj
def define(file: Path | None, name: str | None, *, as_json: bool) -> None:
    """Print what a number means: definition, unit, version, origin; of a TABLE, all of them.

    Without a name, or with that of a DOMAIN, list the tables.

    Example: touchline define player_metrics.sprints_per_90
    """
    from touchline.views import bronze_of, contract_of, schemas, tables_of

    here = Touchline(config.load(file))
    if name is None or name in schemas(here):
        table(tables_of(here, schemas(here)[name] if name else None), as_json=as_json)
    elif bronze := bronze_of(here, name):
        _show_bronze(here, bronze, as_json=as_json)
    else:
        contract, column = contract_of(here, name)
        if column is None:
            _show_contract(contract, as_json=as_json)
        else:
            _show_column(contract, column, as_json=as_json)


def _show_bronze(here: Touchline, bronze: "Bronze", *, as_json: bool) -> None:
    from touchline.views import as_came, columns_that_came

    columns = columns_that_came(here, bronze)
    if not as_json:
        click.echo(f"{bronze.table} (bronze): {as_came(bronze)}")
    rows = [{"column": name, "type": kind} for name, kind in columns.items()]
    table(rows, as_json=as_json, empty="columns: those of the file; none has arrived yet")


def _show_contract(contract: "Contract", *, as_json: bool) -> None:
    rows = [
        {
            "column": c.name,
            "unit": c.unit or None,
            "definition": c.definition,
            "origin": c.origin,
            "version": c.version,
        }
        for c in contract.columns
    ]
    if not as_json:
        key = f"; key {', '.join(contract.key)}" if contract.key else ""
        click.echo(f"{contract.table} ({contract.layer}): {contract.grain}{key}")
    table(rows, as_json=as_json, least=("version", "origin", "unit"))


def _show_column(contract: "Contract", column: "Column", *, as_json: bool) -> None:
    facts = {
        "name": f"{contract.table}.{column.name}",
        "definition": column.definition,
        "unit": column.unit or None,
        "type": column.type,
        "version": column.version,
        "origin": column.origin,
        "may be null": column.null,
        "allowed": ", ".join(column.allowed) or None,
        "within": f"{column.within[0]:g} to {column.within[1]:g}" if column.within else None,
    }
    if as_json:
        click.echo(json.dumps(facts, indent=1))
        return
    for key, value in facts.items():
        if value is not None:
            click.echo(f"{key:12} {'yes' if value is True else 'no' if value is False else value}")


@click.command()
@click.argument("what", type=click.Choice(["match"]))
@click.argument("match_id", metavar="ID")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The page; default: match-ID.html.",
)
@click.pass_obj
def report(file: Path | None, what: str, match_id: str, out: Path | None) -> None:  # noqa: ARG001
    """Write the page of match ID: one HTML file that needs no network.

    Example: touchline report match 2017461
    """
    from touchline.adapters.local import translated
    from touchline.tracking.serve import page
    from touchline.views import match_tables

    must_have_a_place(out)
    tables, run_id, notes = match_tables(Touchline(config.load(file)), match_id)
    html = page(tables, made_at=datetime.now(UTC), run_id=run_id, notes=notes)
    target = out or Path(f"match-{match_id}.html")
    with translated(target):
        target.write_text(html, encoding="utf-8")
    say("\n".join([*notes, f"{target}: {target.stat().st_size / 1e6:.1f} MB"]))


@click.command()
@click.argument("name", metavar="TABLE")
@click.argument("part", metavar="PARTITION")
@click.option("--to", metavar="RUN", help="The run to go back to; default: the publish before.")
@click.pass_obj
def rollback(file: Path | None, name: str, part: str, to: str | None) -> None:
    """Put PARTITION of TABLE back to what an earlier publish held.

    It stays so until its input or its rules change; what is made from it is stale from now on.

    Example: touchline rollback tracking.player_metrics match_id=2017461
    """
    from touchline.core import backfill
    from touchline.core.rollback import readers
    from touchline.core.rollback import rollback as back
    from touchline.views import contract_of

    here = Touchline(config.load(file))
    contract, column = contract_of(here, name)
    if column is not None:
        raise ConfigError(f"{name}: a column; give a table", hint=f"such as {contract.table}")
    domain = contract.table.partition(".")[0]
    backfill.checked(here.pipeline(domain), part)
    if contract.layer == "bronze":
        raise ConfigError(
            f"{name}: bronze has no publishes",
            hint="every arrival is kept; ingest the file you want again",
        )
    now = back(here.pipeline(domain), contract, part, platform=here.platform(), to=to)
    say(f"{contract.table} {part} is as run {now.run_id} made it: {counted(now.rows, 'row')}")
    if readers(here.pipeline(domain), contract.table):
        say("what is made from it is stale now; see: touchline plan")
