"""How a command over partitions ends: each end as it comes, all of them at last, the worst as code."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from touchline.cli.alerting import deliver, ended_by_others, note
from touchline.cli.output import complain, counted, progress, say, seconds, table, worst
from touchline.errors import ConflictError, TouchlineError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.pipeline.drive import Done
    from touchline.core.ports import Run

FRESH = "nothing to do: everything is fresh"


def finish(
    here: Touchline,
    ends: "Iterable[Done]",
    total: int,
    *,
    as_json: bool,
    keep_going: bool,
    empty: str = FRESH,
) -> None:
    """Show each end as it comes and all of them at last; exit as the worst of them says.

    What another run holds is no failure of this one: it is passed over, and told. What the ends say of
    incidents is noted as they come, and told at last.
    """
    rows: list[dict[str, Any]] = []
    codes: list[int] = []
    broken_off = False
    with progress("run", total) as tell:
        for done in ends:
            rows.append(_row(done))
            note(here, done)
            tell(done.partition, rows[-1]["status"])
            if done.error is None:
                _warned(done)
                continue
            codes.append(done.error.exit_code)
            _told(done.error, done.run)
            if not (keep_going or isinstance(done.error, ConflictError)):
                broken_off = True
                break
    close = getattr(ends, "close", None)
    if close:
        close()
    table(rows, as_json=as_json, empty=empty, counts=True)
    if len(rows) > 1:
        say(_summary(rows))
    if broken_off and len(rows) < total:
        say(f"stopped after {len(rows)} of {total}; give the same command again to resume")
    if rows or ended_by_others(here):
        deliver(here)
    sys.exit(worst(codes))


def _summary(rows: Sequence[Mapping[str, Any]]) -> str:
    """All ends in one line: how many of each kind, and rows in all."""
    statuses = [row["status"] for row in rows]
    ends = ", ".join(f"{statuses.count(kind)} {kind}" for kind in dict.fromkeys(statuses))
    made, rejected = (sum(row[name] for row in rows) for name in ("rows", "rejected"))
    return (
        f"{counted(len(rows), 'partition')}: {ends}; {counted(made, 'row')}, {rejected:,} rejected"
    )


def _warned(done: "Done") -> None:
    """What the rules warn of in a partition that was published."""
    if done.run is not None and done.run.message:
        say(f"{done.pipeline} {done.partition}: {done.run.message}")


def _told(error: TouchlineError, run: "Run | None") -> None:
    """Why a partition was not published, and what else is wrong with it."""
    complain(str(error), error.hint)
    for more in (run.report.get("failures", []) if run else [])[1:]:
        complain(more["message"], more["hint"])


def _row(done: "Done") -> dict[str, Any]:
    run = done.run
    made = run.report.get("steps", []) if run and run.status == "published" else []
    steps = run.report.get("steps", []) if run else []
    took = run.report.get("seconds", 0.0) if run else 0.0
    return {
        "pipeline": done.pipeline,
        "partition": done.partition,
        "status": run.status if run else "held",
        "tables": len(made),
        "rows": sum(s["rows"] for s in made),
        "rejected": sum(sum(s["rejected"].values()) for s in steps),
        "took": seconds(took),
        "run": run.run_id if run else None,
    }
