"""What was counted of a match is remembered for as long as it is true, and not of too many."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import feeds

from touchline.core.memory import MemoryServing
from touchline.core.ports import Asked, View
from touchline.matches.live import Match
from touchline.matches.serve import asking
from touchline.matches.serve.asking import Question
from touchline.matches.serve.counts import Counts

NOON = datetime(2025, 4, 5, 12, tzinfo=UTC)


def match(match_id: str = "m1", offset: int = 0) -> Match:
    return Match(match_id, "2024/2025", NOON, NOON, NOON, offset)


class Counted:
    """How often something was counted anew."""

    def __init__(self, **most: int) -> None:
        self.counts, self.times = Counts(**most), 0

    def of(self, found: Match, name: str = "goals", **query: str) -> int:
        return self.counts.of(found, query, name, counted=self._count)

    def _count(self) -> int:
        self.times += 1
        return self.times


def test_what_was_counted_is_counted_again_only_after_a_change() -> None:
    here = Counted()
    found = [here.of(match(offset=n)) for n in (5, 5, 6, 6)]
    assert found == [1, 1, 2, 2]


def test_of_each_match_only_the_last_change_is_remembered() -> None:
    here = Counted()
    for offset in range(1000):
        here.of(match(offset=offset))
        here.of(match(offset=offset), "passes")
    assert size(here.counts) == 2


def test_only_so_many_matches_and_questions_are_remembered() -> None:
    here = Counted(most=10, most_of_each=5)
    for n in range(100):
        here.of(match(f"m{n}"))
        here.of(match("m0"))
        for kind in range(20):
            here.of(match("m0"), f"type {kind}")
    assert size(here.counts) <= 10 * 5
    before = here.times
    here.of(match("m99"))
    assert here.times == before


def test_what_was_known_at_an_instant_is_not_remembered() -> None:
    here = Counted()
    for n in range(100):
        here.of(match(), as_of=f"2025-04-05T12:00:{n:02}Z")
    assert (here.times, size(here.counts)) == (100, 0)


def size(counts: Counts) -> int:
    """How many results are remembered."""
    return sum(len(found) for _, found in counts._found.values())


class Store(MemoryServing):
    """A serving store that tells how often it counts."""

    def __init__(self, told: Callable[[], Any]) -> None:
        super().__init__()
        self.told = told

    def count(self, view: View, key: str, asked: Asked) -> int:
        self.told()
        return super().count(view, key, asked)


def test_pages_of_one_question_are_counted_once() -> None:
    times, counts = list[int](), Counts()
    store = Store(lambda: times.append(1))
    feeds.told(store, feeds.records(feeds.event(f"e{n}", n) for n in range(9)))
    for query in ({"limit": "2"}, {"limit": "3"}, {}):
        said = asking.events(Question(store, counts, "m1", query))
        assert b'"event_count":9' in said.body
    assert len(times) == 1
