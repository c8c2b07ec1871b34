"""Commands that go on until they are stopped: that is their end, and no error."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

_INTERRUPTED = 128 + signal.SIGINT
_TERMINATED = 128 + signal.SIGTERM


@contextmanager
def until_stopped(tell: Callable[[str], None]) -> Iterator[None]:
    """What is in here ends by Ctrl-C or SIGTERM; once it has ended, that is told. The codes stay."""
    try:
        yield
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except SystemExit as exc:
        if exc.code != _TERMINATED:
            raise
        code = _TERMINATED
    else:
        return
    tell("stopped")
    raise click.exceptions.Exit(code)
