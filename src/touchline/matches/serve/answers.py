"""What is answered, whatever carries it: a status, headers and a body of JSON."""

from collections.abc import Mapping
from typing import Any

import msgspec

from touchline.errors import (
    ConfigError,
    ContractError,
    MissingInputError,
    TouchlineError,
)


class Answer(msgspec.Struct, frozen=True):
    """A status, a body, and headers beside the type of its content."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is wrong: in words, in which field, and what to do."""

    message: str
    field: str = ""
    hint: str = ""


class Problems(msgspec.Struct, frozen=True):
    """The answer to what cannot be answered."""

    error: Problem


def said(status: int, body: Any, **headers: str) -> Answer:
    """The body as JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, msgspec.json.encode(body), named)


def problem(
    status: int, message: str, *, field: str = "", hint: str = "", **headers: str
) -> Answer:
    """What is wrong, and the way out."""
    return said(status, Problems(Problem(message, field, hint)), **headers)


_STATUS: Mapping[type[TouchlineError], int] = {
    ContractError: 422,
    ConfigError: 400,
    MissingInputError: 404,
}


def refused(error: TouchlineError) -> Answer:
    """An error as an answer: what the caller can mend is theirs, all else is a matter of later."""
    status = _STATUS.get(type(error), 503)
    field = str(error.facts.get("field", ""))
    if status == 503:
        return problem(503, str(error), hint=error.hint, retry_after="1")
    return problem(status, str(error), field=field, hint=error.hint)
