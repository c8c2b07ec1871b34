"""tracking_extrapolated.jsonl: one JSON object a line, ten a second, some 90 MB a match."""

import json
from collections.abc import Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import polars as pl

from touchline.core.pipeline import Decoded
from touchline.errors import ContractError
from touchline.tracking.source.bytes import is_gzip, opened

_COLUMNS = """{
    frame: 'INTEGER', "timestamp": 'VARCHAR', period: 'INTEGER',
    ball_data: 'STRUCT(x DOUBLE, y DOUBLE, z DOUBLE, is_detected BOOLEAN)',
    possession: 'STRUCT(player_id BIGINT, "group" VARCHAR)',
    player_data: 'STRUCT(x DOUBLE, y DOUBLE, player_id BIGINT, is_detected BOOLEAN)[]'}"""
_KNOWN = {
    "frame", "timestamp", "period", "ball_data", "possession", "player_data",
    "image_corners_projection",
}  # fmt: skip


class _Position(msgspec.Struct):
    x: float
    y: float
    player_id: int
    is_detected: bool


class _Line(msgspec.Struct):
    frame: int
    timestamp: str | None
    period: int | None
    player_data: list[_Position]


_STRICT = msgspec.json.Decoder(_Line)


def decode(path: Path) -> Decoded:
    """One row per line with its `line` number; positions stay nested as they came.

    Lines that are no JSON object, or lack `frame` or `player_data`, are rejected with the reason.

    Raises:
        ContractError: Empty, not UTF-8, cut off in its last line or its gzip, or without positions.
    """
    with opened(path) as file:
        first = file.readline()
    rows = _read(path).with_row_index("line", offset=1)
    unreadable = rows.filter(pl.col("frame").is_null() | pl.col("player_data").is_null())
    rejected = _explained(path, unreadable.get_column("line").to_list())
    good = rows.filter(pl.col("frame").is_not_null() & pl.col("player_data").is_not_null())
    if not good.select((pl.col("player_data").list.len() > 0).any()).item():
        reason = f"; first: {rejected.item(0, 'reason')}" if rejected.height else ""
        raise ContractError(
            f"{rows.height} lines, none with a player's position{reason}",
            hint="expected one JSON object a line with frame and player_data",
        )
    return Decoded(good, lines=rows.height, rejected=rejected, notes=_added(first))


def _read(path: Path) -> pl.DataFrame:
    packed = "gzip" if is_gzip(path) else "none"
    place = str(path).replace("'", "''")
    query = (
        f"SELECT * FROM read_json('{place}', format = 'newline_delimited', columns = {_COLUMNS},"
        f" compression = '{packed}', ignore_errors = true)"
    )
    try:
        found = pl.from_arrow(_engine().cursor().sql(query).to_arrow_table())
    except duckdb.Error as exc:
        raise ContractError(
            str(exc).partition("\n")[0], hint="ask the provider for the file again"
        ) from exc
    assert isinstance(found, pl.DataFrame)
    return found


@cache
def _engine() -> Any:
    connection = duckdb.connect(":memory:", config={"memory_limit": "1GB"})
    connection.execute("SET preserve_insertion_order = true")
    return connection


def _explained(path: Path, numbers: list[int]) -> pl.DataFrame:
    """The lines of these numbers as they came, each with what is wrong with it."""
    wanted = set(numbers)
    found: list[tuple[str, int, str]] = []
    if wanted:
        with opened(path) as file:
            lines = (line for line in file if line.strip())
            for number, line in enumerate(islice(lines, max(wanted)), start=1):
                if number in wanted:
                    found.append((_wrong(line, number), number, line.decode().rstrip("\n")))
    return pl.DataFrame(
        found, schema={"reason": pl.String, "line": pl.Int64, "row": pl.String}, orient="row"
    )


def _wrong(line: bytes, number: int) -> str:
    try:
        line.decode()
        _STRICT.decode(line)
    except UnicodeDecodeError as exc:
        raise ContractError(
            f"line {number}: not UTF-8 at byte {exc.start + 1}",
            hint="expected UTF-8; ask the provider for the file again",
        ) from exc
    except msgspec.ValidationError as exc:
        return f"line of another shape: {exc}"
    except msgspec.DecodeError as exc:
        if not line.endswith(b"\n"):
            raise ContractError(
                f"line {number}: cut off at the end of the file: {exc}",
                hint="ask the provider for the file again",
            ) from exc
        return f"malformed line: {exc}"
    return "malformed line"


def _added(first: bytes) -> tuple[str, ...]:
    """A note for members that nobody expected; they are kept in bronze and not read."""
    try:
        extra = sorted(set(json.loads(first)) - _KNOWN)
    except ValueError:
        return ()
    return (f"added members {', '.join(extra)}",) if extra else ()


def relation(paths: Sequence[str], packed: str) -> str:
    """SQL for such files as they came: one row per line."""
    listed = ", ".join("'" + p.replace("'", "''") + "'" for p in paths)
    return (
        f"read_json([{listed}], format = 'newline_delimited', columns = {_COLUMNS},"
        f" compression = '{packed}', ignore_errors = true, filename = true)"
    )
