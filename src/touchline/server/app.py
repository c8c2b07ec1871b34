"""Which address shows what, and how it is said that something cannot be shown."""

import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from importlib import resources

import anyio.to_thread
from anyio import CapacityLimiter
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from touchline.config import Config
from touchline.errors import TouchlineError
from touchline.server import api_page, diff_page, health_page, metrics, partition_page, run_page
from touchline.server.guard import HEADERS, Guarded
from touchline.server.living import NAMES
from touchline.server.parts import problem
from touchline.server.reading import Reading

READERS = 4
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,127}")

Page = Callable[[Reading, Request], Response]


def app(
    config: Config,
    live: ASGIApp,
    trouble: Callable[[], str],
    *,
    key: str = "",
    only_local: bool = True,
) -> ASGIApp:
    """The application; `only_local` answers under names of this machine alone.

    What is of the live path is answered by `live`, which has keys of its own; `trouble` is what
    it fails at now.
    """
    names = [*_LOCAL, config.server.host] if only_local else ["*"]
    shown = _pages(config, key, trouble)

    def divided(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        is_live = scope["path"].partition("/")[2].partition("/")[0] in NAMES
        return (live if is_live else shown)(scope, receive, send)

    checked = TrustedHostMiddleware(divided, allowed_hosts=names, www_redirect=False)
    plain = re.compile(f"(?:{'|'.join(map(re.escape, names))})(?::[0-9]+)?".encode())

    def named(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """What is plainly one of our names need not be taken apart for each request."""
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        is_plain = len(hosts) == 1 and plain.fullmatch(hosts[0])
        return (divided if is_plain else checked)(scope, receive, send)

    return named


def _pages(config: Config, key: str, trouble: Callable[[], str]) -> Starlette:
    reading = Reading(config, trouble)
    pages: dict[str, Page] = {
        "/health": _health,
        "/health/partitions/{pipeline}/{part:path}": _partition,
        "/health/runs/{run_id}": _run,
        "/health/runs/{run_id}/diff/{table}": _diff,
        "/metrics": _metrics,
    }
    return Starlette(
        routes=[
            Route("/", lambda _: RedirectResponse("/health")),
            Route("/style.css", _style),
            Route("/matches-api", lambda _: HTMLResponse(api_page.page())),
            *(Route(path, _answered(reading, page)) for path, page in pages.items()),
        ],
        middleware=[Middleware(Guarded, key=key)],
        exception_handlers={HTTPException: _refused, Exception: _unforeseen},
    )


def _answered(reading: Reading, page: Page) -> Callable[[Request], Awaitable[Response]]:
    """The page in a thread, a few at a time; what the stores say instead, where they fail."""
    limit = CapacityLimiter(READERS)

    async def answer(request: Request) -> Response:
        try:
            return await anyio.to_thread.run_sync(page, reading, request, limiter=limit)
        except TouchlineError as exc:
            title = "The stores cannot be read now"
            return HTMLResponse(problem(title, str(exc), exc.hint), 503)

    return answer


# --- pages --------------------------------------------------------------------------------------


def _health(reading: Reading, _: Request) -> Response:
    return HTMLResponse(
        reading.kept("health", lambda: health_page.page(reading.here, reading.trouble()))
    )


def _metrics(reading: Reading, _: Request) -> Response:
    figures = reading.kept("metrics", lambda: metrics.text(reading.here))
    return Response(figures, media_type=metrics.TYPE)


def _partition(reading: Reading, request: Request) -> Response:
    pipeline, part = _checked(request, "pipeline"), request.path_params["part"]
    return HTMLResponse(partition_page.page(reading.here, pipeline, part))


def _run(reading: Reading, request: Request) -> Response:
    run = run_page.found(reading.here, _checked(request, "run_id"))
    return HTMLResponse(run_page.page(reading.here, run))


def _diff(reading: Reading, request: Request) -> Response:
    run = run_page.found(reading.here, _checked(request, "run_id"))
    return HTMLResponse(diff_page.page(reading.here, run, _checked(request, "table")))


async def _style(_: Request) -> Response:
    text = resources.files("touchline.server").joinpath("page.css").read_text(encoding="utf-8")
    return Response(text, media_type="text/css")


# --- what cannot be shown -----------------------------------------------------------------------


def _checked(request: Request, name: str) -> str:
    value = str(request.path_params[name])
    if not _ID.fullmatch(value):
        raise HTTPException(404, f"{value[:80]!r} is no name")
    return value


def _refused(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)
    said, _break, hint = exc.detail.partition("\n")
    if (exc.status_code, said) == (404, HTTPStatus.NOT_FOUND.phrase):  # no route leads there
        place = request.url.path[:80]
        said, hint = f"{place!r} leads nowhere", "the pages are `/health` and `/matches.html`"
    title = "There is no such page" if exc.status_code == 404 else "This cannot be asked for"
    return HTMLResponse(problem(title, said, hint), exc.status_code, exc.headers)


def _unforeseen(_: Request, exc: Exception) -> Response:
    said = f"{type(exc).__name__}; standard error has more"
    return HTMLResponse(problem("An error that nobody foresaw", said), 500, HEADERS)
