"""Whatever comes before what, and again: what is known in the end is the same.

Events may come in any order, and corrections before or after theirs; those of one event count in the
order in which they first came.
"""

from random import Random
from typing import Any

import msgspec
from feeds import Event, amend, cancel, event, letters, stored, waiting
from hypothesis import given, settings
from hypothesis import strategies as st

from touchline.core.memory import MemoryServing
from touchline.core.ports import Asked
from touchline.matches.live import EVENTS, MATCHES
from touchline.matches.live.views import ALL

NAMES = ("a", "b", "c", "d")

_SAID = st.fixed_dictionaries(
    {},
    optional={
        "player_id": st.sampled_from(["p2", "p3", None]),
        "event_type": st.sampled_from(["goal", "shot"]),
        "timestamp": st.sampled_from([event(after_min=m)["timestamp"] for m in (0, 2, 30)]),
        "status": st.sampled_from(["confirmed", "provisional", "cancelled"]),
    },
)
_CORRECTION = st.builds(
    lambda is_end, said, n: (cancel if is_end else amend)(n=n, **({} if is_end else said)),
    st.booleans(),
    _SAID,
    st.integers(0, 99),
)
_CORRECTIONS = st.fixed_dictionaries({name: st.lists(_CORRECTION, max_size=3) for name in NAMES})


def corrections(given: dict[str, list[Event]]) -> list[Event]:
    return [said | {"event_id": name} for name, many in given.items() for said in many]


def shuffled(inserts: list[Event], after: list[Event], chance: Random) -> list[Event]:
    """In any order but for the corrections of one event; some of it again, later."""
    feed = [*inserts, *after]
    chance.shuffle(feed)
    left = {name: [c for c in after if c["event_id"] == name] for name in NAMES}
    feed = [left[said["event_id"]].pop(0) if "action" in said else said for said in feed]
    for said in chance.sample(feed, len(feed) // 3):
        feed.insert(chance.randint(feed.index(said) + 1, len(feed)), said)
    return feed


def cut(feed: list[Event], chance: Random) -> list[list[Event]]:
    """In batches."""
    places = sorted(chance.sample(range(1, len(feed)), min(3, len(feed) - 1)))
    return [feed[a:b] for a, b in zip([0, *places], [*places, len(feed)], strict=True)]


def known(store: MemoryServing) -> dict[str, Any]:
    """All that is known in the end, whenever it came."""
    versions = store.known(EVENTS, [("m1", name) for name in NAMES]).values()
    last = sorted((v.id, v.order, v.by, v.listed, v.body) for *_, v in versions)
    (match,) = (msgspec.json.decode(v.body) for v in store.rows(MATCHES, ALL, Asked()))
    when = ("season", "first_event_at", "last_event_at")
    span = {name: match[name] for name in when} if any(listed for *_, listed, _ in last) else {}
    return {
        "events": last,
        "order": [v.id for v in store.rows(EVENTS, "m1", Asked())],
        "match": span,
        "letters": letters(store),
        "waiting": waiting(store),
    }


@settings(deadline=None, max_examples=200)
@given(_CORRECTIONS, st.randoms(use_true_random=False))
def test_what_is_known_in_the_end_does_not_depend_on_what_came_first(
    said: dict[str, list[Event]], chance: Random
) -> None:
    inserts = [event(name, minute) for minute, name in enumerate(NAMES)]
    after = corrections(said)
    expected = known(stored([*inserts, *after]))
    assert expected["letters"] == expected["waiting"] == []
    feed = shuffled(inserts, after, chance)
    assert known(stored(feed)) == expected
    assert known(stored(*cut(feed, chance))) == expected


@settings(deadline=None, max_examples=60)
@given(_CORRECTIONS, st.randoms(use_true_random=False))
def test_corrections_of_events_that_do_not_come_wait_and_change_nothing(
    said: dict[str, list[Event]], chance: Random
) -> None:
    inserts = [event("a"), event("b", 1)]
    after = corrections({name: said[name] for name in ("c", "d")})
    feed = shuffled(inserts, after, chance)
    store = stored(*cut(feed, chance))
    assert [v.id for v in store.rows(EVENTS, "m1", Asked())] == ["a", "b"]
    assert sorted(set(waiting(store))) == sorted({c["event_id"] for c in after})
