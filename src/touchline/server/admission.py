"""Who may post and ask: keys with scopes and rates, read anew every second."""

import base64
import binascii
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from touchline.core.keys import Bucket, digest
from touchline.core.ports import Key, Scope
from touchline.matches.serve.answers import Answer, problem

_KEPT_S = 1.0
_MOST_SEEN = 1000

Headers = Mapping[bytes, bytes]


@dataclass(eq=False)
class Admission:
    """Admits by key; `keys` gives those that there are, None admits everybody."""

    keys: Callable[[], Sequence[Key]] | None
    _known: Mapping[str, Key] = field(default_factory=dict)
    _seen: dict[tuple[bytes, bytes], Key] = field(default_factory=dict)
    _until: float = 0.0
    _buckets: dict[str, Bucket] = field(default_factory=dict)

    def refusal(self, headers: Headers, scope: Scope | None) -> Answer | None:
        """None where who sent these headers may do that now, or is known, else what they are told."""
        if self.keys is None:
            return None
        now = time.monotonic()
        key = self._key(headers, now)
        if key is None:
            return problem(
                401,
                "no key, or one that is not known",
                hint="Authorization: Bearer KEY; touchline keys make NAME makes one",
                www_authenticate='Basic realm="touchline matches", charset="UTF-8"',
            )
        if scope is None:
            return None
        if scope not in key.scopes:
            return problem(403, f"key {key.name!r} may not {scope}", hint="ask for another key")
        wait_s = self._bucket(key).wait_s(now) if key.rate_per_s else 0.0
        if wait_s:
            said = f"key {key.name!r} has {key.rate_per_s:g} requests a second"
            return problem(429, said, retry_after=str(max(round(wait_s + 0.5), 1)))
        return None

    def _key(self, headers: Headers, now: float) -> Key | None:
        """The key that came along; what admitted a moment ago is not hashed again."""
        if now >= self._until:
            assert self.keys is not None
            self._known = {key.digest: key for key in self.keys() if key.revoked_at is None}
            self._until, self._seen = now + _KEPT_S, {}
        said = headers.get(b"authorization", b""), headers.get(b"x-api-key", b"")
        key = self._seen.get(said)
        if key is None and (text := _given(*said)):
            key = self._known.get(digest(text))
            if key is not None and len(self._seen) < _MOST_SEEN:
                self._seen[said] = key
        return key

    def _bucket(self, key: Key) -> Bucket:
        found = self._buckets.get(key.digest)
        if found is None or found.rate_per_s != key.rate_per_s:
            found = self._buckets[key.digest] = Bucket(key.rate_per_s)
        return found


def foreign(headers: Headers) -> Answer | None:
    """What a browser is told that another site's page made send this; None where it was not so.

    Such a browser may be let in by a password that it keeps. Other clients say nothing of origins.
    """
    origin, host = headers.get(b"origin"), headers.get(b"host", b"")
    is_ours = origin is None or _host(origin) == host.decode("latin-1").lower()
    if is_ours and headers.get(b"sec-fetch-site") != b"cross-site":
        return None
    seen = (origin or b"another site").decode("latin-1")[:80]
    said = f"sent by a page of {seen}, expected none but this server's own"
    return problem(403, said, hint="post from a program, or through a server of your own")


def _host(origin: bytes) -> str:
    """Host and port of an origin; "" where it has none, or is hidden."""
    try:
        return urlsplit(origin.decode("latin-1")).netloc.lower()
    except ValueError:
        return ""


def _given(authorization: bytes, api_key: bytes) -> str:
    """The key that came along: as a bearer's, as a password, or in a header of its own."""
    scheme, _, value = authorization.decode("latin-1").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).partition(b":")[2].decode()
        except (binascii.Error, ValueError):
            return ""
    return api_key.decode("latin-1")
