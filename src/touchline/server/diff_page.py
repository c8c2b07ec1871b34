"""/health/runs/.../diff/...: what a run's publish of a table changed."""

from typing import Any

from touchline.core import diff as diffs
from touchline.core.diff import NOTHING, Diff
from touchline.core.markup import Child, Markup, tag
from touchline.core.ports import Run
from touchline.core.wording import counted
from touchline.errors import ConfigError, MissingInputError
from touchline.server import run_facts
from touchline.server.parts import (
    NONE,
    absent,
    document,
    header,
    link,
    number,
    run_place,
    section,
    table,
)
from touchline.wiring import Touchline

MOST_COMPARED = 500_000
_SHOWN = 50


def page(here: Touchline, run: Run, name: str) -> str:
    """The whole page of one comparison."""
    found = _compared(here, run, name)
    return document(
        f"{name} {run.partition}: what changed",
        header(
            [name, ": what changed"],
            tag("p", _summary(found)),
            tag("p", _runs(found), class_="facts"),
            over=run.partition,
        ),
        tag("main", _columns(found), _rows(found)),
        up=[link("/health", "← Health"), link(run_place(run), f"Run {run.run_id}")],
    )


def _compared(here: Touchline, run: Run, name: str) -> Diff:
    tables = {s.table: s.makes for s in here.pipeline(run.pipeline).steps}
    if name not in tables:
        absent(f"{run.pipeline} makes no table {name}", f"there is: {', '.join(tables)}")
    made = run_facts.made(here, run, name)
    if made.now is None:
        absent(f"run {run.run_id} published nothing of {name} that is kept")
    rows = made.now.rows + (made.before.rows if made.before else 0)
    if rows > MOST_COMPARED:
        absent(
            f"{name}: {rows:,} rows are too many to be compared for a page",
            f"`touchline diff {name} {run.partition} --to {run.run_id}`",
        )
    platform, runs = here.platform(), (None, run.run_id)
    try:
        return diffs.published(
            tables[name], run.partition, platform=platform, runs=runs, most=_SHOWN
        )
    except (ConfigError, MissingInputError) as exc:
        absent(str(exc), exc.hint)


def _summary(found: Diff) -> str:
    was, now = found.counts
    if found.same:
        return f"The same {counted(now, 'row')}."
    return (
        f"{counted(was, 'row')} before, {number(now)} after: {number(found.added)} added,"
        f" {number(found.removed)} removed, {number(found.changed)} changed."
    )


def _runs(found: Diff) -> Child:
    return [
        tag("span", what, " ", run_id if run_id == NOTHING else _link(run_id))
        for what, run_id in zip(("before", "after"), found.runs, strict=True)
    ]


def _link(run_id: str) -> Markup:
    return link(f"/health/runs/{run_id}", tag("code", run_id))


def _columns(found: Diff) -> Markup:
    rows: list[list[Child]] = [
        [
            tag("code", c.column),
            number(c.changed),
            number(c.before),
            number(c.after),
            number(c.largest),
        ]
        for c in found.columns
    ]
    heads = ["Column", "Rows changed#", "Sum before#", "Sum after#", "Largest change#"]
    return section("Columns", table(heads, rows, empty="No row that is in both differs."))


def _rows(found: Diff) -> Markup:
    rows: list[list[Child]] = [[row["what"], _key(row), _change(row)] for row in found.rows]
    told = found.added + found.removed + found.changed
    note = f"The first {len(rows)} of {number(told)}." if told > len(rows) else None
    heads = ["What", "Key", "From → to"]
    return section("Rows", table(heads, rows, empty="No row differs."), note=note)


def _key(row: dict[str, Any]) -> str:
    return ", ".join(f"{k} {v}" for k, v in row.items() if k not in ("what", "columns"))


def _change(row: dict[str, Any]) -> str:
    changes: dict[str, Any] = row.get("columns", {})
    return "; ".join(f"{name}: {was} → {now}" for name, (was, now) in changes.items()) or NONE
