"""Records of the log -> what is known: order, corrections, duplicates, conflicts."""

import json
import random
from datetime import timedelta

import msgspec
import pytest
from feeds import (
    NOW,
    amend,
    cancel,
    event,
    ids,
    letters,
    listed,
    real_match,
    records,
    stored,
    told,
    waiting,
)

from touchline.core.memory import MemoryServing
from touchline.core.ports import Asked, Record
from touchline.matches.live import DEAD, EVENTS, MATCHES, fold
from touchline.matches.live.views import ALL, season


def test_no_records_change_nothing() -> None:
    assert all(not versions for versions in fold([], MemoryServing()).values())


def test_events_come_back_in_the_order_in_which_they_happened() -> None:
    store = stored([event("c", 3), event("a", 1)], [event("b", 2)])
    assert ids(store) == ["a", "b", "c"]


def test_instants_are_compared_and_not_their_texts() -> None:
    early = event("a", timestamp="2025-04-05T13:00:00.500+01:00")
    late = event("b", timestamp="2025-04-05T12:00:00.600Z")
    first = event("c", timestamp="2025-04-05T12:00:00Z")
    assert ids(stored([late, early, first])) == ["c", "a", "b"]


def test_events_of_one_instant_are_all_kept_in_the_order_of_the_provider_and_of_their_ids() -> None:
    same = [event("z", sequence=1), event("a", sequence=3), event("b", sequence=20), event("d")]
    assert ids(stored(same)) == ["d", "z", "a", "b"]


def test_an_event_is_served_with_what_is_known_of_it() -> None:
    (found,) = listed(stored([event("e1", 90.5, event_type="goal", xg=0.3)]))
    assert found == {
        "event_id": "e1",
        "match_id": "m1",
        "event_type": "goal",
        "team_id": "t1",
        "player_id": "p1",
        "event_at": "2025-04-05T13:30:30.000000Z",
        "season": "2024/2025",
        "status": "confirmed",
        "version": 1,
        "timestamp": "2025-04-05T13:30:30+00:00",
        "xg": 0.3,
        "event_timestamp": "2025-04-05T13:30:30.000000Z",
        "event_type_timestamp": "goal#2025-04-05T13:30:30.000000Z",
    }


@pytest.mark.parametrize(
    ("month", "expected"), [(7, "2024/2025"), (8, "2025/2026"), (1, "2024/2025"), (12, "2025/2026")]
)
def test_a_season_begins_in_august(month: int, expected: str) -> None:
    assert season(NOW.replace(month=month)) == expected


def test_the_clock_of_a_period_becomes_an_instant() -> None:
    said = event(period=2, minute=47, second=12.5, kick_off_at="2025-04-05T13:02:00Z")
    del said["timestamp"]
    (found,) = listed(stored([said]))
    assert found["event_at"] == "2025-04-05T13:04:12.500000Z"


# --- again, and otherwise ------------------------------------------------------------------------


def test_the_same_event_again_is_the_same_event() -> None:
    store = stored([event()], [event(), event()])
    assert ids(store) == ["e1"]
    assert letters(store) == []
    assert listed(store)[0]["version"] == 1


def test_another_event_under_a_known_id_is_put_aside() -> None:
    store = stored([event()], [event(player_id="p9"), event("e2")])
    assert [said["player_id"] for said in listed(store)] == ["p1", "p1"]
    assert letters(store) == [("e1", "event 'e1' is known, and says something else")]


def test_what_cannot_be_read_is_put_aside_and_the_rest_goes_on() -> None:
    good = records([event("a"), event("b", 1)], first=3)
    bad = [Record(0, n, "m1", value, NOW) for n, value in enumerate([b"{", b"\xff", b"[]"])]
    store = MemoryServing()
    told(store, [*bad, *good])
    assert ids(store) == ["a", "b"]
    reasons = [reason for _, reason in letters(store)]
    assert len(reasons) == 3
    assert "not JSON" in reasons[0]
    assert "expected a JSON object" in reasons[2]


def test_a_record_under_the_key_of_another_match_is_put_aside() -> None:
    store, (record,) = MemoryServing(), records([event()])
    told(store, [Record(0, 0, "m2", record.value, NOW)])
    assert listed(store) == []
    assert "record of key 'm2'" in letters(store)[0][1]


# --- corrections ---------------------------------------------------------------------------------


def test_an_amendment_changes_what_it_names_and_keeps_the_rest() -> None:
    store = stored([event(xg=0.3)], [amend(player_id="p2", xg=None)])
    (found,) = listed(store)
    assert (found["player_id"], found["team_id"], found["version"]) == ("p2", "t1", 2)
    assert "xg" not in found
    assert "action" not in found


def test_an_amendment_moves_an_event_to_its_new_instant() -> None:
    store = stored([event("a", 1), event("b", 2)], [amend("a", timestamp="2025-04-05T12:09:00Z")])
    assert ids(store) == ["b", "a"]


def test_a_cancelled_event_is_known_and_listed_no_more() -> None:
    store = stored([event("a"), event("b", 1)], [cancel("a", reason="VAR")])
    assert ids(store) == ["b"]
    last = store.known(EVENTS, [("m1", "a")])["m1", "a"][-1]
    body = msgspec.json.decode(last.body)
    assert (body["status"], body["reason"]) == ("cancelled", "VAR")


def test_a_cancelled_event_can_be_confirmed_again() -> None:
    store = stored([event()], [cancel()], [amend(status="confirmed")])
    assert [(e["status"], e["version"]) for e in listed(store)] == [("confirmed", 3)]


def test_what_was_known_at_an_instant_stays_known() -> None:
    store = stored([event("a", event_type="shot")], [amend("a", event_type="goal")], [cancel("a")])

    def known(seconds: float) -> list[str]:
        return [e["event_type"] for e in listed(store, as_of=NOW + timedelta(seconds=seconds))]

    assert [known(s) for s in (-1, 0, 0.9, 1, 1.9, 2, 99)] == [
        [], ["shot"], ["shot"], ["goal"], ["goal"], [], [],
    ]  # fmt: skip


def test_a_correction_that_came_again_is_the_same_correction() -> None:
    store = stored(
        [event()], [amend(player_id="p2")], [amend(player_id="p3")], [amend(player_id="p2")]
    )
    assert [(e["player_id"], e["version"]) for e in listed(store)] == [("p3", 3)]


def test_a_correction_waits_for_its_event() -> None:
    store = stored([amend(player_id="p2"), cancel("e9")])
    assert waiting(store) == ["e1", "e9"]
    assert listed(store) == []
    told(store, records([event()], first=2))
    assert [e["player_id"] for e in listed(store)] == ["p2"]
    assert waiting(store) == ["e9"]


@pytest.mark.parametrize("batches", [1, 3])
def test_corrections_that_wait_take_effect_in_their_order(batches: int) -> None:
    feed = [amend(player_id="p2"), amend(player_id="p3"), event()]
    split = [feed] if batches == 1 else [[said] for said in feed]
    store = stored(*split)
    assert [(e["player_id"], e["version"]) for e in listed(store)] == [("p3", 3)]
    assert waiting(store) == []


def test_what_waited_is_known_again_and_counted_whatever_came_together() -> None:
    feed = [amend(n=1), amend(n=2), event(), event(), amend(n=1), amend(n=3), event()]
    for store in (stored(feed), stored(*([said] for said in feed)), stored(feed[:3], feed[3:])):
        assert [(e["n"], e["version"]) for e in listed(store)] == [(3, 4)]
        assert letters(store) == []


def test_an_amendment_that_makes_no_event_is_put_aside() -> None:
    said = event()
    store = stored([said], [amend(timestamp=None, player_id="p2")])
    assert [e["player_id"] for e in listed(store)] == ["p1"]
    assert "$.timestamp" in letters(store)[0][1]


def test_an_event_without_a_type_is_none() -> None:
    store = stored([event()], [amend(event_type=None)])
    assert [e["event_type"] for e in listed(store)] == ["pass"]
    assert "$.event_type" in letters(store)[0][1]


def test_corrections_that_waited_and_cannot_be_used_are_each_put_aside_where_they_lay() -> None:
    bad = [amend(timestamp=None, x=n) for n in range(2)]
    store = stored(bad, [event()])
    assert waiting(store) == []
    found = [msgspec.json.decode(v.body) for v in store.rows(DEAD, ALL, Asked(limit=9))]
    assert [(f["offset"], json.loads(f["record"])["x"]) for f in found] == [(0, 0), (1, 1)]


# --- whole matches -------------------------------------------------------------------------------


def everything(store: MemoryServing, match_id: str) -> list[object]:
    return [(v.order, v.id, v.by, v.body) for v in store.rows(EVENTS, match_id, Asked(limit=9999))]


def test_a_real_match_is_the_same_in_whatever_order_it_comes() -> None:
    match = real_match()
    expected = everything(stored(match), "2057954")
    assert len(expected) == len(match)
    for seed in range(4):
        chance = random.Random(seed)
        feed = match + chance.sample(match, len(match) // 20)
        chance.shuffle(feed)
        cut = sorted(chance.sample(range(len(feed)), 5))
        parts = [feed[a:b] for a, b in zip([0, *cut], [*cut, None], strict=True)]
        store = stored(*(part for part in parts if part))
        assert everything(store, "2057954") == expected
        assert letters(store) == []


def test_batches_of_any_size_and_records_read_again_give_the_same() -> None:
    feed = [event(f"e{n}", n) for n in range(6)]
    feed += [amend("e1", player_id="p2"), cancel("e3"), amend("e9", x=1), event("e9"), cancel("e2")]
    whole = stored(feed)
    apart = stored(*([said] for said in feed))
    assert everything(apart, "m1") == everything(whole, "m1")
    again, found = MemoryServing(), records(feed)
    told(again, found[:7])
    told(again, found[3:9])
    told(again, found)
    assert everything(again, "m1") == everything(whole, "m1")
    assert waiting(again) == []
    changes = [(v.since, v.id, v.body) for v in again.changes(EVENTS, "m1", after=-1)]
    assert changes == [(v.since, v.id, v.body) for v in whole.changes(EVENTS, "m1", after=-1)]


def test_matches_are_listed_by_when_they_began() -> None:
    store = stored([event("a", 50, match_id="m2"), event("b", 10)], [event("c", 5, match_id="m2")])
    rows = [msgspec.json.decode(v.body) for v in store.rows(MATCHES, ALL, Asked())]
    assert [(r["match_id"], r["season"], r["offset"]) for r in rows] == [
        ("m2", "2024/2025", 2),
        ("m1", "2024/2025", 1),
    ]
    assert rows[0]["first_event_at"] == "2025-04-05T12:05:00Z"
    assert rows[0]["last_event_at"] == "2025-04-05T12:50:00Z"


def test_corrections_make_no_event_larger_than_a_store_holds() -> None:
    parts = [amend(**{f"text{n}": "x" * 150_000}) for n in range(3)]
    store = stored([event("e1"), *parts, amend(x=1)])
    ((event_id, reason),) = letters(store)
    assert event_id == "e1"
    assert reason.startswith("event 'e1': with this correction 450,")
    (found,) = listed(store)
    assert ("text1" in found, "text2" in found, found["x"]) == (True, False, 1)
