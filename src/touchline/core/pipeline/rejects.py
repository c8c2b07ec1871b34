"""Rows and lines that a step rejected: gathered, counted against the limit, staged aside."""

import polars as pl

from touchline.core.contracts import REJECTED_SCHEMA, Enforced
from touchline.core.pipeline.gate import by_reason, few_enough
from touchline.core.pipeline.job import Bench
from touchline.core.pipeline.steps import Pipeline, Step, rejected_contract
from touchline.core.ports import keys_of


def rejected_rows(bench: Bench, step: Step, rows: pl.DataFrame) -> pl.DataFrame:
    """The step's rejected rows and, for the first step that reads a file, its unreadable lines."""
    found = []
    for name in step.reads:
        if name in bench.decoded and _first_reader(bench.pipeline, name) == step.table:
            found.append(_placed(bench, name, bench.decoded[name].rejected))
    files = [name for name in step.reads if name in bench.decoded]
    found.append(_placed(bench, files[0] if files else step.reads[0], rows))
    return pl.concat(found)


def _placed(bench: Bench, name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with the logical name and the content of the file each came from."""
    bronze = {b.table: b for b in bench.pipeline.bronze}.get(name)
    receipts = bronze.of(bench.job.files) if bronze else {}
    if "_file" in rows.columns:
        return rows.select(
            *REJECTED_SCHEMA,
            source=pl.col("_file"),
            sha256=pl.col("_file").replace_strict({n: r.sha256 for n, r in receipts.items()}),
        )
    one = next(iter(receipts.values())) if len(receipts) == 1 else None
    return rows.select(
        *REJECTED_SCHEMA,
        source=pl.lit(one.name if one else name),
        sha256=pl.lit(one.sha256 if one else None, dtype=pl.String),
    )


def stage_rejected(bench: Bench, step: Step, rows: pl.DataFrame) -> None:
    """Stage the rows beside the step's table, each with its run."""
    contract = rejected_contract(step.makes)
    keys = keys_of(bench.job.partition)
    table = (
        rows.with_columns(
            run_id=pl.lit(bench.job.run_id), **{k: pl.lit(v) for k, v in keys.items()}
        )
        .cast({name: contract.polars_schema()[name] for name in keys})
        .select(contract.names)
        .to_arrow()
    )
    bench.rejected.append(
        bench.tables.stage(contract, bench.job.partition, table, run_id=bench.job.run_id)
    )


def notes_of(bench: Bench, step: Step) -> tuple[str, ...]:
    """What is worth knowing of the files that this step is the first to read."""
    files = [n for n in step.reads if n in bench.decoded]
    return tuple(
        f"{n}: {note}"
        for n in files
        if _first_reader(bench.pipeline, n) == step.table
        for note in bench.decoded[n].notes
    )


def check_rejected(bench: Bench, step: Step, enforced: Enforced) -> None:
    """Each file's unreadable lines against its lines, the step's rejected rows against its rows."""
    part, pipeline = bench.job.partition, bench.pipeline
    aside = f"--table {step.table} --partition {part} --run {bench.job.run_id}"
    for name in step.reads:
        if name in bench.decoded and _first_reader(bench.pipeline, name) == step.table:
            lines = bench.decoded[name].lines
            bad = by_reason(bench.decoded[name].rejected)
            few_enough(name, bad, part, pipeline=pipeline, of=lines, aside=aside)
    rows = enforced.rows.height + enforced.rejected.height
    bad = by_reason(enforced.rejected)
    few_enough(step.table, bad, part, pipeline=pipeline, of=rows, aside=aside)


def _first_reader(pipeline: Pipeline, name: str) -> str:
    return next(s.table for s in pipeline.steps if name in s.reads)
