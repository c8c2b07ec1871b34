"""Over HTTP: the pages and the figures for monitoring, and match events in and out."""

import gc
import ipaddress
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from touchline.config import Config
from touchline.core.wording import counted
from touchline.errors import ConfigError

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn import Server

    from touchline.core.ports import Key

__all__ = ["served"]

_PATIENCE_S = 0.6
_COLLECT_AFTER = 20_000
_SWITCH_S = 0.001
_LEAST_KEY = 16
_PING_S = 20.0


@contextmanager
def served(config: Config, failed: Callable[[str], None] = lambda _: None) -> Iterator[str]:
    """The pages are there while the context lasts; yields their address.

    `failed` is told, from a thread, what reading the log on failed at.

    Raises:
        ConfigError: The port is taken or not ours to take, the host is no name of this machine, or
            others could reach it and there is no key; the key is short; a store is at or under
            a file; or a library is not here that a store needs.
    """
    from touchline.server.app import app
    from touchline.server.living import living
    from touchline.wiring import Touchline, live, places

    local = _is_loopback(config.server.host)
    key = _key(config)
    if not local and not key:
        raise ConfigError(
            f"$.server.host: {config.server.host}: others can reach it, and there is no key",
            hint=f"export {config.server.key.env}=..., or serve on 127.0.0.1",
        )
    if not local and not config.server.api_keys:
        raise ConfigError(
            f"$.server.api_keys: off, and others can reach {config.server.host}",
            hint="keys may be off on 127.0.0.1 only; touchline keys make NAME makes one",
        )
    places.must_be_folders(config)
    live.must_be_installed(config)
    here = Touchline(config)

    def keys() -> "Sequence[Key]":
        return here.ledger.notes.all_keys()

    listening = _listening(config.server.host, config.server.port)
    with (
        closing(listening),
        living(here, keys if config.server.api_keys else None, failed) as api,
        _tuned(),
        _running(app(config, api, api.trouble, key=key, only_local=local), listening),
    ):
        yield _address(config.server.host, listening.getsockname()[1])


@contextmanager
def _tuned() -> Iterator[None]:
    """Threads take turns sooner, and what is there by now is not searched for garbage again and again.

    Else a request now and then waits for tens of milliseconds, and a commit for its turn.
    """
    thresholds, switch_s = gc.get_threshold(), sys.getswitchinterval()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, *thresholds[1:])
    sys.setswitchinterval(_SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(switch_s)
        gc.set_threshold(*thresholds)
        gc.unfreeze()


@contextmanager
def _running(application: "ASGIApp", listening: socket.socket) -> Iterator[None]:
    """The application answers while the context lasts."""
    import uvicorn

    from touchline.matches.serve.routes import MOST_BYTES
    from touchline.server.joining import joining

    settings = uvicorn.Config(
        application,
        interface="asgi3",
        log_config=None,
        log_level="error",
        access_log=False,
        lifespan="off",
        loop="uvloop",
        http=joining,  # type: ignore[arg-type]
        ws="websockets-sansio",
        proxy_headers=False,
        ws_max_size=MOST_BYTES,
        ws_ping_interval=_PING_S,
        ws_ping_timeout=_PING_S,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(settings)
    # a thread of its own: it takes no signals, and its own threads end with it
    working = threading.Thread(target=server.run, args=([listening],), daemon=True)
    working.start()
    try:
        yield
    finally:
        _stopped(server, working)


def _stopped(server: "Server", working: threading.Thread) -> None:
    """The server has ended; answers under way are cut off after a moment."""
    server.should_exit = True
    working.join(_PATIENCE_S)
    server.force_exit = True
    working.join(_PATIENCE_S / 2)


def _key(config: Config) -> str:
    """The key that is asked for, too long to be guessed; "" where there is none."""
    name, key = config.server.key.env, config.server.key.given
    if 0 < len(key) < _LEAST_KEY:
        raise ConfigError(
            f"environment variable {name}: a key of {counted(len(key), 'character')}, expected"
            f" {_LEAST_KEY} or more",
            hint='make one: python -c "import secrets; print(secrets.token_urlsafe())"',
        )
    return key


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listening(host: str, port: int) -> socket.socket:
    """A socket that already listens, so that the address answers from the start."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        opened.listen(128)
    except OSError as exc:
        opened.close()
        raise ConfigError(
            f"$.server: cannot listen on {host}:{port}: {exc.strerror}",
            hint="another port in server.port, or 0 for any that is free",
        ) from exc
    return opened


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
