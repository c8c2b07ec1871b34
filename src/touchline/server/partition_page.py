"""/health/partitions/...: a partition's runs, what arrived for it, and what was published of it."""

from touchline.core.markup import Child, Markup, tag
from touchline.core.ports import keys_of
from touchline.core.withdrawing import received
from touchline.errors import ConfigError
from touchline.server.parts import (
    absent,
    document,
    instant,
    link,
    news,
    number,
    run_place,
    section,
    status,
    table,
    took,
)
from touchline.wiring import Touchline

_RUNS = 100
_SHA = 12


def page(here: Touchline, pipeline: str, part: str) -> str:
    """The whole page of a partition."""
    _checked(here, pipeline, part)
    return document(
        part,
        tag("header", tag("p", pipeline, class_="over"), tag("h1", part)),
        tag("main", _runs(here, pipeline, part), _publishes(here, pipeline, part), _files(here, pipeline, part)),
        up=link("/health", "← Health"),
    )  # fmt: skip


def _checked(here: Touchline, pipeline: str, part: str) -> None:
    if pipeline not in here.pipelines:
        absent(f"no pipeline {pipeline}", f"there is: {', '.join(here.pipelines)}")
    try:
        keys_of(part)
    except ConfigError as exc:
        absent(str(exc), exc.hint)
    there = received(here.ledger, pipeline, [part]) or part in here.ledger.retired(pipeline)
    if not there and not here.ledger.runs(pipeline=pipeline, part=part, limit=1):
        absent(f"{pipeline} {part}: nothing has arrived for it", "touchline status lists what has")


def _runs(here: Touchline, pipeline: str, part: str) -> Markup:
    rows: list[list[Child]] = [
        [
            link(run_place(r), r.run_id),
            status(r),
            instant(r.started_at),
            took(r),
            news(r) or "–",
        ]
        for r in here.ledger.runs(pipeline=pipeline, part=part, limit=_RUNS)
    ]
    heads = ["Run", "Ended", "Began, UTC", "Seconds#", "What it said"]
    return section("Runs", table(heads, rows, empty="None yet.", listed=True))


def _publishes(here: Touchline, pipeline: str, part: str) -> Markup:
    tables = [s.table for s in here.pipeline(pipeline).steps]
    found = [p for table_ in tables for p in here.ledger.history(table_, part)]
    rows: list[list[Child]] = [
        [
            tag("code", p.table),
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
    rows: list[list[Child]] = [
        [
            r.name,
            r.source,
            f"withdrawn: {r.withdrawn}" if r.withdrawn else "counts",
            instant(r.received_at),
            number(r.size),
            tag("code", r.sha256[:_SHA], title=r.sha256),
        ]
        for r in arrived.values()
    ]
    heads = ["Name", "Came from", "State", "Arrived, UTC", "Bytes#", "SHA-256"]
    return section("Files", table(heads, rows, empty="None.", listed=True))
