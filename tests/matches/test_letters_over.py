"""Letters that somebody saw to are over, wherever the log is read again, and in history."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import polars as pl
import pytest
from feeds import NOW, amend, event, ids, letters, listed, told, value, waiting

from touchline.core.memory import MemoryServing
from touchline.core.ports import Record
from touchline.matches.live.beside import Over, refused
from touchline.matches.silver import match_events

LINE = refused("m1", "a.ndjson", "{", number=1, reason="a.ndjson: line 1: not JSON", event_id="")
VALUES = [
    value(event("a")),
    b"{",  # 1
    msgspec.json.encode(LINE),  # 2
    value(event("a", x=1)),  # 3
    value(amend("b", player_id="p9")),  # 4
    value(amend("c", player_id="p9")),
    *(msgspec.json.encode(Over(0, offset)) for offset in (1, 2, 3, 4)),
    value(event("b")),
    value(event("c")),
    b"[]",
]
"""Letters of each kind, of which all but the last are seen to; the correction of b is let go."""


def records(values: Sequence[bytes]) -> list[Record]:
    return [Record(0, n, "m1", v, NOW + timedelta(seconds=n)) for n, v in enumerate(values)]


def read_in(batches: Sequence[Sequence[Record]]) -> MemoryServing:
    store = MemoryServing()
    for batch in batches:
        told(store, batch)
    return store


def is_as_said(store: MemoryServing) -> None:
    assert ids(store) == ["a", "b", "c"]
    assert [e.get("player_id") for e in listed(store)] == ["p1", "p1", "p9"]
    assert waiting(store) == []
    assert len(letters(store)) == 1
    assert "expected a JSON object" in letters(store)[0][1]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_they_are_over_however_the_log_is_cut(size: int) -> None:
    found = records(VALUES)
    is_as_said(read_in([found[n : n + size] for n in range(0, len(found), size)]))


@pytest.mark.parametrize("first", range(len(VALUES)))
def test_they_stay_over_when_the_log_is_read_again(first: int) -> None:
    found = records(VALUES)
    store = read_in([found, found[first:]])
    is_as_said(store)
    told(store, found[first : first + 1])
    is_as_said(store)


def test_they_are_over_in_history_as_they_are_live() -> None:
    rows = [
        (r.lane, r.offset, r.key, r.value, r.at, r.offset + 1, "f", "") for r in records(VALUES)
    ]
    names = ("lane", "log_offset", "key", "value", "logged_at", "line", "_file", "_row")
    found = match_events(pl.DataFrame(rows, schema=names, orient="row"))
    rejected = found.filter(pl.col("_reject").is_not_null())
    assert rejected["_line"].to_list() == [len(VALUES)]
    events = found.filter(pl.col("_reject").is_null())
    assert events.select("event_id", "player_id").rows() == [("a", "p1"), ("b", "p1"), ("c", "p9")]


def test_what_was_seen_to_before_it_came_is_of_another_log_and_says_nothing() -> None:
    store = read_in([records([msgspec.json.encode(Over(0, 7)), value(event("a"))])])
    assert ids(store) == ["a"]
    assert letters(store) == waiting(store) == []
