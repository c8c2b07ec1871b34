"""The engine of one SELECT: what it may read, how it is stopped, and what its errors mean."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import replace
from difflib import get_close_matches
from itertools import chain, count
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from touchline.core.ports import Piece
from touchline.core.query.sources import BronzeFile, Source, listed, path_of, paths_of, views
from touchline.core.wording import counted
from touchline.errors import ConfigError, ContractError, StorageError

_BATCH_ROWS = 50_000
_WAKE_S = 0.05
_FAILURES = (duckdb.Error, OSError, pa.ArrowException)  # the latter once rows have begun to come
_OF_A_FILE = ("IO Error", "Invalid Input Error")
_DEFINE = "touchline define lists the tables, touchline define TABLE the columns of one"
_WAYS_OUT = {
    "Parser Error": "the SQL is DuckDB's: SELECT columns FROM domain.table WHERE ...; text stands"
    " in single quotes, an odd name in double ones",
    "Binder Error": f"{_DEFINE}, with their types",
    "Conversion Error": "TRY_CAST(value AS type) gives NULL where a value cannot be converted",
    "Permission Error": f"a query reads tables, and no other files; {_DEFINE}",
}
"""How the engine begins to say what is wrong -> what to do about it."""


def tables_named(sql: str, schemas: Mapping[str, str]) -> set[str]:
    """The `schema.table` names in a text whose schema, or alias of one, is known, without aliases.

    Names in strings count too: too many views do no harm.
    """
    known = "|".join(re.escape(s) for s in schemas)
    found = re.findall(rf'\b"?({known})"?\s*\.\s*"?(\w+)"?', sql, flags=re.IGNORECASE)
    return {f"{schemas[schema.lower()]}.{table.lower()}" for schema, table in found}


def ask(
    sql: str,
    sources: Mapping[str, Source],
    aliases: Mapping[str, str],
    *,
    known: Collection[str] = (),
    memory: str = "1GB",
    tell: Callable[[str], None] = lambda _: None,
) -> pa.Table:
    """The rows of one SELECT over these sources, in UTC; it can read their files and nothing else.

    Nothing is spilled to a disk. An exception that comes meanwhile, such as Ctrl-C, ends the engine.

    Args:
        sql: One SELECT.
        sources: What `domain.table` names stand for.
        aliases: Schema name -> domain that it stands for.
        known: Every `domain.table` there is, to say what a wrong name may have meant.
        memory: The engine's limit, and that of the rows it answers with.
        tell: Gets a sentence for each bronze file that is left out, as it cannot be read.

    Raises:
        ConfigError: Not one SELECT, an unknown table or column, or SQL that does not run.
        ContractError: No file of a bronze table can be read.
        StorageError: It needs more memory than it may take.
    """
    try:
        with closing(_engine(memory)) as con:
            return _stoppable(con, lambda: _answer(con, sql, sources, aliases=aliases, most=memory))
    except _FAILURES as exc:
        said = str(exc).strip()
        if said.startswith(_OF_A_FILE):
            readable = {n: _readable(n, s, memory, tell=tell) for n, s in sources.items()}
            if readable != sources:
                return ask(sql, readable, aliases, known=known, memory=memory, tell=tell)
        if said.startswith("Out of Memory Error"):
            raise _too_much(memory) from exc
        raise _no_such_table(sql, said, known, aliases=aliases) or _wrong_sql(said) from exc


def _engine(memory: str) -> Any:
    return duckdb.connect(":memory:", config={"memory_limit": memory, "temp_directory": ""})


def _stoppable(con: Any, work: Callable[[], Any]) -> Any:
    """What the work comes to, in a thread; this one wakes often, as only so it learns of signals."""
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(work)
        try:
            while not asked.done():
                wait([asked], timeout=_WAKE_S)
            return asked.result()
        finally:
            while not asked.done():
                con.interrupt()
                wait([asked], timeout=_WAKE_S)


def _answer(
    con: Any,
    sql: str,
    sources: Mapping[str, Source],
    *,
    aliases: Mapping[str, str],
    most: str,
) -> pa.Table:
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = false")
    views(con, sources, aliases)
    paths = [p for s in sources.values() for p in paths_of(s)]
    con.execute(f"SET allowed_paths = {listed(paths)}")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")
    _one_select(con, sql)
    reader = con.sql(sql).to_arrow_reader(_BATCH_ROWS)
    rows = list(_up_to(reader, most))
    return _named_apart(pa.Table.from_batches(rows, reader.schema))


def _up_to(reader: pa.RecordBatchReader, most: str) -> Iterator[pa.RecordBatch]:
    """The reader's batches, which together may take so much memory and no more."""
    size, most_bytes = 0, _bytes(most)
    for batch in reader:
        size += batch.nbytes
        if size > most_bytes:
            raise _too_much(most)
        yield batch


def _bytes(memory: str) -> int:
    number, unit, binary = re.findall(r"^(\d+) ?([KMGT])(i?)B$", memory)[0]
    step = 1024 if binary else 1000
    return int(number) * int(step ** ("KMGT".index(unit) + 1))


def _too_much(memory: str) -> StorageError:
    return StorageError(
        f"the query needs more than {memory} of memory",
        hint="ask for fewer rows or columns, or raise limits.memory",
    )


def _readable(name: str, source: Source, memory: str, *, tell: Callable[[str], None]) -> Source:
    """The source without published files that are gone, or bronze files that cannot be read alone."""
    if source.contract:
        left = tuple(p for p in source.pieces if Path(path_of(p)).exists())
        gone = len(source.pieces) - len(left)
        if gone:
            tell(
                f"left out of {name}: {gone} of its {counted(len(source.pieces), 'file is', 'files are')} gone;"
                " put their back-up there, or make them again: touchline run --force"
            )
        for piece in left:
            _must_be_readable(name, piece, memory)
        return replace(source, pieces=left)
    unread = {f.path: said for f in source.files if (said := _fault(source, f, memory))}
    for file in source.files:
        if file.path in unread:
            tell(f"left out of {name}: {file.name}: {unread[file.path]}")
    if unread and len(unread) == len(source.files):
        many = f"none of its {len(unread):,} files can be read"
        raise ContractError(
            f"{name}: {many if len(unread) > 1 else 'its only file cannot be read'}",
            hint="ask the provider for the files again, and ingest them",
        )
    return replace(source, files=tuple(f for f in source.files if f.path not in unread))


def _must_be_readable(name: str, piece: Piece, memory: str) -> None:
    """Refuse a published file that is damaged or closed: whoever asked can do nothing about it."""
    try:
        with closing(_engine(memory)) as con:
            whole = f"SELECT max(hash(came)) FROM read_parquet({listed([path_of(piece)])}) AS came"
            _stoppable(con, lambda: con.execute(whole).fetchall())
    except (duckdb.Error, OSError) as exc:
        said = str(exc).strip().splitlines()[0]
        if said.startswith(_OF_A_FILE):
            raise StorageError(
                f"{name}: a published file cannot be read: {path_of(piece)}: {said}",
                hint="grant the right to read; if it is damaged, put its back-up there, or make it"
                " again: touchline run --force",
            ) from exc


def _fault(source: Source, file: BronzeFile, memory: str) -> str:
    """Why a file cannot be read; "" where it can."""
    assert source.relation is not None
    came = source.relation([str(file.path)], "gzip" if file.packed else "none")
    try:
        with closing(_engine(memory)) as con:
            whole = f"SELECT max(hash(came)) FROM {came} AS came"
            _stoppable(con, lambda: con.execute(whole).fetchall())
    except duckdb.Error as exc:
        said = str(exc).strip().splitlines()[0].replace(str(file.path), file.path.name)
        return said if said.startswith(_OF_A_FILE) else ""
    return ""


def _wrong_sql(said: str) -> ConfigError:
    """The error to raise where the engine refused the SQL."""
    ways = (way for kind, way in _WAYS_OUT.items() if said.startswith(kind))
    return ConfigError(said, hint=next(ways, f"the SQL is DuckDB's; {_DEFINE}"))


def _no_such_table(
    sql: str, said: str, known: Collection[str], *, aliases: Mapping[str, str]
) -> ConfigError | None:
    """The error to raise where the engine missed a table, or the schema of one."""
    missed = re.match(r'Catalog Error: Table with name "?([^"\s]+)"? does not exist', said)
    if missed is None:
        return None
    schema, _, table = missed[1].rpartition(".")
    schemas = "|".join({*aliases, *(name.partition(".")[0] for name in known)})
    written = re.search(rf'\b({schemas})"?\s*\.\s*"?{re.escape(table)}\b', sql, re.IGNORECASE)
    schema = schema or (written[1] if written else "")
    tables = {name.partition(".")[2]: name for name in known}
    near = get_close_matches(table.lower(), tables, 1)
    meant = [f"{written[1]}.{n}" if written else tables[n] for n in near]
    return ConfigError(
        f"no table {schema}{'.' if schema else ''}{table}"
        + "".join(f"; did you mean {name}?" for name in meant),
        hint=f"there is: {', '.join(n for n in known if not n.endswith('_rejected'))}",
    )


def _named_apart(rows: pa.Table) -> pa.Table:
    """The rows; of columns with one name, as a join of two tables has, later ones are numbered."""
    names: list[str] = []
    for name in rows.column_names:
        numbered = (f"{name}_{n}" for n in count(1))
        names.append(next(n for n in chain([name], numbered) if n not in names))
    return rows.rename_columns(names)


def _one_select(con: Any, sql: str) -> None:
    kinds = [statement.type.name for statement in con.extract_statements(sql)]
    if re.match(r"(\s|--[^\n]*\n|/\*.*?\*/)*SHOW\b", sql, re.IGNORECASE | re.DOTALL):
        kinds[:1] = ["SHOW"]
    if kinds != ["SELECT"]:
        asks = {"SHOW", "EXPLAIN", "PRAGMA"}.intersection(kinds)
        raise ConfigError(
            f"expected one SELECT, seen {', '.join(kinds) or 'nothing'}",
            hint=_DEFINE if asks else "tables are written by runs only",
        )
