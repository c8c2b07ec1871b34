"""One SELECT over Arrow tables on the embedded engine, and what feeds it: its text and its rule.

The engine is imported when it is first used: a command that only plans never does.
"""

import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import polars as pl

from touchline.errors import ContractError, StorageError

if TYPE_CHECKING:
    import pyarrow as pa
    from _typeshed import DataclassInstance


@dataclass(frozen=True)
class Limits:
    """How much of the machine the engine of one process may take.

    Steps run beside each other, and most of a small SELECT's time goes into planning it: a second
    thread costs more there than it gives.
    """

    threads: int = 1
    memory_mib: int = 1024


_LIMITS = Limits()


def select(
    sql: str,
    tables: "Mapping[str, pl.DataFrame | pa.Table]",
    *,
    name: str = "select",
    limits: Limits = _LIMITS,
) -> "pa.Table":
    """The rows of one SELECT that reads `tables` by their names, in the order it states.

    It reaches nothing else: no file, no network, no variable, no table of another call. Instants
    come back in UTC, whatever the machine's time zone.

    Args:
        sql: One SELECT; a WITH clause may precede it.
        tables: What its FROM clauses name.
        name: What an error calls it, such as player_runs.sql.
        limits: Each distinct value has an engine of its own; one per process is the use.

    Raises:
        ContractError: The text is not one SELECT, or the engine refuses it or a value.
        StorageError: The result needs more memory than `limits` grants.
    """
    import duckdb

    with closing(_engine(os.getpid(), limits).cursor()) as cursor:
        for table, rows in tables.items():
            cursor.register(table, rows.to_arrow() if isinstance(rows, pl.DataFrame) else rows)
        try:
            result: pa.Table = cursor.sql(_one_select(cursor, sql, name)).to_arrow_table()
        except duckdb.OutOfMemoryException as exc:
            raise StorageError(
                f"{name}: needs more than {limits.memory_mib} MiB of memory",
                hint="grant the engine more memory, or run on smaller partitions",
                sql=name,
            ) from exc
        except duckdb.Error as exc:
            said = str(exc)
            raise ContractError(
                f"{name}: {said.partition(chr(10))[0]}", sql=name, said=said
            ) from exc
    return result


def rule_row(rule: "DataclassInstance") -> pl.DataFrame:
    """A rule's fields as a table of one row, which SQL reads as `rule`."""
    return pl.DataFrame({field.name: [getattr(rule, field.name)] for field in fields(rule)})


def text(package: str, name: str) -> str:
    """The file `name` that lies beside a package's modules: `text("touchline.x", "y.sql")`."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


@cache
def _engine(process: int, limits: Limits) -> Any:  # noqa: ARG001
    """The connection of this process; a forked child must not use its parent's, hence `process`."""
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "enable_external_access": "false",
            "memory_limit": f"{limits.memory_mib}MiB",
            "temp_directory": "",
            "threads": str(limits.threads),
        },
    )
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET lock_configuration = true")
    return connection


def _one_select(cursor: Any, sql: str, name: str) -> Any:
    """The parsed statement, so that the engine need not parse it again."""
    import duckdb

    statements = cursor.extract_statements(sql)
    kinds = [statement.type for statement in statements]
    if kinds != [duckdb.StatementType.SELECT]:
        seen = ", ".join(kind.name for kind in kinds) or "nothing"
        raise ContractError(f"{name}: expected one SELECT, seen {seen}", sql=name)
    return statements[0]
