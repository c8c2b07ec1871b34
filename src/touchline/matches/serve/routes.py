"""Every address of the live path: what it is for, what may be asked of it, what it answers.

Requests are dispatched by this table, and the OpenAPI document is made of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal
from urllib.parse import parse_qsl

from touchline.core.ports import Scope, ServingStore
from touchline.errors import ConfigError
from touchline.matches.live.event import Fields
from touchline.matches.serve import asking, replies
from touchline.matches.serve.answers import Answer, Problems, problem
from touchline.matches.serve.counts import Counts
from touchline.matches.serve.posting import Summary

MOST_BYTES = 1_000_000
"""A body of one event has at most so many bytes."""

MOST_BATCH_BYTES = 32_000_000

Method = Literal["GET", "POST"]
Body = Literal["event", "batch"]


Ask = Callable[[asking.Question], Answer]


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


# --- the table ----------------------------------------------------------------------------------

_PAGE = ("limit", "cursor")
_WHICH = ("team", "player", "from", "to", "as_of")
_ERRORS = {401: Problems, 403: Problems, 429: Problems, 503: Problems}
_POSTED = {400: Problems, 413: Problems, **_ERRORS}
ONE = "/matches/{match_id}"


def _asked(
    path: str,
    name: str,
    summary: str,
    *,
    reply: Any,
    query: Sequence[str],
    ask: Ask | None = None,
) -> Route:
    """What is asked for, of one match or of all."""
    replied = {200: reply, 400: Problems, **_ERRORS}
    if path.startswith(ONE):
        replied |= {404: Problems, **({304: None} if ask else {})}
    return Route("GET", path, name, summary, "read", replied, query, ask=ask)


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
    _asked(
        "/matches",
        "list_matches",
        "List matches, the first to begin first.",
        reply=replies.Matches,
        query=("season", "from", "to", *_PAGE),
        ask=asking.matches,
    ),
    _asked(
        ONE,
        "get_match",
        "A match's events in the order in which they happened.",
        reply=replies.Events,
        query=("type", *_WHICH, *_PAGE),
        ask=asking.events,
    ),
    _asked(
        f"{ONE}/events",
        "list_events",
        "The same, under a name of its own.",
        reply=replies.Events,
        query=("type", *_WHICH, *_PAGE),
        ask=asking.events,
    ),
    _asked(
        f"{ONE}/goals",
        "list_goals",
        "A match's goals in the order in which they happened.",
        reply=replies.Goals,
        query=(*_WHICH, *_PAGE),
        ask=partial(asking.events, kind="goal", number="total_goals", listed="goals"),
    ),
    _asked(
        f"{ONE}/passes",
        "list_passes",
        "A match's passes in the order in which they happened.",
        reply=replies.Passes,
        query=(*_WHICH, *_PAGE),
        ask=partial(asking.events, kind="pass", number="total_passes", listed="passes"),
    ),
    _asked(
        f"{ONE}/stats",
        "get_stats",
        "How many events of each type each team and each player has.",
        reply=replies.Stats,
        query=("as_of",),
        ask=asking.stats,
    ),
    _asked(
        f"{ONE}/stream",
        "follow_match",
        "Follow a match: what is known, then every change, as server-sent events.",
        reply=str,
        query=("after",),
    ),
    _asked(
        "/dead-letters",
        "list_dead_letters",
        "List records that could not be used, or corrections that wait for their event.",
        reply=replies.DeadLetters,
        query=("state", "match", "event_id", *_PAGE),
        ask=asking.letters,
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
    counts: Counts,
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
    return route.ask(asking.Question(store, counts, match_id, query(text), if_none_match))
