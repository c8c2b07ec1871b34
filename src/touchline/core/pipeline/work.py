"""One partition's work: read, step, contract, gate, stage. Runs in any process; publishes nothing."""

import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

import polars as pl

from touchline.core import sql
from touchline.core.baseline import Profile, profiled
from touchline.core.contracts import enforce
from touchline.core.pipeline.gate import (
    StepReport,
    by_reason,
    few_enough,
    of_this_partition,
    passes,
)
from touchline.core.pipeline.inputs import called, given
from touchline.core.pipeline.job import Bench, Job, Outcome
from touchline.core.pipeline.rejects import (
    check_rejected,
    notes_of,
    rejected_rows,
    stage_rejected,
)
from touchline.core.pipeline.steps import (
    Bronze,
    Pipeline,
    Sql,
    Step,
    bare,
)
from touchline.core.ports import ObjectStore, TableStore
from touchline.core.quality import Result, measure
from touchline.errors import ContractError, QualityError, TouchlineError, UnforeseenError

_AT_ONCE = min(4, pl.thread_pool_size())


def work(job: Job, *, pipeline: Pipeline, objects: ObjectStore, tables: TableStore) -> Outcome:
    """The job's outcome: all its tables staged, or none and the errors. Expected errors only."""
    begun, bench = time.perf_counter(), Bench(job, pipeline, objects, tables)
    errors: list[TouchlineError] = []
    try:
        if job.decode_only:
            for bronze in pipeline.bronze:
                _named(bronze.table, _decode, bench, bronze)
        errors = _make_all(bench, [s for s in pipeline.steps if s.table in job.makes])
    except TouchlineError as exc:
        errors = [exc]
    place = {t: i for i, t in enumerate((*(b.table for b in pipeline.bronze), *job.makes))}
    reports = sorted(bench.reports, key=lambda r: place[r.table])
    staged = () if errors else tuple(bench.staged)
    return Outcome(
        job,
        staged,
        tuple(bench.rejected),
        tuple(reports),
        tuple(errors),
        seconds=round(time.perf_counter() - begun, 3),
    )


def _make_all(bench: Bench, steps: list[Step]) -> list[TouchlineError]:
    """Make each step once its inputs are made, several at a time; what was wrong, in their order.

    Bad data stops what is downstream of it and nothing else, so that one report tells all that is
    wrong with a match; any other error ends the job. What was made is staged when nothing else can
    be done, as no step waits for that.
    """
    waiting, made = list(steps), list[tuple[Step, pl.DataFrame]]()
    running: dict[Future[Any], Step | None] = {}
    failed: dict[str, TouchlineError] = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for name in _largest_first(bench, steps):
            pool.submit(given, bench, name)
        while running or waiting or (made and not failed):
            for ready in _ready(bench, waiting, running, failed=failed):
                running[pool.submit(_named, ready.table, _make, bench, ready)] = ready
            while made and not failed and len(running) < _AT_ONCE:
                step, rows = made.pop(0)
                running[pool.submit(_named, step.table, _stage, bench, step, rows)] = None
            ended = {f: running.pop(f) for f in wait(running, return_when=FIRST_COMPLETED).done}
            failed |= {_table(s): _of_the_data(e) for f, s in ended.items() if (e := f.exception())}
            made += [(s, f.result()) for f, s in ended.items() if s and s.table not in failed]
            _clear(bench, [*waiting, *(s for s in running.values() if s)])
    in_order = [failed[t] for t in (*(s.table for s in steps), _table(None)) if t in failed]
    return list({str(error): error for error in in_order}.values())


def _table(step: Step | None) -> str:
    """Where an error is told: at the step's table, or at the staging of one that was made."""
    return step.table if step else "staging"


def _ready(
    bench: Bench,
    waiting: list[Step],
    running: Mapping[Any, Step | None],
    *,
    failed: Mapping[str, TouchlineError],
) -> list[Step]:
    """Take the steps out of the waiting ones that can be made now, and those that never can."""
    left = {s.table for s in (*waiting, *running.values()) if s}
    lost, ready = set(failed), []
    for step in list(waiting):
        needs = _needs(bench, step)
        if needs & lost:
            lost.add(step.table)
            waiting.remove(step)
        elif not needs & left:
            ready.append(step)
            waiting.remove(step)
    return ready


def _of_the_data(error: BaseException) -> TouchlineError:
    """The error of one table's data, beside which the others can be made; any other ends the job."""
    if isinstance(error, ContractError | QualityError | UnforeseenError):
        return error
    raise error


def _largest_first(bench: Bench, steps: list[Step]) -> list[str]:
    """What is decoded at once, so that no step waits longer than it must for the largest file.

    An error is met again, and told, by the step that reads it.
    """
    wanted = {name for step in steps for name in _needs(bench, step)}
    files = {b.table: b.of(bench.job.files) for b in bench.pipeline.bronze if b.table in wanted}
    sizes = {name: sum(r.size for r in receipts.values()) for name, receipts in files.items()}
    return sorted(sizes, key=lambda name: -sizes[name])


def _needs(bench: Bench, step: Step) -> set[str]:
    """What a step reads, itself or through a shared value."""
    shared = {s.name: s for s in bench.pipeline.shared}
    through = (n for name in step.reads if name in shared for n in shared[name].reads)
    return {*step.reads, *through}


def _stage(bench: Bench, step: Step, rows: pl.DataFrame) -> None:
    part, run_id = bench.job.partition, bench.job.run_id
    bench.staged.append(bench.tables.stage(step.makes, part, rows.to_arrow(), run_id=run_id))


def _clear(bench: Bench, later: list[Step]) -> None:
    """Free what no later step reads, itself or through a shared value that is not made yet."""
    wanted = {name for step in later for name in step.reads}
    for shared in bench.pipeline.shared:
        if shared.name in wanted and shared.name not in bench.frames:
            wanted |= set(shared.reads)
    for name in set(bench.frames) - wanted:
        del bench.frames[name]


def _named(table: str, act: Callable[..., Any], *given_: Any) -> Any:
    """What the act gives. What nobody foresaw in one match's values must not stop other matches."""
    try:
        return act(*given_)
    except TouchlineError:
        raise
    except (Exception, pl.exceptions.PanicException) as exc:
        raise UnforeseenError(
            f"{table}: {type(exc).__name__}: {exc}",
            hint="a value, or a bug, that no rule foresaw; the run's report has the traceback",
            table=table,
            traceback=traceback.format_exc(),
        ) from exc


def _decode(bench: Bench, bronze: Bronze) -> None:
    started = time.perf_counter()
    rows = given(bench, bronze.table)
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
    few_enough(
        bronze.table,
        report.rejected,
        bench.job.partition,
        pipeline=bench.pipeline,
        of=decoded.lines,
    )
    del bench.frames[bronze.table]


def _make(bench: Bench, step: Step) -> pl.DataFrame:
    """The rows of one step, past its gate; rejected rows are staged even if the gate refuses."""
    started = time.perf_counter()
    inputs = {name: given(bench, name) for name in step.reads}
    enforced = enforce(_result(step, inputs), step.makes)
    part, pipeline = bench.job.partition, bench.pipeline
    files = _files_of(bench, step)
    of_this_partition(step.makes, enforced.rows, part, pipeline=pipeline, files=files)
    rejected = rejected_rows(bench, step, enforced.rejected)
    results = _measured(bench, step, inputs, rows=enforced.rows)
    profile, kept = _profile(step, enforced.rows)
    stage_rejected(bench, step, rejected)
    report = StepReport(
        step.table,
        rows_in=sum(f.height for f in inputs.values() if isinstance(f, pl.DataFrame)),
        rows=enforced.rows.height,
        rejected=by_reason(rejected),
        rules=tuple(results),
        notes=(*notes_of(bench, step), *kept),
        seconds=round(time.perf_counter() - started, 4),
        profile=profile,
    )
    bench.reports.append(report)
    check_rejected(bench, step, enforced)
    passes(step.makes, part, results, pipeline=pipeline)
    bench.frames[step.table] = enforced.rows
    return enforced.rows


def _measured(
    bench: Bench, step: Step, inputs: Mapping[str, Any], *, rows: pl.DataFrame
) -> list[Result]:
    """What the rules saw: those of the first input as it came, then those of what is made of it."""
    now, first = bench.job.started_at, step.reads[0]
    came = measure(inputs[first], step.arriving, now=now) if step.arriving else []
    named = [replace(result, rule=f"{bare(first)}: {result.rule}") for result in came]
    by_name = {bare(name): frame for name, frame in inputs.items()}
    return [*named, *measure(rows, step.makes.rules, inputs=by_name, now=now)]


def _profile(step: Step, rows: pl.DataFrame) -> tuple[Profile | None, tuple[str, ...]]:
    return (None, ()) if step.profile is None else profiled(rows, step.profile)


def _files_of(bench: Bench, step: Step) -> list[str]:
    return [b.file for b in bench.pipeline.bronze if b.table in step.reads]


def _result(step: Step, inputs: Mapping[str, Any]) -> pl.DataFrame:
    if isinstance(step.call, Sql):
        tables = {bare(name): frame for name, frame in inputs.items()}
        if step.rule is not None:
            tables["rule"] = sql.rule_row(step.rule)
        found = pl.from_arrow(sql.select(step.call.text, tables, name=step.call.name))
        assert isinstance(found, pl.DataFrame)
        return found
    made: pl.DataFrame = called(step, inputs).lazy().collect()
    return made
