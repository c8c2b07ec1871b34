"""What a step reads: made earlier in its job, decoded from bronze, or read from the store."""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

import polars as pl

from touchline.core.bytes import is_gzip
from touchline.core.pipeline.job import Bench
from touchline.core.pipeline.steps import Bronze, Decoded, Shared, Sql, Step, bare
from touchline.core.ports import Receipt, keys_of
from touchline.core.quarantine.mends import Mends, decoded, mended, name_of
from touchline.core.wording import counted
from touchline.errors import ContractError, StorageError, TouchlineError


def given(bench: Bench, name: str) -> Any:
    """A step's input: made earlier in this job, decoded from bronze, or read from the store.

    Of several steps that ask at once the first makes it, and the others wait.
    """
    with bench.locks.setdefault(name, Lock()):
        if name not in bench.frames:
            bronze = {b.table: b for b in bench.pipeline.bronze}
            shared = {s.name: s for s in bench.pipeline.shared}
            if name in bronze:
                found = _decode(bench, bronze[name])
            elif name in shared:
                found = called(shared[name], {n: given(bench, n) for n in shared[name].reads})
            else:
                found = _stored(bench, name)
            bench.frames[name] = found
        return bench.frames[name]


def called(step: Step | Shared, inputs: Mapping[str, Any]) -> Any:
    """What its function makes of these inputs, under their bare names, and its rule."""
    assert not isinstance(step.call, Sql)
    ruled = {} if step.rule is None else {"rule": step.rule}
    return step.call(**{bare(name): frame for name, frame in inputs.items()}, **ruled)


def _decode(bench: Bench, bronze: Bronze) -> pl.DataFrame:
    receipts = bronze.of(bench.job.files)
    each = [_decoded(bench, bronze, receipt) for receipt in receipts.values()]
    whole = _together(receipts, each) if bronze.many else each[0]
    bench.decoded[bronze.table] = replace(whole, rows=whole.rows.clear())
    return whole.rows


def _decoded(bench: Bench, bronze: Bronze, receipt: Receipt) -> Decoded:
    """The file's rows, of the very bytes that came: their hash is worked out beside the decoding."""
    try:
        return _read(bench, bronze, receipt)
    except OSError as exc:
        raise StorageError(
            f"{receipt.partition}/{receipt.name}: {exc.strerror}: {exc.filename or receipt.path}",
            hint="grant the right to read bronze, then run again",
        ) from exc


def _read(bench: Bench, bronze: Bronze, receipt: Receipt) -> Decoded:
    said = _said_of(bench, receipt)
    with bench.objects.local(receipt.path) as path, ThreadPoolExecutor(1) as beside:
        digest = beside.submit(_sha256, path)
        try:
            with mended(path, said, counts_blank=bronze.counts_blank) as whole:
                found = _without(bronze.decode(whole), said)
                _must_be_gzip(path, receipt, found)
                return found
        except TouchlineError as exc:
            where = f"{receipt.partition}/{receipt.name} (from {receipt.source})"
            hint = "; ".join(filter(None, (exc.hint, _or_out(exc, receipt, bench))))
            raise type(exc)(f"{where}: {exc}", hint=hint, **exc.facts) from exc
        finally:
            _as_it_came(receipt, digest.result())


def _must_be_gzip(path: Path, receipt: Receipt, found: Decoded) -> None:
    """Refuse a file of no good row that is not the gzip it is named as; plain lines so named are read."""
    named = receipt.name.lower().endswith(".gz")
    if named and found.rows.is_empty() and not found.rejected.is_empty() and not is_gzip(path):
        raise ContractError(
            f"not gzip, though its name ends in .gz, and none of its {counted(found.lines, 'line')}"
            " can be read",
            hint="ask whoever sent it for the file again",
        )


def _or_out(exc: TouchlineError, receipt: Receipt, bench: Bench) -> str:
    """The other way out where it is the file that is wrong."""
    if not isinstance(exc, ContractError):
        return ""
    if bench.pipeline.put_right:
        return bench.pipeline.put_right
    file = f"{receipt.domain} {receipt.partition} {receipt.name}"
    return f"if it should not count: touchline withdraw {file} --because WHY"


def _said_of(bench: Bench, receipt: Receipt) -> Mends:
    """What people said of lines of this content."""
    found = bench.job.files.get(name_of(receipt.sha256))
    return decoded(bench.objects.read(found.path)) if found else Mends(receipt.sha256)


def _without(found: Decoded, said: Mends) -> Decoded:
    """The file without the lines that were let go, and a note of what was said of it."""
    if not said.lines:
        return found
    kept = ~pl.col("line").is_in(said.discarded).fill_null(value=False)
    note = f"{counted(len(said.replaced), 'line')} mended, {len(said.discarded)} discarded"
    return replace(
        found,
        rows=found.rows.filter(kept) if "line" in found.rows.columns else found.rows,
        rejected=found.rejected.filter(kept),
        lines=found.lines - len(said.discarded),
        notes=(*found.notes, note),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _as_it_came(receipt: Receipt, sha256: str) -> None:
    if sha256 != receipt.sha256:
        raise StorageError(
            f"{receipt.partition}/{receipt.name}: bronze holds other bytes than came: sha256"
            f" {sha256[:12]}, expected {receipt.sha256[:12]} ({receipt.path})",
            hint=f"a disk failed, or somebody wrote there: ingest {receipt.source} again",
        )


def _together(receipts: Mapping[str, Receipt], files: Sequence[Decoded]) -> Decoded:
    """Several files as one: each row with its file's name in `_file`, and its partition's columns."""
    (part,) = {receipt.partition for receipt in receipts.values()}
    keys = {name: pl.lit(value) for name, value in keys_of(part).items()}

    def named(name: str, frame: pl.DataFrame, **more: pl.Expr) -> pl.DataFrame:
        return frame.with_columns(_file=pl.lit(name), **more)

    each = list(zip(receipts, files, strict=True))
    return Decoded(
        pl.concat([named(name, file.rows, **keys) for name, file in each]),
        lines=sum(file.lines for file in files),
        rejected=pl.concat([named(name, file.rejected) for name, file in each]),
        notes=tuple(f"{name}: {note}" for name, file in each for note in file.notes),
    )


def _stored(bench: Bench, name: str) -> pl.DataFrame:
    rows = bench.tables.read(bench.pipeline.step(name).makes, bench.job.tables[name])
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)
    return frame
