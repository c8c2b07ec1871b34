"""What the pages are made of: the frame, tables, instants, marks of a state."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NoReturn
from urllib.parse import quote

from starlette.exceptions import HTTPException

from touchline.core import wording
from touchline.core.health import State, warns
from touchline.core.markup import Child, Markup, tag
from touchline.core.ports import Partition, Run, RunStatus

MARKS: Mapping[State, tuple[str, str]] = {
    "fresh": ("✓", "published, and as it would be made now"),
    "warned": ("!", "published, with warnings"),
    "stale": ("S", "would be made anew by the next run"),
    "waiting": ("W", "waits for a file"),
    "refused": ("R", "refused by the gate; nothing of it is published, and what was before stays"),
    "failed": ("F", "failed; nothing of it is published, and what was before stays"),
    "running": ("…", "a run is at work on it"),
    "retired": ("–", "retired"),
    "withdrawn": ("∅", "every file of it was withdrawn"),
}
"""State -> the letter that stands for it, so that colour is not the only sign, and what it means."""

_AS_STATE: Mapping[RunStatus, State] = {
    "published": "fresh",
    "checked": "fresh",
    "rolled back": "retired",
    "retired": "retired",
    "withdrawn": "withdrawn",
    "stopped": "stale",
    "waiting": "waiting",
    "refused": "refused",
    "failed": "failed",
    "running": "running",
}

_OF_RUNS: Mapping[RunStatus, str] = {"rolled back": "↶"}
"""The letters of ends that leave no state of that name."""


NONE = "–"
"""A cell that says nothing; where rows are lists, it is left out."""


def document(title: str, *body: Child, up: Child = None, again_s: int | None = None) -> str:
    """A whole page; `up` leads back, and with `again_s` the browser asks again by itself."""
    again = tag("meta", http_equiv="refresh", content=again_s) if again_s else None
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        again,
        tag("title", f"{title} · Touchline"),
        tag("link", rel="icon", href="data:,"),
        tag("link", rel="stylesheet", href="/style.css"),
    )
    nav = tag("nav", up, aria_label="Way back") if up is not None else None
    page = tag("html", head, tag("body", nav, body), lang="en")
    return f"<!doctype html>\n{page.text}\n"


def problem(title: str, said: str, hint: str = "") -> str:
    """The page in the place of one that cannot be shown."""
    return document(
        title,
        header(title),
        tag("main", tag("p", said, class_="notice"), tag("p", worded(hint), class_="quiet")),
        up=link("/health", "← Health"),
    )


def header(title: Child, *body: Child, over: str | None = None, kind: str | None = None) -> Markup:
    """The head of a page: its title, under what it belongs to."""
    above = tag("p", over, class_="over") if over else None
    return tag("header", above, tag("h1", title, class_=kind), body)


def worded(said: str) -> Child:
    """A sentence in which what stands between backticks is code."""
    return [tag("code", part) if n % 2 else part for n, part in enumerate(said.split("`"))]


def folded(said: str, after: str) -> Child:
    """A long name that may go on in the next line after each of these marks."""
    *first, last = re.split(f"(?<=[{re.escape(after)}])", said)
    return [[[part, tag("wbr")] for part in first], last]


def absent(said: str, hint: str = "") -> NoReturn:
    """There is no such page."""
    raise HTTPException(404, f"{said}\n{hint}")


def link(to: str, *said: Child, **more: str | int | None) -> Markup:
    """A link within these pages."""
    return tag("a", *said, href=to, **more)


def section(title: str, *body: Child, note: Child = None) -> Markup:
    """A titled part of a page."""
    return tag("section", tag("h2", title), tag("p", note, class_="quiet") if note else None, *body)


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[Child]],
    *,
    empty: str = "none",
    slim: bool = False,
) -> Markup:
    """Rows under heads. A head that ends in # is of numbers.

    A phone or a tablet shows each row as a list, every cell beside its head; but for a `slim` table.
    """
    if not rows:
        return tag("p", empty, class_="quiet")
    kinds = ["number" if head.endswith("#") else None for head in heads]
    names = [head.rstrip("#") for head in heads]
    titled = [tag("th", name, class_=kind) for name, kind in zip(names, kinds, strict=True)]
    body = [
        tag("tr", [_cell(*each) for each in zip(row, kinds, names, strict=True)]) for row in rows
    ]
    whole = tag("table", tag("thead", tag("tr", titled)), tag("tbody", body))
    return tag(
        "div",
        whole,
        class_="card scroll" if slim else "card scroll listed",
        tabindex=0,
        role="group",
        aria_label="Table",
    )


def _cell(said: Child, kind: str | None, head: str) -> Markup:
    kinds = " ".join(filter(None, (kind, "none" if said == NONE else None)))
    return tag("td", tag("div", said), class_=kinds or None, data_head=head)


def mark(state: State, said: str | None = None, letter: str | None = None) -> Markup:
    """A state as a small mark and a word."""
    sign = tag("i", letter or MARKS[state][0], aria_hidden="true")
    return tag("span", sign, said or state, class_=f"mark {state}")


def status(run: Run) -> Markup:
    """How a run ended, as a mark; one that rules warn of says so."""
    if warns(run):
        return mark("warned", f"{run.status}, warns")
    return mark(_AS_STATE[run.status], run.status, _OF_RUNS.get(run.status))


def instant(at: datetime | None, otherwise: str = NONE) -> Markup:
    """An instant in UTC, to the second."""
    if at is None:
        return tag("span", otherwise)
    told = at.astimezone(UTC)
    return tag("time", f"{told:%Y-%m-%d %H:%M:%S}", datetime=told.isoformat(timespec="seconds"))


def age(seconds: float) -> str:
    """How long that is, in the unit that suits it."""
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "less than a minute"


def number(value: float | None) -> str:
    """A number as people read it."""
    return NONE if value is None else wording.number(value)


def took(run: Run) -> str:
    """How long the work on a run's partition took, in seconds."""
    return NONE if run.seconds is None else f"{run.seconds:.2f}"


def run_place(run: Run) -> str:
    """Where the page of a run is."""
    return f"/health/runs/{quote(run.run_id, safe='')}"


def partition_place(pipeline: str, part: Partition) -> str:
    """Where the page of a partition is."""
    return f"/health/partitions/{quote(pipeline, safe='')}/{quote(part, safe='/=')}"


def news(run: Run) -> str:
    """What a run's message tells beside its pipeline and partition."""
    return run.message.removeprefix(f"{run.pipeline} {run.partition}: ")
