"""A file over HTTP onto the disk: whole under its own name, or not there at all."""

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx

from touchline.errors import ContractError, StorageError
from touchline.tracking.source.skillcorner.calls import (
    Answer,
    Failed,
    must_be_no_page,
    persistently,
    refuse_if_busy,
    said,
)
from touchline.tracking.source.skillcorner.connection import Connection

OnBytes = Callable[[str, int, int | None], None]
"""Called with a file's name, its bytes so far, and how many it will have, if known."""

_GZIP_MAGIC = b"\x1f\x8b"
_COPY_BYTES = 2**20


@dataclass(frozen=True)
class Downloaded:
    """A file on the disk, whole and closed, and the headers it came with."""

    path: Path
    size: int
    headers: Mapping[str, str] = field(repr=False)

    @property
    def mark(self) -> str | None:
        """What the server would tell this version of the file from another by."""
        return self.headers.get("last-modified") or self.headers.get("etag")


def unless(mark: str | None) -> Mapping[str, str]:
    """Headers that ask for a file only if it is no longer the one of this mark (RFC 9110, 13.1)."""
    if mark and mark.startswith(('"', 'W/"')):
        return {"If-None-Match": mark}
    return {"If-Modified-Since": mark} if mark and mark.endswith(" GMT") else {}


def download(
    connection: Connection,
    url: httpx.URL,
    path: Path,
    *,
    headers: Mapping[str, str] | None = None,
    sha256: str = "",
    on_bytes: OnBytes | None = None,
) -> Downloaded | Answer:
    """The file at `url` as `path`; or what the server answered in place of one.

    A body that was cut is gone on with where the server allows it and the file is provably still
    the same one, else begun again. A body that is gzip is unpacked, whether or not it says so: the
    provider packs answers at its own discretion. With `sha256` the bytes are held to it instead.

    Raises:
        TransientError: Each attempt failed, was cut, or brought other bytes than announced.
        ContractError: The file is larger than any file can be.
        StorageError: It could not be written.
    """
    part = path.with_name(f"{path.name}.part")

    def report(bytes_so_far: int, total: int | None) -> None:
        if on_bytes:
            on_bytes(path.name, bytes_so_far, total)

    def attempt(resume: str) -> Downloaded | Answer:
        pulled = _pulled(
            connection, url, part, resume=resume, headers=headers or {}, sha256=sha256, report=report
        )  # fmt: skip
        if isinstance(pulled, Answer):
            return pulled
        _settle(part, path, pulled, sha256=sha256, most_bytes=connection.rule.max_file_bytes)
        return Downloaded(path, path.stat().st_size, pulled)

    try:
        return persistently(connection, url, attempt)
    finally:
        with suppress(OSError):
            part.unlink()


def _pulled(
    connection: Connection,
    url: httpx.URL,
    part: Path,
    *,
    resume: str,
    headers: Mapping[str, str],
    sha256: str,
    report: Callable[[int, int | None], None],
) -> httpx.Headers | Answer:
    """The headers of the file that is now in `part`, or an answer that is no file."""
    have = part.stat().st_size if resume and part.exists() else 0
    asked = {**headers, **_onward(have, resume)}
    with connection.http.stream("GET", url, headers=asked) as response:
        refuse_if_busy(connection, response, resume)
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise Failed(f"416 for bytes from {have}")
        if response.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            return said(connection, response, connection.rule.max_answer_bytes)
        must_be_no_page(url, response.headers)
        begin = _begin(response, have)
        resume = resume if begin else _resumable(response.headers, pinned=bool(sha256))
        most_bytes = connection.rule.max_file_bytes
        try:
            got = _received(response, part, begin, most_bytes=most_bytes, report=report)
        except httpx.TransportError as exc:
            raise Failed(f"cut after {part.stat().st_size} bytes: {exc}", resume=resume) from exc
        if (total := _total(response, begin)) not in (None, got):
            raise Failed(f"{got} of {total} bytes came", resume=resume)
        return response.headers


def _received(
    response: httpx.Response,
    part: Path,
    begin: int,
    *,
    most_bytes: int,
    report: Callable[[int, int | None], None],
) -> int:
    """The size of `part` once the body is in it from `begin` on."""
    total = _total(response, begin)
    got = begin
    with _written(part, "ab" if begin else "wb") as write:
        for chunk in response.iter_raw():
            got += len(chunk)
            _hold_to(most_bytes, max(got, total or 0), part.name)
            write(chunk)
            report(got, total)
    return got


def _onward(have: int, resume: str) -> dict[str, str]:
    if not have:
        return {}
    return {"Range": f"bytes={have}-"} | ({} if resume == "pinned" else {"If-Range": resume})


def _begin(response: httpx.Response, have: int) -> int:
    """Where in the file the body begins: where we left off, or at the start."""
    if response.status_code != httpx.codes.PARTIAL_CONTENT:
        return 0
    span = response.headers.get("content-range", "")
    if not have or not span.startswith(f"bytes {have}-"):
        raise Failed(f"206 with Content-Range {span!r}, expected bytes from {have}")
    return have


def _resumable(headers: httpx.Headers, *, pinned: bool) -> str:
    """What proves that a later part belongs to the same file; empty if nothing does.

    A weak ETag proves nothing byte for byte (RFC 9110, 13.1.5).
    """
    if headers.get("accept-ranges", "").strip().lower() != "bytes" or "content-encoding" in headers:
        return ""
    if pinned:
        return "pinned"
    etag: str = headers.get("etag", "")
    if etag and not etag.startswith("W/"):
        return etag
    return str(headers.get("last-modified", ""))


def _total(response: httpx.Response, begin: int) -> int | None:
    length = response.headers.get("content-length", "")
    return begin + int(length) if length.isdecimal() else None


def _hold_to(most_bytes: int, count: int, url_path: str) -> None:
    if count > most_bytes:
        raise ContractError(f"{url_path}: more than {most_bytes} bytes", url_path=url_path)


def _settle(
    part: Path, path: Path, headers: httpx.Headers, *, sha256: str, most_bytes: int
) -> None:
    """Give the whole file its name, unpacked and checked."""
    encoding = headers.get("content-encoding", "identity")
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise Failed(f"came with Content-Encoding {encoding}, which was not asked for")
    with part.open("rb") as file:
        packed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    if packed and not (sha256 and encoding == "identity"):
        _unpack(part, most_bytes)
    if sha256:
        with part.open("rb") as file:
            seen = hashlib.file_digest(file, "sha256").hexdigest()
        if seen != sha256:
            raise Failed(f"sha256 {seen}, expected {sha256}")
    with _stored(path):
        part.replace(path)


def _unpack(part: Path, most_bytes: int) -> None:
    """Replace a gzip file by what is in it."""
    plain = part.with_name(f"{part.name}.plain")
    size = 0
    try:
        with gzip.open(part) as packed, _written(plain, "wb") as write:
            while chunk := packed.read(_COPY_BYTES):
                size += len(chunk)
                _hold_to(most_bytes, size, part.name)
                write(chunk)
        plain.replace(part)
    except (EOFError, zlib.error, gzip.BadGzipFile) as exc:
        raise Failed(f"no whole gzip stream: {exc}") from exc
    finally:
        plain.unlink(missing_ok=True)


@contextmanager
def _written(path: Path, mode: str) -> Iterator[Callable[[bytes], object]]:
    """Yield a function that appends to the file, and close it. A full disk is a StorageError."""
    with _stored(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file: IO[bytes] = path.open(mode)
    try:

        def write(data: bytes) -> None:
            with _stored(path):
                file.write(data)

        yield write
    finally:
        with _stored(path):
            file.close()


@contextmanager
def _stored(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise StorageError(
            f"{path}: {exc.strerror}", hint="make room, then run again", path=str(path)
        ) from exc
