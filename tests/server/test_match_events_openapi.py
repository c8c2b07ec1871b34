"""What is documented is what is answered: OpenAPI, the page on it, and the Postman collection."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from live_world import Live, event, events
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from touchline.matches.serve.openapi import document
from touchline.matches.serve.postman import collection
from touchline.matches.serve.routes import ROUTES

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
BOUNDED = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
SCHEMA = schemathesis.openapi.from_dict(document())


@schemathesis.serializer("application/x-ndjson")
def as_lines(_: Any, value: Any) -> bytes:
    """Lines are a text as it is."""
    return value if isinstance(value, bytes) else str(value).encode()


def inside(value: Any) -> Iterator[Any]:
    """Every object in a document."""
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, dict | list):
            yield from inside(each)


def test_the_document_is_served_to_everybody(served_live: Live) -> None:
    answer = httpx.get(f"{served_live.address}/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == document()


def test_the_document_is_whole() -> None:
    said = document()
    assert re.fullmatch(r"3\.1\.\d", said["openapi"])
    schemas = said["components"]["schemas"]
    for found in inside(said):
        if "$ref" in found:
            assert found["$ref"].removeprefix("#/components/schemas/") in schemas
    for schema in schemas.values():
        assert jsonschema_rs.meta.is_valid(schema)
        assert schema["description"]
    names = [o["operationId"] for path in said["paths"].values() for o in path.values()]
    assert len(names) == len(set(names)) == len(ROUTES)
    used = {f["$ref"].rpartition("/")[2] for f in inside(said) if "$ref" in f}
    assert used == set(schemas)


def test_every_parameter_of_a_path_is_declared() -> None:
    for path, methods in document()["paths"].items():
        for operation in methods.values():
            declared = [p["name"] for p in operation.get("parameters", []) if p["in"] == "path"]
            assert declared == re.findall(r"\{(\w+)\}", path)
            assert all(p["description"] for p in operation.get("parameters", []))


@pytest.fixture(scope="module")
def filled(served_live: Live) -> Live:
    """There is something to be found."""
    with served_live.client() as client:
        said = [
            event("e1", match_id="match123", event_type="goal"),
            event("e2", 1, match_id="match123"),
        ]
        client.post("/events/batch", json=said).raise_for_status()
        client.post("/events", json={"match_id": "m2", "event_id": "x", "action": "cancel"})
        events(client, "match123", count=2)
    return served_live


@SCHEMA.exclude(operation_id="follow_match").parametrize()
@BOUNDED
def test_whatever_is_asked_the_answer_is_as_documented(filled: Live, case: Any) -> None:
    headers = filled.bearer()
    case.call_and_validate(base_url=filled.address, headers=headers, checks=CHECKS)


@SCHEMA.include(operation_id="follow_match").parametrize()
@BOUNDED
def test_whatever_is_followed_the_answer_begins_as_documented(filled: Live, case: Any) -> None:
    asked = case.as_transport_kwargs(base_url=filled.address, headers=filled.bearer())
    said = {"params": asked.get("params"), "headers": dict(asked["headers"]), "timeout": 30}
    with httpx.stream(asked["method"], asked["url"], **said) as answer:
        if answer.status_code == 405:
            return
        documented = case.operation.definition.raw["responses"][str(answer.status_code)]
        assert list(documented["content"]) == [answer.headers["content-type"]]
        if answer.status_code == 200:
            line = next(answer.iter_lines())  # it has no end
            assert line.partition(":")[0] in ("id", "event", "")


TOKENS = st.one_of(
    st.from_regex(r"[0-9a-f]{1,16}-[0-9]{1,18}", fullmatch=True),
    st.integers().map(str),
    st.tuples(st.sampled_from(["", "0-", "1-", "-1-"]), st.integers()).map(
        lambda p: f"{p[0]}{p[1]}"
    ),
    st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=40),
)
MATCH_IDS = st.one_of(st.sampled_from(["match123", "m2", "..", "a..b"]), st.text(max_size=150))


@given(match_id=MATCH_IDS, after=st.none() | TOKENS, last=st.none() | TOKENS)
@settings(BOUNDED, max_examples=150)
def test_no_id_and_no_token_makes_a_stream_fail(
    filled: Live, match_id: str, after: str | None, last: str | None
) -> None:
    path = f"/matches/{quote(match_id.encode(errors='replace'), safe='')}/stream"
    query = "" if after is None else f"?after={quote(after)}"
    said = [f"GET {path}{query} HTTP/1.1", "host: localhost", f"x-api-key: {filled.keys['reader']}"]
    said += [] if last is None else [f"last-event-id: {last}"]
    with socket.socket() as client:
        client.settimeout(30)
        client.connect(("127.0.0.1", int(filled.address.rpartition(":")[2])))
        client.sendall("\r\n".join([*said, "", ""]).encode("latin-1"))
        status = client.recv(12)
    assert status in (b"HTTP/1.1 200", b"HTTP/1.1 400", b"HTTP/1.1 404")


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: r.name)
def test_what_keys_do_is_documented_for_every_operation(filled: Live, route: Any) -> None:
    path = route.path.replace("{match_id}", "match123")
    operation = document()["paths"][route.path][route.method.lower()]
    other = "reader" if route.scope == "write" else "writer"
    for name, status in (("none", "401"), (other, "403")):
        headers = {"x-api-key": filled.keys.get(name, "")}
        answer = httpx.request(route.method, filled.address + path, headers=headers)
        assert (str(answer.status_code), answer.json().keys()) == (status, {"error"})
        assert status in operation["responses"]


# --- the page -----------------------------------------------------------------------------------


def test_the_page_tells_of_every_operation_and_needs_no_script(served_live: Live) -> None:
    answer = httpx.get(f"{served_live.address}/matches-api")
    assert answer.status_code == 200
    for route in ROUTES:
        assert f"<h2>{route.method} {route.path}</h2>" in answer.text
    for name in document()["components"]["schemas"]:
        assert f'<h2 id="{name}">' in answer.text
    assert "<script" not in answer.text
    links = set(re.findall(r'(?:href|src)="([^"]+)"', answer.text))
    assert {each for each in links if each[0] != "#"} == {
        "/style.css", "/health", "/openapi.json", "data:,",
    }  # fmt: skip
    anchors = {each[1:] for each in links if each[0] == "#"}
    assert anchors <= set(re.findall(r'id="([^"]+)"', answer.text))


# --- Postman ------------------------------------------------------------------------------------


def run(item: dict[str, Any], variables: dict[str, str]) -> httpx.Response:
    """The answer to a request of a collection."""

    def filled_in(text: str) -> str:
        return re.sub(r"\{\{(\w+)\}\}", lambda m: variables[m[1]], text)

    request, url = item["request"], item["request"]["url"]
    named = {f":{v['key']}": v["value"] for v in url["variable"]}
    path = "/".join(named.get(part, part) for part in url["path"])
    query = {q["key"]: q["value"] for q in url["query"] if not q["disabled"]}
    headers = {h["key"]: h["value"] for h in request["header"]}
    headers["Authorization"] = filled_in("Bearer {{key}}")
    address = f"{filled_in(url['host'][0])}/{path}"
    body = request.get("body", {}).get("raw", "").encode()
    with (
        httpx.Client(timeout=30, params=query) as client,
        client.stream(request["method"], address, headers=headers, content=body) as answer,
    ):
        if answer.headers["content-type"] == "application/json":
            answer.read()
        return answer


def test_every_request_of_the_postman_collection_is_answered(filled: Live) -> None:
    found = collection(document())
    assert found["info"]["schema"].endswith("/v2.1.0/collection.json")
    variables = {v["key"]: v["value"] for v in found["variable"]}
    assert set(variables) == {"base_url", "key"}
    variables = {"base_url": filled.address, "key": filled.keys["feed"]}
    statuses = {item["name"]: run(item, variables).status_code for item in found["item"]}
    assert set(statuses.values()) == {200, 201}
    assert len(statuses) == len(ROUTES) + 1


def test_every_parameter_of_the_postman_collection_can_be_asked(filled: Live) -> None:
    variables = {"base_url": filled.address, "key": filled.keys["feed"]}
    for item in collection(document())["item"]:
        for parameter in item["request"]["url"]["query"]:
            parameter["disabled"] = False
        assert run(item, variables).is_success, item["name"]


def test_the_documents_are_written_out(tmp_path: Path) -> None:
    from world import world

    here = world(tmp_path)
    assert json.loads(here.well("export", "openapi").out) == document()
    assert json.loads(here.well("export", "postman").out) == collection(document())
    here.well("export", "openapi", "--to", tmp_path / "api.json")
    assert json.loads((tmp_path / "api.json").read_text()) == document()
    ended = here.do("export", "postman", "--to", tmp_path / "no" / "such" / "folder.json")
    assert ended.code != 0
    assert "Traceback" not in ended.err
