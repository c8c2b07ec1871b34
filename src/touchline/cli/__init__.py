"""Commands: parse, call the core, print. Nothing heavy is imported before a command needs it."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

import touchline
from touchline.cli.output import complain
from touchline.errors import TouchlineError

_COMMANDS = {
    "demo": ("demo", "Run everything on made-up data in a new folder, without any network."),
    "simulate": ("data", "Make sample input with planted truth and faults."),
    "fetch": ("data", "Fetch provider files into bronze."),
    "ingest": ("data", "Land files in bronze; the same files again change nothing."),
    "plan": ("runs", "Show what is stale, and why."),
    "run": ("runs", "Make everything that is stale."),
    "backfill": ("runs", "Run a range of dates or matches, resumable."),
    "status": ("history", "Show each partition's state."),
    "runs": ("history", "List the newest runs."),
    "show": ("history", "Show one run: inputs, rows, rules, failures."),
    "query": ("tables", "Run one SELECT over bronze, silver and gold."),
    "define": ("tables", "Print what a number means: definition, unit, version, origin."),
    "report": ("tables", "Write a match's page."),
    "rollback": ("tables", "Put a partition back to an earlier publish."),
    "maintain": ("tables", "Expire, compact and clean up."),
}


class _Commands(click.Group):
    """Commands by name; a command's module is imported when it is called, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = __import__(f"touchline.cli.{_COMMANDS[cmd_name][0]}", fromlist=["x"])
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(touchline.__version__, prog_name="touchline")
@click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The configuration file; default: touchline.toml here, if there is one.",
)
@click.pass_context
def cli(ctx: click.Context, config: Path | None) -> None:
    """From raw feeds to trusted, served metrics.

    Exit codes: 0 done, 2 wrong command or configuration, 3 the data broke a promise, 4 input is
    missing, 5 a service failed, 6 another run holds the partition, 7 no room or no right to write.
    """
    ctx.obj = config


_TERMINATED = 128 + signal.SIGTERM


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """SIGTERM unwinds the command as Ctrl-C does, so that claims and temporary files are given up."""

    def end(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main() -> None:
    """The console script."""
    try:
        with _ending_in_order():
            cli(standalone_mode=False)
    except SystemExit as exc:
        if exc.code == _TERMINATED:
            complain("stopped")
        raise
    except click.exceptions.Exit as exc:
        sys.exit(exc.exit_code)
    except click.Abort:
        complain("stopped")
        sys.exit(130)
    except click.ClickException as exc:
        exc.show()
        sys.exit(2)
    except TouchlineError as exc:
        complain(str(exc), exc.hint)
        sys.exit(exc.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
