"""serve: the health page and the figures for monitoring, until it is stopped."""

import time
from pathlib import Path

import click

from touchline import config
from touchline.cli.output import say
from touchline.cli.stopping import until_stopped

_LOOKED_AT_S = 0.25


@click.command()
@click.pass_obj
def serve(file: Path | None) -> None:
    """Serve the health page and the figures for Prometheus, until Ctrl-C.

    Where, and who may see it, is said under [server] in the configuration.
    Example: touchline serve
    """
    from touchline.server import served

    with until_stopped(say), served(config.load(file), _tell) as address:
        click.echo(f"{address}/health")
        say("Ctrl-C ends it")
        while True:  # a wait without end may sleep through a signal that another thread got
            time.sleep(_LOOKED_AT_S)


def _tell(failed: str) -> None:
    """A line of what match events could not be followed for."""
    say(f"not followed: {failed}")
