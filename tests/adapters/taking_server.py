"""A server on this machine that takes match events as Touchline's does, and may have no time."""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Any, dict[str, str]]

ACCEPTED: Answer = (201, {"message": "accepted", "event_id": "e"}, {})
LOST: Answer = (0, None, {})
"""The connection is closed without an answer."""


def refusing(status: int, message: str = "no", **headers: str) -> Answer:
    said = {"error": {"message": message, "field": "$.x", "hint": "h"}}
    return status, said, {k.replace("_", "-"): v for k, v in headers.items()}


@dataclass
class Taking:
    """What came to the server, and its next answers; then it accepts everything."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    taken: list[Any] = field(default_factory=list)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    connections: int = 0
    closes: bool = False


@contextmanager
def taking(answers: Sequence[Answer] = ()) -> Iterator[Taking]:
    """The server, as long as the context lasts."""
    state = Taking(answers=list(answers))

    class Post(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            state.connections += 1

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.asked.append((self.path, self.headers.get("Authorization")))
            status, said, headers = state.answers.pop(0) if state.answers else ACCEPTED
            if status == 0:
                self.close_connection = True
                return
            if status < 300:
                state.taken.append(json.loads(body))
            text = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
            self.close_connection = state.closes

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Post)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
