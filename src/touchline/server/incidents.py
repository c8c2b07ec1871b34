"""Open incidents on the health page: a few in full; of more, a line for each cause."""

from collections.abc import Sequence
from itertools import groupby

from touchline.core.alerts import to_do
from touchline.core.baseline import day_of
from touchline.core.markup import Child, Markup, tag
from touchline.core.ports import Incident
from touchline.errors import ContractError, MissingInputError
from touchline.server.parts import (
    NONE,
    instant,
    link,
    partition_place,
    run_place,
    section,
    table,
    worded,
)
from touchline.wiring import Touchline

IN_FULL = 3
"""So many are shown in full; of more, a line for each cause, so that partitions are near the top."""

_ABOUT = {
    "input": ("input missing", "partition"),
    "bronze": ("files gone or damaged", "partition"),
    "file": ("not landed", "file"),
    "command": ("failed", "command"),
    "lag": ("events not served yet", "partition"),
}
_RUN = {MissingInputError.exit_code: "files missing", ContractError.exit_code: "refused"}

Cause = tuple[str, str, int]
"""Incidents of one pipeline, about the same thing, with the same to be done."""


def incidents(here: Touchline, open_: Sequence[Incident]) -> Child:
    """The section of what is open; nothing where nothing is."""
    if not open_:
        return None
    if len(open_) <= IN_FULL:
        return section("Open incidents", _in_full(here, open_))
    causes = [list(same) for _, same in groupby(sorted(open_, key=_cause), key=_cause)]
    causes.sort(key=lambda same: min(i.opened_at for i in same))
    return section("Open incidents", [_fold(here, same) for same in causes])


def _in_full(here: Touchline, open_: Sequence[Incident]) -> Markup:
    rows: list[list[Child]] = [
        [
            i.pipeline,
            _where(here, i),
            [i.what, tag("p", worded(to_do(i)), class_="quiet")],
            _since(i),
        ]
        for i in open_
    ]
    return table(["Pipeline", "Where", "What", "Since"], rows)


def _cause(of: Incident) -> Cause:
    return of.pipeline, of.key.rpartition(" ")[2], of.code


def _fold(here: Touchline, same: Sequence[Incident]) -> Markup:
    """One line for all of a cause, which opens to a row for each."""
    rows: list[list[Child]] = [[_where(here, i), i.what, _since(i)] for i in same]
    since = min(i.opened_at for i in same)
    return tag(
        "details",
        tag("summary", tag("span", _said(same), " ", tag("small", "since ", instant(since), " UTC", class_="quiet"))),
        tag("p", worded(to_do(same[0])), class_="quiet"),
        table(["Where", "What", "Since"], rows),
        class_="cause",
    )  # fmt: skip


def _said(same: Sequence[Incident]) -> str:
    """Such as: activity: input missing for 23 days (2025-01-02 … 2025-01-24)."""
    pipeline, about, code = _cause(same[0])
    what, whose = _ABOUT.get(about, (_RUN.get(code, "failed"), "partition"))
    if len(same) == 1:
        return f"{pipeline}: {what}" + (f" for {same[0].where}" if same[0].where else "")
    days = sorted(day for i in same if i.where and (day := day_of(i.where)))
    if len(days) == len(same):
        return f"{pipeline}: {what} for {len(days)} days ({days[0]} … {days[-1]})"
    return f"{pipeline}: {what} for {len(same)} {whose}s"


def _since(of: Incident) -> Child:
    return [instant(of.opened_at), " UTC"]


def _where(here: Touchline, of: Incident) -> Child:
    """Where it is: a link to the newest run if that is what it is about, or to the partition."""
    if of.pipeline not in here.pipelines or not of.where:
        return of.where or NONE
    runs = here.ledger.runs(pipeline=of.pipeline, part=of.where, limit=1)
    if runs and of.key.endswith(" run"):
        return link(run_place(runs[0]), of.where)
    if runs or here.ledger.contents(of.pipeline, [of.where]):
        return link(partition_place(of.pipeline, of.where), of.where)
    return of.where
