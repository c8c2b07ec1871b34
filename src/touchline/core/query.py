"""One SELECT over any table: silver and gold as published, bronze as it came, under any alias."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from touchline.core.contracts import Contract
from touchline.core.ports import Piece
from touchline.errors import ConfigError, StorageError

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
    """A bronze file on this machine, and what its receipt says of it."""

    path: Path
    packed: bool
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Source:
    """A table that SQL may name: published pieces of a contract, or bronze files of one kind."""

    contract: Contract | None = None
    pieces: tuple[Piece, ...] = ()
    relation: Callable[[Sequence[str], str], str] | None = None
    files: tuple[BronzeFile, ...] = ()


def tables_named(sql: str, schemas: Mapping[str, str]) -> set[str]:
    """The `schema.table` names in a text whose schema, or alias of one, is known, without aliases.

    Names in strings count too: too many views do no harm.
    """
    known = "|".join(re.escape(s) for s in schemas)
    found = re.findall(rf'\b"?({known})"?\s*\.\s*"?(\w+)"?', sql, flags=re.IGNORECASE)
    return {f"{schemas[schema.lower()]}.{table.lower()}" for schema, table in found}


def ask(
    sql: str, sources: Mapping[str, Source], aliases: Mapping[str, str], *, memory: str = "1GB"
) -> pa.Table:
    """The rows of one SELECT over these sources, in UTC; it can read their files and nothing else.

    Args:
        sql: One SELECT.
        sources: What `domain.table` names stand for.
        aliases: Schema name -> domain that it stands for.
        memory: The engine's limit.

    Raises:
        ConfigError: Not one SELECT, an unknown table or column, or SQL that does not run.
        StorageError: It needs more memory than it may take.
    """
    with closing(duckdb.connect(":memory:", config={"memory_limit": memory})) as con:
        try:
            con.execute("SET TimeZone = 'UTC'")
            con.execute("SET enable_progress_bar = false")
            _views(con, sources, aliases)
            paths = [p for s in sources.values() for p in _paths(s)]
            con.execute(f"SET allowed_paths = {_list(paths)}")
            con.execute("SET enable_external_access = false")
            con.execute("SET lock_configuration = true")
            _one_select(con, sql)
            return _named_apart(con.sql(sql).to_arrow_table())
        except duckdb.OutOfMemoryException as exc:
            raise StorageError(
                f"the query needs more than {memory} of memory", hint="raise limits.memory"
            ) from exc
        except duckdb.Error as exc:
            said = str(exc).strip()
            raise ConfigError(said, hint=_way_out(said, sources)) from exc


def _named_apart(rows: pa.Table) -> pa.Table:
    """The rows; of columns with one name, as a join of two tables has, later ones are numbered."""
    names: list[str] = []
    for name in rows.column_names:
        numbered = (f"{name}_{n}" for n in count(1))
        names.append(next(n for n in chain([name], numbered) if n not in names))
    return rows.rename_columns(names)


def _one_select(con: Any, sql: str) -> None:
    kinds = [statement.type for statement in con.extract_statements(sql)]
    if kinds != [duckdb.StatementType.SELECT]:
        seen = ", ".join(kind.name for kind in kinds) or "nothing"
        raise ConfigError(
            f"expected one SELECT, seen {seen}", hint="tables are written by runs only"
        )


def _way_out(said: str, sources: Mapping[str, Source]) -> str:
    return (
        "tables are named domain.table, such as tracking.player_metrics"
        if "does not exist" in said and not sources
        else ""
    )


def _views(con: Any, sources: Mapping[str, Source], aliases: Mapping[str, str]) -> None:
    for name, source in sources.items():
        domain, _, table = name.partition(".")
        select = _published(source) if source.contract else _bronze(source)
        for schema in (domain, *(a for a, of in aliases.items() if of == domain)):
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
        f" read_parquet({_list(_paths(source))}, union_by_name = true, hive_partitioning = true,"
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
    return " UNION ALL BY NAME ".join(parts) or "SELECT NULL::VARCHAR AS match_id WHERE false"


def _paths(source: Source) -> list[str]:
    return [p.path.removeprefix("file://") for p in source.pieces] + [
        str(f.path) for f in source.files
    ]


def _list(paths: Sequence[str]) -> str:
    return "[" + ", ".join(_text(p) for p in paths) + "]"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
