"""Every address of the live path: what it is for, what may be asked of it, what it answers.

Requests are dispatched by this table, and the OpenAPI document is made of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl

from touchline.core.ports import Scope, ServingStore
from touchline.errors import ConfigError
from touchline.matches.live.event import Fields
from touchline.matches.serve import asking, replies
from touchline.matches.serve.answers import Answer, Problems, problem
from touchline.matches.serve.posting import Summary

MOST_BYTES = 1_000_000
"""A body of one event has at most so many bytes."""

MOST_BATCH_BYTES = 32_000_000

Method = Literal["GET", "POST"]
Body = Literal["event", "batch"]


@dataclass(frozen=True)
class Question:
    """What is asked, and of which store."""

    store: ServingStore
    counts: asking.Counts
    match_id: str
    query: asking.Query
    if_none_match: str = ""


Ask = Callable[[Question], Answer]


@dataclass(frozen=True)
class Route:
    """One method of one path; `ask` answers where a question is all that it needs."""

    method: Method
    path: str
    name: str
    summary: str
    scope: Scope
    replies: Mapping[int, Any]
    query: Sequence[str] = ()
    body: Body | None = None
    ask: Ask | None = None


def _matches(asked: Question) -> Answer:
    return asking.matches(asked.store, asked.query)


def _letters(asked: Question) -> Answer:
    return asking.letters(asked.store, asked.query)


def _events(asked: Question, **more: Any) -> Answer:
    return asking.events(
        asked.store,
        asked.match_id,
        asked.query,
        counts=asked.counts,
        if_none_match=asked.if_none_match,
        **more,
    )


def _goals(asked: Question) -> Answer:
    return _events(asked, kind="goal", named=("total_goals", "goals"))


def _passes(asked: Question) -> Answer:
    return _events(asked, kind="pass", named=("total_passes", "passes"))


def _stats(asked: Question) -> Answer:
    return asking.stats(
        asked.store,
        asked.match_id,
        asked.query,
        counts=asked.counts,
        if_none_match=asked.if_none_match,
    )


# --- the table ----------------------------------------------------------------------------------

_PAGE = ("limit", "cursor")
_WHICH = ("team", "player", "from", "to", "as_of")
_ERRORS = {401: Problems, 403: Problems, 429: Problems, 503: Problems}
_ASKED = {400: Problems, **_ERRORS}
_OF_A_MATCH = {304: None, 404: Problems, **_ASKED}
_POSTED = {400: Problems, 413: Problems, **_ERRORS}
ONE = "/matches/{match_id}"

ROUTES: Sequence[Route] = (
    Route(
        "POST",
        "/events",
        "post_event",
        "Post an event, or a correction of one.",
        "write",
        {201: replies.Posted, 202: replies.Posted, 409: Problems, 422: Problems, **_POSTED},
        body="event",
    ),
    Route(
        "POST",
        "/events/batch",
        "post_events",
        "Post up to 10,000 events; each has a result of its own.",
        "write",
        {200: Summary, **_POSTED},
        body="batch",
    ),
    Route(
        "GET",
        "/matches",
        "list_matches",
        "List matches, the first to begin first.",
        "read",
        {200: replies.Matches, **_ASKED},
        ("season", "from", "to", *_PAGE),
        ask=_matches,
    ),
    Route(
        "GET",
        ONE,
        "get_match",
        "A match's events in the order in which they happened.",
        "read",
        {200: replies.Events, **_OF_A_MATCH},
        ("type", *_WHICH, *_PAGE),
        ask=_events,
    ),
    Route(
        "GET",
        f"{ONE}/events",
        "list_events",
        "The same, under a name of its own.",
        "read",
        {200: replies.Events, **_OF_A_MATCH},
        ("type", *_WHICH, *_PAGE),
        ask=_events,
    ),
    Route(
        "GET",
        f"{ONE}/goals",
        "list_goals",
        "A match's goals in the order in which they happened.",
        "read",
        {200: replies.Goals, **_OF_A_MATCH},
        (*_WHICH, *_PAGE),
        ask=_goals,
    ),
    Route(
        "GET",
        f"{ONE}/passes",
        "list_passes",
        "A match's passes in the order in which they happened.",
        "read",
        {200: replies.Passes, **_OF_A_MATCH},
        (*_WHICH, *_PAGE),
        ask=_passes,
    ),
    Route(
        "GET",
        f"{ONE}/stats",
        "get_stats",
        "How many events of each type each team and each player has.",
        "read",
        {200: replies.Stats, **_OF_A_MATCH},
        ("as_of",),
        ask=_stats,
    ),
    Route(
        "GET",
        f"{ONE}/stream",
        "follow_match",
        "Follow a match: what is known, then every change, as server-sent events.",
        "read",
        {200: str, 404: Problems, **_ASKED},
        ("after",),
    ),
    Route(
        "GET",
        "/dead-letters",
        "list_dead_letters",
        "List records that could not be used, or corrections that wait for their event.",
        "read",
        {200: replies.DeadLetters, **_ASKED},
        ("state", "match", "event_id", *_PAGE),
        ask=_letters,
    ),
)
POSTED = Fields
"""What is posted, as far as Touchline knows its fields."""

_BY_PATH: Mapping[str, Route] = {route.path: route for route in ROUTES}


def found(path: str) -> tuple[Route | None, str]:
    """The route of a path, None where there is none, and the match that the path names."""
    parts, match_id = path.split("/"), ""
    if len(parts) > 2 and parts[1] == "matches":
        match_id, parts[2] = parts[2], "{match_id}"
    return _BY_PATH.get("/".join(parts)), match_id


def is_stream(path: str) -> bool:
    """Whether a match is followed there; `stream` may be a match's id, too."""
    if not path.endswith("/stream"):
        return False
    route, _ = found(path)
    return route is not None and route.name == "follow_match"


def is_short(path: str) -> bool:
    """Whether the answer is a page of rows, and takes no time in a store that is near."""
    route, _ = found(path)
    return route is not None and route.name in _SHORT


_SHORT = ("list_matches", "get_match", "list_events", "list_goals", "list_passes")


def nothing(path: str) -> Answer:
    """The answer to a path that is none."""
    return problem(404, f"there is nothing at {path[:80]}", hint="/openapi.json lists what is")


def not_for(method: str, path: str, allow: str) -> Answer:
    """The answer to a method that a path does not have."""
    return problem(405, f"{method[:20]} is not for {path[:80]}", allow=allow)


def query(text: str) -> asking.Query:
    """The parameters of a query string.

    Raises:
        ConfigError: One is there twice.
    """
    pairs = parse_qsl(text, keep_blank_values=True)
    given = dict(pairs)
    if len(given) < len(pairs):
        twice = next(name for name in given if [n for n, _ in pairs].count(name) > 1)
        raise ConfigError(f"{twice[:40]!r} is there twice", hint="give it once", field=twice[:40])
    return given


def answer(
    store: ServingStore,
    counts: asking.Counts,
    path: str,
    *,
    method: str,
    text: str,
    if_none_match: str = "",
) -> Answer:
    """The answer to a question; `text` is its query string.

    Raises:
        TouchlineError: The store cannot be asked now, or not that.
    """
    route, match_id = found(path)
    if route is None:
        return nothing(path)
    if route.method == "POST" or method not in ("GET", "HEAD") or route.ask is None:
        return not_for(method, path, "GET, HEAD" if route.ask else route.method)
    return route.ask(Question(store, counts, match_id, query(text), if_none_match))
