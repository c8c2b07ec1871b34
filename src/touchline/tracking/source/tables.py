"""The provider's CSV files: rows as text, by the names in their header."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from touchline.core.bytes import BOM, opened, text
from touchline.core.contracts import REJECTED_SCHEMA
from touchline.core.pipeline import Decoded
from touchline.core.wording import counted
from touchline.errors import ContractError
from touchline.tracking.source.headers import EVENT_COLUMNS, PHASE_COLUMNS, added

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.csv as pc

_NAMED_AT_MOST = 5


@dataclass(frozen=True)
class _Bad:
    """A line that cannot be read, by its number in the file, and why."""

    reason: str
    line: int
    row: str


@dataclass(frozen=True)
class _Lines:
    """The lines that hold anything: their bytes, their numbers, and those with an open quote."""

    data: bytes
    numbers: tuple[int, ...]
    bad: tuple[_Bad, ...]


def decode(path: Path, *, columns: Mapping[str, str]) -> Decoded:
    """The required columns as text, one row per line, with its `line` number in the file.

    Lines with more or fewer fields than the header, or with a quote left open, are rejected.
    Columns that the provider's file never had are noted.

    Args:
        path: A CSV file, plain or gzip.
        columns: Silver name -> the name that must be in the header, in any order.

    Raises:
        ContractError: Empty, not UTF-8, a required column missing or twice, no line that can be
            read, or the last one cut off.
    """
    required = ("match_id", *columns.values())
    with opened(path) as file:
        data = file.read()
    text(data)
    lines = _whole_lines(data.removeprefix(BOM))
    header = _header(lines.data)
    _check_header(header, required)
    rows, bad = _read(lines, list(required))
    _check_end(data, lines, bad)
    if rows.num_rows == 0:
        first = f"; first: line {bad[0].line}: {bad[0].reason}" if bad else ""
        raise ContractError(
            f"none of {counted(len(bad), 'line')} below the header can be read{first}",
            hint="ask the provider for the file again",
        )
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)
    skipped = {b.line for b in bad}
    kept = [n for n in lines.numbers[1:] if n not in skipped]
    return Decoded(
        frame.with_columns(pl.Series("line", kept, dtype=pl.Int64)),
        lines=rows.num_rows + len(bad),
        rejected=pl.DataFrame(
            [(b.reason, b.line, b.row) for b in bad], schema=REJECTED_SCHEMA, orient="row"
        ),
        notes=_notes(data, header, required),
    )


def _whole_lines(data: bytes) -> _Lines:
    """The lines without blank ones, and without those whose quote would swallow the next."""
    found = data.split(b"\n")
    held = [n for n, line in enumerate(found, start=1) if line and not line.isspace()]
    odd = {n for n in held if found[n - 1].count(b'"') % 2} if b'"' in data else set()
    bad = [
        _Bad("malformed line: a quote is left open", n, _said(found[n - 1]))
        for n in held
        if n in odd
    ]
    kept = [n for n in held if n not in odd]
    if len(kept) < len(found) - data.endswith(b"\n"):
        data = b"\n".join([*(found[n - 1] for n in kept), b""])
    return _Lines(data, tuple(kept), tuple(bad))


def _said(line: bytes) -> str:
    return line.decode().rstrip("\r")


def _header(data: bytes) -> list[str]:
    first = data.partition(b"\n")[0].rstrip(b"\r").decode()
    try:
        return next(csv.reader([first]), [])
    except csv.Error as exc:
        raise ContractError(f"header: {exc}", hint="expected a CSV file with a header") from exc


def _check_header(header: list[str], required: Sequence[str]) -> None:
    missing = [name for name in required if name not in header]
    twice = sorted({name for name in required if header.count(name) > 1})
    if missing or twice:
        said = [f"missing columns {_named(missing)}"] if missing else []
        said += [f"columns given twice: {_named(twice)}"] if twice else []
        raise ContractError(
            f"header: {'; '.join(said)} (seen {counted(len(header), 'column')}: {_named(header)})",
            hint="the provider changed its format, or this is another file",
        )


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_AT_MOST
    listed = ", ".join(name[:80] for name in names[:_NAMED_AT_MOST])
    return listed + (f" and {more} more" if more > 0 else "")


def _read(lines: _Lines, wanted: list[str]) -> "tuple[pa.Table, list[_Bad]]":
    """The rows, and the lines that are none, in order; the reader counts lines from the header."""
    import pyarrow as pa
    import pyarrow.csv as pc

    bad = list(lines.bad)

    def skip(row: "pc.InvalidRow") -> str:
        fields = counted(row.actual_columns, "field")
        reason = f"malformed line: {fields}, expected {row.expected_columns}"
        bad.append(_Bad(reason, lines.numbers[row.number - 1], row.text))
        return "skip"

    data = lines.data if lines.data.endswith(b"\n") else lines.data + b"\n"
    try:
        rows = pc.read_csv(
            pa.BufferReader(data),
            read_options=pc.ReadOptions(use_threads=False, block_size=len(data) + 1),
            parse_options=pc.ParseOptions(newlines_in_values=False, invalid_row_handler=skip),
            convert_options=pc.ConvertOptions(
                column_types={name: pa.string() for name in wanted},
                include_columns=wanted,
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as exc:
        raise ContractError(str(exc), hint="expected a UTF-8 CSV file with a header") from exc
    return rows, sorted(bad, key=lambda b: b.line)


def _check_end(data: bytes, lines: _Lines, bad: Sequence[_Bad]) -> None:
    last = max(lines.numbers[-1], bad[-1].line if bad else 0)
    if bad and bad[-1].line == last and not data.endswith(b"\n"):
        raise ContractError(
            f"line {last}: cut off at the end of the file: {bad[-1].reason}",
            hint="ask the provider for the file again",
        )


def _notes(data: bytes, header: Sequence[str], required: Sequence[str]) -> tuple[str, ...]:
    """What is worth knowing: columns beyond those of the provider's file that has the required."""
    files = [known for known in (PHASE_COLUMNS, EVENT_COLUMNS) if set(required) <= set(known)]
    extra = added(header, files[0]) if files else []
    notes = (f"added columns {', '.join(extra)}",) if extra else ()
    return notes if data.endswith(b"\n") else (*notes, "the last line has no line end")


def relation(paths: Sequence[str], packed: str) -> str:
    """SQL for such files as they came: every column of the header, as text."""
    listed = ", ".join("'" + p.replace("'", "''") + "'" for p in paths)
    return (
        f"read_csv([{listed}], header = true, all_varchar = true, compression = '{packed}',"
        " ignore_errors = true, filename = true, union_by_name = true)"
    )
