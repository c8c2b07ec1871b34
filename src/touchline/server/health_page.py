"""/health: every pipeline's last partitions as a grid, and what is not well."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby

from touchline.core import health
from touchline.core.baseline import day_of
from touchline.core.health import AMISS, STATES, Health, Quarantined, Standing
from touchline.core.markup import Child, Markup, tag
from touchline.core.ports import Delivery, Incident, Partition, keys_of
from touchline.core.wording import counted
from touchline.server.incidents import incidents
from touchline.server.live_part import live_part
from touchline.server.parts import (
    MARKS,
    NONE,
    age,
    document,
    header,
    instant,
    link,
    mark,
    news,
    number,
    partition_place,
    run_place,
    section,
    table,
    worded,
)
from touchline.wiring import Touchline

AGAIN_S = 30
_LABEL = 5
_NAMED = 3


def page(here: Touchline, trouble: str = "") -> str:
    """The whole page, as things stand now; `trouble` is what reading match events on failed at."""
    now = datetime.now(UTC)
    found = [health.health(p, here.ledger) for p in here.pipelines.values()]
    open_ = here.ledger.notes.incidents()
    outbox = here.ledger.notes.outbox()
    rejected = [
        q
        for of in found
        for q in health.quarantined(
            here.pipeline(of.pipeline), here.ledger, [s.partition for s in of.standings]
        )
    ]
    return document(
        "Health",
        _header(found, open_, now),
        tag(
            "main",
            incidents(here, open_),
            [_pipeline(of, now) for of in found],
            live_part(here, trouble),
            _legend(),
            _outbox(outbox),
            _quarantine(rejected),
        ),
        tag("footer", link("/metrics", "Figures for Prometheus")),
        again_s=AGAIN_S,
    )


def _header(found: Sequence[Health], open_: Sequence[Incident], now: datetime) -> Markup:
    """What is not well, and how bad that is: incidents and partitions amiss, or warnings alone."""
    states = Counter(s.state for of in found for s in of.standings)
    amiss, warned = sum(states[state] for state in AMISS), states["warned"]
    said = {
        counted(len(open_), "open incident"): len(open_),
        counted(amiss, "partition") + (" needs a look" if amiss == 1 else " need a look"): amiss,
        counted(warned, "partition") + (" warns" if warned == 1 else " warn"): warned,
    }
    title = " · ".join(text for text, count in said.items() if count) or "All is well"
    kind = "amiss" if amiss or open_ else "warns" if warned else "well"
    return header(title, tag("p", "As of ", instant(now), " UTC."), kind=kind)


# --- the grid -----------------------------------------------------------------------------------


def _pipeline(of: Health, now: datetime) -> Markup:
    counts = Counter(s.state for s in of.standings)
    told = [mark(state, f"{counts[state]} {state}") for state in STATES if counts[state]]
    grid = tag("ul", _cells(of), class_="grid")
    some = (
        f"The last {len(of.standings)} of {of.of} partitions, the newest at the end."
        if of.of > len(of.standings)
        else f"{counted(of.of, 'partition')}, the newest at the end."
    )
    if not of.standings:
        return section(of.pipeline, note="Nothing has arrived yet.")
    return section(
        of.pipeline,
        tag("p", _freshness(of, now), class_="fresh-since"),
        tag("div", grid, tag("p", told, class_="marks"), tag("p", some, class_="quiet"), class_="card"),
    )  # fmt: skip


def _freshness(of: Health, now: datetime) -> Child:
    if of.published_at is None:
        return "Nothing is published yet."
    since = age((now - of.published_at).total_seconds())
    newest = f"; newest partition {of.newest}" if of.newest else ""
    return [f"Last published {since} ago, ", instant(of.published_at), f" UTC{newest}."]


def _cells(of: Health) -> Child:
    """The partitions in their order; those that are days under their years."""
    return [
        [
            tag("li", year, class_="year") if year else None,
            [tag("li", _cell(of, s)) for s in same],
        ]
        for year, same in groupby(of.standings, key=lambda s: _year(s.partition))
    ]


def _cell(of: Health, s: Standing) -> Markup:
    to = run_place(s.newest) if s.newest else partition_place(of.pipeline, s.partition)
    meaning = f"waits for {', '.join(s.missing)}" if s.missing else MARKS[s.state][1]
    said = f"{s.partition}: {s.state}, {meaning}"
    if s.run is not None and s.state in ("refused", "failed"):
        said = f"{s.partition}: {s.state}: {news(s.run)}"
    return link(
        to,
        tag("b", MARKS[s.state][0], aria_hidden="true"),
        tag("small", _label(s.partition), aria_hidden="true"),
        class_=f"cell {s.state}",
        title=said,
        aria_label=said,
    )


def _label(part: Partition) -> str:
    """The end of the partition's last value: month and day of a day, the last digits of an id."""
    value = list(keys_of(part).values())[-1]
    if len(value) <= _LABEL or day_of(part):
        return value[-_LABEL:]
    return f"…{value[1 - _LABEL :]}"


def _year(part: Partition) -> str:
    """The year of a partition that is a day; "" for any other."""
    day = day_of(part)
    return f"{day:%Y}" if day else ""


def _legend() -> Markup:
    items = [[tag("dt", mark(state)), tag("dd", MARKS[state][1])] for state in STATES]
    return tag("details", tag("summary", "What the marks mean"), tag("dl", items, class_="legend"))


# --- what is not well ---------------------------------------------------------------------------


def _outbox(waiting: Sequence[Delivery]) -> Child:
    if not waiting:
        return None
    rows: list[list[Child]] = [
        [d.alert.subject, d.target, number(d.attempts), instant(d.next_at), d.error or NONE]
        for d in waiting
    ]
    heads = ["Alert", "Target", "Tried#", "Next try, UTC", "What kept it"]
    return section("Alerts that wait to be sent", table(heads, rows))


def _quarantine(rejected: Sequence[Quarantined]) -> Markup:
    rows: list[list[Child]] = [
        [q.table, q.reason or "told by an earlier run", number(q.rows), _parts(q)] for q in rejected
    ]
    return section(
        "Quarantine",
        table(
            ["Table", "Reason", "Rows#", "In"],
            rows,
            empty="No rejected rows lie here.",
        ),
        note=worded(
            "Rejected rows of the partitions above; `touchline quarantine list` has all of them."
        ),
    )


def _parts(q: Quarantined) -> Child:
    name = q.table.partition(".")[0]
    newest = q.partitions[::-1]
    links: list[Child] = [
        [link(partition_place(name, part), part), " "] for part in newest[:_NAMED]
    ]
    more = len(newest) - _NAMED
    return [links, f"and {more} more" if more > 0 else None]
