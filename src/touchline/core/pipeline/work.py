"""One partition's work: read, step, contract, gate, stage. Runs in any process; publishes nothing."""

import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import Any

import polars as pl

from touchline.core import sql
from touchline.core.contracts import REJECTED_SCHEMA, Enforced, enforce
from touchline.core.pipeline.gate import (
    StepReport,
    by_reason,
    few_enough,
    of_this_partition,
    passes,
)
from touchline.core.pipeline.steps import (
    Bronze,
    Decoded,
    Pipeline,
    Shared,
    Sql,
    Step,
    bare,
    rejected_contract,
)
from touchline.core.ports import ObjectStore, Partition, Piece, Receipt, Staged, TableStore, keys_of
from touchline.core.quality import measure
from touchline.errors import TouchlineError

_AT_ONCE = 3


@dataclass(frozen=True)
class Job:
    """What one partition needs done: which tables to make, and where their inputs are."""

    run_id: str
    pipeline: str
    partition: Partition
    started_at: datetime
    makes: tuple[str, ...]
    files: Mapping[str, Receipt]
    tables: Mapping[str, tuple[Piece, ...]]
    decode_only: bool = False


@dataclass(frozen=True)
class Outcome:
    """A job's end: everything staged, or the error that refused the partition, and the reports."""

    job: Job
    staged: tuple[Staged, ...] = ()
    rejected: tuple[Staged, ...] = ()
    steps: tuple[StepReport, ...] = ()
    error: TouchlineError | None = None


@dataclass
class _Bench:
    """What a job has on its table while it works; freed table by table after the last use."""

    job: Job
    pipeline: Pipeline
    objects: ObjectStore
    tables: TableStore
    frames: dict[str, Any] = field(default_factory=dict)
    locks: dict[str, Lock] = field(default_factory=dict)
    decoded: dict[str, Decoded] = field(default_factory=dict)
    staged: list[Staged] = field(default_factory=list)
    rejected: list[Staged] = field(default_factory=list)
    reports: list[StepReport] = field(default_factory=list)


def work(job: Job, *, pipeline: Pipeline, objects: ObjectStore, tables: TableStore) -> Outcome:
    """The job's outcome: all its tables staged, or none and the error. Expected errors only."""
    bench = _Bench(job, pipeline, objects, tables)
    error: TouchlineError | None = None
    try:
        if job.decode_only:
            _decode_all(bench)
        _make_all(bench, [s for s in pipeline.steps if s.table in job.makes])
    except TouchlineError as exc:
        error = exc
    place = {t: i for i, t in enumerate((*(b.table for b in pipeline.bronze), *job.makes))}
    reports = sorted(bench.reports, key=lambda r: place[r.table])
    staged = () if error else tuple(bench.staged)
    return Outcome(job, staged, tuple(bench.rejected), tuple(reports), error)


def _make_all(bench: _Bench, steps: list[Step]) -> None:
    """Each step once its inputs are made, several at a time; of several errors the first by order."""
    waiting, staging = list(steps), []
    running: dict[Future[pl.DataFrame], Step] = {}
    failed: dict[int, BaseException] = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while running or (waiting and not failed):
            left = {s.table for s in (*waiting, *running.values())}
            for step in [s for s in waiting if not failed and not _needs(bench, s) & left]:
                waiting.remove(step)
                running[pool.submit(_make, bench, step)] = step
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                step = running.pop(future)
                error = future.exception()
                if error is not None:
                    failed[steps.index(step)] = error
                elif not failed:
                    staging.append(pool.submit(_stage, bench, step, future.result()))
            _clear(bench, [*waiting, *running.values()])
        for staged in staging:
            staged.result()
    if failed:
        raise failed[min(failed)]


def _needs(bench: _Bench, step: Step) -> set[str]:
    """What a step reads, itself or through a shared value."""
    shared = {s.name: s for s in bench.pipeline.shared}
    through = (n for name in step.reads if name in shared for n in shared[name].reads)
    return {*step.reads, *through}


def _stage(bench: _Bench, step: Step, rows: pl.DataFrame) -> None:
    part, run_id = bench.job.partition, bench.job.run_id
    bench.staged.append(bench.tables.stage(step.makes, part, rows.to_arrow(), run_id=run_id))


def _clear(bench: _Bench, later: list[Step]) -> None:
    """Free what no later step reads, itself or through a shared value that is not made yet."""
    wanted = {name for step in later for name in step.reads}
    for shared in bench.pipeline.shared:
        if shared.name in wanted and shared.name not in bench.frames:
            wanted |= set(shared.reads)
    for name in set(bench.frames) - wanted:
        del bench.frames[name]


def _decode_all(bench: _Bench) -> None:
    for bronze in bench.pipeline.bronze:
        started = time.perf_counter()
        rows = _input(bench, bronze.table)
        decoded = bench.decoded[bronze.table]
        report = StepReport(
            bronze.table,
            rows_in=decoded.lines,
            rows=rows.height,
            rejected=by_reason(decoded.rejected),
            notes=decoded.notes,
            seconds=round(time.perf_counter() - started, 4),
        )
        bench.reports.append(report)
        most = bench.pipeline.max_rejected
        few_enough(bronze.table, report.rejected, of=decoded.lines, at_most=most)
        del bench.frames[bronze.table]


def _make(bench: _Bench, step: Step) -> pl.DataFrame:
    """The rows of one step, past its gate; rejected rows are staged even if the gate refuses."""
    started = time.perf_counter()
    inputs = {name: _input(bench, name) for name in step.reads}
    enforced = enforce(_result(step, inputs), step.makes)
    of_this_partition(step.makes, enforced.rows, bench.job.partition)
    rejected = _rejected_rows(bench, step, enforced.rejected)
    results = measure(
        enforced.rows,
        step.makes.rules,
        inputs={bare(name): frame for name, frame in inputs.items()},
        now=bench.job.started_at,
    )
    _stage_rejected(bench, step, rejected)
    report = StepReport(
        step.table,
        rows_in=sum(f.height for f in inputs.values() if isinstance(f, pl.DataFrame)),
        rows=enforced.rows.height,
        rejected=by_reason(rejected),
        rules=tuple(results),
        notes=_notes(bench, step),
        seconds=round(time.perf_counter() - started, 4),
    )
    bench.reports.append(report)
    _few_enough(bench, step, enforced)
    passes(step.makes, bench.job.partition, results)
    bench.frames[step.table] = enforced.rows
    return enforced.rows


def _result(step: Step, inputs: Mapping[str, Any]) -> pl.DataFrame:
    if isinstance(step.call, Sql):
        tables = {bare(name): frame for name, frame in inputs.items()}
        if step.rule is not None:
            tables["rule"] = sql.rule_row(step.rule)
        found = pl.from_arrow(sql.select(step.call.text, tables, name=step.call.name))
        assert isinstance(found, pl.DataFrame)
        return found
    made: pl.DataFrame = _called(step, inputs).lazy().collect()
    return made


def _called(step: Step | Shared, inputs: Mapping[str, Any]) -> Any:
    assert not isinstance(step.call, Sql)
    ruled = {} if step.rule is None else {"rule": step.rule}
    return step.call(**{bare(name): frame for name, frame in inputs.items()}, **ruled)


def _input(bench: _Bench, name: str) -> Any:
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
                found = _called(shared[name], {n: _input(bench, n) for n in shared[name].reads})
            else:
                found = _stored(bench, name)
            bench.frames[name] = found
        return bench.frames[name]


def _stored(bench: _Bench, name: str) -> pl.DataFrame:
    rows = bench.tables.read(bench.pipeline.step(name).makes, bench.job.tables[name])
    frame = pl.from_arrow(rows)
    assert isinstance(frame, pl.DataFrame)
    return frame


def _decode(bench: _Bench, bronze: Bronze) -> pl.DataFrame:
    receipt = bench.job.files[bronze.file]
    with ExitStack() as stack:
        path = stack.enter_context(bench.objects.local(receipt.path))
        try:
            decoded = bronze.decode(path)
        except TouchlineError as exc:
            where = f"{receipt.partition}/{receipt.name} (from {receipt.source})"
            raise type(exc)(f"{where}: {exc}", hint=exc.hint, **exc.facts) from exc
    bench.decoded[bronze.table] = replace(decoded, rows=decoded.rows.clear())
    return decoded.rows


def _rejected_rows(bench: _Bench, step: Step, rows: pl.DataFrame) -> pl.DataFrame:
    """The step's rejected rows and, for the first step that reads a file, its unreadable lines."""
    found = []
    for name in step.reads:
        if name in bench.decoded and _first_reader(bench.pipeline, name) == step.table:
            found.append(_placed(bench, name, bench.decoded[name].rejected))
    files = [name for name in step.reads if name in bench.decoded]
    found.append(_placed(bench, files[0] if files else step.reads[0], rows))
    return pl.concat(found)


def _placed(bench: _Bench, name: str, rows: pl.DataFrame) -> pl.DataFrame:
    files = {b.table: bench.job.files.get(b.file) for b in bench.pipeline.bronze}
    receipt = files.get(name)
    return rows.select(
        *REJECTED_SCHEMA,
        source=pl.lit(receipt.name if receipt else name),
        sha256=pl.lit(receipt.sha256 if receipt else None, dtype=pl.String),
    )


def _stage_rejected(bench: _Bench, step: Step, rows: pl.DataFrame) -> None:
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


def _first_reader(pipeline: Pipeline, name: str) -> str:
    return next(s.table for s in pipeline.steps if name in s.reads)


def _notes(bench: _Bench, step: Step) -> tuple[str, ...]:
    files = [n for n in step.reads if n in bench.decoded]
    return tuple(
        f"{n}: {note}"
        for n in files
        if _first_reader(bench.pipeline, n) == step.table
        for note in bench.decoded[n].notes
    )


def _few_enough(bench: _Bench, step: Step, enforced: Enforced) -> None:
    """Each file's unreadable lines against its lines, the step's rejected rows against its rows."""
    most = bench.pipeline.max_rejected
    for name in step.reads:
        if name in bench.decoded and _first_reader(bench.pipeline, name) == step.table:
            lines = bench.decoded[name].lines
            bad = by_reason(bench.decoded[name].rejected)
            few_enough(name, bad, of=lines, at_most=most, aside=step.table)
    rows = enforced.rows.height + enforced.rejected.height
    few_enough(step.table, by_reason(enforced.rejected), of=rows, at_most=most, aside=step.table)
