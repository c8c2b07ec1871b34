"""What every serving store promises: rows in order, all that was known of them, and one position."""

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from under_test import SERVINGS, Servings

from touchline.core.ports import Asked, ServingStore, Version, View
from touchline.core.ports.serving import us
from touchline.errors import ConflictError

EVENTS, OTHERS = View("events", ("type", "team")), View("others")
BEGAN = datetime(2025, 4, 5, 12, tzinfo=UTC)


@pytest.fixture(params=SERVINGS)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Servings]:
    """An empty store of each kind."""
    found = SERVINGS[request.param](tmp_path)
    found.open().prepare([EVENTS, OTHERS])
    yield found
    found.close()


@pytest.fixture
def store(stores: Servings) -> ServingStore:
    return stores.open()


def event(id_: str, place: str, **more: object) -> Version:
    """An event of match m1, made by the record of offset 0, at noon."""
    said = {"body": f'{{"id": "{id_}"}}'.encode(), "since": 0, "since_us": us(BEGAN), **more}
    return Version(str(said.pop("key", "m1")), id_, place, ("goal", "t1"), **said)  # type: ignore[arg-type]


def put(store: ServingStore, *versions: Version, view: View = EVENTS, to: int = 1) -> None:
    """Written, by a reader that has come to `to`."""
    before = store.position("reader")
    store.apply({view: versions}, reader="reader", before=before, after={0: to})


def ids(store: ServingStore, key: str = "m1", **asked: object) -> list[str]:
    return [v.id for v in store.rows(EVENTS, key, Asked(**asked))]  # type: ignore[arg-type]


def test_rows_come_in_their_order_whatever_order_they_were_written_in(store: ServingStore) -> None:
    put(store, event("c", "2#3"), event("a", "2#1"))
    put(store, event("b", "1#9"), event("d", "10#1"))
    assert ids(store) == ["b", "d", "a", "c"]


def test_a_row_comes_back_as_it_was_written(store: ServingStore) -> None:
    later = us(BEGAN) + 1
    first = event("a", "1", digest="x", body=b"\x00\xff", since=7, until=9, until_us=later)
    second = event("a", "é'\"; DROP", since=9, since_us=later, listed=False)
    put(store, first, second)
    assert store.known(EVENTS, [("m1", "a"), ("m1", "none")]) == {("m1", "a"): [first, second]}


def test_keys_and_views_are_apart(store: ServingStore) -> None:
    put(store, event("a", "1"), event("a", "1", key="m2"))
    put(store, replace(event("z", "1"), by=()), view=OTHERS)
    assert ids(store) == ["a"]
    assert ids(store, "m2") == ["a"]
    assert ids(store, "m3") == []
    assert [v.id for v in store.rows(OTHERS, "m1", Asked())] == ["z"]


def test_rows_are_asked_for_by_value_and_by_a_span_of_their_order(store: ServingStore) -> None:
    shot = replace(event("b", "2"), by=("shot", "t1"))
    far = replace(event("c", "3"), by=("goal", "t2"))
    put(store, event("a", "1"), shot, far, event("d", "4"))
    assert ids(store, where={"type": "goal"}) == ["a", "c", "d"]
    assert ids(store, where={"type": "goal", "team": "t1"}) == ["a", "d"]
    assert ids(store, where={"type": "'; DROP TABLE events"}) == []
    assert ids(store, first="2", last="4") == ["b", "c"]
    assert ids(store, after="2") == ["c", "d"]
    assert ids(store, where={"type": "goal"}, after="1", limit=1) == ["c"]
    assert store.count(EVENTS, "m1", Asked(limit=1)) == 4
    assert store.count(EVENTS, "m1", Asked(where={"type": "goal"}, first="2")) == 2
    assert store.count(EVENTS, "m9", Asked()) == 0


def test_an_order_that_begins_with_another_comes_after_it(store: ServingStore) -> None:
    every = ["a", "a !", "a b", "a!", 'a!"', "a#", "a#0", "aa", "a~", "aé", "b"]
    put(store, *(event(f"e{order}", order, since=9) for order in reversed(every)))
    put(store, event("earlier", "a!", since=3))
    names = [f"e{order}" for order in every]
    assert ids(store) == [*names[:3], "earlier", *names[3:]]
    assert ids(store, after="a!", where={"type": "goal"}) == names[4:]
    assert ids(store, first="a!", last="a#") == ["earlier", "ea!", 'ea!"']
    assert ids(store, after="a", last="a", where={"type": "goal"}) == []


def test_values_that_begin_with_one_another_are_apart(store: ServingStore) -> None:
    kinds = ["", "goal", "goal#1", "goal kick", "goal_kick", "#"]
    put(
        store,
        *(
            replace(event(f"e{kind}", "1"), order=f"{n}", by=(kind, "t1"))
            for n, kind in enumerate(kinds)
        ),
    )
    for kind in kinds:
        assert ids(store, where={"type": kind}) == [f"e{kind}"]
        assert ids(store, where={"type": kind}, last="9", after="0") == (
            [f"e{kind}"] if kind else []
        )


def test_rows_that_are_seldom_are_found_among_many(store: ServingStore) -> None:
    team = ["t2" if n % 100 == 99 else "t1" for n in range(800)]
    every = [event(f"e{n}", f"{n:04}", body=b"x" * 3000) for n in range(800)]
    put(store, *(replace(e, by=("pass", t)) for e, t in zip(every, team, strict=True)))
    seldom = [f"e{n}" for n in range(99, 800, 100)]
    assert ids(store, where={"team": "t2"}) == seldom
    assert ids(store, where={"team": "t2"}, limit=3) == seldom[:3]
    assert store.count(EVENTS, "m1", Asked(where={"team": "t2"}, limit=3)) == 8
    assert store.count(EVENTS, "m1", Asked()) == 800


def test_many_are_known_at_once_each_with_all_its_versions(store: ServingStore) -> None:
    first = [event(f"e{n}", "1", key=f"m{n % 3}", until=5) for n in range(130)]
    put(store, *(replace(v, order=f"{v.id}") for v in first))
    put(store, *(replace(v, order="0" + v.id, since=5, until=None) for v in first))
    asked = [(v.key, v.id) for v in first] * 2 + [("m0", f"none{n}") for n in range(130)]
    known = store.known(EVENTS, asked)
    assert len(known) == 130
    assert all([v.since for v in versions] == [0, 5] for versions in known.values())
    assert {(v.key, v.id) for found in known.values() for v in found} == set(known)


def test_many_rows_are_read_page_by_page_to_the_last(store: ServingStore) -> None:
    every = [f"{n:04}" for n in range(1000)]
    put(store, *(event(f"e{place}", place, body=b"x" * 3000) for place in every))
    found, after = list[str](), ""
    while page := store.rows(EVENTS, "m1", Asked(after=after, limit=300)):
        found += [v.order for v in page]
        after = page[-1].order
    assert found == every
    assert len(store.rows(EVENTS, "m1", Asked(limit=1000))) == 1000


def amended(store: ServingStore) -> None:
    """Event a is at place 1, and from record 5 on, ten seconds later, at place 9."""
    later = us(BEGAN + timedelta(seconds=10))
    was = event("a", "1")
    put(store, was, event("b", "2"))
    over = replace(was, until=5, until_us=later)
    put(store, over, event("a", "9", since=5, since_us=later), to=6)


def test_a_row_that_was_replaced_is_known_and_is_read_no_more(store: ServingStore) -> None:
    amended(store)
    assert ids(store) == ["b", "a"]
    assert [v.order for v in store.known(EVENTS, [("m1", "a")])[("m1", "a")]] == ["1", "9"]


def test_rows_are_as_they_were_known_at_an_instant_or_an_offset(store: ServingStore) -> None:
    amended(store)
    assert ids(store, as_of=BEGAN - timedelta(seconds=1)) == []
    assert ids(store, as_of=BEGAN) == ["a", "b"]
    assert ids(store, as_of=BEGAN + timedelta(seconds=9.999999)) == ["a", "b"]
    assert ids(store, as_of=BEGAN + timedelta(seconds=10)) == ["b", "a"]
    assert ids(store, offset=-1) == []
    assert ids(store, offset=4) == ["a", "b"]
    assert ids(store, offset=5) == ["b", "a"]


def test_what_is_not_listed_is_left_out_and_known(store: ServingStore) -> None:
    put(store, event("a", "1", listed=False), event("b", "2"))
    assert ids(store) == ["b"]
    assert store.known(EVENTS, [("m1", "a")])[("m1", "a")][0].listed is False


def test_changes_are_the_versions_after_an_offset_in_order(store: ServingStore) -> None:
    amended(store)
    put(store, event("c", "0", since=8), event("x", "0", since=9, key="m2"), to=9)

    def changes(after: int, **more: int) -> list[tuple[str, int]]:
        return [(v.id, v.since) for v in store.changes(EVENTS, "m1", after=after, **more)]

    assert changes(-1) == [("a", 0), ("b", 0), ("a", 5), ("c", 8)]
    assert changes(0) == [("a", 5), ("c", 8)]
    assert changes(0, limit=1) == [("a", 5)]
    assert changes(8) == []


def test_the_same_again_changes_nothing(store: ServingStore) -> None:
    amended(store)
    before = store.rows(EVENTS, "m1", Asked()), store.known(EVENTS, [("m1", "a")])
    later = us(BEGAN + timedelta(seconds=10))
    put(store, event("a", "1", until=5, until_us=later), event("a", "9", since=5, since_us=later))
    assert (store.rows(EVENTS, "m1", Asked()), store.known(EVENTS, [("m1", "a")])) == before


def test_a_position_is_kept_with_the_rows_lane_by_lane(stores: Servings) -> None:
    store = stores.open()
    assert store.position("reader") == {}
    put(store, event("a", "1"), to=3)
    store.apply({}, reader="reader", before={}, after={1: 7})
    assert stores.open().position("reader") == {0: 3, 1: 7}
    assert store.position("another") == {}
    assert [v.id for v in stores.open().rows(EVENTS, "m1", Asked())] == ["a"]


@pytest.mark.parametrize("before", [{}, {0: 2}, {0: 4}])
def test_of_two_readers_the_one_that_was_overtaken_is_refused(
    store: ServingStore, before: Mapping[int, int]
) -> None:
    put(store, event("a", "1"), to=3)
    with pytest.raises(ConflictError):
        store.apply({EVENTS: []}, reader="reader", before=before, after={0: 9})
    assert store.position("reader") == {0: 3}


def test_what_was_cleared_is_forgotten_and_read_anew(store: ServingStore) -> None:
    amended(store)
    put(store, replace(event("z", "1"), by=()), view=OTHERS, to=7)
    store.clear("reader", [EVENTS])
    assert ids(store) == []
    assert store.known(EVENTS, [("m1", "a")]) == {}
    assert store.position("reader") == {}
    assert len(store.rows(OTHERS, "m1", Asked())) == 1
    amended(store)
    assert ids(store) == ["b", "a"]


def test_many_read_while_one_writes_and_see_all_of_a_batch_or_none(stores: Servings) -> None:
    store, seen, over = stores.open(), list[int](), threading.Event()

    def read() -> None:
        while not over.is_set():
            seen.append(len(store.rows(EVENTS, "m1", Asked(limit=1000))))

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for batch in range(20):
        put(store, *(event(f"{batch} {n}", f"{batch:02}#{n}") for n in range(10)), to=batch)
    over.set()
    for thread in threads:
        thread.join()
    assert len(store.rows(EVENTS, "m1", Asked(limit=1000))) == 200
    assert seen
    assert [count for count in seen if count % 10] == []
