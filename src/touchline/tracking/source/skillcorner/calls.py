"""Calls that are made again while the fault may pass, and what a server answers to them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
import msgspec

from touchline.errors import ContractError, TransientError
from touchline.tracking.source.skillcorner.connection import Connection, scrubbed

T = TypeVar("T")
_TRY_AGAIN = (408, 425, 429)
_REASON_CHARS = 200
_PAGE = "text/html"
_PAGE_HINT = (
    "check base_url; if it is right, a proxy or a maintenance page answers: run again later"
)


@dataclass(frozen=True)
class Answer:
    """What a server said, secrets removed."""

    status: int
    reason: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


class Failed(Exception):  # noqa: N818 (it never leaves this folder)
    """One attempt failed in a way that may pass. `resume` is what a next one may go on from."""

    def __init__(
        self, reason: str, *, wait_s: float = 0.0, resume: str = "", status: int = 0
    ) -> None:
        super().__init__(reason)
        self.wait_s = wait_s
        self.resume = resume
        self.status = status


def ask(
    connection: Connection,
    url: httpx.URL,
    *,
    post: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    check: Callable[[Answer], None] | None = None,
) -> Answer:
    """The server's small answer, whatever its status below 500 (429 and its like aside).

    `check` may raise Failed for an answer that is to be asked for again.

    Raises:
        TransientError: Each attempt failed.
        ContractError: The answer is larger than any answer can be.
    """

    def attempt(_resume: str) -> Answer:
        method = "GET" if post is None else "POST"
        with connection.http.stream(method, url, content=post, headers=headers) as response:
            refuse_if_busy(connection, response)
            answer = said(connection, response, connection.rule.max_answer_bytes)
        if check:
            check(answer)
        return answer

    return persistently(connection, url, attempt)


def decoded(url: httpx.URL, answer: Answer, shape: type[T]) -> T:
    """The JSON of an answer in the given shape; members it does not name are passed over.

    Raises:
        ContractError: It is not JSON, or not of that shape; the message names the place.
    """
    try:
        return msgspec.json.decode(answer.body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise ContractError(
            f"{url.path}: expected JSON, seen {_seen(answer, exc)}",
            hint=_PAGE_HINT,
            url_path=url.path,
        ) from exc


def must_be_no_page(url: httpx.URL, headers: Mapping[str, str]) -> None:
    """Raise ContractError for a page for people: none of the provider's files is one."""
    if headers.get("content-type", "").startswith(_PAGE):
        raise ContractError(
            f"{url.path}: expected a file, seen a page of HTML", hint=_PAGE_HINT, url_path=url.path
        )


def _seen(answer: Answer, exc: Exception) -> str:
    """What came in place of the JSON that was expected."""
    if answer.body.lstrip().startswith(b"<"):
        return "a page of HTML"
    return f"{len(answer.body)} bytes that are none of that shape: {exc}"


def persistently(connection: Connection, url: httpx.URL, attempt: Callable[[str], T]) -> T:
    """The result of the first attempt that does not fail; waits in between.

    An attempt is given what the one before it left to resume from, or nothing.

    Raises:
        TransientError: The attempts of the rule are used up, or the server asks for more patience
            than the rule has. It names the path, the attempts, and the last answer.
    """
    rule, resume, number = connection.rule, "", 0
    while True:
        number += 1
        try:
            return attempt(resume)
        except (httpx.TransportError, httpx.DecodingError, httpx.TooManyRedirects) as exc:
            failed = Failed(f"{type(exc).__name__}: {exc}", resume=resume)
            failed.__cause__ = exc
        except Failed as exc:
            failed = exc
        if number >= rule.attempts or failed.wait_s > rule.patience_s:
            raise _gave_up(connection, url, failed, attempts=number) from failed
        resume, wait_s = failed.resume, _wait_s(connection, number, failed)
        connection.tell(_again(connection, url, failed, wait_s=wait_s))
        connection.sleep(wait_s)


def refuse_if_busy(connection: Connection, response: httpx.Response, resume: str = "") -> None:
    """Raise Failed if the status says that the same call may succeed later."""
    status = response.status_code
    if status not in _TRY_AGAIN and status < 500:
        return
    answer = said(connection, response, connection.rule.max_answer_bytes)
    wait_s = _retry_after_s(connection, response.headers.get("retry-after", ""))
    asked = f" (asks to wait {wait_s:.0f} s)" if wait_s else ""
    raise Failed(f"{status} {answer.reason}{asked}", wait_s=wait_s, resume=resume, status=status)


def said(connection: Connection, response: httpx.Response, most_bytes: int) -> Answer:
    """The rest of a response as an answer; its reason is the server's own words."""
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > most_bytes:
            path = response.request.url.path
            raise ContractError(f"{path}: more than {most_bytes} bytes", url_path=path)
    words = "" if response.is_success else _words(bytes(body)) or response.reason_phrase
    reason = scrubbed(connection.secrets, words)[:_REASON_CHARS]
    return Answer(response.status_code, reason, response.headers, bytes(body))


def _words(body: bytes) -> str:
    """What an error's body says: the `detail` or `message` of a JSON object, else its text."""
    try:
        said: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = body.decode("utf-8", "replace")
    if isinstance(said, dict):
        said = said.get("detail") or said.get("message") or said or ""
    return " ".join(str(said).split())


def _gave_up(
    connection: Connection, url: httpx.URL, failed: Failed, *, attempts: int
) -> TransientError:
    last = scrubbed(connection.secrets, str(failed))
    return TransientError(
        f"{url.path}: {attempts} attempts, last answer: {last}",
        hint=f"run again later; check that {url.host} can be reached",
        url_path=url.path, attempts=attempts, last_answer=last,
    )  # fmt: skip


def _again(connection: Connection, url: httpx.URL, failed: Failed, *, wait_s: float) -> str:
    """That a call is made again, when, and why."""
    kinds = {0: "no whole answer", httpx.codes.TOO_MANY_REQUESTS: "rate limit"}
    kind = kinds.get(failed.status, "server error" if failed.status >= 500 else "server not ready")
    last = scrubbed(connection.secrets, str(failed))
    return f"{url.host}{url.path}: {kind}: {last}; trying again in {max(1, round(wait_s))} s"


def _wait_s(connection: Connection, number: int, failed: Failed) -> float:
    rule = connection.rule
    backoff_s: float = min(rule.longest_wait_s, rule.first_wait_s * 2.0 ** (number - 1))
    return max(failed.wait_s, backoff_s * (0.5 + connection.jitter() / 2))


def _retry_after_s(connection: Connection, value: str) -> float:
    """Seconds that a Retry-After header asks for, as a number or a date (RFC 9110, 10.2.3)."""
    if value.strip().isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - connection.now()).total_seconds())
