"""What every answer goes through: who may ask, under which name, and what a browser may do with it."""

import base64
import binascii
import hmac

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
}
_ASK = {"www-authenticate": 'Basic realm="touchline", charset="UTF-8"'}


class Guarded:
    """An application that answers only those who know the key; without a key, all who reach it."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self.app = app
        self.key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse to."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        said = Headers(scope=scope).get("authorization", "")
        if self.key and not hmac.compare_digest(_password(said), self.key.encode()):
            refusal = PlainTextResponse("the key, please\n", 401, _ASK)
            await refusal(scope, receive, sent)
            return
        await self.app(scope, receive, sent)


def _password(authorization: str) -> bytes:
    """What was given as the password, whoever gave it; nothing where nothing can be made of it."""
    scheme, _, coded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(coded.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""
