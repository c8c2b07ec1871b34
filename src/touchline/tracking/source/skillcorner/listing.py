"""Which matches the provider has: by day, by competition, and by what was re-issued."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import httpx
import msgspec

from touchline.errors import ConfigError, TransientError
from touchline.tracking.source.skillcorner.api import Client, Settings, must_be_allowed
from touchline.tracking.source.skillcorner.calls import ask, decoded
from touchline.tracking.source.skillcorner.connection import endpoint, without_token
from touchline.tracking.source.skillcorner.records import Listed, MatchEntry, match_entry


class _Page(msgspec.Struct, frozen=True):
    results: list[Listed]
    next: str | None = None


def matches(
    client: Client,
    *,
    first: date | None = None,
    last: date | None = None,
    competitions: Sequence[int] = (),
    editions: Sequence[int] = (),
    seasons: Sequence[int] = (),
    modified_since: Mapping[str, str] | None = None,
) -> Iterator[MatchEntry]:
    """The matches that kicked off from `first` to `last`, and those of any day re-issued since.

    Without dates and without `modified_since` it is all matches; with `modified_since` alone, only
    the re-issued ones. Each match comes once.

    Args:
        client: An open client.
        first: The first UTC day of kick-off, itself included.
        last: The last one, itself included.
        competitions: Only of these competitions, by id; empty is all.
        editions: Only of these editions of competitions, by id; empty is all.
        seasons: Only of these seasons, by id; empty is all.
        modified_since: An instant (ISO 8601) for each product by file name. Each product is asked
            for by itself, since the provider joins filters with "and". Names without a filter
            (match.json) are passed over.

    Raises:
        ConfigError: Access denied, or a page links to another host.
        ContractError: A page is not what a page is; an id is no number.
        TransientError: The provider cannot be reached, or its pages never end.
    """
    wanted = {"competition": competitions, "competition_edition": editions, "season": seasons}
    scope = {key: ",".join(map(str, ids)) for key, ids in wanted.items() if ids}
    seen: set[int] = set()
    for filters in _listings(client.settings, first, last, modified_since=modified_since or {}):
        for entry in _listed(client, scope | filters):
            if entry.match_id not in seen:
                seen.add(entry.match_id)
                yield entry


def _listings(
    settings: Settings, first: date | None, last: date | None, *, modified_since: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    """The filters of each listing that is needed, none twice."""
    window = {}
    if first:
        window["date_time__gte"] = f"{first.isoformat()}T00:00:00Z"
    if last:
        window["date_time__lte"] = f"{last.isoformat()}T23:59:59Z"
    if window or not modified_since:
        yield window
    filters = {product.name: product.filter for product in settings.products}
    asked = {(filters.get(name, ""), since) for name, since in modified_since.items()}
    yield from ({name: since} for name, since in sorted(asked) if name)


def _listed(client: Client, query: Mapping[str, str]) -> Iterator[MatchEntry]:
    """The matches of one listing, page by page, each once."""
    start = {"limit": str(client.settings.page_matches), "offset": "0"}
    url = endpoint(client.connection, "matches/", {**query, **start})
    seen: set[int] = set()
    for number in range(1, client.settings.max_pages + 1):
        answer = ask(client.connection, url)
        if answer.status != httpx.codes.OK:
            must_be_allowed(client, url, answer)
            raise ConfigError(f"{url.path}: {answer.status} {answer.reason}", hint="check base_url")
        page = decoded(url, answer, _Page)
        fresh = [listed for listed in page.results if listed.id not in seen]
        seen.update(listed.id for listed in fresh)
        yield from map(match_entry, fresh)
        if not page.next:
            return
        if not fresh:
            raise TransientError(
                f"{url.path}: page {number} has no new match, yet names a next page",
                url_path=url.path, page=number,
            )  # fmt: skip
        url = _next(client, url, page.next)
    raise TransientError(f"{url.path}: more than {client.settings.max_pages} pages")


def _next(client: Client, page: httpx.URL, link: str) -> httpx.URL:
    """The next page's address at our own base, scheme included, without the token in it."""
    base = client.connection.base_url
    try:
        url = page.join(link)
    except httpx.InvalidURL:
        raise ConfigError("matches/: the link to the next page is no address") from None
    if url.host != base.host or url.port not in (None, base.port):
        raise ConfigError(
            f"matches/: the next page is on {url.host}:{url.port or 'default'}, "
            f"expected {base.host}:{base.port or 'default'}",
            hint="a link to another host is not followed; check base_url",
        )
    token = client.settings.credentials.token
    return without_token(base.copy_with(raw_path=url.raw_path), token)
