"""Kinds of values that options and arguments take."""

import math
import os
from typing import Any

import click

DAY = click.DateTime(["%Y-%m-%d"])

KICK_OFF = click.option(
    "--kick-off",
    "kick_offs",
    multiple=True,
    metavar="[PERIOD=]INSTANT",
    help="Of match events with a clock alone: when the match, or a later period, began.",
)


class Place(click.Path):
    """A path; an empty one is refused, as it would mean the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See click.Path."""
        if not os.fspath(value):
            self.fail("the path is empty; the current folder is .", param, ctx)
        return super().convert(value, param, ctx)


class Text(click.types.StringParamType):
    """Words that are kept or written; bytes that are no text are refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See click.ParamType."""
        found = super().convert(value, param, ctx)
        try:
            found.encode()
        except UnicodeEncodeError:
            self.fail("not text in UTF-8", param, ctx)
        return found


TEXT = Text()


class Whole(click.IntRange):
    """A whole number within a range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See click.IntRange."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is no whole number{_within(self.min, self.max)}", param, ctx)


class Finite(click.FloatRange):
    """A number within a range; neither nan nor inf is one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See click.FloatRange."""
        try:
            found = super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is no number{_within(self.min, self.max)}", param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value} is not a finite number", param, ctx)
        return found


def _within(low: float | None, high: float | None) -> str:
    """The bounds in words; "" where there are none."""
    if low is None:
        return "" if high is None else f" up to {high:,}"
    return f" from {low:,} on" if high is None else f" from {low:,} to {high:,}"
