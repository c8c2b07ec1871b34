"""What commands and pages read: tables by name, under any alias, now or as of an instant."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from touchline.core.contracts import Column, Contract
from touchline.core.query import Source, ask, came, receipts, tables_named
from touchline.errors import ConfigError, MissingInputError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from touchline.core.pipeline import Bronze
    from touchline.core.ports import Publish
    from touchline.tracking.serve import MatchTables


def schemas(here: Touchline) -> dict[str, str]:
    """Every schema name that SQL may use -> the domain it stands for."""
    return {**{name: name for name in here.pipelines}, **here.config.aliases}


def rows_of(
    here: Touchline,
    sql: str,
    *,
    as_of: datetime | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> "pa.Table":
    """The rows of one SELECT; `tell` gets a sentence for each bronze file that cannot be read.

    Raises:
        ConfigError: See `core.query.ask`; or `as_of` lies before what is kept.
    """
    names = sorted(tables_named(sql, schemas(here)))
    contracts = {c.table: c for p in here.pipelines.values() for c in p.contracts}
    bronze = {b.table: b for p in here.pipelines.values() for b in p.bronze}
    made = [n for n in names if n in contracts]
    current = here.ledger.current(made, as_of=as_of) if made else {}
    published = {n: _published(here, contracts[n], found.values()) for n, found in current.items()}
    with ExitStack() as held:
        as_it_came = {
            n: came(bronze[n], receipts(bronze[n], here.ledger), here.objects, held=held, tell=tell)
            for n in names
            if n in bronze
        }
        return ask(
            sql,
            {**published, **as_it_came},
            schemas(here),
            known=[*bronze, *contracts],
            memory=here.config.limits.memory,
            tell=tell,
        )


def _published(here: Touchline, contract: Contract, publishes: "Iterable[Publish]") -> Source:
    """The pieces of these publishes.

    Raises:
        ConfigError: All of them lie in another warehouse: this store was moved, or is a copy.
    """
    pieces = tuple(piece for p in publishes for piece in p.pieces)
    home = f"{here.config.place(here.config.stores.tables.warehouse)}/"
    if pieces and not any(p.path.removeprefix("file://").startswith(home) for p in pieces):
        raise ConfigError(
            f"{contract.table}: its files are at {pieces[0].path}, expected in {home}",
            hint="a store cannot be moved or copied as it is: put it back, or name a new catalog and"
            " warehouse under stores.tables and give touchline run --force",
        )
    return Source(contract, pieces)


def tables_of(here: Touchline, domain: str | None = None) -> list[dict[str, object]]:
    """Every table, or those of a domain: its name, layer, what its rows are, how many columns."""
    found: list[dict[str, object]] = []
    for name, pipeline in here.pipelines.items():
        if domain in (None, name):
            found += [_listed(b.table, "bronze", as_came(b)) for b in pipeline.bronze]
            contracts = sorted(pipeline.contracts, key=lambda c: c.table.endswith("_rejected"))
            found += [_listed(c.table, c.layer, c.grain, columns=len(c.columns)) for c in contracts]
    return found


def as_came(bronze: "Bronze") -> str:
    """What the rows of a bronze table are."""
    if bronze.many:
        return "the latest files of each partition, as they came"
    return f"the latest {bronze.file} of each match, as it came"


def bronze_of(here: Touchline, name: str) -> "Bronze | None":
    """The kind of file that `[domain.]table` stands for; None where it is no bronze table."""
    schema, _, table = name.rpartition(".")
    domain = schemas(here).get(schema)
    for of, pipeline in here.pipelines.items():
        for bronze in pipeline.bronze:
            if bronze.table == f"{of}.{table}" and (domain == of or not schema):
                return bronze
    return None


def columns_that_came(here: Touchline, bronze: "Bronze") -> dict[str, str]:
    """Column -> type of a bronze table, by the newest of its files; none before one has arrived."""
    for receipt in reversed(receipts(bronze, here.ledger)):
        with ExitStack() as held:
            source = came(bronze, [receipt], here.objects, held=held)
            if source.files:
                asked, memory = f"DESCRIBE {bronze.table}", here.config.limits.memory
                rows = ask(asked, {bronze.table: source}, {}, memory=memory).to_pylist()
                return {row["column_name"]: row["column_type"] for row in rows}
    return {}


def _listed(
    table: str, layer: str, rows_are: str, *, columns: int | None = None
) -> dict[str, object]:
    return {"table": table, "layer": layer, "rows are": rows_are, "columns": columns}


def contract_of(here: Touchline, name: str) -> tuple[Contract, Column | None]:
    """The contract, and the column if one was named, of `[domain.]table[.column]`.

    Raises:
        ConfigError: There is no such table or column, or several domains have it.
    """
    domains: Mapping[str, str] = schemas(here)
    pieces = name.split(".")
    domain = domains.get(pieces[0])
    rest = pieces[1:] if domain else pieces
    known = [c for p in here.pipelines.values() for c in p.contracts]
    found = [c for c in known if rest and c.table.split(".")[1] == rest[0]]
    found = [c for c in found if domain in (None, c.table.split(".")[0])]
    if len(found) != 1 or len(rest) > 2:
        tables = ", ".join(c.table for c in known if not c.table.endswith("_rejected"))
        raise ConfigError(f"no table {name!r}", hint=f"there is: {tables}")
    if len(rest) == 1:
        return found[0], None
    if rest[1] not in found[0].names:
        close = [n for n in found[0].names if rest[1] in n or n in rest[1]]
        raise ConfigError(
            f"{found[0].table} has no column {rest[1]!r}",
            hint=f"close to it: {', '.join(close[:8])}"
            if close
            else f"touchline define {found[0].table} lists them",
        )
    return found[0], found[0].column(rest[1])


def match_tables(here: Touchline, match_id: str) -> "tuple[MatchTables, str, tuple[str, ...]]":
    """What a match's page shows, the run that made it, and what its reader must know of that.

    Raises:
        ConfigError: `match_id` is not a whole number.
        MissingInputError: The match has not arrived, or was never published in full.
    """
    from touchline.core.ports import partition
    from touchline.tracking import contracts as c
    from touchline.tracking.serve import MatchTables

    part = partition(match_id=_checked_match(match_id))
    shown = (c.MATCHES, c.PLAYERS, c.SPRINTS, c.PLAYER_METRICS)
    current = here.ledger.current([contract.table for contract in shown], [part])
    withdrawn = here.ledger.withdrawn("tracking", [part])
    known = part in here.ledger.contents("tracking", [part]) or part in withdrawn
    if not any(current.values()) and not known:
        raise MissingInputError(
            f"tracking {part}: nothing has arrived for it",
            hint="touchline status lists the matches that have arrived",
        )
    if any(part not in current[contract.table] for contract in shown):
        raise MissingInputError(
            f"tracking {part}: not published in full", hint="touchline status tells why"
        )
    publishes = {contract.table: current[contract.table][part] for contract in shown}
    _must_hold_rows(part, publishes)
    metrics = c.PLAYER_METRICS.table
    match, players, sprints, own = (_frame(here, each, [publishes[each.table]]) for each in shown)
    tables = MatchTables(
        match=match,
        players=players,
        sprints=sprints,
        metrics=own,
        population=_frame(
            here, c.PLAYER_METRICS, list(here.ledger.current([metrics])[metrics].values())
        ),
        definitions=c.PLAYER_METRICS,
    )
    notes = (*_put_back(here, publishes), *_behind(here, part, publishes[metrics]))
    return tables, publishes[metrics].run_id, notes


def _must_hold_rows(part: str, publishes: "Mapping[str, Publish]") -> None:
    """Refuse a match that was emptied: withdrawn, or past its days."""
    if any(publish.kind == "withdraw" for publish in publishes.values()):
        raise MissingInputError(
            f"tracking {part}: every file was withdrawn",
            hint=f"touchline withdraw tracking {part} lists them",
        )
    if gone := ", ".join(table for table, publish in publishes.items() if publish.retired):
        raise MissingInputError(
            f"tracking {part}: past the days that retention keeps: {gone}",
            hint=f"touchline run --force --partition {part} makes it again",
        )


def _checked_match(match_id: str) -> str:
    if not re.fullmatch(r"[0-9]{1,18}", match_id):
        is_whole = re.fullmatch(r"[0-9]+", match_id)
        why = (
            "is too large: a match id has at most 18 digits"
            if is_whole
            else "is not an id: a match id is a whole number"
        )
        raise ConfigError(
            f"match id: {match_id[:80]!r} {why}",
            hint="such as 2017461; touchline status lists the matches that have arrived",
        )
    return match_id


def _put_back(here: Touchline, publishes: "Mapping[str, Publish]") -> Iterator[str]:
    """A sentence for each table that shows an earlier version, put back by hand."""
    for table, publish in publishes.items():
        history = here.ledger.history(table, publish.partition)
        made = next((p for p in history if p.kind != "compact"), publish)
        if made.kind == "rollback":
            yield (
                f"{table} was put back by a rollback ({_instant(made)}):"
                f" it shows what run {made.run_id} made."
            )


def _behind(here: Touchline, part: str, shown: "Publish") -> Iterator[str]:
    """A sentence if the match is not what it would be if it were made now."""
    from touchline.core import planner

    pipeline = here.pipeline("tracking")
    plans = planner.plan(pipeline, here.ledger, parts=[part])
    steps = [s for p in planner.explained(plans, pipeline, here.ledger) for s in p.steps]
    if not steps:
        return
    before = here.ledger.current([s.table for s in steps], [part])
    changed = {
        name
        for step in steps
        for name, content in step.made_from.items()
        if part in before[step.table] and before[step.table][part].made_from.get(name) != content
    }
    newer = ", ".join(b.file for b in pipeline.bronze if b.table in changed)
    since = (
        f"Newer files have arrived since ({newer})"
        if newer
        else f"It would differ if it were made now ({steps[0].table}: {steps[0].reason})"
    )
    last = here.ledger.last(pipeline.name).get(part)
    way_out = (
        f"the last run, {last.run_id}, ended {last.status}, and touchline status tells why"
        if last is not None and last.status in ("refused", "failed")
        else "touchline run makes it anew"
    )
    yield f"This page shows run {shown.run_id}, {_instant(shown)}. {since}: {way_out}."


def _instant(publish: "Publish") -> str:
    at = publish.published_at
    return f"published {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else "published"


def _frame(here: Touchline, contract: Contract, publishes: "list[Publish]") -> "pl.DataFrame":
    import polars as pl

    rows = here.tables.read(contract, [p for publish in publishes for p in publish.pieces])
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)
    return frame
