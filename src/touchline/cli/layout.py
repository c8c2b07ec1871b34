"""Rows as lines of text: whole, or as wide as a terminal."""

import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import click

from touchline.core import wording

_GAP = "  "
_FOLDS = (24, 16)
"""Text may be folded to these widths, the widest that fits, before a column is left out."""
_HARD_FOLD = 10
"""And to this one where a column would be left out that nobody called less wanted."""
_FEW_ROWS = 3
"""So many rows are shown one column a line, where they do not fit a terminal."""
_INDENT = "    "
_MOST_BELOW = 2
"""So many lines of what stands below a row are shown."""

_NOTHING = "-"
_CUT = "…"
_OBEYED = {"Cc", "Zl", "Zp"}


def laid_out(
    rows: Sequence[Mapping[str, Any]],
    width: int | None,
    more: str,
    *,
    least: Sequence[str] = (),
    whole: Sequence[str] = (),
    below: str = "",
    exact: bool = False,
    every: bool = False,
    counts: bool = False,
) -> list[str]:
    """Lines no wider than the width: folded between words, a column a line, or with fewer columns.

    Without a width nothing is folded or left out. `least` are the columns to leave out first, in
    that order, then those at the right; a line before the others names them, and says by `more` how
    to see them. Columns of `whole` are rather left out than folded. The column `below` may be long: it
    stands below its row, in two lines at most. Instants are shown to the second, and `exact` ones as
    they are. With `every`, rows are rather shown one column a line than without a column. With
    `counts`, whole numbers are no ids, and thousands are set apart.
    """
    columns = [
        _column(name, [row[name] for row in rows], whole=name in whole, exact=exact, counts=counts)
        for name in rows[0]
    ]
    most = [c.most for c in columns]
    if width is None or _total(most) <= width:
        return _grid(columns, most, _FOLDS[0])
    if len(columns[0].cells) <= _FEW_ROWS:
        return _records(columns, width)
    beside = [c for c in columns if c.name != below]
    shown, fold = _fitting(beside, width, least)
    under = [_under(c.cells, width) for c in columns if c.name == below]
    left = [c.name for c in beside if c not in shown]
    if every and left:
        return _records(columns, width)
    cut = [below] if any(_is_cut(lines) for each in under for lines in each) else []
    notes = [_told("not shown", left, width, more=more), _told("cut", cut, width, more=more)]
    below_each = under[0] if under else ()
    grid = _grid(shown, _shared_out(shown, width, fold), fold, below=below_each)
    return [*filter(None, notes), *grid]


def paragraph(head: str, text: str, width: int | None) -> list[str]:
    """A text after its head, folded between words; whole without a width."""
    if width is None:
        return [head + text]
    room = max(_FOLDS[0], width - len(head))
    lines = [part for line in text.splitlines() or [""] for part in _folded(line, room, room)]
    return [(" " * len(head) if n else head) + line for n, line in enumerate(lines)]


def _under(cells: Sequence[str], width: int) -> list[list[str]]:
    """The lines that stand below each row: none where there is nothing to say."""
    return [[] if cell == _NOTHING else _few(cell, width - len(_INDENT)) for cell in cells]


def _few(text: str, width: int) -> list[str]:
    """The first lines of a text; the last of them ends in … where there are more."""
    lines = [part for line in _folded(text, width, _FOLDS[0]) for part in _chopped(line, width)]
    if len(lines) <= _MOST_BELOW:
        return lines
    return [*lines[: _MOST_BELOW - 1], lines[_MOST_BELOW - 1][: width - 1].rstrip() + _CUT]


def _chopped(line: str, width: int) -> list[str]:
    """A line, and what of a word that is longer than the width goes on in the next."""
    return [line[n : n + width] for n in range(0, max(len(line), 1), width)]


def _is_cut(lines: Sequence[str]) -> bool:
    return bool(lines) and lines[-1].endswith(_CUT)


def _told(what: str, names: Sequence[str], width: int, *, more: str) -> str:
    """Which columns are not shown, or cut; how many, where their names take more than a line."""
    line = f"{what}: {', '.join(names)}; {more}"
    if not names or _width(line) <= width:
        return line if names else ""
    return f"{what}: {len(names)} column{'s' if len(names) > 1 else ''}; {more}"


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

    def least(self, fold: int) -> int:
        """How narrow it may be, where its text is folded to that width."""
        if not self.prose or self.most <= fold:
            return self.most
        words = [w for cell in self.cells for w, _ in _words(cell, fold)]
        return max(fold, _width(self.name), *map(_width, words))


def _fitting(
    columns: Sequence[_Column], width: int, least: Sequence[str]
) -> tuple[list[_Column], int]:
    """The columns to show, and how far to fold them: as few are left out, and folded, as need be."""
    given = [name for name in least if name in {c.name for c in columns}]
    fewer = [[c for c in columns if c.name not in given[:n]] for n in range(len(given) + 1)]
    tries = [(some, fold) for some in fewer for fold in _FOLDS]
    for some, fold in [*tries, (fewer[-1], _HARD_FOLD)]:
        if _total([c.least(fold) for c in some]) <= width:
            return some, fold
    some, fold = fewer[-1], _FOLDS[0]
    shown = [
        c for n, c in enumerate(some) if _total([c.least(fold) for c in some[: n + 1]]) <= width
    ]
    return shown or some[:1], fold


def _column(name: str, values: Sequence[Any], *, whole: bool, exact: bool, counts: bool) -> _Column:
    right = all(
        value is None or (isinstance(value, int | float | Decimal) and not isinstance(value, bool))
        for value in values
    )
    prose = not whole and any(isinstance(value, str) for value in values)
    digits = max(map(_digits, values), default=0) if exact else 0
    cells = [_cell(value, digits, counts=counts) for value in values]
    return _Column(_clean(name), cells, right, prose)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _shared_out(columns: Sequence[_Column], width: int, fold: int) -> list[int]:
    """What is left of the width goes to folded columns, those that need little first."""
    widths = [c.least(fold) for c in columns]
    left = max(0, width - _total(widths))
    needy = sorted(range(len(columns)), key=lambda n: columns[n].most - widths[n])
    for done, n in enumerate(needy):
        given = min(columns[n].most - widths[n], left // (len(needy) - done))
        widths[n] += given
        left -= given
    return widths


def _grid(
    columns: Sequence[_Column],
    widths: Sequence[int],
    fold: int,
    *,
    below: Sequence[Sequence[str]] = (),
) -> list[str]:
    """A line with the names, then each row, and below it what stands there."""
    head = _line([c.name for c in columns], columns, widths)
    lines = [click.style(head, bold=True) if sys.stdout.isatty() else head]
    for number, row in enumerate(zip(*(c.cells for c in columns), strict=True)):
        cells = [_folded(cell, w, fold) for cell, w in zip(row, widths, strict=True)]
        for n in range(max(map(len, cells))):
            lines.append(_line([c[n] if n < len(c) else "" for c in cells], columns, widths))
        lines += [_INDENT + line for line in (below[number] if below else ())]
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
            room = max(_FOLDS[0], width - names - len(_GAP))
            first, *rest = _folded(c.cells[n], room, _FOLDS[0]) if c.prose else [c.cells[n]]
            lines.append(c.name + " " * (names - _width(c.name)) + _GAP + first)
            lines += [" " * (names + len(_GAP)) + line for line in rest]
    return lines


def _folded(text: str, width: int, fold: int) -> list[str]:
    """The text in lines of that width at most, where its words allow it."""
    if _width(text) <= width:
        return [text]
    lines, gap = [""], ""
    for word, after in _words(text, fold):
        if lines[-1] and _width(lines[-1] + gap + word) > width:
            lines.append("")
            gap = ""
        lines[-1] += gap + word
        gap = after
    return lines


def _words(text: str, fold: int) -> list[tuple[str, str]]:
    """Where a text may be folded: its words, long ones within; each with what follows it."""
    found: list[tuple[str, str]] = []
    for word in text.split():
        parts = _parts(word) if len(word) > fold else [word]
        found += [(part, "") for part in parts[:-1]] + [(parts[-1], " ")]
    return found


def _parts(word: str) -> list[str]:
    """Where a long word may be folded: a path at its slashes, a name at _ and dots, no partition."""
    if "/" in word:
        return re.findall(r"[^/]*/|[^/]+", word)
    return [word] if "=" in word else re.findall(r"[^_.]*[_.]|[^_.]+", word)


def _width(text: str) -> int:
    """How many places of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _cell(value: Any, digits: int, *, counts: bool) -> str:
    match value:
        case None:
            return _NOTHING
        case bool():
            return "yes" if value else "no"
        case float():
            return wording.number(value) if counts else wording.number(value).replace(",", "")
        case int() if counts:
            return wording.number(value)
        case datetime():
            return _instant(value, digits)
        case _:
            return _clean(str(value))


def _digits(value: Any) -> int:
    """How many digits of a second an instant has: none, three or six."""
    if not isinstance(value, datetime) or not value.microsecond:
        return 0
    return 6 if value.microsecond % 1000 else 3


def _instant(value: datetime, digits: int) -> str:
    """An instant in UTC, or one without a zone as it is, to so many digits of a second."""
    told = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
    spec = {0: "seconds", 3: "milliseconds", 6: "microseconds"}[digits]
    return told.isoformat(" ", spec) + ("Z" if value.tzinfo else "")


def _clean(text: str) -> str:
    """The text on one line, with nothing in it that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(
        c.encode("unicode_escape").decode() if unicodedata.category(c) in _OBEYED else c
        for c in text
    )
