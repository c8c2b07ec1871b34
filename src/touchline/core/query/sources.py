"""What SQL may name: published pieces and bronze files, as views under every alias."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from touchline.core.contracts import Contract
from touchline.core.ports import Piece

_TYPES = {
    "bool": "BOOLEAN",
    "int": "INTEGER",
    "long": "BIGINT",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "date": "DATE",
    "instant": "TIMESTAMPTZ",
}


@dataclass(frozen=True)
class BronzeFile:
    """A bronze file on this machine, what people call it, and what its receipt says of it."""

    path: Path
    name: str
    packed: bool
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Source:
    """A table that SQL may name: published pieces of a contract, or bronze files of one kind."""

    contract: Contract | None = None
    pieces: tuple[Piece, ...] = ()
    relation: Callable[[Sequence[str], str], str] | None = None
    files: tuple[BronzeFile, ...] = ()


def views(con: Any, sources: Mapping[str, Source], aliases: Mapping[str, str]) -> None:
    """A view for each source, under its domain's name and every alias of it."""
    for schema in {*aliases, *aliases.values()}:
        con.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    for name, source in sources.items():
        domain, _, table = name.partition(".")
        select = _published(source) if source.contract else _bronze(source)
        for schema in {domain, *(a for a, of in aliases.items() if of == domain)}:
            con.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
            con.execute(f'CREATE VIEW "{schema}"."{table}" AS {select}')


def _published(source: Source) -> str:
    """The contract's columns over the pieces; a column that no piece has is null."""
    contract = source.contract
    assert contract is not None
    if not source.pieces:
        columns = ", ".join(f'NULL::{_TYPES[c.type]} AS "{c.name}"' for c in contract.columns)
        return f"SELECT {columns} WHERE false"
    kinds = {n: f"'{_TYPES[contract.column(n).type]}'" for n in contract.partition_by}
    hive = ", ".join(f"'{name}': {kind}" for name, kind in kinds.items())
    absent = ", ".join(f'NULL::{_TYPES[c.type]} AS "{c.name}"' for c in contract.columns)
    columns = ", ".join(f'"{name}"' for name in contract.names)
    return (
        f"SELECT {columns} FROM (SELECT {absent} WHERE false UNION ALL BY NAME SELECT * FROM"
        f" read_parquet({listed(paths_of(source))}, union_by_name = true, hive_partitioning = true,"
        f" hive_types = {{{hive}}}))"
    )


def _bronze(source: Source) -> str:
    """The files' own columns, with those of their receipts before them."""
    assert source.relation is not None
    parts = []
    for packed in (False, True):
        files = [f for f in source.files if f.packed is packed]
        if files:
            names = list(files[0].columns)
            told = ", ".join(
                f"({', '.join([_text(str(f.path)), *(_text(f.columns[n]) for n in names)])})"
                for f in files
            )
            relation = source.relation([str(f.path) for f in files], "gzip" if packed else "none")
            chosen = ", ".join(f"told.{n}" for n in names)
            parts.append(
                f"SELECT {chosen}, came.* EXCLUDE (filename) FROM {relation} AS came JOIN"
                f" (VALUES {told}) AS told(filename, {', '.join(names)}) USING (filename)"
            )
    return " UNION ALL BY NAME ".join(parts) or "SELECT NULL::VARCHAR AS sha256 WHERE false"


def paths_of(source: Source) -> list[str]:
    """Every file that the source's view reads."""
    return [path_of(p) for p in source.pieces] + [str(f.path) for f in source.files]


def path_of(piece: Piece) -> str:
    """A published piece as a path of this machine."""
    return piece.path.removeprefix("file://")


def listed(paths: Sequence[str]) -> str:
    """The paths as a list in SQL."""
    return "[" + ", ".join(_text(p) for p in paths) + "]"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
