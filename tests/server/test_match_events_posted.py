"""Events in: one by one, in batches, over a WebSocket; again, corrected, before what they correct."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from live_world import Event, Live, event, events, ids, live, until
from websockets.sync.client import connect

from touchline.matches.live import TOPIC, EventRule, accepted
from touchline.wiring import Touchline

DESIGN = {
    "match_id": "match123",
    "event_type": "goal",
    "player_id": "player456",
    "team_id": "team789",
    "timestamp": "2023-06-15T14:30:00Z",
}


def post(client: httpx.Client, *given: Event) -> list[int]:
    """The status of each."""
    return [client.post("/events", json=each).status_code for each in given]


def amend(event_id: str, match_id: str, **more: Any) -> Event:
    return {"match_id": match_id, "event_id": event_id, "action": "amend", **more}


def letters(client: httpx.Client, **query: str) -> list[Event]:
    found: list[Event] = client.get("/dead-letters", params=query).json()["dead_letters"]
    return found


# --- design 003 ---------------------------------------------------------------------------------


def test_the_designs_event_is_taken_and_answered_in_its_words(client: httpx.Client) -> None:
    answer = client.post("/events", json=DESIGN)
    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.json().keys() == {"message", "event_id"}

    (goal,) = events(client, "match123", count=1)
    assert goal["event_id"] == answer.json()["event_id"]
    assert goal == {
        **DESIGN,
        "event_id": goal["event_id"],
        "event_at": "2023-06-15T14:30:00.000000Z",
        "event_timestamp": "2023-06-15T14:30:00.000000Z",
        "event_type_timestamp": "goal#2023-06-15T14:30:00.000000Z",
        "season": "2022/2023",
        "status": "confirmed",
        "version": 1,
    }


def test_goals_and_passes_have_the_designs_names(client: httpx.Client) -> None:
    of = {"match_id": "design"}
    post(client, event("p2", 2, **of), event("g1", 1, event_type="goal", **of), event("p1", **of))
    events(client, "design", count=3)
    whole = client.get("/matches/design").json()
    assert (whole["match_id"], whole["event_count"]) == ("design", 3)
    assert ids(whole["events"]) == ["p1", "g1", "p2"]
    goals = client.get("/matches/design/goals").json()
    assert (goals["match_id"], goals["total_goals"], ids(goals["goals"])) == ("design", 1, ["g1"])
    passes = client.get("/matches/design/passes").json()
    assert (passes["match_id"], passes["total_passes"]) == ("design", 2)
    assert ids(passes["passes"]) == ["p1", "p2"]


def test_what_else_was_posted_is_kept_and_integers_become_text(client: httpx.Client) -> None:
    post(client, event(7, match_id=8, player_id=9, team_id=10, xg=0.25, at=[1, {"x": "ü"}]))
    (found,) = events(client, "8", count=1)
    said = [found[name] for name in ("match_id", "event_id", "player_id", "team_id")]
    assert said == ["8", "7", "9", "10"]
    assert (found["xg"], found["at"]) == (0.25, [1, {"x": "ü"}])


def test_what_touchline_adds_cannot_be_posted(client: httpx.Client) -> None:
    post(client, event(match_id="added", season=5, version="x", event_at=[]))
    (found,) = events(client, "added", count=1)
    assert (found["season"], found["version"]) == ("2024/2025", 1)


def test_a_clock_of_the_period_takes_the_place_of_a_timestamp(client: httpx.Client) -> None:
    clock = {"period": 2, "minute": 46, "second": 1.5, "kick_off_at": "2025-04-05T13:00:00Z"}
    post(client, {"match_id": "clock", "event_type": "Pass", **clock})
    (found,) = events(client, "clock", count=1)
    assert (found["event_at"], found["event_type"]) == ("2025-04-05T13:01:01.500000Z", "pass")


# --- again, and otherwise -----------------------------------------------------------------------


def test_the_same_event_again_has_the_same_answer_and_changes_nothing(client: httpx.Client) -> None:
    said = event(match_id="again")
    first, *more = [client.post("/events", json=said) for _ in range(3)]
    for answer in more:
        assert (answer.status_code, answer.content) == (first.status_code, first.content)
    events(client, "again", count=1)
    in_other_order = dict(reversed(said.items()))
    assert client.post("/events", json=in_other_order).content == first.content
    post(client, event("last", 1, match_id="again"))
    assert ids(events(client, "again", count=2)) == ["e1", "last"]
    assert letters(client, match="again") == []


def test_another_event_under_the_same_id_is_a_conflict(client: httpx.Client) -> None:
    assert post(client, event(match_id="other")) == [201]
    refused = client.post("/events", json=event(match_id="other", player_id="p2"))
    assert refused.status_code == 409
    assert refused.json()["error"]["field"] == "$.event_id"
    assert "amend" in refused.json()["error"]["hint"]
    (found,) = events(client, "other", count=1)
    assert found["player_id"] == "p1"


def test_a_conflict_is_seen_after_a_restart_too(tmp_path: Path) -> None:
    with live(tmp_path) as first, first.client() as client:
        assert post(client, event()) == [201]
        events(client, count=1)
    with live(tmp_path, again=first) as second, second.client() as client:
        assert post(client, event(), event(player_id="p2")) == [201, 409]
        assert ids(events(client, count=1)) == ["e1"]


def test_an_event_that_came_by_another_way_is_known_once_it_is_served(tmp_path: Path) -> None:
    with live(tmp_path) as found, found.client() as client:
        assert post(client, event("e1")) == [201]
        other = Touchline(found.config)
        said = accepted(event("e2"), EventRule(), datetime.now(UTC))
        other.log.append(TOPIC, [("m1", said.value)]).result()
        assert ids(events(client, count=2)) == ["e1", "e2"]
        assert post(client, event("e2"), event("e2", player_id="p9")) == [201, 409]


def test_corrections_supersede_and_a_cancelled_event_is_listed_no_more(
    client: httpx.Client,
) -> None:
    of = {"match_id": "var"}
    post(client, event("e1", event_type="goal", **of), event("e2", 1, **of))
    events(client, "var", count=2)
    assert post(client, amend("e2", "var", player_id="p9")) == [201]
    assert post(client, {"match_id": "var", "event_id": "e1", "action": "cancel"}) == [201]
    until(lambda: client.get("/matches/var").json()["event_count"], lambda n: n == 1)
    (found,) = events(client, "var", count=1)
    assert (found["event_id"], found["player_id"], found["version"]) == ("e2", "p9", 2)
    assert client.get("/matches/var/goals").json()["total_goals"] == 0


def test_a_correction_waits_for_its_event(client: httpx.Client) -> None:
    early = client.post("/events", json=amend("late", "waits", player_id="p9"))
    assert early.status_code == 202
    assert early.json()["message"].startswith("accepted; it takes effect when event 'late' comes")
    assert client.post("/events", json=amend("late", "waits", player_id="p9")).status_code == 202
    waiting = {"state": "waiting", "match": "waits"}
    (letter,) = until(lambda: letters(client, **waiting), bool)
    assert (letter["state"], letter["event_id"]) == ("waiting", "late")
    assert letters(client, match="waits") == []

    assert post(client, event("late", match_id="waits")) == [201]
    (found,) = until(lambda: events(client, "waits", count=1), lambda f: f[0]["version"] == 2)
    assert found["player_id"] == "p9"
    assert letters(client, **waiting) == []


# --- batches ------------------------------------------------------------------------------------


def as_array(lines: list[bytes]) -> bytes:
    return b"[" + b",".join(lines) + b"]"


def as_lines(lines: list[bytes]) -> bytes:
    return b"\n".join(lines) + b"\n\n"


@pytest.mark.parametrize("written", [as_array, as_lines])
def test_a_batch_has_a_result_for_each_event_in_order(client: httpx.Client, written: Any) -> None:
    of = {"match_id": written.__name__}
    said = [event("e1", **of), event("e1", **of, x=1), {}, event("e2", 1, **of), event("e1", **of)]
    answer = client.post("/events/batch", content=written([json.dumps(s).encode() for s in said]))
    assert answer.status_code == 200
    body = answer.json()
    assert [r["status"] for r in body["results"]] == [201, 409, 422, 201, 201]
    assert (body["accepted"], body["refused"]) == (3, 2)
    assert [r.get("event_id") for r in body["results"]] == ["e1", "e1", None, "e2", "e1"]
    assert "`match_id`" in body["results"][2]["error"]["message"]
    assert ids(events(client, written.__name__, count=2)) == ["e1", "e2"]


def test_a_line_that_is_no_json_is_told_at_its_place(client: httpx.Client) -> None:
    lines = [json.dumps(event(match_id="lines")).encode(), b"{", b"\xff", b"\r", b"null"]
    body = client.post("/events/batch", content=b"\n".join(lines)).json()
    assert [r["status"] for r in body["results"]] == [201, 422, 422, 422]
    said = [r["error"]["message"] for r in body["results"][1:]]
    assert [s.startswith("$: not JSON: ") for s in said] == [True, True, False]
    assert said[2] == "$: seen null, expected a JSON object"


def test_an_array_that_is_no_json_is_refused_whole(client: httpx.Client) -> None:
    said = as_array([json.dumps(event(match_id="torn")).encode(), b"{"])
    assert client.post("/events/batch", content=said).status_code == 400
    assert client.get("/matches/torn").status_code == 404


def test_a_batch_has_up_to_ten_thousand_events(client: httpx.Client) -> None:
    one = json.dumps(event(match_id="many")).encode()
    for written in (as_array, as_lines):
        full = client.post("/events/batch", content=written([one] * 10_000))
        assert (full.status_code, full.json()["accepted"]) == (200, 10_000)
        more = client.post("/events/batch", content=written([one] * 10_001))
        assert more.status_code == 413
        assert "at most 10,000" in more.json()["error"]["message"]
    assert client.post("/events/batch", content=b"").json()["results"] == []


def test_a_batch_that_breaks_off_is_taken_not_at_all(served_live: Live) -> None:
    import socket

    host, port = served_live.address.removeprefix("http://").split(":")
    lines = [json.dumps(event(f"e{n}", match_id="broken-off")).encode() for n in range(3)]
    with socket.create_connection((host, int(port))) as opened:
        head = (
            f"POST /events/batch HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999\r\n"
            f"x-api-key: {served_live.keys['feed']}\r\n\r\n"
        )
        opened.sendall(head.encode() + as_lines(lines))
    with served_live.client() as client:
        post(client, event(match_id="after"))
        events(client, "after", count=1)
        assert client.get("/matches/broken-off").status_code == 404


# --- over a WebSocket ---------------------------------------------------------------------------


def test_a_websocket_acknowledges_each_message_in_order(served_live: Live) -> None:
    of = {"match_id": "socket"}
    said = [event("e1", **of), event("e1", **of), event("e1", **of, x=1), {}, event("e2", 1, **of)]
    with connect(served_live.ws("/events"), additional_headers=served_live.bearer()) as socket:
        for each in said:
            socket.send(json.dumps(each))
        socket.send(json.dumps(event("e3", 2, **of)).encode())
        socket.send("{")
        answers = [json.loads(socket.recv(30)) for _ in range(7)]
    assert [a["status"] for a in answers] == [201, 201, 409, 422, 201, 201, 400]
    assert answers[0]["answer"] == {"message": "accepted", "event_id": "e1"}
    assert "`match_id`" in answers[3]["answer"]["error"]["message"]
    with served_live.client() as client:
        assert ids(events(client, "socket", count=3)) == ["e1", "e2", "e3"]
