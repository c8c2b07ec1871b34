"""Records of a log as lines of bronze, and read again."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import polars as pl

from touchline.core.bytes import opened
from touchline.core.contracts import REJECTED_SCHEMA
from touchline.core.pipeline import Decoded
from touchline.core.ports import Record


class _Line(msgspec.Struct, omit_defaults=True, gc=False):
    lane: int
    log_offset: int
    logged_at: datetime
    key: str
    value: msgspec.Raw = msgspec.Raw(b"")
    value_base64: bytes | None = None


_DECODER = msgspec.json.Decoder(_Line)
_SCHEMA = {
    "lane": pl.Int64(),
    "log_offset": pl.Int64(),
    "logged_at": pl.Datetime("us", "UTC"),
    "key": pl.String(),
    "value": pl.Binary(),
    "line": pl.Int64(),
    "_row": pl.String(),
}


def line(record: Record) -> bytes:
    """The record as a line: its value as text, or as base64 where it is no UTF-8."""
    said: Mapping[str, object]
    try:
        said = {"value": record.value.decode()}
    except UnicodeDecodeError:
        said = {"value_base64": record.value}
    told = {
        "lane": record.lane,
        "log_offset": record.offset,
        "logged_at": record.at.astimezone(UTC),
        "key": record.key,
        **said,
    }
    return msgspec.json.encode(told) + b"\n"


def record_of(text: str) -> Record:
    """The record that a line says, mended or as it came; msgspec's DecodeError where it says none."""
    found = _DECODER.decode(text)
    lane, offset, at, key, value = _values(found)
    return Record(lane, offset, key, value, at)


def decode(path: Path) -> Decoded:
    """A row per record, its value byte for byte, with `line` and the line as it came in `_row`.

    Whoever mends a line may put any JSON in the place of the text that is its value.
    """
    rows, bad, number = list[tuple[object, ...]](), list[tuple[str, int, str]](), 0
    with opened(path) as file:
        for number, text in enumerate(file, start=1):
            try:
                found = _DECODER.decode(text)
                rows.append((*_values(found), number, text.decode().rstrip("\n")))
            except (msgspec.DecodeError, UnicodeDecodeError) as exc:
                shown = text.decode(errors="backslashreplace").rstrip("\n")
                bad.append((f"no record of a log: {exc}", number, shown))
    return Decoded(
        pl.DataFrame(rows, schema=_SCHEMA, orient="row"),
        number,
        pl.DataFrame(bad, schema=REJECTED_SCHEMA, orient="row"),
    )


def _values(found: _Line) -> tuple[int, int, datetime, str, bytes]:
    value = bytes(found.value)
    if value.startswith(b'"'):
        value = msgspec.json.decode(value, type=str).encode()
    elif not value:
        value = found.value_base64 or b""
    return found.lane, found.log_offset, found.logged_at.astimezone(UTC), found.key, value


def relation(paths: Sequence[str], packed: str) -> str:
    """SQL for such files as they came: where each record lay, and its value."""
    listed = ", ".join("'" + p.replace("'", "''") + "'" for p in paths)
    return (
        f"read_json([{listed}], format = 'newline_delimited', compression = '{packed}',"
        " columns = {lane: 'BIGINT', log_offset: 'BIGINT', logged_at: 'TIMESTAMPTZ',"
        " key: 'VARCHAR', value: 'VARCHAR', value_base64: 'VARCHAR'},"
        " ignore_errors = true, filename = true)"
    )
