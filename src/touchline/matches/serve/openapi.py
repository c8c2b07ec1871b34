"""The OpenAPI document of the live path, made of its routes."""

import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec

import touchline
from touchline.matches.serve import replies
from touchline.matches.serve.answers import Answer, Problems
from touchline.matches.serve.posting import MOST_IN_A_BATCH, Summary
from touchline.matches.serve.routes import MOST_BATCH_BYTES, MOST_BYTES, POSTED, ROUTES, Route

Json = dict[str, Any]

_REF = "#/components/schemas/{name}"
_JSON = "application/json"
_INSTANT = "2025-04-05T12:00:00Z"
_WORD = {"type": "string", "minLength": 1, "maxLength": 128}
_TIME = {"type": "string", "format": "date-time"}

EXAMPLE: Mapping[str, Any] = {
    "match_id": "match123",
    "event_type": "goal",
    "player_id": "player456",
    "team_id": "team789",
    "timestamp": "2023-06-15T14:30:00Z",
}
"""An event as it may be posted. Source: design 003."""

_PARAMETERS: Mapping[str, tuple[str, Json]] = {
    "type": ("Events of this type only.", _WORD),
    "team": ("Events of this team only.", _WORD),
    "player": ("Events of this player only.", _WORD),
    "season": ("Matches of this season only, such as 2024/2025.", _WORD),
    "from": ("From this instant on.", _TIME),
    "to": ("Before this instant.", _TIME),
    "as_of": ("As it was known at this instant.", _TIME),
    "limit": (
        "At most so many rows.",
        {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
    ),
    "cursor": ("`next` of the page before; all else is asked as there.", {"type": "string"}),
    "after": (
        "The token of the last message that was seen; header Last-Event-ID is the same.",
        {"type": "string", "pattern": "^[0-9a-f]{1,16}-[0-9]{1,18}$"},
    ),
    "state": (
        "Records that could not be used, or corrections that wait.",
        {"type": "string", "enum": ["dead", "waiting"], "default": "dead"},
    ),
    "match": ("Records of this match only.", _WORD),
    "event_id": ("Records of this event only.", _WORD),
}
_MATCH: Json = {
    "name": "match_id",
    "in": "path",
    "required": True,
    "description": "The id of a match.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._:+-]{0,127}$"},
    "example": EXAMPLE["match_id"],
}
_UNCHANGED: Json = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of an earlier answer: 304 while it is still true.",
    "schema": {"type": "string"},
}
_SAID: Mapping[int, str] = {
    200: "What was asked for.",
    201: "Accepted, and durable.",
    202: "Accepted, and durable; it takes effect later.",
    304: "Nothing changed since the answer with that ETag.",
    400: "It cannot be read, or that cannot be asked.",
    401: "No key, or one that is not known.",
    403: "The key does not admit to this.",
    404: "Nothing is known of it.",
    409: "The event is known, and says something else.",
    413: "Too much at once.",
    422: "It is no event; `field` says where.",
    429: "Too often; Retry-After says when to come back.",
    503: "A store fails now; nothing is lost that was accepted. Retry-After says when to come back.",
}


def document() -> Json:
    """The whole document; OpenAPI 3.1."""
    paths: dict[str, Json] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Touchline: match events",
            "version": touchline.__version__,
            "summary": "Match events in and out, and as they change.",
            "description": "Instants have a zone. Ids are text; integers are taken and kept as text.",
        },
        "servers": [{"url": "/", "description": "where this document is served"}],
        "security": [{"bearer": []}, {"basic": []}, {"header": []}],
        "paths": paths,
        "components": {"schemas": _schemas(), "securitySchemes": _SCHEMES},
    }


@cache
def answer() -> Answer:
    """The document as it is served; it holds nothing that needs a key."""
    return Answer(200, msgspec.json.encode(document()))


_SCHEMES: Json = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key of Touchline."},
    "basic": {"type": "http", "scheme": "basic", "description": "The key as password of anybody."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


def _operation(route: Route) -> Json:
    found: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "description": f"Needs a key with scope `{route.scope}`.",
        "tags": ["post" if route.body else "ask"],
        "responses": {str(code): _reply(route, code) for code in sorted(route.replies)},
    }
    if parameters := list(_parameters(route)):
        found["parameters"] = parameters
    if route.body:
        found["requestBody"] = {"required": True, "content": dict(_contents(route))}
    return found


def _parameters(route: Route) -> Iterator[Json]:
    if "{match_id}" in route.path:
        yield _MATCH
    for name in route.query:
        said, schema = _PARAMETERS[name]
        yield {"name": name, "in": "query", "description": said, "schema": schema}
    if 304 in route.replies:
        yield _UNCHANGED


def _contents(route: Route) -> Iterator[tuple[str, Json]]:
    event = {"$ref": _REF.format(name="Post")}
    if route.body == "event":
        yield _JSON, {"schema": event, "example": dict(EXAMPLE)}
        return
    array = {"type": "array", "items": event, "maxItems": MOST_IN_A_BATCH}
    yield _JSON, {"schema": array, "example": [dict(EXAMPLE)]}
    line = f"{msgspec.json.encode(EXAMPLE).decode()}\n"
    lines = {"type": "string", "description": "One event a line."}
    yield "application/x-ndjson", {"schema": lines, "example": line}


def _reply(route: Route, code: int) -> Json:
    kind = route.replies[code]
    said: Json = {"description": _SAID[code]}
    if kind is str:
        said["content"] = {"text/event-stream": {"schema": {"type": "string"}}}
    elif kind is not None:
        schema = {"$ref": _REF.format(name=_name(kind))}
        said["content"] = {_JSON: {"schema": schema}}
    text = {"schema": {"type": "string"}}
    if code == 401:
        said["headers"] = {"WWW-Authenticate": text}
    if code in (429, 503):
        said["headers"] = {"Retry-After": text}
    if 304 in route.replies and code in (200, 304):
        said["headers"] = {"ETag": text}
    return said


def _name(kind: type) -> str:
    return "Post" if kind is POSTED else kind.__name__


def _schemas() -> Json:
    kinds = (POSTED, Problems, Summary, *_replies())
    _, found = msgspec.json.schema_components(kinds, ref_template=_REF)
    schemas = {("Post" if name == POSTED.__name__ else name): s for name, s in found.items()}
    post = schemas["Post"]
    post["title"] = "Post"
    post["description"] = (
        f"An event, or a correction of one; at most {MOST_BYTES:,} bytes, a batch {MOST_BATCH_BYTES:,}."
        " Fields that are not listed are kept as they are."
    )
    return schemas


def _replies() -> list[type]:
    """Every kind of reply, in the order in which they are written down."""
    named = vars(replies).values()
    return [v for v in named if inspect.isclass(v) and v.__module__ == replies.__name__]


__all__ = ["EXAMPLE", "answer", "document"]
