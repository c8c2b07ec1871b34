"""Commands: parse, call the core, print. Nothing heavy is imported before a command needs it."""

import sys

try:
    import errno
    import io
    import os
    import signal
    import threading
    from collections.abc import Iterator
    from contextlib import contextmanager, suppress
    from pathlib import Path
    from types import FrameType
    from typing import TextIO

    import click

    import touchline
    from touchline.cli.output import NO_ROOM, complain
    from touchline.errors import TouchlineError
except KeyboardInterrupt:  # as early as a program can be stopped without a traceback
    sys.stderr.write("error: stopped\n")
    sys.exit(130)

_COMMANDS = {
    "demo": ("demo", "Run everything on made-up data in a new folder, without any network."),
    "simulate": ("simulate", "Make sample input with planted truth and faults."),
    "fetch": ("data", "Fetch provider files into bronze."),
    "ingest": ("data", "Land files in bronze; the same files again change nothing."),
    "withdraw": ("withdrawing", "Take a landed file out that should not count, or put it back."),
    "replay": ("replay", "Post a recorded feed of match events to a running server, live."),
    "archive": ("archiving", "Land in bronze what came live."),
    "rebuild": ("rebuilding", "Make the live store anew of bronze and the log."),
    "plan": ("runs", "Show what is stale, and why."),
    "run": ("runs", "Make everything that is stale."),
    "backfill": ("runs", "Run a range of dates or matches, resumable."),
    "status": ("history", "Show each partition's state."),
    "runs": ("history", "List the newest runs."),
    "show": ("history", "Show one run: inputs, rows, rules, failures."),
    "serve": ("serving", "Serve the health page and figures for monitoring, until Ctrl-C."),
    "check": ("checking", "Check that input came and is published, with an exit code for cron."),
    "alerts": ("alerting", "List open incidents and undelivered alerts; test the targets."),
    "query": ("tables", "Run one SELECT over bronze, silver and gold."),
    "define": ("tables", "Print what a number means: definition, unit, version, origin."),
    "report": ("tables", "Write a match's page."),
    "diff": ("differing", "Show what changed between two publishes, or would change."),
    "quarantine": ("quarantine", "See to rejected rows: list, show, fix, discard, replay."),
    "rollback": ("tables", "Put a partition back to an earlier publish."),
    "maintain": ("upkeep", "Expire, compact and clean up."),
    "retain": ("upkeep", "Take away what is past the days that configuration keeps."),
    "keys": ("keys", "See to the keys that admit to the live path: make, list, revoke."),
    "export": ("exporting", "Write out OpenAPI or a Postman collection of the live path."),
    "up": ("up", "Land, make, check and tell by itself, until it is stopped."),
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
    missing, 5 a service failed, 6 another run holds the partition, 7 no room or no right to write,
    1 an error that nobody foresaw (please report it), 130 stopped by Ctrl-C, 143 stopped by SIGTERM,
    141 nobody read the output to its end.
    """
    ctx.obj = config


_INTERRUPTED = 128 + signal.SIGINT
_TERMINATED = 128 + signal.SIGTERM
_UNHEARD = 128 + signal.SIGPIPE
_NO_ROOM_CODE = 7


_ORDERED = threading.Event()
"""Set once SIGTERM has come: what goes wrong from then on is the end's own noise."""


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """SIGTERM unwinds the command as Ctrl-C does, so that claims and temporary files are given up."""

    def end(number: int, _: FrameType | None) -> None:
        _ORDERED.set()
        sys.exit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _ORDERED.clear()
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main() -> None:
    """The console script."""
    try:
        _open_output()
        code = _ended()
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except OSError as exc:
        code = _unsaid(exc)
    sys.exit(_TERMINATED if _ORDERED.is_set() else code)


def _open_output() -> None:
    """Output that was closed goes nowhere; a character that it cannot show is a question mark."""
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115 (open to the end)
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _ended() -> int:
    """Run the command, say what went wrong with it, and return its exit code."""
    out = sys.stdout
    try:
        with _ending_in_order():
            code = cli(standalone_mode=False)
        return code if isinstance(code, int) else 0
    except (KeyboardInterrupt, click.Abort):
        return _told(_INTERRUPTED, "stopped")
    except SystemExit as exc:
        if sys.stdout is not out or isinstance(exc.__context__, BrokenPipeError):
            return _unheard()  # so end click, which puts another stdout in place, and rich
        if exc.code == _TERMINATED:
            return _told(_TERMINATED, "stopped")
        return exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    except click.exceptions.NoArgsIsHelpError as exc:
        exc.show()
        return 2
    except click.ClickException as exc:
        return _told(2, *_wrong_use(exc))
    except BaseException as exc:  # raised again, but where an end was ordered, or it is expected
        if _ORDERED.is_set():
            return _told(_TERMINATED, f"stopped; on the way {type(exc).__name__}: {exc}")
        if isinstance(exc, TouchlineError):
            return _told(exc.exit_code, str(exc), exc.hint)
        raise


def _wrong_use(exc: click.ClickException) -> tuple[str, str]:
    """What is wrong with a command as it was given, and where it says what it takes."""
    said = " ".join(exc.format_message().split()).removesuffix(".")
    context = exc.ctx if isinstance(exc, click.UsageError) else None
    if context is None:
        return said, ""
    takes = "commands" if isinstance(context.command, click.Group) else "arguments and options"
    return said, f"{context.command_path} --help lists its {takes}"


def _told(code: int, message: str, hint: str = "") -> int:
    """The exit code of an end, which is told if there is room to tell it."""
    try:
        complain(message, hint)
    except OSError as exc:
        if exc.errno not in NO_ROOM:
            raise
        _silence(sys.stderr)
    return code


def _unsaid(exc: OSError) -> int:
    """The exit code where nobody reads the output on, or it finds no room; else it is a bug."""
    if exc.errno == errno.EPIPE:
        return _unheard()
    if exc.errno not in NO_ROOM or exc.filename is not None:
        raise exc
    _silence(sys.stdout)
    said = f"standard output: {exc.strerror}"
    return _told(_NO_ROOM_CODE, said, "make room, or send the output elsewhere")


def _unheard() -> int:
    _silence(sys.stdout, sys.stderr)
    return _UNHEARD


def _silence(*streams: TextIO) -> None:
    """What is left to be written goes nowhere, so that the end of the process does not fail on it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
