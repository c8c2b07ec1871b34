"""What who follows a match is sent: frames, and in them the tokens to go on from."""

import re
from dataclasses import dataclass
from functools import cached_property

import msgspec

from touchline.core.ports import Version

_TOKEN = re.compile(r"([0-9a-f]{1,16})-([0-9]{1,18})")


@dataclass(frozen=True)
class Token:
    """A place in what is told of a match: behind the record of that offset, of that log."""

    log: int
    offset: int

    def __str__(self) -> str:
        return f"{self.log:x}-{self.offset}"


def token(text: str) -> Token | None:
    """The token that a client gives back; None where it is none."""
    found = _TOKEN.fullmatch(text)
    return Token(int(found[1], 16), int(found[2])) if found else None


@dataclass(frozen=True)
class Frame:
    """A message of a stream: its kind, its body as JSON, and the token to go on from behind it.

    Nobody can go on from where there is no token: the snapshot has more parts. What goes over a wire
    is made once, however many are sent it.
    """

    kind: str
    body: bytes
    token: Token | None = None

    @cached_property
    def sse(self) -> bytes:
        """As a server-sent event; a sign of life is a comment."""
        if not self.kind:
            return b": alive\n\n"
        named = b"" if self.token is None else f"id: {self.token}\n".encode()
        return b"%sevent: %s\ndata: %s\n\n" % (named, self.kind.encode(), self.body)

    @cached_property
    def ws(self) -> str:
        """As a message of a WebSocket; "" for a sign of life, as a WebSocket has its own."""
        if not self.kind:
            return ""
        named = "null" if self.token is None else f'"{self.token}"'
        return f'{{"kind":"{self.kind}","token":{named},"data":{self.body.decode()}}}'


BEAT = Frame("", b"")
"""A sign of life."""


class _Told(msgspec.Struct):
    """What of an event says how it changed."""

    version: int


def change(version: Version, log: int) -> Frame:
    """A change of an event: how it changed, and what it is now."""
    how = "cancel"
    if version.listed:
        told = msgspec.json.decode(version.body, type=_Told)
        how = "insert" if told.version == 1 else "amend"
    body = b'{"change":"%s","event":%s}' % (how.encode(), version.body)
    return Frame("change", body, Token(log, version.since))
