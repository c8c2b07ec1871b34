"""Requests as API Gateway hands them to a function, of a REST API (1.0) or an HTTP API (2.0)."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlencode

from touchline.matches.serve.answers import Answer

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """What was asked, whichever gateway it came through; `query` is as it stands in an address."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def request(event: Json) -> Request:
    """The request of an event."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    if event.get("version") == "2.0":
        context = event["requestContext"]
        path = _without_stage(event["rawPath"], context.get("stage", ""))
        method, query = context["http"]["method"], event.get("rawQueryString", "")
    else:
        path, method, query = event["path"], event["httpMethod"], _query(event)
    return Request(method, unquote(path), query, headers, _body(event))


def reply(answer: Answer) -> dict[str, Any]:
    """The answer as a gateway takes it; both kinds take the same."""
    headers = {"content-type": "application/json", "x-content-type-options": "nosniff"}
    return {
        "statusCode": answer.status,
        "headers": {**headers, **answer.headers},
        "body": answer.body.decode(),
        "isBase64Encoded": False,
    }


def _without_stage(path: str, stage: str) -> str:
    """A stage that has a name is the first part of the path."""
    return path.removeprefix(f"/{stage}") if path.startswith(f"/{stage}/") else path


def _query(event: Json) -> str:
    several = event.get("multiValueQueryStringParameters")
    return urlencode(several or event.get("queryStringParameters") or {}, doseq=True)


def _body(event: Json) -> bytes:
    text = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(text).encode()
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
