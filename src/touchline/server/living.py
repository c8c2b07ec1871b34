"""The live path at work: what is posted goes through the log into the store, and is told on."""

import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import anyio.to_thread
from starlette.types import ASGIApp, Receive, Scope, Send

from touchline.core.ports import Key, Log, ServingStore
from touchline.errors import TouchlineError
from touchline.matches.live import STREAM
from touchline.matches.serve import openapi
from touchline.matches.serve.answers import Answer, refused
from touchline.matches.serve.intake import Intake
from touchline.server.admission import Admission
from touchline.server.api import Api, answered
from touchline.server.following import Following
from touchline.server.match_pages import Pages
from touchline.server.streams import Hub
from touchline.wiring import Touchline, live

NAMES = frozenset(
    {
        "dead-letters",
        "events",
        "matches",
        "matches.css",
        "matches.html",
        "matches.js",
        "openapi.json",
    }
)
"""What the paths of the live path begin with."""

Keys = Callable[[], Sequence[Key]]
Failed = Callable[[str], None]


class Living:
    """The application of the live path, and the process that reads the log on.

    Its stores are opened at once where there is something in them, else when somebody who may comes.
    """

    def __init__(self, here: Touchline, keys: Keys | None, failed: Failed) -> None:
        self.here = here
        self.failed = failed
        self.admission = Admission(keys)
        self._opening = threading.Lock()
        self._api: ASGIApp | None = None
        self._following: Following | None = None

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer, or say why the stores cannot be opened."""
        if self._api is None or scope["path"] == "/openapi.json":
            return self._first(scope, receive, send)
        return self._api(scope, receive, send)

    async def _first(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What needs no stores, or is asked before they are open."""
        app: ASGIApp | None = self._api
        if scope["path"] == "/openapi.json" and scope["type"] == "http":
            app = _saying(openapi.answer())
        if app is None:
            try:
                refusal = self.admission.refusal(dict(scope["headers"]), None)
                app = _saying(refusal) if refusal else await anyio.to_thread.run_sync(self.open)
            except TouchlineError as exc:
                app = _saying(refused(exc))
        await app(scope, receive, send)

    def open(self) -> ASGIApp:
        """The stores are open, and the log is read on."""
        with self._opening:
            if self._api is None:
                self._api = self._opened()
            return self._api

    def trouble(self) -> str:
        """What reading on failed at, where it has not gone on since."""
        return self._following.trouble if self._following else ""

    def close(self) -> None:
        """The log is read on no more."""
        if self._following:
            self._following.close()

    def _opened(self) -> ASGIApp:
        store, log = self.here.serving, self.here.log
        store.prepare(STREAM.views)
        live.prepare(self.here.config, log, [STREAM.topic])
        hub, intake = Hub(store, log), self._intake(store, log)

        def changed(match_ids: Sequence[str]) -> None:
            intake.heard()
            hub.heard(match_ids)

        self._following = Following(self.here.config, changed=changed, failed=self.failed)
        api = Api(store, log, intake, self.admission, hub)
        return Pages(api, store, self.admission)

    def _intake(self, store: ServingStore, log: Log) -> Intake:
        """Who takes events; where other machines append to the log, nothing is held against the store."""
        rule, is_alone = self.here.event_rule, live.is_ours_alone(self.here.config)
        end = sum(log.end(STREAM.topic).values()) if is_alone else 0
        return Intake(store if is_alone else None, rule, lambda: datetime.now(UTC), end)


@contextmanager
def living(here: Touchline, keys: Keys | None, failed: Failed) -> Iterator[Living]:
    """The live path works while the context lasts; `failed` is told what reading on failed at."""
    found = Living(here, keys, failed)
    try:
        if here.has_live:
            with suppress(TouchlineError):  # told to whoever asks
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
