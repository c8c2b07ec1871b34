"""A line to one HTTP server, over which no secret gets out.

Credentials are added below the HTTP client, to requests for the server's own origin only. So no
URL that a log line, an exception or a redirect may show carries them.
"""

import logging
import random
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, quote_plus

import httpx

from touchline.errors import ConfigError

_LOGGERS = ("httpx", *(f"httpcore.{part}" for part in ("connection", "http11", "proxy", "socks")))
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


Tell = Callable[[str], None]
"""Called with a line for people: that a call is made again, when, and why."""


def untold(line: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True)
class CallRule:
    """When a call is made again, and what is too slow or too large to be meant.

    Waits double from `first_wait_s` to `longest_wait_s`, each shortened by up to half at random. A
    server's own Retry-After is kept to, unless it is beyond `patience_s`: then the call fails now.
    """

    attempts: int = 5
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    patience_s: float = 300.0
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    max_answer_bytes: int = 64 * 2**20
    max_file_bytes: int = 4 * 2**30


@dataclass(frozen=True)
class Credentials:
    """Who calls: a user with a password, or a token; nobody if all are empty."""

    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Connection:
    """An open line to one server. Not for use by two threads at once."""

    base_url: httpx.URL
    rule: CallRule
    http: httpx.Client = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    sleep: Callable[[float], None] = field(repr=False)
    jitter: Callable[[], float] = field(repr=False)
    now: Callable[[], datetime] = field(repr=False)
    tell: Tell = field(repr=False)


class _Keyed(httpx.BaseTransport):
    """A transport, as httpx wants it, that adds the credentials and hides them in answers."""

    def __init__(self, inner: httpx.BaseTransport, origin: httpx.URL, who: Credentials) -> None:
        self.inner, self.origin, self.who = inner, origin, who

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.who == Credentials() or _origin(request.url) != _origin(self.origin):
            return self.inner.handle_request(request)
        url, headers = request.url, request.headers.copy()
        if self.who.token:
            url = url.copy_set_param("token", self.who.token)
        elif self.who.username:
            headers["Authorization"] = f"Basic {_basic(self.who)}"
        keyed = httpx.Request(
            request.method, url, headers=headers, stream=request.stream, extensions=request.extensions
        )  # fmt: skip
        response = self.inner.handle_request(keyed)
        return _without_echo(response, url, self.who.token)

    def close(self) -> None:
        self.inner.close()


@contextmanager
def connected(
    base_url: str,
    rule: CallRule,
    who: Credentials = Credentials(),
    *,
    proxy: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
    jitter: Callable[[], float] = random.random,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    tell: Tell = untold,
) -> Iterator[Connection]:
    """Yield a connection to `base_url`; while it is open, log lines of the HTTP library are clean.

    Raises:
        ConfigError: The address is no web address, or would send credentials in the clear.
    """
    url = _address(base_url, who)
    secrets = _secrets(who)
    timeout = httpx.Timeout(rule.read_timeout_s, connect=rule.connect_timeout_s)
    with ExitStack() as stack:
        stack.enter_context(_clean_logs(secrets))
        transport = _Keyed(httpx.HTTPTransport(proxy=proxy), url, who)
        http = httpx.Client(
            transport=transport,
            timeout=timeout,
            follow_redirects=True,
            headers={"Accept-Encoding": "identity"},
        )
        yield Connection(url, rule, stack.enter_context(http), secrets, sleep, jitter, now, tell)


def endpoint(
    connection: Connection, path: str, query: Mapping[str, str] | None = None
) -> httpx.URL:
    """The address of `path` below the base address."""
    url = httpx.URL(f"{str(connection.base_url).rstrip('/')}/{path.lstrip('/')}")
    return url.copy_merge_params(query) if query else url


def without_token(url: httpx.URL, token: str) -> httpx.URL:
    """The same address without our token in its query; servers repeat it in links they make."""
    return url.copy_remove_param("token") if token in url.params.get_list("token") else url


def scrubbed(secrets: tuple[str, ...], text: str) -> str:
    """The text with every secret replaced by three stars."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def _address(base_url: str, who: Credentials) -> httpx.URL:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        raise ConfigError("base_url: not an address", hint="expected https://host/path") from None
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query:
        raise ConfigError(f"base_url: expected https://host/path, seen {url.scheme}://{url.host}")
    if who != Credentials() and url.scheme == "http" and url.host not in _LOOPBACK:
        raise ConfigError(f"base_url: credentials would go to {url.host} unencrypted: use https")
    return url


def _without_echo(response: httpx.Response, asked: httpx.URL, token: str) -> httpx.Response:
    """The response; a redirect that repeats the token in its target forgets it."""
    if "location" in response.headers:
        try:
            target = asked.join(response.headers["location"])
        except httpx.InvalidURL:
            response.close()
            raise httpx.RemoteProtocolError("redirected to no address") from None
        response.headers["location"] = str(without_token(target, token))
    return response


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return (url.scheme, url.host, url.port)


def _basic(who: Credentials) -> str:
    return b64encode(f"{who.username}:{who.password}".encode()).decode()


def _secrets(who: Credentials) -> tuple[str, ...]:
    """Every way in which a secret may be spelled in a URL or a header, longest first."""
    plain = [secret for secret in (who.token, who.password) if secret]
    found = {
        form for secret in plain for form in (secret, quote(secret, safe=""), quote_plus(secret))
    }
    if who.password:
        found.add(_basic(who))
    return tuple(sorted(found, key=len, reverse=True))


@contextmanager
def _clean_logs(secrets: tuple[str, ...]) -> Iterator[None]:
    """Hide the secrets in what the HTTP library logs: a server may repeat them in a header."""

    def clean(record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = scrubbed(secrets, message)
        if hidden != message:
            record.msg, record.args = hidden, ()
        return True

    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addFilter(clean)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(clean)
