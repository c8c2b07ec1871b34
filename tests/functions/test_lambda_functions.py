"""Ingest, consumer and query of design 003 as functions, on events as AWS hands them on."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_events import Value, http, msk, rest

from touchline.core.stream import catch_up
from touchline.errors import StorageError, TransientError
from touchline.functions import consumer, ingest, query
from touchline.functions.gateway import request
from touchline.matches.live import STREAM, TOPIC
from touchline.wiring import Touchline

Event = dict[str, Any]
GATEWAYS = pytest.mark.parametrize("asked", [rest, http])
Asked = Callable[..., Event]


def event(event_id: str, match_id: str = "m1", *, minute: int = 0, **more: Any) -> Event:
    said = {
        "match_id": match_id,
        "event_id": event_id,
        "event_type": "pass",
        "timestamp": f"2023-06-15T14:{minute:02d}:00Z",
    }
    return said | more


def answered(reply: Event) -> tuple[int, Any]:
    assert reply["headers"]["content-type"] == "application/json"
    assert reply["isBase64Encoded"] is False
    return reply["statusCode"], json.loads(reply["body"]) if reply["body"] else None


def post(asked: Asked, path: str, body: Any) -> tuple[int, Any]:
    return answered(ingest.handler(asked("POST", path, body=body), None))


def get(asked: Asked, path: str, **more: Any) -> tuple[int, Any]:
    return answered(query.handler(asked("GET", path, **more), None))


# --- ingest -------------------------------------------------------------------------------------


@GATEWAYS
def test_an_event_goes_into_the_log_under_its_match(here: Touchline, asked: Asked) -> None:
    status, body = post(asked, "/events", event("e1"))
    assert (status, body) == (202, {"message": "accepted", "event_id": "e1"})
    (record,) = here.log.read(TOPIC, {}, timeout_s=0)
    assert (record.key, json.loads(record.value)["event_id"]) == ("m1", "e1")


@GATEWAYS
def test_a_batch_has_a_result_for_each(here: Touchline, asked: Asked) -> None:
    status, body = post(asked, "/events/batch", [event("e1"), {}, event("e2")])
    assert status == 200
    assert [r["status"] for r in body["results"]] == [202, 422, 202]
    lines = "\n".join(json.dumps(event(f"l{n}")) for n in range(3))
    assert post(asked, "/events/batch", lines)[1]["accepted"] == 3
    assert len(here.log.read(TOPIC, {}, timeout_s=0)) == 5


@GATEWAYS
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/events", "{", 400),
        ("POST", "/events", None, 400),
        ("POST", "/events", {"match_id": "m1"}, 422),
        ("POST", "/events/batch", "[1", 400),
        ("POST", "/events/batch", [1] * 10_001, 413),
        ("GET", "/events", None, 405),
        ("POST", "/matches", {}, 404),
        ("POST", "/nothing", {}, 404),
    ],
)
def test_what_cannot_be_taken_is_told(
    here: Touchline, asked: Asked, method: str, path: str, body: Any, status: int
) -> None:
    found = answered(ingest.handler(asked(method, path, body=body), None))
    assert found[0] == status
    assert found[1]["error"]["message"]
    assert here.log.end(TOPIC) == {0: 0}


def test_a_log_that_fails_accepts_nothing(here: Touchline, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise TransientError("no broker answers")

    monkeypatch.setattr(here.log, "append", away)
    reply = ingest.handler(rest("POST", "/events", body=event("e1")), None)
    assert (reply["statusCode"], reply["headers"]["retry-after"]) == (503, "1")


# --- consumer -----------------------------------------------------------------------------------


def records(*said: Event) -> list[Value]:
    return [(str(each["match_id"]), json.dumps(each).encode()) for each in said]


def listed(match_id: str = "m1") -> list[str]:
    status, body = get(http, f"/matches/{match_id}")
    return [e["event_id"] for e in body["events"]] if status == 200 else []


def test_records_of_every_partition_are_served(here: Touchline) -> None:
    given = msk(
        {
            0: records(event("e2", minute=2), event("e1", minute=1)),
            3: records(event("x1", "m2"), {"match_id": "m2", "event_id": "x1", "action": "cancel"}),
        }
    )
    assert consumer.handler(given, None) == {"batchItemFailures": []}
    assert (listed("m1"), listed("m2")) == (["e1", "e2"], [])
    assert here.serving.position(STREAM.reader) == {0: 2, 3: 2}


def test_records_that_come_again_change_nothing(here: Touchline) -> None:
    given = msk({0: records(event("e1"), event("e2", minute=1))}, first=7)
    for _ in range(3):
        assert consumer.handler(given, None) == {"batchItemFailures": []}
    assert listed() == ["e1", "e2"]
    assert here.serving.position(STREAM.reader) == {0: 9}


def test_a_poison_record_becomes_a_dead_letter_and_holds_up_nobody(here: Touchline) -> None:
    poison: list[Value] = [
        ("m1", b"{"),
        ("m1", b"\xff\xfe"),
        ("m1", None),
        (None, json.dumps(event("e9")).encode()),
        ("m2", json.dumps(event("e9")).encode()),
    ]
    given = msk({0: [*records(event("e1")), *poison, *records(event("e2", minute=1))]})
    given["records"]["match-events-0"][1]["value"] = "no base64!"
    assert consumer.handler(given, None) == {"batchItemFailures": []}
    assert listed() == ["e1", "e2"]
    _, body = get(rest, "/dead-letters")
    assert [letter["offset"] for letter in body["dead_letters"]] == [1, 2, 3, 4, 5]


def test_where_the_store_fails_a_partition_goes_on_from_the_first_that_is_not_in_it(
    here: Touchline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "_AT_ONCE", 2)
    said = records(*(event(f"e{n}", minute=n) for n in range(5)))
    given = msk({0: said, 1: records(event("x1", "m2"))}, first=10)
    apply, fails = here.serving.apply, [True]

    def full(*words: Any, after: Any, **more: Any) -> None:
        if fails[0] and after.get(0, 0) > 12:
            raise StorageError("no room")
        apply(*words, after=after, **more)

    monkeypatch.setattr(here.serving, "apply", full)
    failed = consumer.handler(given, None)
    assert failed == {
        "batchItemFailures": [{"itemIdentifier": {"partition": "match-events-0", "offset": 12}}]
    }
    assert (listed("m1"), listed("m2")) == (["e0", "e1"], ["x1"])

    fails[0] = False
    assert consumer.handler(msk({0: said[2:]}, first=12), None) == {"batchItemFailures": []}
    assert listed() == [f"e{n}" for n in range(5)]


# --- query --------------------------------------------------------------------------------------


@GATEWAYS
def test_events_goals_and_passes_come_back_in_order(here: Touchline, asked: Asked) -> None:
    said = [event("p2", minute=2), event("g1", minute=1, event_type="goal"), event("p1")]
    post(asked, "/events/batch", said)
    catch_up(STREAM, here.log, here.serving)
    assert listed() == ["p1", "g1", "p2"]
    _, goals = get(asked, "/matches/m1/goals")
    assert (goals["total_goals"], goals["goals"][0]["event_id"]) == (1, "g1")
    _, passes = get(asked, "/matches/m1/passes", query={"limit": "1"})
    assert (passes["total_passes"], passes["passes"][0]["event_id"]) == (2, "p1")
    more = {"limit": "1", "cursor": passes["next"]}
    _, second = get(asked, "/matches/m1/passes", query=more)
    assert second["passes"][0]["event_id"] == "p2"
    since = {"from": "2023-06-15T16:01:00+02:00"}
    assert get(asked, "/matches/m1", query=since)[1]["event_count"] == 2
    assert get(asked, "/matches")[1]["matches"][0]["match_id"] == "m1"


@GATEWAYS
def test_what_did_not_change_is_not_sent_again_by_a_function_either(
    here: Touchline, asked: Asked
) -> None:
    consumer.handler(msk({0: records(event("e1"))}), None)
    tag = query.handler(asked("GET", "/matches/m1"), None)["headers"]["etag"]
    again = query.handler(asked("GET", "/matches/m1", if_none_match=tag), None)
    assert (again["statusCode"], again["body"]) == (304, "")


@GATEWAYS
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/matches/none", 404),
        ("GET", "/matches/none/stream", 404),
        ("GET", "/nothing", 404),
        ("POST", "/matches", 405),
        ("GET", "/events", 405),
        ("GET", "/matches/%2e%2e", 404),
    ],
)
def test_what_cannot_be_asked_is_told(
    here: Touchline, asked: Asked, method: str, path: str, status: int
) -> None:
    found = answered(query.handler(asked(method, path), None))
    assert (found[0], found[1].keys()) == (status, {"error"})


def test_a_parameter_that_is_there_twice_is_refused_by_both_gateways(here: Touchline) -> None:
    by_rest, by_http = rest("GET", "/matches"), http("GET", "/matches")
    by_rest["multiValueQueryStringParameters"] = {"limit": ["1", "2"]}
    by_http["rawQueryString"] = "limit=1&limit=2"
    for asked in (by_rest, by_http):
        assert answered(query.handler(asked, None))[0] == 400


def test_the_document_is_there_too(here: Touchline) -> None:
    assert get(http, "/openapi.json")[1]["openapi"] == "3.1.0"


def test_a_path_is_the_same_whatever_the_stage() -> None:
    event = http("GET", "/matches/m%3A1")
    assert request(event).path == "/matches/m:1"
    event |= {"rawPath": "/matches/m%3A1"}
    event["requestContext"]["stage"] = "$default"
    assert request(event).path == "/matches/m:1"
    assert request(rest("GET", "/matches/m%3A1")).path == "/matches/m:1"
