"""The provider's CSV files: rows as text, by the names in their header."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.csv as pc

from touchline.core.contracts import REJECTED_SCHEMA
from touchline.core.pipeline import Decoded
from touchline.errors import ContractError
from touchline.tracking.source.bytes import opened


def decode(
    path: Path, *, columns: Mapping[str, str], known: frozenset[str] = frozenset()
) -> Decoded:
    """The required columns as text, one row per line, with its `line` number.

    Args:
        path: A CSV file, plain or gzip.
        columns: Silver name -> the name that must be in the header, in any order.
        known: Columns that are no news; others are noted.

    Raises:
        ContractError: Empty, not UTF-8, a required column missing or twice, or the last line cut off.
    """
    required = ("match_id", *columns.values())
    with opened(path) as file:
        data = file.read()
    try:
        header = next(csv.reader([data.partition(b"\n")[0].decode("utf-8-sig").rstrip("\r")]), [])
    except UnicodeDecodeError as exc:
        raise _not_utf8(exc) from exc
    _check_header(header, required)
    bad: list[tuple[str, int, str]] = []
    rows = _read(data, list(required), bad)
    if bad and not data.endswith(b"\n") and bad[-1][1] - 1 == rows.num_rows + len(bad):
        raise ContractError(
            f"line {bad[-1][1]}: cut off at the end of the file: {bad[-1][0]}",
            hint="ask the provider for the file again",
        )
    skipped = {number for _, number, _ in bad}
    lines = [n for n in range(2, rows.num_rows + len(bad) + 2) if n not in skipped]
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)
    extra = sorted(set(header) - known - set(required))
    return Decoded(
        frame.with_columns(pl.Series("line", lines, dtype=pl.Int64)),
        lines=rows.num_rows + len(bad),
        rejected=pl.DataFrame(bad, schema=REJECTED_SCHEMA, orient="row"),
        notes=(f"added columns {', '.join(extra)}",) if extra and known else (),
    )


def _check_header(header: list[str], required: Sequence[str]) -> None:
    missing = [name for name in required if name not in header]
    twice = sorted({name for name in required if header.count(name) > 1})
    if missing or twice:
        said = [f"missing columns {', '.join(missing)}"] if missing else []
        said += [f"columns given twice: {', '.join(twice)}"] if twice else []
        raise ContractError(
            f"header: {'; '.join(said)} (seen {len(header)} columns)",
            hint="the provider changed its format, or this is another file",
        )


def _read(data: bytes, wanted: list[str], bad: list[tuple[str, int, str]]) -> pa.Table:
    def skip(row: pc.InvalidRow) -> str:
        reason = f"{row.actual_columns} fields, expected {row.expected_columns}"
        bad.append((f"malformed line: {reason}", row.number, row.text))
        return "skip"

    try:
        return pc.read_csv(
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


def _not_utf8(exc: UnicodeDecodeError) -> ContractError:
    return ContractError(
        f"header: not UTF-8 at byte {exc.start + 1}", hint="expected a UTF-8 CSV file with a header"
    )


def relation(paths: Sequence[str], packed: str) -> str:
    """SQL for such files as they came: every column of the header, as text."""
    listed = ", ".join("'" + p.replace("'", "''") + "'" for p in paths)
    return (
        f"read_csv([{listed}], header = true, all_varchar = true, compression = '{packed}',"
        " ignore_errors = true, filename = true, union_by_name = true)"
    )
