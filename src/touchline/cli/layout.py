"""Rows as lines of text: whole, or as wide as a terminal."""

import math
import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import click

_GAP = "  "
_LEAST_PROSE = 24
"""Text with blanks may be folded to this width, so that more columns fit a terminal."""
_FEW_ROWS = 3
"""So many rows are shown one column a line, where they do not fit a terminal."""

_OBEYED = {"Cc", "Zl", "Zp"}


def laid_out(rows: Sequence[Mapping[str, Any]], width: int | None, more: str) -> list[str]:
    """Lines no wider than the width: folded between words, a column a line, or with fewer columns.

    Without a width nothing is folded or left out. `more` says how to see columns that are left out.
    """
    columns = [_column(name, [row[name] for row in rows]) for name in rows[0]]
    whole = [c.most for c in columns]
    if width is None or _total(whole) <= width:
        return _grid(columns, whole)
    if len(columns[0].cells) <= _FEW_ROWS:
        return _records(columns, width)
    shown = [
        c for n, c in enumerate(columns) if _total([c.least for c in columns[: n + 1]]) <= width
    ]
    shown = shown or list(columns[:1])
    left = len(columns) - len(shown)
    note = [f"+{left} column{'s' if left > 1 else ''}: {more}"] if left else []
    return [*_grid(shown, _shared_out(shown, width)), *note]


@dataclass(frozen=True)
class _Column:
    """A column as it is printed; `prose` may be folded between its words."""

    name: str
    cells: list[str]
    right: bool
    prose: bool

    @property
    def most(self) -> int:
        return max(map(_width, [self.name, *self.cells]))

    @property
    def least(self) -> int:
        if not self.prose or self.most <= _LEAST_PROSE:
            return self.most
        words = [w for cell in self.cells for w, _ in _words(cell)]
        return max(_LEAST_PROSE, _width(self.name), *map(_width, words))


def _column(name: str, values: Sequence[Any]) -> _Column:
    right = all(
        value is None or (isinstance(value, int | float | Decimal) and not isinstance(value, bool))
        for value in values
    )
    prose = any(isinstance(value, str) for value in values)
    return _Column(_clean(name), [_cell(value) for value in values], right, prose)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _shared_out(columns: Sequence[_Column], width: int) -> list[int]:
    """What is left of the width goes to folded columns, those that need little first."""
    widths = [c.least for c in columns]
    left = max(0, width - _total(widths))
    needy = sorted(range(len(columns)), key=lambda n: columns[n].most - widths[n])
    for done, n in enumerate(needy):
        given = min(columns[n].most - widths[n], left // (len(needy) - done))
        widths[n] += given
        left -= given
    return widths


def _grid(columns: Sequence[_Column], widths: Sequence[int]) -> list[str]:
    head = _line([c.name for c in columns], columns, widths)
    lines = [click.style(head, bold=True) if sys.stdout.isatty() else head]
    for row in zip(*(c.cells for c in columns), strict=True):
        cells = [_folded(cell, w) for cell, w in zip(row, widths, strict=True)]
        for n in range(max(map(len, cells))):
            lines.append(_line([c[n] if n < len(c) else "" for c in cells], columns, widths))
    return lines


def _line(cells: Sequence[str], columns: Sequence[_Column], widths: Sequence[int]) -> str:
    blanks = [" " * (w - _width(cell)) for cell, w in zip(cells, widths, strict=True)]
    both = zip(cells, blanks, columns, strict=True)
    return _GAP.join(b + cell if c.right else cell + b for cell, b, c in both).rstrip()


def _records(columns: Sequence[_Column], width: int) -> list[str]:
    """Each row as lines of name and value, an empty line between rows."""
    names = max(_width(c.name) for c in columns)
    lines: list[str] = []
    for n in range(len(columns[0].cells)):
        lines += [""] if n else []
        for c in columns:
            room = max(_LEAST_PROSE, width - names - len(_GAP))
            first, *rest = _folded(c.cells[n], room) if c.prose else [c.cells[n]]
            lines.append(c.name + " " * (names - _width(c.name)) + _GAP + first)
            lines += [" " * (names + len(_GAP)) + line for line in rest]
    return lines


def _folded(text: str, width: int) -> list[str]:
    """The text in lines of that width at most, where its words allow it."""
    if _width(text) <= width:
        return [text]
    lines, gap = [""], ""
    for word, after in _words(text):
        if lines[-1] and _width(lines[-1] + gap + word) > width:
            lines.append("")
            gap = ""
        lines[-1] += gap + word
        gap = after
    return lines


def _words(text: str) -> list[tuple[str, str]]:
    """Where a text may be folded: its words, long ones at their slashes; each with what follows it."""
    found: list[tuple[str, str]] = []
    for word in text.split():
        parts = re.findall(r"[^/]*/|[^/]+", word) if len(word) > _LEAST_PROSE else [word]
        found += [(part, "") for part in parts[:-1]] + [(parts[-1], " ")]
    return found


def _width(text: str) -> int:
    """How many places of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _cell(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return _number(value)
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case _:
            return _clean(str(value))


def _number(value: float) -> str:
    """Two decimals, or three digits that count where it is below 1; huge ones as powers of ten."""
    size = abs(value)
    if size >= 1e15 or math.isnan(value):
        return f"{value:.3g}"
    return f"{value + 0.0:.2f}" if size == 0 or round(size, 3) >= 1 else f"{value:.3g}"


def _clean(text: str) -> str:
    """The text on one line, with nothing in it that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(
        c.encode("unicode_escape").decode() if unicodedata.category(c) in _OBEYED else c
        for c in text
    )
