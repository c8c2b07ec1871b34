"""The pages of the live path: which address shows what, and what a browser may do with it."""

import re
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl

import anyio.to_thread
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from touchline.core.ports import ServingStore
from touchline.errors import MissingInputError, TouchlineError
from touchline.matches.serve import asking
from touchline.server import match_list, match_page
from touchline.server.admission import Admission
from touchline.server.api import answered
from touchline.server.guard import HEADERS

LIST = "/matches.html"
STYLE, SCRIPT = "/matches.css", "/matches.js"

_PAGE = re.compile(r"/matches/([^/]+)/page")
_POLICY = HEADERS["content-security-policy"] + "; script-src 'self'; connect-src 'self'"


@dataclass(eq=False)
class Pages:
    """An application that shows the pages of matches; all else is asked of `api`."""

    api: ASGIApp
    store: ServingStore
    admission: Admission

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer one request."""
        path = scope["path"]
        is_asked = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        is_file = path in (STYLE, SCRIPT)
        if is_asked and (is_file or path == LIST or _PAGE.fullmatch(path)):
            return self._show(path, scope, receive, send=send)
        return self.api(scope, receive, send)

    async def _show(self, path: str, scope: Scope, receive: Receive, *, send: Send) -> None:
        is_file = path in (STYLE, SCRIPT)
        refusal = self.admission.refusal(dict(scope["headers"]), None if is_file else "read")
        if refusal:
            await answered(refusal, send)
            return
        found = await anyio.to_thread.run_sync(self._shown, path, scope)
        found.headers.update(HEADERS | {"content-security-policy": _POLICY})
        await found(scope, receive, send)

    def _shown(self, path: str, scope: Scope) -> Response:
        try:
            if path == STYLE:
                return Response(_file("page.css") + _file("match.css"), media_type="text/css")
            if path == SCRIPT:
                return Response(_file("match.js"), media_type="text/javascript")
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            return HTMLResponse(self._page(path, query))
        except MissingInputError as exc:
            return HTMLResponse(match_list.absent(str(exc)), 404)
        except TouchlineError as exc:
            return HTMLResponse(match_list.failed(str(exc), exc.hint), 503)

    def _page(self, path: str, query: Mapping[str, Any]) -> str:
        if path == LIST:
            return match_list.page(self.store, query)
        named = _PAGE.fullmatch(path)
        assert named is not None
        return match_page.page(self.store, asking.match(self.store, named[1]))


def _file(name: str) -> str:
    return resources.files("touchline.server").joinpath(name).read_text(encoding="utf-8")
