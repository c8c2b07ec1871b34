"""What people and programs see: tables that fit, JSON on request, progress, complaints."""

import errno
import json
import math
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from touchline.cli.layout import laid_out, paragraph
from touchline.core.wording import counted as counted  # noqa: PLC0414 (commands have it from here)
from touchline.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON in place of a table.")


NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""What the system says where there is no room for what is written."""

_bar: "ContextVar[Console | None]" = ContextVar("bar", default=None)
"""What draws the progress bar that is running; lines that are told must go through it."""


def complain(message: str, hint: str = "") -> None:
    """An error and its way out, on standard error."""
    say(click.style("error: ", fg="red", bold=True) + message)
    if hint:
        say(click.style("hint:  ", fg="yellow") + hint)


def say(message: str) -> None:
    """A line for people, on standard error, so that it never mixes with results, nor with a bar."""
    bar = _bar.get()
    if bar is None:
        click.echo(message, err=True)
        return
    from rich.text import Text

    bar.print(Text.from_ansi(message), soft_wrap=True)


def table(
    rows: Sequence[Mapping[str, Any]],
    *,
    as_json: bool = False,
    title: str = "",
    empty: str = "none",
    more: str = "use --json",
    least: Sequence[str] = (),
    whole: Sequence[str] = (),
    below: str = "",
    exact: bool = False,
    every: bool = False,
    counts: bool = False,
) -> None:
    """The rows as a table that fits the terminal, or as a JSON array; whole where it is piped.

    `more` says how to see the columns that a terminal has no room for; `least` are those to leave
    out first, in that order; `whole` those that are never folded, and `below` one that may be long
    and stands below its row. With `exact`, parts of a second are shown where there are any; with
    `every`, rows become lists before a column is left out; with `counts`, thousands are set apart.
    """
    if as_json:
        click.echo(to_json(list(rows), indent=None if len(rows) > 1000 else 1))
        return
    if not rows:
        click.echo(empty)
        return
    lines = laid_out(
        rows,
        _columns(),
        more,
        least=least,
        whole=whole,
        below=below,
        exact=exact,
        every=every,
        counts=counts,
    )
    click.echo("\n".join([title, *lines] if title else lines))


def tell(text: str, head: str = "") -> None:
    """A result in words, after its head; on a terminal it is folded between words."""
    click.echo("\n".join(paragraph(head, text, _columns())))


def _columns() -> int | None:
    """How wide the terminal is; None where the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


_OS_ERROR = re.compile(r"\(os error ([0-9]+)\)")
"""How the writers of files of rows name an error of the system, where they raise it as their own."""


@contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """A place to write to beside `out`, which takes its name at the end, and else is gone.

    Raises:
        StorageError: No room, or no right to write; `out` is as it was.
    """
    from touchline.adapters.local import translated

    with translated(out):
        target = out.resolve()
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if target.exists() and not target.is_file():
            yield target
            return
        beside = target.with_name(f".touchline-{os.getpid()}.part")
        try:
            with _system_errors():
                yield beside
            _put(beside, target)
        finally:
            beside.unlink(missing_ok=True)


@contextmanager
def _system_errors() -> Iterator[None]:
    """Raise what the system said, where the writer of the rows raises it as words of its own."""
    try:
        yield
    except Exception as exc:
        told = _OS_ERROR.search(str(exc))
        if told is None:
            raise
        raise OSError(int(told[1]), os.strerror(int(told[1]))) from exc


def _put(beside: Path, target: Path) -> None:
    """The file is on disk, has the target's rights, and is the target."""
    from touchline.adapters.local import sync

    if target.exists():
        beside.chmod(target.stat().st_mode & 0o7777)
    sync(beside)
    beside.replace(target)
    sync(target.parent)


def to_json(rows: Any, indent: int | None = None) -> str:
    """JSON, which knows no NaN and no infinity: they become null."""
    try:
        return json.dumps(rows, default=_plain, indent=indent, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(rows), default=_plain, indent=indent, allow_nan=False)


def _finite(value: Any) -> Any:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {name: _finite(each) for name, each in value.items()}
        case list():
            return [_finite(each) for each in value]
        case _:
            return value


def _plain(value: Any) -> Any:
    """What JSON lacks: sums of whole numbers, which come as decimals, are whole numbers again."""
    if isinstance(value, Decimal) and value.as_tuple().exponent == 0:
        return int(value)
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[str, str], None]]:
    """A function to call for each thing that ended: a bar on a terminal, JSON lines elsewhere."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(what, total=total)
            running = _bar.set(bar.console)
            try:
                yield lambda name, _: bar.update(task, advance=1, description=f"{what} {name}")
            finally:
                _bar.reset(running)
    else:
        done = 0

        def line(name: str, status: str) -> None:
            nonlocal done
            done += 1
            click.echo(
                json.dumps(
                    {"event": what, "name": name, "status": status, "done": done, "of": total}
                ),
                err=True,
            )

        yield line


def seconds(value: float) -> str:
    """A duration for people."""
    return f"{value:.1f} s" if value < 120 else f"{value / 60:.1f} min"


_WORST_FIRST = (1, 7, 3, 2, 5, 6, 4)


def must_have_a_place(out: Path | None) -> None:
    """Refuse a file whose folder is not there, or which is a folder."""
    if out is None:
        return
    if out.is_dir():
        raise ConfigError(f"{out}: a folder, expected a file", hint="name the file to be written")
    if not out.parent.is_dir():
        raise ConfigError(f"{out}: folder {out.parent} does not exist", hint="make it first")


def worst(codes: Iterable[int]) -> int:
    """The exit code of many ends: a bug, then no room, then bad data, then what mends itself."""
    seen = set(codes)
    return next((code for code in _WORST_FIRST if code in seen), max(seen, default=0))
