"""Match events over HTTP and WebSocket: what is posted, what is asked, who follows a match."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field

from anyio.to_thread import run_sync as in_thread
from starlette.datastructures import Headers as Named
from starlette.types import Receive, Scope, Send

from touchline.core.ports import Log, ServingStore
from touchline.core.ports import Scope as Right
from touchline.errors import ConfigError, ContractError, TouchlineError
from touchline.matches.serve import asking, posting, routes
from touchline.matches.serve.answers import Answer, problem, refused
from touchline.matches.serve.counts import Counts
from touchline.matches.serve.intake import Intake
from touchline.matches.serve.routes import MOST_BATCH_BYTES, MOST_BYTES
from touchline.server.admission import Admission, Headers, foreign
from touchline.server.frames import Frame, Token, token
from touchline.server.streams import Hub
from touchline.server.taking import Taking

_JSON = (b"content-type", b"application/json")
_SAFE = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-cache"))
_STREAMED = [(b"content-type", b"text/event-stream"), (b"x-accel-buffering", b"no"), *_SAFE]
_SMALL_BYTES = 50_000
_POSTED_TO = {"/events": MOST_BYTES, "/events/batch": MOST_BATCH_BYTES}
_GET = "GET"
_POST = "POST"

Handler = Callable[[Scope, Receive], Awaitable[Answer]]


@dataclass(eq=False)
class Api:
    """The application of the live path; pages are elsewhere."""

    store: ServingStore
    log: Log
    intake: Intake
    admission: Admission
    hub: Hub
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        """One who takes events for all."""
        self.taking = Taking(self.intake, self.log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or a WebSocket for as long as it lasts."""
        path = scope["path"]
        if scope["type"] == "websocket":
            await self._socket(path, scope, receive, send=send)
            return
        right: Right = "write" if path in _POSTED_TO else "read"
        headers = dict(scope["headers"])
        is_sent = scope["method"] not in (_GET, "HEAD")
        answer = (foreign(headers) if is_sent else None) or self._asked(headers, right)
        if answer is None and scope["method"] == _GET and routes.is_stream(path):
            await self._stream(path, scope, receive, send=send)
            return
        if answer is None:
            answer = await self._answer(path, scope, receive, headers=headers)
        await answered(answer, send)

    def _refusal(self, scope: Scope, right: Right | None) -> Answer | None:
        return self._asked(dict(scope["headers"]), right)

    def _asked(self, headers: Headers, right: Right | None) -> Answer | None:
        try:
            return self.admission.refusal(headers, right)
        except TouchlineError as exc:
            return refused(exc)

    async def _answer(
        self, path: str, scope: Scope, receive: Receive, *, headers: Headers
    ) -> Answer:
        try:
            if path in _POSTED_TO:
                return await self._post(path, scope, receive, headers=headers)
            if self.store.near and routes.is_short(path):
                return self._ask(path, scope)
            return await in_thread(self._ask, path, scope)
        except TouchlineError as exc:
            return refused(exc)

    # --- in -----------------------------------------------------------------------------------

    async def _post(self, path: str, scope: Scope, receive: Receive, *, headers: Headers) -> Answer:
        if scope["method"] != _POST:
            return routes.not_for(scope["method"], path=path, allow=_POST)
        body = await _body(receive, headers, _POSTED_TO[path])
        if isinstance(body, Answer):
            return body
        return await (self._one(body) if path == "/events" else self._batch(body))

    async def _one(self, body: bytes) -> Answer:
        try:
            is_small = len(body) <= _SMALL_BYTES
            given = posting.one(body) if is_small else await in_thread(posting.one, body)
        except ContractError as exc:
            return posting.unreadable(exc)
        return posting.answer((await self.taking.take(given))[0])

    async def _batch(self, body: bytes) -> Answer:
        try:
            given = await in_thread(posting.many, body)
        except ContractError as exc:
            return posting.unreadable(exc)
        return await in_thread(posting.summary, await self.taking.take(given))

    # --- out ----------------------------------------------------------------------------------

    def _ask(self, path: str, scope: Scope) -> Answer:
        return routes.answer(
            self.store,
            self.counts,
            path,
            method=scope["method"],
            text=scope["query_string"].decode("latin-1"),
            if_none_match=Named(scope=scope).get("if-none-match", ""),
        )

    # --- streams ------------------------------------------------------------------------------

    async def _stream(self, path: str, scope: Scope, receive: Receive, *, send: Send) -> None:
        """Server-sent events: snapshot, then changes."""
        match_id, after = _followed(path, scope)
        async with AsyncExitStack() as stack:
            try:
                if isinstance(after, Answer):
                    await answered(after, send)
                    return
                frames = await stack.enter_async_context(self.hub.following(match_id, after))
            except TouchlineError as exc:
                await answered(refused(exc), send)
                return
            await send({"type": "http.response.start", "status": 200, "headers": _STREAMED})

            async def send_all() -> None:
                async for some in self._admitted(scope, frames):
                    body = b"".join([frame.sse for frame in some])
                    await send({"type": "http.response.body", "body": body, "more_body": True})
                await send({"type": "http.response.body", "body": b""})

            await _until_gone(send_all, receive, "http.disconnect")

    async def _admitted(
        self, scope: Scope, frames: AsyncIterator[list[Frame]]
    ) -> AsyncIterator[list[Frame]]:
        """What a follower is sent: as long as their key admits to it, and the store can be read."""
        with suppress(TouchlineError):
            async for some in frames:
                if self._refusal(scope, None):
                    return
                yield some

    async def _socket(self, path: str, scope: Scope, receive: Receive, *, send: Send) -> None:
        """A WebSocket: events posted one a message at /events, a match followed at its stream."""
        right: Right = "write" if path == "/events" else "read"
        await receive()
        refusal = foreign(dict(scope["headers"])) or self._refusal(scope, right)
        match_id, after = ("", None) if path == "/events" else _followed(path, scope)
        if refusal or isinstance(after, Answer):
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "websocket.accept"})
        if path == "/events":
            await self._posted(scope, receive, send)
            return

        async def send_all() -> None:
            with suppress(TouchlineError):
                async with self.hub.following(match_id, after) as frames:
                    async for text in _texts(self._admitted(scope, frames)):
                        await send({"type": "websocket.send", "text": text})
            await send({"type": "websocket.close", "code": 1013})

        await _until_gone(send_all, receive, "websocket.disconnect")

    async def _posted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An acknowledgement for each message, in their order."""
        while (message := await receive())["type"] == "websocket.receive":
            body = message.get("bytes") or (message.get("text") or "").encode()
            answer = self._refusal(scope, "write")
            try:
                if answer is None:
                    answer = await self._one(body)
            except TouchlineError as exc:
                answer = refused(exc)
            text = f'{{"status":{answer.status},"answer":{answer.body.decode()}}}'
            await send({"type": "websocket.send", "text": text})


async def _texts(frames: AsyncIterator[list[Frame]]) -> AsyncIterator[str]:
    async for some in frames:
        for frame in some:
            if frame.ws:
                yield frame.ws


async def answered(answer: Answer, send: Send) -> None:
    """The answer is sent."""
    named = [(k.encode(), v.encode("latin-1", "replace")) for k, v in answer.headers.items()]
    length = (b"content-length", b"%d" % len(answer.body))
    headers = [*_SAFE, *named] if answer.status == 304 else [_JSON, length, *_SAFE, *named]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _body(receive: Receive, headers: Headers, most: int) -> bytes | Answer:
    """The whole body, or what is said of one that is too large."""
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > most:
        return _too_much(most)
    parts, size = list[bytes](), 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return problem(400, "the body ended before its end")
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > most:
            return _too_much(most)
        if not message.get("more_body"):
            return b"".join([*parts, part]) if parts else part
        parts.append(part)


def _too_much(most: int) -> Answer:
    return problem(413, f"the body has more than {most:,} bytes", hint="post it in parts")


async def _until_gone(work: Callable[[], Awaitable[None]], receive: Receive, gone: str) -> None:
    """Work until it is done, nobody is there any more, or the server ends."""
    working = asyncio.ensure_future(work())

    async def watch() -> None:
        while (await receive())["type"] != gone:
            pass

    watching = asyncio.ensure_future(watch())
    try:
        with suppress(asyncio.CancelledError):
            await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)
    if not working.cancelled() and (error := working.exception()):
        raise error


def _followed(path: str, scope: Scope) -> tuple[str, Token | Answer | None]:
    """The match that a stream is of, and the token to go on from."""
    match_id = routes.found(path)[1]
    if not routes.is_stream(path) or not asking.is_match_id(match_id):
        return "", routes.nothing(path)
    try:
        query = routes.query(scope["query_string"].decode("latin-1"))
        asking.only(query, {"after"})
    except ConfigError as exc:
        return match_id, refused(exc)
    said = Named(scope=scope).get("last-event-id") or query.get("after")
    if said is None:
        return match_id, None
    if (after := token(said)) is None:
        wrong = f"after: {said[:40]!r} is no token of a stream"
        return match_id, problem(400, wrong, field="after", hint="give the id of the last message")
    return match_id, after
