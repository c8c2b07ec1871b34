"""Events out: what API Gateway hands on is asked of the serving store."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from touchline.errors import TouchlineError
from touchline.functions import store
from touchline.functions.gateway import Request, reply, request
from touchline.matches.serve import openapi, routes
from touchline.matches.serve.answers import Answer, refused
from touchline.matches.serve.counts import Counts


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """The answer to a GET; a match is not followed here: a function ends with its answer."""
    return reply(_answer(request(event)))


def _answer(asked: Request) -> Answer:
    if asked.path == "/openapi.json":
        return openapi.answer()
    if routes.is_stream(asked.path):
        return routes.nothing(asked.path)
    try:
        return routes.answer(
            store(),
            _counts(),
            asked.path,
            method=asked.method,
            text=asked.query,
            if_none_match=asked.headers.get("if-none-match", ""),
        )
    except TouchlineError as exc:
        return refused(exc)


@cache
def _counts() -> Counts:
    return Counts()
