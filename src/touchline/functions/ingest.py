"""Events in: what API Gateway hands on is checked, and appended to the log."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from touchline.errors import ContractError, TouchlineError
from touchline.functions import built, log
from touchline.functions.gateway import Request, reply, request
from touchline.matches.live import TOPIC
from touchline.matches.serve import posting, routes
from touchline.matches.serve.answers import Answer, refused
from touchline.matches.serve.intake import Intake


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """The answer to POST /events or /events/batch, once what was accepted is durable."""
    return reply(_answer(request(event)))


def _answer(asked: Request) -> Answer:
    route, _ = routes.found(asked.path)
    if route is None or route.body is None:
        return routes.nothing(asked.path)
    if asked.method != route.method:
        return routes.not_for(asked.method, asked.path, allow=route.method)
    try:
        is_batch = route.body == "batch"
        given = posting.many(asked.body) if is_batch else posting.one(asked.body)
    except ContractError as exc:
        return posting.unreadable(exc)
    try:
        taken = _intake().take(given)
        if taken.records:
            log().append(TOPIC, taken.records).result()
    except TouchlineError as exc:
        return refused(exc)
    return posting.summary(taken.told()) if is_batch else posting.answer(taken.told()[0])


@cache
def _intake() -> Intake:
    """Other functions append, too: what is known of a match is told by who reads the log."""
    return Intake(None, built().event_rule, lambda: datetime.now(UTC))
