"""However the log is cut into batches, and whatever is read again, the store says the same."""

import json
from datetime import timedelta
from typing import Any

import msgspec
from feeds import (
    NOW,
    Event,
    amend,
    cancel,
    event,
    ids,
    letters,
    listed,
    records,
    stored,
    told,
    waiting,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from touchline.core.memory import MemoryServing
from touchline.core.ports import Asked, Record, ServingStore
from touchline.matches.live import DEAD, EVENTS, MATCHES, Match
from touchline.matches.live.views import ALL, WAITING

_IDS = st.sampled_from(["a", "b", "c"])
_MINUTES = st.sampled_from([1, 2, 3])
_PLAYERS = st.sampled_from(["p1", "p2", None])
_INSTANTS = st.sampled_from([None, *(event(after_min=m)["timestamp"] for m in (0, 1, 2, 3))])
_INSERTS = st.builds(lambda i, m, p: event(i, m, player_id=p), _IDS, _MINUTES, _PLAYERS)
_AMENDS = st.builds(
    lambda i, said: amend(i, **said),
    _IDS,
    st.fixed_dictionaries(
        {},
        optional={"timestamp": _INSTANTS, "player_id": _PLAYERS, "period": st.sampled_from([1, 9])},
    ),
)
_CANCELS = st.builds(lambda i, n: cancel(i, n=n), _IDS, st.integers(0, 2))
_FEEDS = st.lists(
    st.one_of(_INSERTS, _INSERTS, _AMENDS, _AMENDS, _CANCELS), min_size=2, max_size=14
)


def shown(store: ServingStore) -> dict[str, Any]:
    """All that anybody can ask for: rows now and ever, changes, matches and letters."""
    most = Asked(limit=1000)
    return {
        "now": store.rows(EVENTS, "m1", most),
        "ever": [store.rows(EVENTS, "m1", Asked(limit=1000, offset=n)) for n in range(15)],
        "as_of": [
            store.rows(EVENTS, "m1", Asked(limit=1000, as_of=NOW + timedelta(seconds=n)))
            for n in range(15)
        ],
        "changes": store.changes(EVENTS, "m1", after=-1),
        "matches": store.rows(MATCHES, ALL, most),
        "dead": store.rows(DEAD, ALL, most),
        "waiting": store.rows(DEAD, WAITING, most),
    }


def read_in(found: list[Record], cuts: list[int]) -> MemoryServing:
    store = MemoryServing()
    for first, last in zip([0, *cuts], [*cuts, len(found)], strict=True):
        if first < last:
            told(store, found[first:last])
    return store


@settings(deadline=None, max_examples=60)
@given(_FEEDS, st.lists(st.integers(0, 14), max_size=6))
def test_any_cut_into_batches_says_the_same(feed: list[Event], cuts: list[int]) -> None:
    found = records(feed)
    cut = sorted({min(c, len(found)) for c in cuts})
    whole = shown(read_in(found, []))
    assert shown(read_in(found, cut)) == whole
    assert shown(read_in(found, list(range(1, len(found))))) == whole


@settings(deadline=None, max_examples=60)
@given(_FEEDS, st.integers(0, 13), st.integers(1, 14))
def test_records_that_are_read_again_change_nothing(
    feed: list[Event], first: int, count: int
) -> None:
    found = records(feed)
    store = read_in(found, [])
    before = shown(store)
    if again := found[first : first + count]:
        told(store, again)
    assert shown(store) == before


@settings(deadline=None, max_examples=60)
@given(_FEEDS)
def test_an_event_has_one_version_of_each_record_and_one_that_stands(feed: list[Event]) -> None:
    store = read_in(records(feed), [])
    for versions in store.known(EVENTS, [("m1", name) for name in "abc"]).values():
        assert len({v.since for v in versions}) == len(versions)
        assert [v.until for v in versions] == [*(v.since for v in versions[1:]), None]


def test_a_goal_that_was_moved_before_it_came_can_be_cancelled() -> None:
    goal = event("g", 5, event_type="goal")
    feed = [amend("g", timestamp=event(after_min=1)["timestamp"]), goal, cancel("g")]
    for store in (stored(feed), stored(feed[:2], feed[2:]), stored(*([said] for said in feed))):
        assert ids(store) == []


def test_what_came_again_is_known_again_whatever_moved_it() -> None:
    moves = [amend("g", timestamp=event(after_min=m)["timestamp"], n=m) for m in (9, 5)]
    store = stored([*moves, event("g", 5)], [event("g", 5)])
    assert letters(store) == []
    assert [e["version"] for e in listed(store)] == [3]


def test_a_correction_that_could_not_be_used_stays_so_when_it_is_read_again() -> None:
    clock = {"period": 1, "minute": 3, "second": 0, "kick_off_at": "2025-04-05T12:00:00Z"}
    feed = [amend(timestamp=None, n=1), event(), amend(**clock)]
    store = stored(feed)
    assert [name for name, _ in letters(store)] == ["e1"]
    told(store, records(feed)[:1])
    assert [name for name, _ in letters(store)] == ["e1"]
    assert "n" not in listed(store)[0]


# --- clocks, and how much waits ------------------------------------------------------------------


def test_a_clock_that_is_set_back_does_not_show_an_event_twice() -> None:
    feed = records([event(), amend(n=1), amend(n=2)])
    late = [
        Record(r.lane, r.offset, r.key, r.value, at)
        for r, at in zip(
            feed, (NOW, NOW + timedelta(seconds=200), NOW + timedelta(seconds=100)), strict=True
        )
    ]
    store = MemoryServing()
    told(store, late)
    for seconds in (150, 200):
        assert len(listed(store, as_of=NOW + timedelta(seconds=seconds))) == 1


class Asking(MemoryServing):
    """Counts the letters that are read."""

    read = 0

    def rows(self, view: Any, key: str, asked: Asked) -> Any:
        found = super().rows(view, key, asked)
        self.read += len(found) if view == DEAD else 0
        return found


def test_whatever_waits_a_batch_reads_what_waits_for_its_own_events() -> None:
    store, many = Asking(), 3000
    told(store, records(amend(f"w{n}", n=n) for n in range(many)))
    store.read = 0
    told(store, records([event(f"w{many - 1}")], first=many))
    assert [said["n"] for said in listed(store)] == [many - 1]
    assert store.read <= 2
    assert len(waiting(store)) == 1000  # a page


# --- when a match was ----------------------------------------------------------------------------


def span(store: ServingStore) -> tuple[str, str, str]:
    (found,) = store.rows(MATCHES, ALL, Asked())
    match = msgspec.json.decode(found.body, type=Match)
    assert found.order == f"{json.loads(found.body)['first_event_at'][:19]}.000000Z#m1"
    return match.season, f"{match.first_event_at:%Y-%m-%d %H:%M}", f"{match.last_event_at:%H:%M}"


def test_a_match_is_no_longer_than_its_events() -> None:
    wrong = event("x", timestamp="1990-04-05T12:00:00Z")
    some = [event("a", 10), event("b", 90), event("c", 100)]
    right = ("2024/2025", "2025-04-05 12:10", "13:40")
    for batches in ([[wrong, *some, cancel("x")]], [[wrong, *some], [cancel("x")]]):
        assert span(stored(*batches)) == right
    assert span(stored([wrong, *some], [amend("x", timestamp=some[1]["timestamp"])])) == right
    assert span(stored(some, [cancel("c")])) == ("2024/2025", "2025-04-05 12:10", "13:30")
    assert span(stored([event("x", 115), *some], [cancel("x")])) == right
    assert span(stored([event("x", 115), *some[:1]], [cancel("x")]))[2] == "12:10"


def test_a_match_of_which_all_is_cancelled_is_where_it_was_last() -> None:
    both, gone = [event("a", 10), event("b", 20)], [cancel("a"), cancel("b")]
    for batches in ([both + gone], [both, gone], *([[*both, gone[0]], [gone[1]]],)):
        assert span(stored(*batches)) == ("2024/2025", "2025-04-05 12:20", "12:20")
        assert span(stored(*batches, [event("c", 50)]))[1:] == ("2025-04-05 12:50", "12:50")
