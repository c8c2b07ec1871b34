"""/health/runs/...: one run: how it ended, what it read, what it made, and what it rejected."""

from typing import Any

from touchline.core.markup import Child, Markup, tag
from touchline.core.ports import Run
from touchline.server import lists, run_facts
from touchline.server.parts import (
    NONE,
    absent,
    document,
    folded,
    header,
    instant,
    link,
    mark,
    news,
    number,
    partition_place,
    run_place,
    section,
    status,
    table,
    took,
)
from touchline.server.run_facts import Aside, Made
from touchline.wiring import Touchline

_OTHERS = 20


def found(here: Touchline, run_id: str) -> Run:
    """The run of exactly that id; a page that is not there, if there is none."""
    for run in here.ledger.runs(run_id=run_id, limit=1):
        if run.run_id == run_id and run.pipeline in here.pipelines:
            return run
    absent(f"no run {run_id}", "`touchline runs` lists them")


def page(here: Touchline, run: Run) -> str:
    """The whole page of a run."""
    report = run.report
    steps: list[dict[str, Any]] = report.get("steps", [])
    tables = {s["table"]: run_facts.made(here, run, s["table"]) for s in steps}
    aside = run_facts.rejected(here, here.pipeline(run.pipeline), run)
    others = here.ledger.runs(pipeline=run.pipeline, part=run.partition, limit=_OTHERS)
    return document(
        f"{run.partition} {run.status}",
        _header(run),
        tag(
            "main",
            _rules(steps),
            _rejected(aside, shown=run.status == "refused"),
            _tables(run, steps, tables),
            _timings(steps),
            _inputs(here, run),
            _others([r for r in others if r.run_id != run.run_id]),
        ),
        up=[link("/health", "← Health"), link(partition_place(run.pipeline, run.partition), run.partition)],
    )  # fmt: skip


def _header(run: Run) -> Markup:
    facts = [
        tag("span", "Run ", tag("code", run.run_id)),
        tag("span", "began ", instant(run.started_at), " UTC"),
        tag("span", "ended ", instant(run.ended_at), " UTC"),
        tag("span", f"took {took(run)} s") if run.seconds is not None else None,
    ]
    return header(
        [run.partition, " ", status(run)],
        tag("p", news(run), class_="notice") if run.message else None,
        _failures(run.report),
        tag("p", facts, class_="facts"),
        over=run.pipeline,
    )


def _failures(report: Any) -> Child:
    """What else was wrong, and the way out; the first is in the head already."""
    found = [f for f in report.get("failures", ()) if f.get("hint")]
    hints = dict.fromkeys(f["hint"] for f in found)
    more = [f["message"] for f in report.get("failures", ())[1:]]
    if not hints and not more:
        return None
    return [
        [tag("p", said, class_="notice") for said in more],
        [tag("p", "Hint: ", hint) for hint in hints],
    ]


def _rules(steps: list[dict[str, Any]]) -> Markup:
    """Those that were broken first, then those that warn; those that were kept are folded."""
    rules = [(s["table"], r) for s in steps for r in s["rules"]]
    broken = [rule for rule in rules if not rule[1]["passed"]]
    kept = [rule for rule in rules if rule[1]["passed"]]
    broken.sort(key=lambda rule: rule[1]["severity"] != "fail")
    folded = tag("details", tag("summary", f"{len(kept)} kept"), _listed(kept)) if kept else None
    empty = "None was broken." if kept else "No rule was reached."
    shown = _listed(broken) if broken else tag("p", empty, class_="quiet")
    return section("Rules", shown, folded)


def _listed(rules: list[tuple[str, dict[str, Any]]]) -> Markup:
    rows: list[list[Child]] = [
        [_judged(rule), rule["rule"], rule["seen"], rule["expected"], name] for name, rule in rules
    ]
    return table(["Result", "Rule", "Seen", "Expected", "Table"], rows)


def _judged(rule: dict[str, Any]) -> Markup:
    if rule["passed"]:
        return mark("fresh", "kept")
    return mark("warned", "warns") if rule["severity"] == "warn" else mark("refused", "broken")


# --- rows ---------------------------------------------------------------------------------------


def _rejected(aside: list[Aside], *, shown: bool) -> Child:
    """The rejected rows of each table; unfolded where they may be what is looked for."""
    found = [_of_table(a, shown=shown) for a in aside]
    return section("Rejected rows", found) if found else None


def _of_table(a: Aside, *, shown: bool) -> Markup:
    more = f", the first {len(a.rows)} shown" if a.rows and a.count > len(a.rows) else ""
    rows: list[list[Child]] = [
        [
            row["reason"],
            number(row["line"]) if row["line"] is not None else NONE,
            row["source"] or NONE,
            tag("code", row["row"] or "", class_="row"),
        ]
        for row in a.rows
    ]
    return tag(
        "details",
        tag("summary", f"{a.table}: {number(a.count)} rejected{more}"),
        tag("p", a.note, class_="quiet") if a.note else None,
        table(["Reason", "Line#", "File", "As it arrived"], rows) if rows else None,
        open=shown,
    )


def _tables(run: Run, steps: list[dict[str, Any]], made: dict[str, Made]) -> Markup:
    rows: list[list[Child]] = [_table(run, s, made[s["table"]]) for s in steps]
    heads = ["Table", "Rows in#", "Rows#", "Rows before#", "Rejected", "Rejected before#", "Changes", "Notes"]  # fmt: skip
    return section(
        "Tables",
        table(heads, rows, empty="No table was made."),
        note=_NOTES.get(run.status, "Nothing of this was published: what was there before stays."),
    )


_NOTES = {
    "published": None,
    "rolled back": "Put back as an earlier run made them; none was made anew.",
}


def _table(run: Run, step: dict[str, Any], made: Made) -> list[Child]:
    before = made.before
    diff: Child = NONE
    if made.now is not None and before is not None:
        diff = link(f"{run_place(run)}/diff/{step['table']}", "compare")
    rejected = ", ".join(f"{number(n)} {reason}" for reason, n in step["rejected"].items())
    return [
        tag("code", folded(step["table"], ".")),
        number(step["rows_in"]),
        number(step["rows"]),
        number(before.rows) if before else NONE,
        rejected or "0",
        number(before.rejected) if before else NONE,
        diff,
        "; ".join(step["notes"]) or NONE,
    ]


def _timings(steps: list[dict[str, Any]]) -> Child:
    """A bar for each table; as wide as its share of the longest."""
    longest = max((s["seconds"] for s in steps), default=0.0)
    if not longest:
        return None
    rows: list[list[Child]] = [
        [tag("code", folded(s["table"], ".")), f"{s['seconds']:.2f}", _bar(s["seconds"] / longest)]
        for s in steps
    ]
    return section("Timings", table(["Table", "Seconds#", "Share"], rows, slim=True))


def _bar(share: float) -> Markup:
    rect = tag("rect", width=f"{max(share, 0.004) * 100:.1f}%", height="100%", rx="3")
    return tag("svg", rect, class_="bar", aria_hidden="true")


def _inputs(here: Touchline, run: Run) -> Markup:
    """What it read; when that came, where bronze still counts it."""
    arrived = here.ledger.arrivals(run.pipeline, [run.partition]).get(run.partition, {})
    came = {r.sha256: r.received_at for r in arrived.values()}
    found = [
        (i["name"], i["source"], came.get(i["sha256"]), i["size_bytes"], i["sha256"])
        for i in run.report.get("inputs", ())
    ]
    return section("Inputs", lists.files(found, empty="None are recorded."))


def _others(found: list[Run]) -> Markup:
    return section("Other runs of this partition", lists.runs(found, empty="There are none."))
