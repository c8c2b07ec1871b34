"""Bodies posted to a server over one connection, again and again until it answers."""

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from touchline.errors import ConfigError, TransientError

_TIMEOUT_S = 30.0
_FIRST_WAIT_S, _LONGEST_WAIT_S, _MOST_TRIES = 0.5, 30.0, 9
_LATER = {429, 500, 502, 503, 504}


@dataclass(frozen=True)
class Answered:
    """What a server answered, and how often it was asked again before."""

    status: int
    body: dict[str, Any]
    retries: int


class Poster:
    """Posts JSON to one address. Each body is answered before the next is sent.

    Where the connection is lost or the server has no time (429, 5xx), it is asked again after 0.5, 1, 2
    seconds and so on, or when it says; `tell` hears of each wait.
    """

    def __init__(
        self,
        url: str,
        key: str = "",
        *,
        tell: Callable[[str], None] = lambda _: None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = url
        self._tell = tell
        self._wait = wait
        self._headers = {"Content-Type": "application/json", **_bearer(key)}
        self._path, self._connection = _opened(url)

    def close(self) -> None:
        """The connection is closed."""
        self._connection.close()

    def post(self, body: bytes) -> Answered:
        """What the server says to the body.

        Raises:
            ConfigError: Nobody there takes it, or not from us.
            TransientError: The server could not be reached, or had no time, nine times.
        """
        wait_s, said = _FIRST_WAIT_S, ""
        for retries in range(_MOST_TRIES):
            try:
                status, headers, found = self._asked(body)
            except (OSError, HTTPException) as exc:
                self._connection.close()
                said, after = f"{type(exc).__name__}: {exc}", None
            else:
                if status not in _LATER:
                    return Answered(_must_take(self.url, status, found), found, retries)
                said, after = f"{status} {_message(found)}".strip(), headers
            if retries + 1 < _MOST_TRIES:
                self._pause(said, _seconds(after, wait_s))
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
        raise TransientError(
            f"{self.url}: {said}, {_MOST_TRIES} times",
            hint="is touchline serve running there? Then give the same command again: what is known"
            " already is not taken twice",
        )

    def _asked(self, body: bytes) -> tuple[int, str | None, dict[str, Any]]:
        """Status, Retry-After and body of the answer.

        A server closes a connection that was idle for a while: that is no failure, and it is opened
        again at once.
        """
        idle = self._connection.sock is not None
        try:
            return self._request(body)
        except (ConnectionError, HTTPException):
            self._connection.close()
            if not idle:
                raise
        return self._request(body)

    def _request(self, body: bytes) -> tuple[int, str | None, dict[str, Any]]:
        self._connection.request("POST", self._path, body, self._headers)
        response = self._connection.getresponse()
        return response.status, response.getheader("Retry-After"), _json(response)

    def _pause(self, said: str, wait_s: float) -> None:
        self._tell(f"{self.url}: {said}; again in {wait_s:g} s")
        self._wait(wait_s)


def _bearer(key: str) -> dict[str, str]:
    if not key:
        return {}
    if not key.isascii() or not key.isprintable():
        raise ConfigError("the key has characters that no key has", hint="check its variable")
    return {"Authorization": f"Bearer {key}"}


def _opened(url: str) -> tuple[str, HTTPConnection]:
    """The path, and a connection that is opened when it is first used."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise ConfigError(f"{url}: {exc}", hint="expected http://HOST:PORT") from exc
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ConfigError(f"{url}: no address of a server", hint="expected http://HOST:PORT")
    kind = _Plain if parts.scheme == "http" else HTTPSConnection
    return f"{parts.path.rstrip('/')}/events", kind(parts.hostname, port, timeout=_TIMEOUT_S)


class _Plain(HTTPConnection):
    """A connection on which small requests are sent at once."""

    def connect(self) -> None:
        """See HTTPConnection."""
        super().connect()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _json(response: HTTPResponse) -> dict[str, Any]:
    text = response.read()
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _must_take(url: str, status: int, found: dict[str, Any]) -> int:
    if status in (401, 403):
        hint = "its key is in the variable that --key-env names; touchline keys make NAME makes one"
        raise ConfigError(f"{url}: {status} {_message(found)}", hint=hint)
    if status in (404, 405) or 300 <= status < 400:
        hint = "give the address of touchline serve, such as http://127.0.0.1:8640"
        raise ConfigError(f"{url}: {status}: nothing there takes events", hint=hint)
    return status


def _message(found: dict[str, Any]) -> str:
    error = found.get("error")
    return str(error.get("message", "")) if isinstance(error, dict) else ""


def _seconds(after: str | None, wait_s: float) -> float:
    """How long to wait: as long as the server says, where it gives seconds."""
    if after is not None and after.isascii() and after.isdigit():
        return min(float(after), 10 * _LONGEST_WAIT_S)
    return wait_s
