"""Events out: in order, page by page, filtered, as of an instant; and what caches are told."""

import base64
import json
import random
from datetime import UTC, datetime

import httpx
import pytest
from live_world import NOON, Live, event, events, ids, paged, until

ORDER = [f"e{n:03d}" for n in range(250)]
"""The events of match `long` in the order in which they happened: three an instant."""


@pytest.fixture(scope="module")
def long(served_live: Live) -> Live:
    """Match `long`, posted in another order than that in which it happened."""
    found = [
        event(
            id_, n // 3, match_id="long", sequence=n % 3,
            event_type=("pass", "goal", "shot")[n % 5 % 3],
            team_id=f"t{n % 2}", player_id=f"p{n % 11}",
        )
        for n, id_ in enumerate(ORDER)
    ]  # fmt: skip
    random.Random(3).shuffle(found)
    with served_live.client() as client:
        client.post("/events/batch", json=found).raise_for_status()
        events(client, "long", count=len(found))
    return served_live


def asked(live: Live, **query: str | int) -> list[str]:
    with live.client("reader") as client:
        return ids(paged(client, "/matches/long/events", query))


@pytest.mark.parametrize("limit", [1, 7, 125, 250, 1000])
def test_pages_have_every_event_once_in_order_whatever_their_size(long: Live, limit: int) -> None:
    assert asked(long, limit=limit) == ORDER


def test_a_page_tells_how_many_there_are_in_all(long: Live) -> None:
    with long.client() as client:
        first = client.get("/matches/long").json()
        assert (first["event_count"], ids(first["events"])) == (250, ORDER[:100])
        more = client.get("/matches/long", params={"cursor": first["next"]}).json()
        assert (more["event_count"], ids(more["events"])) == (250, ORDER[100:200])
        assert client.get("/matches/long?limit=1000").json()["next"] is None


def test_a_full_page_that_is_the_last_has_no_next(long: Live) -> None:
    with long.client() as client:
        assert client.get("/matches/long?limit=250").json()["next"] is None
        assert client.get("/matches/long?limit=249").json()["next"]
        assert client.get("/matches?limit=1").json()["next"] is None


def test_pages_hold_still_while_events_come(served_live: Live) -> None:
    with served_live.client() as client:
        of = {"match_id": "moving"}
        client.post("/events/batch", json=[event(f"e{n}", n, **of) for n in range(20)])
        events(client, "moving", count=20)
        first = client.get("/matches/moving?limit=10").json()
        client.post("/events/batch", json=[event("early", 0.5, **of), event("late", 15.5, **of)])
        events(client, "moving", count=22)
        second = client.get("/matches/moving", params={"limit": 100, "cursor": first["next"]})
    seen = ids(first["events"]) + ids(second.json()["events"])
    assert seen == [*(f"e{n}" for n in range(16)), "late", *(f"e{n}" for n in range(16, 20))]


def test_filters_can_be_combined(long: Live) -> None:
    numbers = range(250)
    assert asked(long, type="goal") == [ORDER[n] for n in numbers if n % 5 % 3 == 1]
    assert asked(long, team="t1", limit=7) == [ORDER[n] for n in numbers if n % 2]
    both = [ORDER[n] for n in numbers if n % 11 == 4 and n % 2 == 0]
    assert asked(long, player="p4", team="t0") == both
    assert asked(long, player="nobody") == []


def test_times_are_instants_from_the_first_up_to_before_the_last(long: Live) -> None:
    wanted = ORDER[30:60]
    assert asked(long, **{"from": "2025-04-05T12:10:00Z", "to": "2025-04-05T12:20:00Z"}) == wanted
    elsewhere = {"from": "2025-04-05T14:10:00.000+02:00", "to": "2025-04-05T05:20:00-07:00"}
    assert asked(long, **elsewhere) == wanted
    with long.client() as client:
        unescaped = "from=2025-04-05T14:10:00+02:00&to=2025-04-05T14:20:00+02:00"
        found = client.get(f"/matches/long/events?{unescaped}").json()
    assert (ids(found["events"]), found["event_count"]) == (wanted, 30)


def test_a_cursor_belongs_to_its_question(long: Live) -> None:
    with long.client() as client:
        cursor = client.get("/matches/long?limit=10").json()["next"]
        assert client.get(f"/matches/long?limit=20&cursor={cursor}").status_code == 200
        for other in ("/matches/long?type=goal&", "/matches/other?", "/matches?"):
            client.post("/events", json=event(match_id="other"))
            events(client, "other", count=1)
            refused = client.get(f"{other}cursor={cursor}")
            assert (refused.status_code, refused.json()["error"]["field"]) == (400, "cursor")


def test_a_cursor_that_was_tampered_with_is_refused(long: Live) -> None:
    with long.client() as client:
        cursor = client.get("/matches/long?limit=10").json()["next"]
        coded = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        for at in range(len(coded)):
            changed = bytes(b ^ (at == n) for n, b in enumerate(coded))
            said = base64.urlsafe_b64encode(changed).decode().rstrip("=")
            assert client.get("/matches/long", params={"cursor": said}).status_code == 400
        assert client.get("/matches/long", params={"cursor": cursor[:-4]}).status_code == 400


def test_as_of_an_instant_it_is_as_it_was_known_then(client: httpx.Client) -> None:
    of = {"match_id": "then"}
    client.post("/events", json=event(event_type="goal", **of))
    events(client, "then", count=1)
    then = datetime.now(UTC).isoformat()
    client.post("/events", json={"event_id": "e1", "action": "cancel", **of})
    client.post("/events", json=event("e2", 1, **of))
    until(lambda: client.get("/matches/then/goals").json()["total_goals"], lambda n: n == 0)
    assert ids(events(client, "then", count=1, as_of=then)) == ["e1"]
    assert client.get("/matches/then/goals", params={"as_of": then}).json()["total_goals"] == 1
    before = client.get("/matches/then", params={"as_of": NOON.isoformat()}).json()
    assert (before["event_count"], before["events"]) == (0, [])


def test_matches_are_listed_by_when_they_began(client: httpx.Client) -> None:
    for year in (1912, 1911, 1913):
        said = event(match_id=f"old-{year}", timestamp=f"{year}-04-05T12:00:00Z")
        client.post("/events", json=said)
        events(client, f"old-{year}", count=1)
    when = {"from": "1911-01-01T00:00:00Z", "to": "1914-01-01T00:00:00Z"}
    first = client.get("/matches", params={**when, "limit": 2}).json()
    second = client.get("/matches", params={**when, "limit": 2, "cursor": first["next"]}).json()
    found = [m["match_id"] for m in first["matches"] + second["matches"]]
    assert found == ["old-1911", "old-1912", "old-1913"]
    (one,) = client.get("/matches", params={"season": "1911/1912"}).json()["matches"]
    assert one.keys() == {"match_id", "season", "first_event_at", "last_event_at", "changed_at"}
    assert (one["match_id"], one["season"]) == ("old-1912", "1911/1912")


def test_dead_letters_are_listed_page_by_page(client: httpx.Client) -> None:
    said = [
        {"match_id": f"l{n % 2}", "event_id": f"x{n}", "action": "amend", "x": n} for n in range(9)
    ]
    client.post("/events/batch", json=said)

    def found(**query: str) -> list[str]:
        letters, cursor = [], {}
        while True:
            page = client.get("/dead-letters", params={"limit": "2", **query, **cursor}).json()
            letters += page["dead_letters"]
            if not page["next"]:
                return [letter["event_id"] for letter in letters]
            cursor = {"cursor": page["next"]}

    until(lambda: found(state="waiting"), lambda f: len(f) == 9)
    assert found(state="waiting", match="l1") == ["x1", "x3", "x5", "x7"]
    assert found(state="waiting", event_id="x4") == ["x4"]
    assert found(state="dead") == []
    assert client.get("/dead-letters?state=gone").status_code == 400


# --- statistics ---------------------------------------------------------------------------------


def test_statistics_follow_corrections(client: httpx.Client) -> None:
    of = {"match_id": "stats"}
    said = [
        event("g1", 1, event_type="goal", **of),
        event("g2", 2, event_type="goal", player_id="p2", team_id="t2", **of),
        event("k", **of, player_id=None, team_id=None, event_type="kick_off"),
        *(event(f"p{n}", n, **of) for n in range(3, 6)),
    ]
    client.post("/events/batch", json=said).raise_for_status()
    events(client, "stats", count=6)
    then = datetime.now(UTC).isoformat()
    first = client.get("/matches/stats/stats")
    assert first.json()["match_id"] == "stats"
    teams, players = first.json()["teams"], first.json()["players"]
    assert [(t["team_id"], t["events"], t["goals"], t["passes"]) for t in teams] == [
        ("t1", 4, 1, 3), ("t2", 1, 1, 0), (None, 1, 0, 0),
    ]  # fmt: skip
    assert [(p["player_id"], p["goals"], p["passes"]) for p in players] == [
        ("p1", 1, 3), ("p2", 1, 0),
    ]  # fmt: skip
    tag = {"if-none-match": first.headers["etag"]}
    assert client.get("/matches/stats/stats", headers=tag).status_code == 304

    client.post("/events", json={"event_id": "g2", "action": "cancel", **of})
    goals = until(
        lambda: [t["goals"] for t in client.get("/matches/stats/stats").json()["teams"]],
        lambda found: len(found) == 2,
    )
    assert goals == [1, 0]
    before = client.get("/matches/stats/stats", params={"as_of": then}).json()
    assert [t["goals"] for t in before["teams"]] == [1, 1, 0]
    assert client.get("/matches/none/stats").status_code == 404


# --- what caches are told -----------------------------------------------------------------------


def test_what_did_not_change_is_not_sent_again(client: httpx.Client) -> None:
    client.post("/events", json=event(match_id="kept"))
    events(client, "kept", count=1)
    first = client.get("/matches/kept")
    tag = first.headers["etag"]
    for said in (tag, f'W/{tag}, "x"'):
        again = client.get("/matches/kept", headers={"if-none-match": said})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert "content-length" not in again.headers
    other = client.get("/matches/kept?limit=5", headers={"if-none-match": tag})
    assert other.status_code == 200

    client.post("/events", json=event("e2", 1, match_id="kept"))
    events(client, "kept", count=2)
    changed = client.get("/matches/kept", headers={"if-none-match": tag})
    assert (changed.status_code, changed.json()["event_count"]) == (200, 2)


def test_head_is_the_head_of_get(client: httpx.Client) -> None:
    client.post("/events", json=event(match_id="head"))
    events(client, "head", count=1)
    for path in ("/matches", "/matches/head", "/matches/head/goals", "/dead-letters"):
        whole, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        unlike = {"date"}
        assert {k: v for k, v in head.headers.items() if k not in unlike} == {
            k: v for k, v in whole.headers.items() if k not in unlike
        }
    assert client.head("/matches/none").status_code == 404


def test_answers_are_json_however_they_are_asked_for(client: httpx.Client) -> None:
    client.post("/events", json=event(match_id="json", note="</script>\u2028"))
    events(client, "json", count=1)
    for accept in ("text/html", "*/*", "application/xml"):
        answer = client.get("/matches/json", headers={"accept": accept})
        assert answer.headers["content-type"] == "application/json"
        assert json.loads(answer.content)["events"][0]["note"] == "</script>\u2028"
