"""What several pages list: runs of a partition, files with their hashes."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from touchline.core.markup import Child, Markup, tag
from touchline.core.ports import Run
from touchline.server.parts import (
    NONE,
    folded,
    instant,
    link,
    news,
    number,
    run_place,
    status,
    table,
    took,
)

File = tuple[str, str, datetime | None, int, str]
"""Its name, where it came from, when, how many bytes, and their SHA-256."""


def runs(found: Sequence[Run], *, empty: str) -> Markup:
    """Runs, each with how it ended and what it said."""
    rows: list[list[Child]] = [
        [link(run_place(r), r.run_id), status(r), instant(r.started_at), took(r), news(r) or NONE]
        for r in found
    ]
    heads = ["Run", "Ended", "Began, UTC", "Seconds#", "What it said"]
    return table(heads, rows, empty=empty)


def files(found: Iterable[File], *, empty: str) -> Markup:
    """Files, each with its whole hash, to be copied."""
    rows: list[list[Child]] = [
        [
            folded(name, "/_"),
            folded(source, "/_"),
            instant(at),
            number(size),
            tag("code", sha256, class_="hash"),
        ]
        for name, source, at, size, sha256 in found
    ]
    heads = ["Name", "Came from", "Arrived, UTC", "Bytes#", "SHA-256"]
    return table(heads, rows, empty=empty)
