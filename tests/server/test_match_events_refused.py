"""Whatever is posted or asked, the answer says what is wrong: never a 5xx, never an effect."""

import json
import socket
from typing import Any

import httpx
import pytest
from live_world import Live, event, events, ids

NOW = "2025-04-05T12:00:00Z"


def raw(**more: Any) -> bytes:
    return json.dumps(event(match_id="bad", **more)).encode()


def with_x(value: bytes) -> bytes:
    return raw()[:-1] + b', "x": ' + value + b"}"


NOT_JSON: dict[str, bytes] = {
    "nothing": b"",
    "a half": raw()[:-1],
    "words": b"goal!",
    "invalid UTF-8": raw().replace(b"p1", b"\xff\xfe"),
    "a surrogate in UTF-8": raw().replace(b"p1", b"\xed\xa0\x80"),
    "half a pair": raw().replace(b"p1", b"\\ud800"),
    "a bare NUL": raw().replace(b"p1", b"\x00"),
    "a byte order mark": b"\xef\xbb\xbf" + raw(),
    "100,000 levels": with_x(b"[" * 100_000 + b"]" * 100_000),
    "5,000 digits": with_x(b"9" * 5000),
    "more than a float has": with_x(b"1e400"),
    "NaN": with_x(b"NaN"),
    "two events": raw() + raw(),
}
NO_EVENT: dict[str, bytes] = {
    "null": b"null",
    "a list": b"[" + raw() + b"]",
    "a number": b"1e9",
    "nothing in it": b"{}",
    "a deep one": with_x(b"[" * 40 + b"]" * 40),
    "a deep one of objects": with_x(b'{"x":' * 40 + b"1" + b"}" * 40),
    "no type": raw(event_type=None),
    "a type that is a number": raw(event_type=5),
    "a type that is no word": raw(event_type="<script>"),
    "no match": raw().replace(b"match_id", b"match"),
    "a match of true": raw().replace(b'"bad"', b"true"),
    "a match of 1.5": raw().replace(b'"bad"', b"1.5"),
    "a match that is a path": raw().replace(b'"bad"', b'"../../etc/passwd"'),
    "a match with a break": raw().replace(b'"bad"', b'"bad\\n"'),
    "a match of SQL": raw().replace(b'"bad"', b'"\'; DROP TABLE matches; --"'),
    "an id with NUL": raw(event_id="a\0b"),
    "an id with a break": raw(player_id="a\r\nb"),
    "an id of nothing": raw(team_id=""),
    "an id too long": raw(player_id="p" * 129),
    "an id that is a list": raw(event_id=["e1"]),
    "no zone": raw(timestamp="2025-04-05T12:00:00"),
    "a day only": raw(timestamp="2025-04-05"),
    "a number for a time": raw(timestamp=1743854400),
    "24:00": raw(timestamp="2025-04-05T24:00:00Z"),
    "a leap second": raw(timestamp="2016-12-31T23:59:60Z"),
    "30 February": raw(timestamp="2025-02-30T12:00:00Z"),
    "year 0": raw(timestamp="0000-01-01T12:00:00Z"),
    "year 1": raw(timestamp="0001-01-01T00:00:00+14:00"),
    "a zone that there is not": raw(timestamp="2025-04-05T12:00:00+99:99"),
    "other digits": raw(timestamp="２０２５-04-05T12:00:00Z"),
    "a time to come": raw(timestamp="2095-04-05T12:00:00Z"),
    "a sequence below 0": raw(sequence=-1),
    "a sequence too large": raw(sequence=10**12),
    "half a second": raw(timestamp=None, period=1, minute=1, kick_off_at=NOW, second=60),
    "a minute of no period": raw(timestamp=None, period=2, minute=1, kick_off_at=NOW),
    "period 9": raw(timestamp=None, period=9, minute=1, kick_off_at=NOW),
    "an unknown action": raw(action="delete"),
    "an unknown status": raw(status="maybe"),
    "a correction of nothing": raw(action="amend").replace(b"event_id", b"id"),
    "more than an event has room for": raw(text="x" * 190_000),
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_no_json_is_told(client: httpx.Client, body: bytes) -> None:
    answer = client.post("/events", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("$: not JSON: ")


@pytest.mark.parametrize("body", NO_EVENT.values(), ids=NO_EVENT.keys())
def test_what_is_no_event_is_told_with_the_field(client: httpx.Client, body: bytes) -> None:
    answer = client.post("/events", content=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["field"].startswith("$")
    assert answer.json()["error"]["hint"].startswith("/openapi.json")


def test_nothing_of_it_has_an_effect(client: httpx.Client) -> None:
    for body in (*NOT_JSON.values(), *NO_EVENT.values()):
        assert client.post("/events", content=body).is_client_error
    alone = [line for line in NO_EVENT.values() if b"\n" not in line]
    summary = client.post("/events/batch", content=b"\n".join(alone)).json()
    assert (summary["accepted"], summary["refused"]) == (0, len(alone))
    client.post("/events", json=event(match_id="bad"))
    assert ids(events(client, "bad", count=1)) == ["e1"]
    assert client.get("/dead-letters").json()["dead_letters"] == []


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE match_events; --", "<script>alert(1)</script>", "%s {0} ${x}", "ü ✓ 名"]
)
def test_whatever_an_id_says_it_is_text(client: httpx.Client, text: str) -> None:
    client.post("/events", json=event(text, match_id="text", player_id=text, team_id=text))
    found = events(client, "text", count=1, player=text, team=text)
    assert [(f["event_id"], f["player_id"]) for f in found] == [(text, text)]
    answer = client.get("/matches/text")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_bodies_have_a_limit(client: httpx.Client) -> None:
    for path, most in (("/events", 1_000_000), ("/events/batch", 32_000_000)):
        answer = client.post(path, content=b"x" * (most + 1))
        assert answer.status_code == 413
        assert f"{most:,} bytes" in answer.json()["error"]["message"]
    in_parts = client.post("/events", content=iter([b"x" * 500_000] * 4))
    assert in_parts.status_code == 413


def test_what_would_take_long_to_read_is_refused_unread(client: httpx.Client) -> None:
    one = client.post("/events", content=b"[" + b"0," * 400_000 + b"0]")
    many = client.post("/events/batch", content=b"[" + b"0," * 3_000_000 + b"0]")
    assert (one.status_code, many.status_code) == (413, 413)
    assert "at most 2,000,000" in many.json()["error"]["message"]


def test_a_message_of_a_websocket_has_the_limit_of_a_body(served_live: Live) -> None:
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    with connect(served_live.ws("/events"), additional_headers=served_live.bearer()) as opened:
        opened.send("x" * 1_000_001)
        with pytest.raises(ConnectionClosed):
            opened.recv(30)


# --- what is asked ------------------------------------------------------------------------------

QUESTIONS = {
    "limit=0": "limit",
    "limit=-1": "limit",
    "limit=1001": "limit",
    "limit=000000001999999999": "limit",
    "limit=%D9%A1": "limit",
    "limit=": "limit",
    "limit=1&limit=2": "limit",
    "type=goal&type=pass": "type",
    "type=": "type",
    "type=%00": "type",
    "player=" + "p" * 129: "player",
    "team=a%0Ab": "team",
    "from=yesterday": "from",
    "to=2025-04-05T12:00:00": "to",
    "as_of=24:00": "as_of",
    "cursor=": "cursor",
    "cursor=-1": "cursor",
    "cursor=%FF": "cursor",
    "cursor=MTIzNDU2Nzg5MA": "cursor",
    "colour=red": "colour",
    "a[]=1": "a[]",
    "%ZZ=1": "%ZZ",
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_that_cannot_be_asked_is_told_with_the_parameter(
    client: httpx.Client, question: str
) -> None:
    client.post("/events", json=event(match_id="asked"))
    events(client, "asked", count=1)
    answer = client.get(f"/matches/asked/events?{question}")
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == QUESTIONS[question]


@pytest.mark.parametrize(
    "path",
    [
        "/matches/none", "/matches/%00", "/matches/%FF", "/matches/%2e%2e", "/matches/..%2f",
        "/matches/a%2Fb", "/matches/a%0d%0aX-Evil:1", "/matches//", "/matches/asked/",
        "/matches/asked/nothing", "/matches//events", "/matches/" + "m" * 5000, "/events/none",
        "/matches/none/stream/x", "/matches/%00/stream", "/dead-letters/1", "/matches/%",
    ],
)  # fmt: skip
def test_what_is_not_there_is_told(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["hint"] or "nothing at" in answer.json()["error"]["message"]
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/events", "POST"),
        ("HEAD", "/events", "POST"),
        ("PUT", "/events/batch", "POST"),
        ("OPTIONS", "/events", "POST"),
        ("DELETE", "/matches/m1", "GET, HEAD"),
        ("POST", "/matches", "GET, HEAD"),
        ("TRACE", "/dead-letters", "GET, HEAD"),
        ("POST", "/matches/m1/stream", "GET"),
        ("HEAD", "/matches/m1/stream", "GET"),
    ],
)
def test_other_methods_are_refused_with_those_that_there_are(
    client: httpx.Client, method: str, path: str, allow: str
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)


@pytest.mark.parametrize("token", ["-5", "9" * 19, "x", "", "1.5", "%D9%A1"])
def test_a_token_that_is_none_is_refused(client: httpx.Client, token: str) -> None:
    answer = client.get(f"/matches/m1/stream?after={token}")
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "after")


def test_what_is_not_http_ends_the_connection_and_nothing_else(served_live: Live) -> None:
    host, port = served_live.address.removeprefix("http://").split(":")
    for sent in (b"\x00\xff\x00\r\n\r\n", b"GET\r\n\r\n", b"POST /events HTTP/9.9\r\n\r\n"):
        with socket.create_connection((host, int(port)), timeout=30) as opened:
            opened.sendall(sent)
            assert b"HTTP/1.1 4" in opened.recv(1000)
    with served_live.client() as client:
        assert client.get("/matches").status_code == 200
