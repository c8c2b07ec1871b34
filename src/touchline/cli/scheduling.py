"""Scheduled commands, read as their own process will read them: a wrong one would fail at night."""

import io
import re
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

import click

from touchline.errors import ConfigError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.schedule import Schedule

_NAMED = re.compile(r"\{\w+\}")
_SOME_DAY = "2025-01-01"


def must_be_commands(here: Touchline) -> None:
    """Refuse what no command would take; all that is wrong is told at once, place by place.

    Raises:
        ConfigError: A schedule's command is none, or its options, arguments or `{words}` are wrong.
    """
    wrong = [f"{place}: {said}" for _, place, said in faults(here)]
    if wrong:
        raise ConfigError("\n".join(wrong), hint="touchline COMMAND --help says what each takes")


def faults(here: Touchline) -> list[tuple[str, str, str]]:
    """Each schedule of what is no command: its name, its place in the configuration, what is wrong."""
    found = [(each.name, _fault(each)) for each in here.schedules]
    return [(name, f"$.schedules.{name}.command", said) for name, said in found if said]


def _fault(schedule: "Schedule") -> str:
    """What is wrong with its command; "" where nothing is."""
    from touchline.core.schedule import DAY

    words = [word.replace(DAY, _SOME_DAY) for word in schedule.command]
    for found in (_NAMED.search(word) for word in words):
        if found:
            return f"{found[0]} stands for nothing; only {DAY} is replaced"
    try:
        with redirect_stdout(io.StringIO()):
            _parse(words)
    except click.exceptions.Exit:
        return f"{' '.join(words)!r} only shows help"
    except click.ClickException as exc:
        return exc.format_message().partition("\n")[0]
    return ""


def _parse(words: Sequence[str]) -> None:
    """Read the words as the command line would; nothing is run.

    A group's own words are those of its commands: none of ours has options of its own.
    """
    from touchline.cli import cli

    group: click.Command | None = cli
    context, left = click.Context(cli, info_name="touchline"), list(words)
    while isinstance(group, click.Group):
        known = group.list_commands(context)
        if not left or (left[0] not in known and not left[0].startswith("-")):
            said = f"{left[0]!r} is no command" if left else f"{group.name} needs a command"
            raise click.UsageError(f"{said}; there is: {', '.join(known)}")
        name, group, left = group.resolve_command(context, left)
        if group is not None and not isinstance(group, click.Group):
            group.make_context(name, left, parent=context)
        elif group is not None:
            context = click.Context(group, info_name=name, parent=context)
