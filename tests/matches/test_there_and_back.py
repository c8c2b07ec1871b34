"""A value that is changed and changed back: the last word counts where it says when, on every path."""

from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
import pytest
from feeds import NOW, Event, amend, cancel, event, listed, stored, value
from made_files import lines, put

from touchline.core.memory import MemoryLog, MemoryServing
from touchline.core.ports import Asked
from touchline.core.stream import catch_up
from touchline.matches.gold import live_events, match_stats
from touchline.matches.live import EVENTS, STREAM, TOPIC, EventRule
from touchline.matches.serve.intake import Intake
from touchline.matches.silver import match_events
from touchline.matches.source import kick_offs, read, taken

RULE = EventRule()
TO, AND_BACK = amend(event_type="goal"), amend(event_type="shot")
AGAIN = amend(event_type="goal", corrected_at="2025-04-05T14:02:00Z")
SHOT = event(event_type="shot")

Goals = Callable[[Sequence[Event], Path], int]
"""How many goals there are after a feed has come."""


def of_live(store: MemoryServing) -> int:
    stats = match_stats(live_events(store.rows(EVENTS, "m1", Asked())))
    assert (stats["goals"].max() or 0) == sum(e["event_type"] == "goal" for e in listed(store))
    return int(stats.filter(pl.col("player_id").is_null())["goals"].sum())


def folded(feed: Sequence[Event], _: Path) -> int:
    return of_live(stored(*([said] for said in feed)))


def folded_at_once(feed: Sequence[Event], _: Path) -> int:
    return of_live(stored(feed))


def corrections_first(feed: Sequence[Event], _: Path) -> int:
    return of_live(stored(feed[1:], feed[:1]))


def posted(feed: Sequence[Event], _: Path) -> int:
    """Each is accepted, and read before the next is posted."""
    log, store = MemoryLog(), MemoryServing()
    intake = Intake(store, RULE, lambda: NOW)
    for said in feed:
        found = intake.take([said])
        assert [(r.status, r.message) for r in found.results] == [(201, "accepted")]
        log.append(TOPIC, found.records).result()
        catch_up(STREAM, log, store)
    return of_live(store)


def ingested(feed: Sequence[Event], folder: Path) -> int:
    log, store, known = MemoryLog(), MemoryServing(), kick_offs([])
    for number, said in enumerate(feed):
        file = put(folder, f"{number}.ndjson", lines(said))
        found = taken(
            read(file), known, file=file.name, log=log, store=store, rule=RULE, now=NOW
        )  # fmt: skip
        assert found.refused == []
    return of_live(store)


def archived(feed: Sequence[Event], _: Path) -> int:
    rows = [(0, n, "m1", value(said), NOW, n + 1, "log/0.jsonl", "") for n, said in enumerate(feed)]
    names = ("lane", "log_offset", "key", "value", "logged_at", "line", "_file", "_row")
    found = match_events(pl.DataFrame(rows, schema=names, orient="row"))
    assert found["_reject"].null_count() == len(found)
    stats = match_stats(found)
    return int(stats.filter(pl.col("player_id").is_null())["goals"].sum())


PATHS = [folded, folded_at_once, corrections_first, posted, ingested, archived]


@pytest.mark.parametrize("goals", PATHS, ids=lambda path: path.__name__)
def test_what_is_changed_back_with_its_instant_counts_on_every_path(
    goals: Goals, tmp_path: Path
) -> None:
    assert goals([SHOT, TO, AND_BACK], tmp_path / "before") == 0
    assert goals([SHOT, TO, AND_BACK, AGAIN], tmp_path / "after") == 1
    assert goals([SHOT, TO, AND_BACK, AGAIN, AGAIN, TO], tmp_path / "again") == 1


@pytest.mark.parametrize("goals", PATHS, ids=lambda path: path.__name__)
def test_word_for_word_it_is_the_earlier_one_come_again_on_every_path(
    goals: Goals, tmp_path: Path
) -> None:
    assert goals([SHOT, TO, AND_BACK, TO], tmp_path) == 0


@pytest.mark.parametrize("goals", PATHS, ids=lambda path: path.__name__)
def test_what_was_confirmed_again_is_cancelled_again_where_that_says_when(
    goals: Goals, tmp_path: Path
) -> None:
    feed = [event(event_type="goal"), cancel(), amend(status="confirmed")]
    assert goals([*feed, cancel()], tmp_path / "same") == 1
    assert goals([*feed, cancel(corrected_at="2025-04-05T14:05:00Z")], tmp_path / "when") == 0
