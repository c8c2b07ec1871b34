"""The rows of a query as text and files: each format has one form, wherever it goes."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from touchline.cli.output import replaced, to_json
from touchline.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

ENDINGS = (".csv", ".parquet", ".json")

_AT_ONCE = 50_000


def csv(rows: "pa.Table") -> Iterator[str]:
    """Lines with a header. Instants are ISO 8601 as they are, to the last digit; null is nothing.

    Raises:
        ConfigError: A column holds what CSV has no form for.
    """
    frame = _plain(rows)
    yield frame.clear().write_csv()
    for some in frame.iter_slices(_AT_ONCE):
        yield some.write_csv(include_header=False)


def write(rows: "pa.Table", out: Path) -> None:
    """The file holds the rows, as its ending says; it is replaced only once all are written."""
    import polars as pl

    text = {".csv": csv, ".json": _json}.get(out.suffix)
    pieces = text(rows) if text else iter(())
    first = next(pieces, "")
    with replaced(out) as beside:
        if text is None:
            frame = pl.from_arrow(rows)
            assert isinstance(frame, pl.DataFrame)
            frame.write_parquet(beside)
            return
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.write(first)
            file.writelines(pieces)


def _json(rows: "pa.Table") -> Iterator[str]:
    """An array, a row a line."""
    yield "["
    for number, batch in enumerate(rows.to_batches(max_chunksize=_AT_ONCE)):
        lines = [to_json(row) for row in batch.to_pylist()]
        yield (",\n" if number else "\n") + ",\n".join(lines)
    yield "\n]\n"


def _plain(rows: "pa.Table") -> "pl.DataFrame":
    """The rows, in which instants and times of day are text."""
    import polars as pl

    _must_have_a_form(rows)
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)
    forms = {
        name: "%H:%M:%S%.f" if kind == pl.Time else f"%Y-%m-%dT%H:%M:%S%.f{_zone(kind)}"
        for name, kind in frame.schema.items()
        if isinstance(kind, pl.Time | pl.Datetime)
    }
    return frame.with_columns(pl.col(name).dt.strftime(form) for name, form in forms.items())


def _zone(kind: "pl.DataType") -> str:
    """Instants of a query are in UTC; those without a zone stay without one."""
    return "Z" if getattr(kind, "time_zone", None) else ""


def _must_have_a_form(rows: "pa.Table") -> None:
    import pyarrow as pa

    checks = (pa.types.is_nested, pa.types.is_binary, pa.types.is_interval)
    odd = [f.name for f in rows.schema if any(check(f.type) for check in checks)]
    if odd:
        raise ConfigError(
            f"columns {', '.join(odd)} hold lists, structures or bytes, which CSV cannot",
            hint="write json or parquet, or select their members",
        )
