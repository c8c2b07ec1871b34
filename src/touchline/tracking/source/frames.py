"""tracking_extrapolated.jsonl: one JSON object a line, ten a second, some 90 MB a match."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import polars as pl

from touchline.core.bytes import BOM, text, unpacked
from touchline.core.contracts import REJECTED_SCHEMA
from touchline.core.pipeline import Decoded
from touchline.core.wording import counted
from touchline.errors import ContractError, StorageError
from touchline.tracking.source.headers import FRAME_MEMBERS, POSITION_MEMBERS, added

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMNS = """{
    frame: 'INTEGER', "timestamp": 'VARCHAR', period: 'INTEGER',
    ball_data: 'STRUCT(x DOUBLE, y DOUBLE, z DOUBLE, is_detected BOOLEAN)',
    possession: 'STRUCT(player_id BIGINT, "group" VARCHAR)',
    player_data: 'STRUCT(x DOUBLE, y DOUBLE, player_id BIGINT, is_detected BOOLEAN)[]'}"""
_CONFIG = {
    "memory_limit": "1GB",
    "temp_directory": "",
    "autoinstall_known_extensions": "false",
    "threads": "1",  # a second one costs a tenth more than it gives, beside other steps
}

_Int32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _Position(msgspec.Struct, gc=False):
    x: float
    y: float
    player_id: _Int64
    is_detected: bool


class _Ball(msgspec.Struct, gc=False):
    x: float | None
    y: float | None
    z: float | None
    is_detected: bool | None


class _Possession(msgspec.Struct, gc=False):
    player_id: _Int64 | None
    group: str | None


class _Line(msgspec.Struct, gc=False):
    frame: _Int32
    timestamp: str | None
    period: _Int32 | None
    ball_data: _Ball | None
    possession: _Possession | None
    player_data: list[_Position]


_MEMBERS = re.compile(rb'"(frame|timestamp|period|ball_data|possession|player_data)"\s*:')
_STRICT = msgspec.json.Decoder(_Line)


@dataclass(frozen=True)
class _Bad:
    """A line that cannot be read, by its number, and why."""

    line: int
    reason: str
    text: str


def decode(path: Path) -> Decoded:
    """One row per line with its `line` number; positions stay nested as they came.

    Lines that are no JSON object, or whose members are missing or of another type, are rejected
    with the reason. Lines count from 1; blank ones do not count.

    Raises:
        ContractError: Empty, not UTF-8, cut off in its last line or its gzip, or without positions.
        StorageError: No room or no memory for it.
    """
    with unpacked(path) as plain:
        notes = _shape(plain)
        rows = None if notes is None else _read(plain, strict=True)
        if rows is not None and _whole(rows):
            return Decoded(_numbered(rows), lines=rows.num_rows, notes=notes or ())
        return _sifted(plain)


def _shape(path: Path, skip: frozenset[int] = frozenset()) -> tuple[str, ...] | None:
    """Notes on the first line with positions; None if that line, or one before it, is unfit.

    The engine that reads the file takes "1.5" for 1.5 and true for 1; this looks more closely.
    """
    for number, line in enumerate(_lines(path), start=1):
        if number in skip:
            continue
        try:
            positions = _STRICT.decode(line).player_data
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        if positions:
            return _added(line)
    return None


def _lines(path: Path) -> Iterator[bytes]:
    """The lines that hold anything, without a byte order mark."""
    with path.open("rb") as file:
        file.seek(0)
        for at, line in enumerate(file):
            whole = line if at else line.removeprefix(BOM)
            if whole.strip():
                yield whole


def _added(line: bytes) -> tuple[str, ...]:
    """A note for members that nobody expected; they are kept in bronze and not read."""
    said = json.loads(line)
    extra = added(said, FRAME_MEMBERS)
    extra += [f"player_data.{n}" for n in added(said["player_data"][0], POSITION_MEMBERS)]
    return (f"added members {', '.join(extra)}",) if extra else ()


def _read(path: Path, *, strict: bool) -> "pa.Table | None":
    """Every line's members; None if `strict` and a line is not JSON or has an unfit value.

    The engine is closed again, as it would keep 60 MB for each of its threads.
    """
    import duckdb

    place = str(path).replace("'", "''")
    query = (
        f"SELECT * FROM read_json('{place}', format = 'newline_delimited', columns = {_COLUMNS},"
        f" compression = 'none', ignore_errors = {not strict})"
    )
    with closing(duckdb.connect(":memory:", config=_CONFIG)) as engine:
        try:
            return engine.sql(query).to_arrow_table()
        except duckdb.OutOfMemoryException as exc:
            raise StorageError(
                f"{_CONFIG['memory_limit']} of memory are not enough to read it",
                hint="is this one match? the largest known has 115 MB",
            ) from exc
        except duckdb.Error as exc:
            if strict:
                return None
            raise ContractError(
                str(exc).partition("\n")[0], hint="ask the provider for the file again"
            ) from exc


def _whole(rows: "pa.Table") -> bool:
    """Whether each line has its frame, each position all its members, and every number is finite."""
    import pyarrow.compute as pc

    if rows["frame"].null_count or rows["player_data"].null_count:
        return False
    lists = [chunk.values for chunk in rows["player_data"].chunks]
    members = [m for spots in lists for m in (spots, *spots.flatten())]
    balls = [ball.field(n) for ball in rows["ball_data"].chunks for n in ("x", "y", "z")]
    numbers = [spots.field(n) for spots in lists for n in ("x", "y")] + balls
    return not any(m.null_count for m in members) and all(
        isfinite(pc.sum(n, min_count=0).as_py()) for n in numbers
    )


def _numbered(rows: "pa.Table") -> pl.DataFrame:
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)
    return frame.with_row_index("line", offset=1)


def _sifted(path: Path) -> Decoded:
    """What can be read of a file with unreadable lines, and those lines with their reasons."""
    rows = _read(path, strict=False)
    numbered = _numbered(rows)
    unread = numbered.filter(pl.col("frame").is_null() | pl.col("player_data").is_null())
    bad = _bad_lines(path, frozenset(unread.get_column("line")))
    good = numbered.filter(~pl.col("line").is_in([b.line for b in bad]))
    if not (good.get_column("player_data").list.len() > 0).any():
        first = f"; first: line {bad[0].line}: {bad[0].reason}" if bad else ""
        raise ContractError(
            f"none of {counted(numbered.height, 'line')} has a player's position{first}",
            hint="expected one JSON object a line with frame and player_data",
        )
    return Decoded(
        good,
        lines=numbered.height,
        rejected=pl.DataFrame(
            [(b.reason, b.line, b.text) for b in bad], schema=REJECTED_SCHEMA, orient="row"
        ),
        notes=_shape(path, skip=frozenset(b.line for b in bad)) or (),
    )


def _bad_lines(path: Path, unread: frozenset[int]) -> list[_Bad]:
    """The lines that are not what they should be; `unread` names those no engine can read."""
    found = []
    for number, line in enumerate(_lines(path), start=1):
        reason = _wrong(line, number) or ("malformed line" if number in unread else None)
        if reason:
            found.append(_Bad(number, reason, line.decode().rstrip("\r\n")))
    return found


def _wrong(line: bytes, number: int) -> str | None:
    """What is wrong with a line.

    Raises:
        ContractError: It is not UTF-8, or it is the last and cut off.
    """
    text(line, line=number)
    try:
        _STRICT.decode(line)
    except msgspec.ValidationError as exc:
        return f"line of another shape: {exc}"
    except msgspec.DecodeError as exc:
        if not line.endswith(b"\n"):
            raise ContractError(
                f"line {number}: cut off at the end of the file: {exc}",
                hint="ask the provider for the file again",
            ) from exc
        return f"malformed line: {exc}"
    names = _MEMBERS.findall(line)
    return None if len(names) == len(set(names)) else "line of another shape: a member comes twice"


def relation(paths: Sequence[str], packed: str) -> str:
    """SQL for such files as they came: one row per line."""
    listed = ", ".join("'" + p.replace("'", "''") + "'" for p in paths)
    return (
        f"read_json([{listed}], format = 'newline_delimited', columns = {_COLUMNS},"
        f" compression = '{packed}', ignore_errors = true, filename = true)"
    )
