"""An answer goes out in one piece: its head waits for its body, which comes at once."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD = b"HTTP/1.1 "


def joining(**given: Any) -> HttpToolsProtocol:
    """Uvicorn's protocol, on a transport that joins what it writes one after the other.

    It writes head and body apart, and uvloop sends at once what is written: two calls of the system and
    two packets, of which a client reads the first in vain.
    """
    protocol = HttpToolsProtocol(**given)
    made = protocol.connection_made

    def joined(transport: asyncio.Transport) -> None:
        made(Joined(transport, protocol.loop))  # type: ignore[arg-type]

    protocol.connection_made = joined  # type: ignore[method-assign]
    return protocol


class Joined:
    """A transport; the head of an answer is written with what follows it, or before the loop waits."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        """All else is the transport's own."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """The data is on its way, behind what is held; a head is held."""
        if self._held:
            data, self._held = self._held + data, b""
            self._transport.write(data)
        elif data.startswith(_HEAD):
            self._held = data
            self._loop.call_soon(self._let_go)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """What was written is sent before the end."""
        self._let_go()
        self._transport.close()

    def _let_go(self) -> None:
        if self._held:
            self.write(b"")
