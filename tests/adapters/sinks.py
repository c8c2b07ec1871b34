"""Servers on this machine that take messages: mail by SMTP, and JSON by HTTP."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_string
from email.message import Message
from http.server import BaseHTTPRequestHandler
from typing import Any


@dataclass
class Sink:
    """What a server took, and what it answers from now on."""

    port: int = 0
    taken: list[Any] = field(default_factory=list)
    headers: list[Any] = field(default_factory=list)
    status: int = 200
    refused: bool = False
    released: threading.Event = field(default_factory=threading.Event)
    hangs: bool = False


@contextmanager
def _serving(handler: Any, sink: Sink) -> Iterator[Sink]:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    sink.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield sink
    finally:
        sink.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def json_sink() -> Iterator[Sink]:
    """An HTTP server that takes what is posted to it; `json://127.0.0.1:PORT/...` reaches it."""
    sink = Sink()

    class Post(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if sink.hangs:
                sink.released.wait(30)
            if sink.status == 200:
                sink.taken.append(json.loads(body))
                sink.headers.append(dict(self.headers))
            self.send_response(sink.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    with _serving(Post, sink):
        yield sink


@contextmanager
def mail_sink() -> Iterator[Sink]:
    """An SMTP server; `taken` are the messages that came."""
    sink = Sink()

    class Mail(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 sink")
            lines: list[str] | None = None
            for line in (raw.decode().rstrip("\r\n") for raw in self.rfile):
                if lines is None:
                    lines = [] if line.upper().startswith("DATA") else None
                    self._say(self._answer(line.upper()))
                elif line == ".":
                    sink.taken.append(message_from_string("\n".join(lines)))
                    lines = None
                    self._say("250 taken")
                else:
                    lines.append(line)

        def _answer(self, line: str) -> str:
            if line.startswith("RCPT") and sink.refused:
                return "550 no such user"
            return "354 go on" if line.startswith("DATA") else "250 well"

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with _serving(Mail, sink):
        yield sink


def text_of(mail: Message) -> str:
    """The text of a mail of one part."""
    data = mail.get_payload(decode=True)
    assert isinstance(data, bytes)
    return data.decode()
