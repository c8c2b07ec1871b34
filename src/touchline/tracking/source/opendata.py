"""The provider's public repository: the same four files of a few matches, for anybody.

Its layout is `data/matches.json` and `data/matches/{id}/{id}_{name}`. Large files are kept by Git
LFS: in their place is a pointer, three lines with the sha256 and size of the file, which a second
server gives out (Git LFS specification, docs/spec.md, docs/api/batch.md, basic-transfers.md).
"""

import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import httpx
import msgspec

from touchline.errors import ConfigError
from touchline.tracking.source.skillcorner.calls import Answer, Failed, ask, decoded
from touchline.tracking.source.skillcorner.connection import (
    CallRule,
    Connection,
    Tell,
    connected,
    endpoint,
    untold,
)
from touchline.tracking.source.skillcorner.download import Downloaded, OnBytes, download, unless
from touchline.tracking.source.skillcorner.records import (
    Fetched,
    Listed,
    MatchEntry,
    Refused,
    match_entry,
)

NAMES = ("match.json", "tracking_extrapolated.jsonl", "dynamic_events.csv", "phases_of_play.csv")

_POINTER = b"version https://git-lfs.github.com/spec/"
_POINTER_BYTES = 1024
_OID = re.compile(r"^oid sha256:([0-9a-f]{64})$", re.MULTILINE)
_SIZE = re.compile(r"^size ([0-9]+)$", re.MULTILINE)
_LFS_JSON = "application/vnd.git-lfs+json"
_NONE: Mapping[tuple[int, str], str | None] = {}


@dataclass(frozen=True)
class Settings:
    """Where the repository's files are, and where those that Git LFS keeps."""

    base_url: str = "https://raw.githubusercontent.com/SkillCorner/opendata/master"
    lfs_url: str = "https://github.com/SkillCorner/opendata.git/info/lfs"
    proxy: str | None = field(default=None, repr=False)
    rule: CallRule = field(default_factory=CallRule)


@dataclass(frozen=True)
class Client:
    """An open connection to the repository, with its settings."""

    settings: Settings
    connection: Connection


@dataclass(frozen=True)
class _Pointer:
    sha256: str
    size: int


class _Action(msgspec.Struct, frozen=True):
    href: str
    header: dict[str, str] = {}


class _Actions(msgspec.Struct, frozen=True):
    download: _Action | None = None


class _Error(msgspec.Struct, frozen=True):
    code: int
    message: str = ""


class _Object(msgspec.Struct, frozen=True):
    actions: _Actions | None = None
    error: _Error | None = None


class _Batch(msgspec.Struct, frozen=True):
    objects: list[_Object]


@contextmanager
def connect(
    settings: Settings = Settings(),
    *,
    sleep: Callable[[float], None] = time.sleep,
    jitter: Callable[[], float] = random.random,
    tell: Tell = untold,
) -> Iterator[Client]:
    """Yield a client of the repository; nobody has to say who he is."""
    with connected(
        settings.base_url,
        settings.rule,
        proxy=settings.proxy,
        sleep=sleep,
        jitter=jitter,
        tell=tell,
    ) as connection:
        yield Client(settings, connection)


def matches(
    client: Client, *, first: date | None = None, last: date | None = None
) -> Iterator[MatchEntry]:
    """The repository's matches that kicked off from `first` to `last` (UTC), each once.

    Raises:
        ConfigError: There is no list of matches at this address.
        ContractError: The list is not what a list is; an id is no number.
        TransientError: The repository cannot be reached.
    """
    url = endpoint(client.connection, "data/matches.json")
    answer = ask(client.connection, url)
    if answer.status != httpx.codes.OK:
        raise ConfigError(f"{url.path}: {answer.status} {answer.reason}", hint="check base_url")
    listed = {entry.id: match_entry(entry) for entry in decoded(url, answer, list[Listed])}
    yield from (entry for entry in listed.values() if _within(entry, first, last))


def fetch(
    client: Client,
    matches: Iterable[MatchEntry],
    into: Path,
    *,
    known: Mapping[tuple[int, str], str | None] = _NONE,
    on_bytes: OnBytes | None = None,
) -> Iterator[Fetched | Refused]:
    """The files of the matches as they come, in order; a file that is known and unchanged is not.

    The mark of a file is its ETag, or its sha256 where Git LFS keeps it.

    Args:
        client: An open client.
        matches: What to fetch.
        into: A folder for the files, named `{match_id}_{name}`.
        known: The mark that each file had when it was last fetched, by match and name.
        on_bytes: Told of progress.

    Raises:
        TransientError: A file did not come whole, or not with the sha256 of its pointer.
        StorageError: No room.
    """
    for entry in matches:
        for name in NAMES:
            file = (entry.match_id, name)
            was = known.get(file)
            yield from _fetched(client, file, into, was=was, on_bytes=on_bytes)


def _within(entry: MatchEntry, first: date | None, last: date | None) -> bool:
    if entry.kick_off_at is None:
        return first is None and last is None
    day = entry.kick_off_at.date()
    return (first is None or first <= day) and (last is None or day <= last)


def _fetched(
    client: Client,
    file: tuple[int, str],
    into: Path,
    *,
    was: str | None,
    on_bytes: OnBytes | None,
) -> Iterator[Fetched | Refused]:
    """The file, or its refusal, or nothing if it is the one it was."""
    match_id, name = file
    path = into / f"{match_id}_{name}"
    url = endpoint(client.connection, f"data/matches/{match_id}/{match_id}_{name}")
    found = download(client.connection, url, path, headers=unless(was), on_bytes=on_bytes)
    mark = found.mark if isinstance(found, Downloaded) else None
    if isinstance(found, Downloaded) and (pointer := _pointer(path)):
        path.unlink()
        mark = f"sha256:{pointer.sha256}"
        if mark == was:
            return
        found = _kept_by_lfs(client, pointer, path, on_bytes=on_bytes)
    if isinstance(found, Downloaded):
        yield Fetched(match_id, name, path, found.size, mark)
    elif found.status != httpx.codes.NOT_MODIFIED:
        yield Refused(match_id, name, found.status, found.reason)


def _pointer(path: Path) -> _Pointer | None:
    """What a Git LFS pointer points to; nothing if the file is the file itself."""
    if path.stat().st_size > _POINTER_BYTES:
        return None
    data = path.read_bytes()
    if not data.startswith(_POINTER):
        return None
    text = data.decode("utf-8", "replace")
    sha256, size = _OID.search(text), _SIZE.search(text)
    return _Pointer(sha256[1] if sha256 else "", int(size[1]) if size else 0)


def _kept_by_lfs(
    client: Client, pointer: _Pointer, path: Path, *, on_bytes: OnBytes | None
) -> Downloaded | Answer:
    """The file that a pointer points to, held to its sha256; or why there is none."""
    if not pointer.sha256:
        return Answer(httpx.codes.OK, "a Git LFS pointer without a sha256")
    offer = _offer(client, pointer)
    if isinstance(offer, Answer):
        return offer
    return download(
        client.connection,
        httpx.URL(offer.href),
        path,
        headers=offer.header,
        sha256=pointer.sha256,
        on_bytes=on_bytes,
    )


def _offer(client: Client, pointer: _Pointer) -> _Action | Answer:
    """Where the LFS server gives the file out; or why it does not."""
    wanted = {"oid": pointer.sha256, "size": pointer.size}
    post = {"operation": "download", "transfers": ["basic"], "objects": [wanted]}
    url = httpx.URL(f"{client.settings.lfs_url.rstrip('/')}/objects/batch")

    def check(answer: Answer) -> None:
        error = _only(url, answer).error if answer.status == httpx.codes.OK else None
        if error and (error.code == httpx.codes.TOO_MANY_REQUESTS or error.code >= 500):
            raise Failed(f"{error.code} {error.message}", status=error.code)

    answer = ask(
        client.connection,
        url,
        post=msgspec.json.encode(post),
        headers={"Accept": _LFS_JSON, "Content-Type": _LFS_JSON},
        check=check,
    )
    if answer.status != httpx.codes.OK:
        return answer
    found = _only(url, answer)
    if found.error:
        return Answer(found.error.code, found.error.message)
    action = found.actions.download if found.actions else None
    if action is None or not _is_web_address(action.href):
        return Answer(answer.status, "the LFS server offers no download")
    return action


def _is_web_address(text: str) -> bool:
    try:
        return httpx.URL(text).scheme in ("http", "https")
    except httpx.InvalidURL:
        return False


def _only(url: httpx.URL, answer: Answer) -> _Object:
    objects = decoded(url, answer, _Batch).objects
    return objects[0] if objects else _Object()
