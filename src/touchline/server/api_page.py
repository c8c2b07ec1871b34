"""The page on the live path: every address, what may be asked of it, what it answers."""

import json
from typing import Any

from touchline.core.markup import Child, Markup, tag
from touchline.matches.serve.openapi import document as openapi
from touchline.server.parts import document, link, section, table

Json = dict[str, Any]


def page() -> str:
    """The page, made of the OpenAPI document."""
    said = openapi()
    info = said["info"]
    operations = [
        (path, method, operation)
        for path, methods in said["paths"].items()
        for method, operation in methods.items()
    ]
    return document(
        info["title"],
        tag(
            "header",
            tag("h1", info["title"]),
            tag("p", info["description"]),
            tag("p", "For programs: ", link("/openapi.json", "openapi.json"), ", OpenAPI 3.1."),
        ),
        tag(
            "main",
            section("Addresses", table(["address", "for"], [_entry(*each) for each in operations])),
            [_operation(*each) for each in operations],
            _keys(said["components"]["securitySchemes"]),
            [_schema(name, schema) for name, schema in said["components"]["schemas"].items()],
        ),
        up=link("/health", "← Health"),
    )


def _entry(path: str, method: str, operation: Json) -> list[Child]:
    return [link(f"#{operation['operationId']}", f"{method.upper()} {path}"), operation["summary"]]


def _operation(path: str, method: str, operation: Json) -> Markup:
    parameters = [
        [tag("code", p["name"]), p["in"], _kind(p["schema"]), p["description"]]
        for p in operation.get("parameters", [])
    ]
    replies = [
        [
            tag("code", code),
            _coded(reply["description"]),
            [_kind(c["schema"]) for c in _contents(reply)],
        ]
        for code, reply in operation["responses"].items()
    ]
    bodies = [
        [tag("p", tag("code", kind), class_="quiet"), _example(content["example"])]
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
    ]
    return tag(
        "section",
        tag("h2", f"{method.upper()} {path}"),
        tag("p", _coded(operation["description"]), class_="quiet"),
        tag("p", operation["summary"]),
        bodies,
        table(["parameter", "in", "is", "means"], parameters) if parameters else None,
        table(["status", "means", "body"], replies),
        id=operation["operationId"],
    )


def _coded(text: str) -> Child:
    """A text with its `words` as code."""
    return [tag("code", part) if n % 2 else part for n, part in enumerate(text.split("`"))]


def _keys(schemes: Json) -> Markup:
    rows: list[list[Child]] = [
        [tag("code", "Authorization: Bearer KEY"), schemes["bearer"]["description"]],
        [tag("code", "Authorization: Basic"), schemes["basic"]["description"]],
        [tag("code", f"{schemes['header']['name']}: KEY"), "The same, in a header of its own."],
    ]
    made = tag("span", "make one: ", tag("code", "touchline keys make NAME"))
    return section("Keys", table(["header", "holds"], rows), note=made)


def _schema(name: str, schema: Json) -> Markup:
    needed = schema.get("required", [])
    rows: list[list[Child]] = [
        [tag("code", field), _kind(kind), "yes" if field in needed else ""]
        for field, kind in schema["properties"].items()
    ]
    body = table(["field", "is", "always there"], rows)
    return tag("section", tag("h2", name, id=name), tag("p", schema.get("description", ""), class_="quiet"), body)  # fmt: skip


def _contents(reply: Json) -> list[Json]:
    return list(reply.get("content", {}).values())


def _kind(schema: Json) -> Child:
    """A schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return link(f"#{name}", name)
    if "anyOf" in schema:
        return [[" or " if n else None, _kind(each)] for n, each in enumerate(schema["anyOf"])]
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return ["list of ", _kind(schema["items"])]
    return str(schema.get("format") or schema.get("type", "anything"))


def _example(example: Any) -> Markup:
    text = example if isinstance(example, str) else json.dumps(example, indent=2)
    return tag("pre", text, class_="card")
