"""The provider's API: which matches there are, and their four files.

What the provider publishes about it (its OpenAPI description at https://skillcorner.com/api/docs/,
read as the copy `specs/skillcorner/skillcorner_openapi.json` in withqwerty/football-docs, and its
Python client `skillcorner` 2.6.8):

- `GET /matches/` answers pages of `{count, next, previous, results}`, by `limit` and `offset`. It
  filters by `date_time__gte`, `date_time__lte`, `competition`, `competition_edition`, `season`
  (several values with commas), and by re-issue, per product and version of it:
  `extrapolated_tracking_v3_last_modified__gte`, `dynamic_events_v2_last_modified__gte`, and
  others. There is no such filter for line-ups.
- `GET /match/{id}/data_collection/` names each product's last change:
  `tracking_extra_v3_last_modified`, `dynamic_events_v2_last_modified`, and others.
- Events and phases may answer `403 Bad data quality`: the match failed the provider's own check.
- Basic authentication, or the token in the query, which the server repeats in its `next` links.
- The provider's client makes no call a second time.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from touchline.errors import ConfigError
from touchline.tracking.source.skillcorner.calls import Answer
from touchline.tracking.source.skillcorner.connection import (
    CallRule,
    Connection,
    Credentials,
    Tell,
    connected,
    untold,
)


@dataclass(frozen=True)
class Product:
    """One of a match's files: where it is, and how the provider marks a re-issue of it.

    `mark` is a member of `data_collection`, `filter` a parameter of `matches`; both empty where
    the provider has none: then the match's own `last_modified` is the mark.
    """

    name: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    mark: str = ""
    filter: str = ""


_EVENTS_MARK = "dynamic_events_v2_last_modified"
PRODUCTS = (
    Product("match.json", "match/{match_id}/"),
    Product(
        "tracking_extrapolated.jsonl",
        "match/{match_id}/tracking/",
        {"file_format": "jsonl", "data_version": "3"},
        mark="tracking_extra_v3_last_modified",
        filter="extrapolated_tracking_v3_last_modified__gte",
    ),
    Product(
        "dynamic_events.csv",
        "match/{match_id}/dynamic_events/",
        mark=_EVENTS_MARK,
        filter=f"{_EVENTS_MARK}__gte",
    ),
    Product(
        "phases_of_play.csv",
        "match/{match_id}/dynamic_events/phases_of_play/",
        mark=_EVENTS_MARK,
        filter=f"{_EVENTS_MARK}__gte",
    ),
)


@dataclass(frozen=True)
class Settings:
    """Where the API is, who calls, and how. `hint` tells a refused caller what to set."""

    base_url: str = "https://skillcorner.com/api"
    credentials: Credentials = field(default_factory=Credentials)
    proxy: str | None = field(default=None, repr=False)
    page_matches: int = 100
    max_pages: int = 10_000
    rule: CallRule = field(default_factory=CallRule)
    products: tuple[Product, ...] = PRODUCTS
    hint: str = "set SKILLCORNER_USERNAME and SKILLCORNER_PASSWORD, or SKILLCORNER_TOKEN"


@dataclass(frozen=True)
class Client:
    """An open connection to the API, with its settings."""

    settings: Settings
    connection: Connection


@contextmanager
def connect(
    settings: Settings,
    *,
    sleep: Callable[[float], None] = time.sleep,
    jitter: Callable[[], float] = random.random,
    tell: Tell = untold,
) -> Iterator[Client]:
    """Yield a client of the API.

    Raises:
        ConfigError: The address is wrong, or there are no credentials, half of them, or two sorts.
    """
    who = settings.credentials
    by_name = bool(who.username and who.password)
    if by_name == bool(who.token) or bool(who.username) != bool(who.password):
        seen = [part for part in ("username", "password", "token") if getattr(who, part)]
        raise ConfigError(
            "skillcorner: expected a username with a password, or a token; seen: "
            f"{', '.join(seen) or 'nothing'}",
            hint=settings.hint,
        )
    with connected(
        settings.base_url, settings.rule, who,
        proxy=settings.proxy, sleep=sleep, jitter=jitter, tell=tell,
    ) as connection:  # fmt: skip
        yield Client(settings, connection)


def must_be_allowed(client: Client, url: httpx.URL, answer: Answer) -> None:
    """Raise ConfigError, with the way out, if the answer turns the caller away."""
    if answer.status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise ConfigError(
            f"{url.path}: {answer.status} {answer.reason}",
            hint=f"{client.settings.hint}; if set, ask the provider what they give access to",
            url_path=url.path, status=answer.status,
        )  # fmt: skip
