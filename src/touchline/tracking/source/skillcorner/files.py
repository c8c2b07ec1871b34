"""The files of matches: those that changed, as they are, or the provider's refusal."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from touchline.errors import ConfigError
from touchline.tracking.source.skillcorner.api import Client, Product, must_be_allowed
from touchline.tracking.source.skillcorner.calls import Answer, ask, decoded
from touchline.tracking.source.skillcorner.connection import endpoint
from touchline.tracking.source.skillcorner.download import Downloaded, OnBytes, download, unless
from touchline.tracking.source.skillcorner.records import Fetched, MatchEntry, Refused

BAD_QUALITY = b"bad data quality"
NOT_PLAYED = ("cancelled", "not_started", "postponed")
_NONE: Mapping[tuple[int, str], str | None] = {}


def fetch(
    client: Client,
    matches: Iterable[MatchEntry],
    into: Path,
    *,
    known: Mapping[tuple[int, str], str | None] = _NONE,
    on_bytes: OnBytes | None = None,
) -> Iterator[Fetched | Refused]:
    """The files of the matches as they come, in order; a file that is known and unchanged is not.

    The mark of a file is read before the file: a re-issue in between is fetched again next time,
    never missed. Matches that were not played are passed over.

    Args:
        client: An open client.
        matches: What to fetch.
        into: A folder for the files, named `{match_id}_{name}`.
        known: The mark that each file had when it was last fetched, by match and name.
        on_bytes: Told of progress.

    Raises:
        ConfigError: Access denied.
        TransientError: A file did not come whole in any attempt.
        StorageError: No room.
    """
    for entry in matches:
        if entry.status in NOT_PLAYED:
            continue
        marks = _marks(client, entry)
        for product in client.settings.products:
            file = _File(entry.match_id, product, marks.get(product.name))
            was = known.get((entry.match_id, product.name))
            if file.mark is None or file.mark != was:
                yield from _fetched(client, file, into, was=was, on_bytes=on_bytes)


@dataclass(frozen=True)
class _File:
    match_id: int
    product: Product
    mark: str | None


def _fetched(
    client: Client, file: _File, into: Path, *, was: str | None, on_bytes: OnBytes | None
) -> Iterator[Fetched | Refused]:
    """The file, or its refusal, or nothing if it is the one it was."""
    product, connection = file.product, client.connection
    url = endpoint(connection, product.path.format(match_id=file.match_id), product.query)
    path = into / f"{file.match_id}_{product.name}"
    headers = unless(was) if file.mark is None else {}
    found = download(connection, url, path, headers=headers, on_bytes=on_bytes)
    if isinstance(found, Downloaded):
        yield Fetched(file.match_id, product.name, path, found.size, file.mark or found.mark)
    elif found.status != httpx.codes.NOT_MODIFIED:
        _must_be_refusal(client, url, found)
        yield Refused(file.match_id, product.name, found.status, found.reason)


def _must_be_refusal(client: Client, url: httpx.URL, answer: Answer) -> None:
    """Raise unless the answer is about the data: bad quality, or not there."""
    about_data = answer.status in (httpx.codes.NOT_FOUND, httpx.codes.GONE) or (
        answer.status == httpx.codes.FORBIDDEN and BAD_QUALITY in _said_in_full(answer)
    )
    if not about_data:
        must_be_allowed(client, url, answer)
        raise ConfigError(
            f"{url.path}: {answer.status} {answer.reason}",
            hint="the provider does not take this request: check base_url and products",
            url_path=url.path, status=answer.status,
        )  # fmt: skip


def _said_in_full(answer: Answer) -> bytes:
    return answer.body.lower() + answer.reason.lower().encode()


def _marks(client: Client, entry: MatchEntry) -> Mapping[str, str]:
    """The mark of each product, as far as the provider tells it."""
    url = endpoint(client.connection, f"match/{entry.match_id}/data_collection/")
    answer = ask(client.connection, url)
    if answer.status == httpx.codes.UNAUTHORIZED:
        must_be_allowed(client, url, answer)
    told: dict[str, Any] = {}
    if answer.status == httpx.codes.OK:
        told = decoded(url, answer, dict[str, Any])
    marks = {
        product.name: told.get(product.mark) if product.mark else entry.last_modified
        for product in client.settings.products
    }
    return {name: mark for name, mark in marks.items() if isinstance(mark, str)}
