"""A line to a server that can fall silent: what is asked arrives, and no answer comes back."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Line:
    """Connections that are handed on from one port of this machine to another."""

    def __init__(self, port: int, to: int) -> None:
        self.is_silent = False
        self._to = to
        self._open: list[socket.socket] = []
        self._server = socket.create_server(("127.0.0.1", port))
        self._server.settimeout(0.05)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """All connections are broken, and new ones are answered."""
        broken, self._open = self._open, []
        for each in broken:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self.is_silent = False

    def close(self) -> None:
        """Nobody is handed on any more."""
        self._ended.set()
        self._thread.join()
        self._server.close()
        self.cut()

    def _accept(self) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError):
                self._connect(self._server.accept()[0])

    def _connect(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self._to))
        except OSError:
            near.close()
            return
        self._open += [near, far]
        for words in ((near, far, False), (far, near, True)):
            threading.Thread(target=self._hand_on, args=words, daemon=True).start()

    def _hand_on(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if not (answers and self.is_silent):
                    sink.sendall(data)


@contextmanager
def line(port: int, to: int) -> Iterator[Line]:
    """The line, as long as the context lasts."""
    made = Line(port, to)
    try:
        yield made
    finally:
        made.close()
