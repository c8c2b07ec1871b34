"""What is known of a run beside its report: how much was there before, and the rows it rejected."""

from dataclasses import dataclass
from typing import Any

from touchline.core.contracts import Contract
from touchline.core.pipeline import Pipeline, rejected_contract
from touchline.core.ports import Publish, Run
from touchline.errors import TouchlineError
from touchline.wiring import Touchline

MOST_READ = 200_000
MOST_SHOWN = 50


@dataclass(frozen=True)
class Made:
    """A table of a run: what it published, if it did, and what was current before."""

    table: str
    now: Publish | None
    before: Publish | None


@dataclass(frozen=True)
class Aside:
    """Rows of one table that a run rejected: the first of them, how many, or why none is shown."""

    table: str
    rows: tuple[dict[str, Any], ...]
    count: int
    note: str = ""


def made(here: Touchline, run: Run, table: str) -> Made:
    """What the run made of a table, and what was there before; a refused run made nothing."""
    history = here.ledger.history(table, run.partition)
    own = next((n for n, p in enumerate(history) if p.run_id == run.run_id and p.kind == "run"), None)  # fmt: skip
    if own is not None:
        return Made(table, history[own], next(iter(history[own + 1 :]), None))
    older = [p for p in history if p.published_at and p.published_at <= run.started_at]
    return Made(table, None, next(iter(older), None))


def rejected(here: Touchline, pipeline: Pipeline, run: Run) -> list[Aside]:
    """The rows that the run rejected, table by table."""
    steps = [s for s in run.report.get("steps", ()) if s["rejected"]]
    return [
        _aside(here, rejected_contract(pipeline.step(s["table"]).makes), run, step=s) for s in steps
    ]


def _aside(here: Touchline, contract: Contract, run: Run, *, step: dict[str, Any]) -> Aside:
    import pyarrow.compute as pc

    table, count = step["table"], sum(step["rejected"].values())
    kept = [p for p in here.ledger.history(contract.table, run.partition) if p.run_id == run.run_id]
    if not kept:
        return Aside(table, (), count, "they are not kept any more")
    if kept[0].rows > MOST_READ:
        query = f"touchline query \"SELECT * FROM {contract.table} WHERE run_id = '{run.run_id}'\""
        return Aside(table, (), count, f"too many to be read for a page: {query}")
    try:
        rows = here.tables.read(contract, kept[0].pieces)
    except TouchlineError as exc:
        return Aside(table, (), count, str(exc))
    mine = rows.filter(pc.equal(rows["run_id"], run.run_id))
    return Aside(table, tuple(mine.slice(0, MOST_SHOWN).to_pylist()), count)
