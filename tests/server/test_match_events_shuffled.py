"""A real match, posted in any order and some of it twice: every event is there, once, in its order."""

import random
from collections.abc import Sequence
from datetime import datetime

import pytest
from feeds import Event, real_match
from live_world import Live, events

SEEDS = (1, 2, 3, 4)


def mixed(match: Sequence[Event], seed: int) -> list[Event]:
    """The match in no order, 5 % of it twice."""
    chance = random.Random(seed)
    found = [*match, *chance.sample(match, len(match) // 20)]
    chance.shuffle(found)
    return found


def in_order(match: Sequence[Event]) -> list[str]:
    """The ids, by instant and then by id."""
    at = {str(e["event_id"]): datetime.fromisoformat(e["timestamp"]) for e in match}
    return sorted(at, key=lambda name: (at[name], name))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_real_match_is_the_same_in_whatever_order_it_is_posted(
    served_live: Live, seed: int
) -> None:
    match = [e | {"match_id": f"any-order-{seed}"} for e in real_match()]
    feed = mixed(match, seed)
    cut = len(feed) // 3
    with served_live.client() as client:
        for part in (feed[:cut], feed[cut:]):
            answer = client.post("/events/batch", json=part).raise_for_status().json()
            assert {each["status"] for each in answer["results"]} == {201}
        found = events(client, match[0]["match_id"], count=len(match), limit=1000)
        dead = client.get("/dead-letters", params={"match": match[0]["match_id"]}).json()
    assert [e["event_id"] for e in found] == in_order(match)
    assert {e["version"] for e in found} == {1}
    said = {str(e["event_id"]): e for e in match}
    for each in found:
        posted = said[each["event_id"]]
        assert (each["timestamp"], each["positions"]) == (posted["timestamp"], posted["positions"])
    assert dead["dead_letters"] == []
