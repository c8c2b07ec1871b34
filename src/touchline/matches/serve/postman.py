"""A Postman collection (v2.1) of the live path, made of its OpenAPI document."""

import json
from collections.abc import Mapping
from typing import Any

from touchline.matches.serve.openapi import EXAMPLE

Json = dict[str, Any]

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_EXAMPLES: Mapping[str, str] = {
    "match_id": str(EXAMPLE["match_id"]),
    "type": "goal",
    "team": str(EXAMPLE["team_id"]),
    "player": str(EXAMPLE["player_id"]),
    "season": "2022/2023",
    "from": "2023-06-15T14:00:00Z",
    "to": "2023-06-15T15:00:00Z",
    "as_of": "2030-01-01T00:00:00Z",
    "limit": "100",
    "after": "0-0",
    "state": "dead",
    "match": str(EXAMPLE["match_id"]),
    "event_id": "e1",
}
"""A value for each parameter; those without one are left out."""

_USED = ("limit",)
"""The parameters that a request has from the start; the others are there, and off."""


def collection(document: Json) -> Json:
    """The collection: a request for each operation and kind of body, with variables base_url and key."""
    requests = [
        _item(path, method, operation, kind=kind, content=content)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        for kind, content in _bodies(operation)
    ]
    return {
        "info": {
            "name": document["info"]["title"],
            "description": document["info"]["description"],
            "schema": _SCHEMA,
        },
        "auth": {"type": "bearer", "bearer": [_pair("token", "{{key}}") | {"type": "string"}]},
        "variable": [_pair("base_url", "http://127.0.0.1:8640"), _pair("key", "")],
        "item": requests,
    }


def _bodies(operation: Json) -> list[tuple[str, Json]]:
    return list(operation.get("requestBody", {}).get("content", {}).items()) or [("", {})]


def _item(path: str, method: str, operation: Json, *, kind: str, content: Json) -> Json:
    of_kind = f" ({kind.rpartition('/')[2]})" if kind else ""
    parameters = operation.get("parameters", [])
    query = [
        _pair(p["name"], _EXAMPLES[p["name"]])
        | {"description": p["description"], "disabled": p["name"] not in _USED}
        for p in parameters
        if p["in"] == "query" and p["name"] in _EXAMPLES
    ]
    named = [_pair(p["name"], _EXAMPLES[p["name"]]) for p in parameters if p["in"] == "path"]
    parts = [
        f":{part.strip('{}')}" if part.startswith("{") else part for part in path.split("/")[1:]
    ]
    request: Json = {
        "method": method.upper(),
        "header": [_pair("Content-Type", kind)] if kind else [],
        "description": operation["description"],
        "url": {
            "raw": "{{base_url}}/" + "/".join(parts),
            "host": ["{{base_url}}"],
            "path": parts,
            "query": query,
            "variable": named,
        },
    }
    if content:
        request["body"] = {"mode": "raw", "raw": _text(content["example"])}
    return {"name": operation["summary"] + of_kind, "request": request, "response": []}


def _text(example: Any) -> str:
    return example if isinstance(example, str) else json.dumps(example, indent=2)


def _pair(key: str, value: str) -> Json:
    return {"key": key, "value": value}
