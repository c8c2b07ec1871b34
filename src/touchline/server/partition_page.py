"""/health/partitions/...: a partition's runs, what arrived for it, and what was published of it."""

from collections.abc import Iterable, Iterator

from touchline.core import health
from touchline.core.markup import Child, Markup, tag
from touchline.core.ports import Receipt, keys_of
from touchline.core.withdrawing import received
from touchline.errors import ConfigError
from touchline.server import lists
from touchline.server.parts import (
    MARKS,
    absent,
    document,
    folded,
    header,
    instant,
    link,
    mark,
    number,
    section,
    table,
)
from touchline.wiring import Touchline

_RUNS = 100


def page(here: Touchline, pipeline: str, part: str) -> str:
    """The whole page of a partition."""
    _checked(here, pipeline, part)
    return document(
        part,
        _header(here, pipeline, part),
        tag("main", _runs(here, pipeline, part), _publishes(here, pipeline, part), _files(here, pipeline, part)),
        up=link("/health", "← Health"),
    )  # fmt: skip


def _header(here: Touchline, pipeline: str, part: str) -> Markup:
    """How it stands, and what that means."""
    (stands,) = health.standings_of(here.pipeline(pipeline), here.ledger, [part])
    waits = f"waits for {', '.join(stands.missing)}" if stands.missing else ""
    said = waits or MARKS[stands.state][1]
    told = tag("p", said[0].upper(), said[1:], ".")
    return header([part, " ", mark(stands.state)], told, over=pipeline)


def _checked(here: Touchline, pipeline: str, part: str) -> None:
    if pipeline not in here.pipelines:
        absent(f"no pipeline {pipeline}", f"there is: {', '.join(here.pipelines)}")
    try:
        keys_of(part)
    except ConfigError as exc:
        absent(str(exc), exc.hint)
    there = received(here.ledger, pipeline, [part]) or part in here.ledger.retired(pipeline)
    if not there and not here.ledger.runs(pipeline=pipeline, part=part, limit=1):
        absent(
            f"{pipeline} {part}: nothing has arrived for it", "`touchline status` lists what has"
        )


def _runs(here: Touchline, pipeline: str, part: str) -> Markup:
    found = here.ledger.runs(pipeline=pipeline, part=part, limit=_RUNS)
    return section("Runs", lists.runs(found, empty="None yet."))


def _publishes(here: Touchline, pipeline: str, part: str) -> Markup:
    tables = [s.table for s in here.pipeline(pipeline).steps]
    found = [p for table_ in tables for p in here.ledger.history(table_, part)]
    rows: list[list[Child]] = [
        [
            tag("code", folded(p.table, ".")),
            instant(p.published_at),
            p.kind,
            number(p.rows),
            number(p.rejected),
            link(f"/health/runs/{p.run_id}", p.run_id),
        ]
        for p in found
    ]
    heads = ["Table", "Published, UTC", "By", "Rows#", "Rejected#", "Of run"]
    return section("Published", table(heads, rows, empty="Nothing yet."), note="The newest of each table first.")  # fmt: skip


def _files(here: Touchline, pipeline: str, part: str) -> Markup:
    arrived = received(here.ledger, pipeline, [part]).get(part, {})
    return section("Files", lists.files(_listed(arrived.values()), empty="None."))


def _listed(receipts: Iterable[Receipt]) -> Iterator[lists.File]:
    for r in receipts:
        name = f"{r.name} (withdrawn: {r.withdrawn})" if r.withdrawn else r.name
        yield name, r.source, r.received_at, r.size, r.sha256
