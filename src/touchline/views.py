"""What commands and pages read: tables by name, under any alias, now or as of an instant."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from touchline.core.contracts import Column, Contract
from touchline.core.query import BronzeFile, Source, ask, tables_named
from touchline.errors import ConfigError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    import pyarrow as pa

    from touchline.core.pipeline import Bronze


def schemas(here: Touchline) -> dict[str, str]:
    """Every schema name that SQL may use -> the domain it stands for."""
    return {**{name: name for name in here.pipelines}, **here.config.aliases}


def rows_of(here: Touchline, sql: str, *, as_of: datetime | None = None) -> "pa.Table":
    """The rows of one SELECT.

    Raises:
        ConfigError: See `core.query.ask`; or `as_of` lies before what is kept.
    """
    names = tables_named(sql, schemas(here))
    sources = {name: source for name in sorted(names) if (source := _source(here, name, as_of))}
    return ask(sql, sources, here.config.aliases, memory=here.config.limits.memory)


def _source(here: Touchline, name: str, as_of: datetime | None) -> Source | None:
    domain = name.partition(".")[0]
    pipeline = here.pipelines[domain]
    bronze = {b.table: b for b in pipeline.bronze}
    if name in bronze:
        return Source(relation=bronze[name].relation, files=_files(here, domain, bronze[name]))
    contracts = {c.table: c for c in pipeline.contracts}
    if name not in contracts:
        return None
    publishes = here.ledger.current([name], as_of=as_of)[name]
    return Source(contracts[name], tuple(p for pub in publishes.values() for p in pub.pieces))


def _files(here: Touchline, domain: str, bronze: "Bronze") -> tuple[BronzeFile, ...]:
    from touchline.core.ports import keys_of

    found = []
    for part, receipts in here.ledger.arrivals(domain).items():
        if bronze.file in receipts:
            receipt = receipts[bronze.file]
            with here.objects.local(receipt.path) as path, path.open("rb") as file:
                packed = file.read(2) == b"\x1f\x8b"
                told = {**keys_of(part), "sha256": receipt.sha256, "source": receipt.source}
                found.append(BronzeFile(path, packed, told))
    return tuple(found)


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
