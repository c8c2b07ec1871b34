"""The live path at work: what is posted goes through the log into the store, and is told on."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from starlette.types import ASGIApp, Receive, Scope, Send

from touchline.core.ports import Key
from touchline.core.stream import follow
from touchline.errors import StorageError, TouchlineError
from touchline.matches.live import STREAM
from touchline.matches.serve import openapi
from touchline.matches.serve.answers import Answer, refused
from touchline.matches.serve.posting import Intake
from touchline.server.admission import Admission
from touchline.server.api import Api, answered
from touchline.server.streams import Hub
from touchline.wiring import Touchline

NAMES = frozenset({"events", "matches", "dead-letters", "openapi.json"})
"""What the paths of the live path begin with."""

_PATIENCE_S = 2.0

Keys = Callable[[], Sequence[Key]]


class Living:
    """The application of the live path, and the thread that reads the log on.

    Its stores are opened at once where there is something in them, else when somebody who may comes.
    """

    def __init__(self, here: Touchline, keys: Keys | None) -> None:
        self.here = here
        self.admission = Admission(keys)
        self._over = threading.Event()
        self._opening = threading.Lock()
        self._api: Api | None = None
        self._working: threading.Thread | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or say why the stores cannot be opened."""
        app: ASGIApp | None = self._api
        if scope["path"] == "/openapi.json" and scope["type"] == "http":
            app = _saying(openapi.answer())
        if app is None:
            try:
                refusal = self.admission.refusal(dict(scope["headers"]), None)
                app = _saying(refusal) if refusal else self.open()
            except TouchlineError as exc:
                app = _saying(refused(exc))
        await app(scope, receive, send)

    def open(self) -> Api:
        """The stores are open, and the log is read on."""
        with self._opening:
            if self._api is None:
                self._api = self._opened()
            return self._api

    def close(self) -> None:
        """The log is read on no more."""
        self._over.set()
        if self._working:
            self._working.join(_PATIENCE_S)

    def _opened(self) -> Api:
        store, log = self.here.serving, self.here.log
        hub = Hub(store)
        self._working = threading.Thread(
            target=follow,
            args=(STREAM, log, store),
            kwargs={"until": self._over, "changed": hub.heard, "failed": lambda _: None},
            daemon=True,
        )
        self._working.start()
        intake = Intake(store, self.here.event_rule, lambda: datetime.now(UTC))
        return Api(store, log, intake, self.admission, hub)


@contextmanager
def living(here: Touchline, keys: Keys | None) -> Iterator[Living]:
    """The live path works while the context lasts."""
    found = Living(here, keys)
    try:
        if here.has_live:
            with suppress(StorageError):  # told to whoever asks
                found.open()
        yield found
    finally:
        found.close()


def _saying(answer: Answer) -> ASGIApp:
    """An application that gives this answer, whatever is asked."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1013})
        else:
            await answered(answer, send)

    return app
