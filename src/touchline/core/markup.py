"""HTML that is safe by construction: what is not Markup is escaped where it enters."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

_EMPTY = frozenset({"br", "input", "link", "meta", "wbr"})


@dataclass(frozen=True)
class Markup:
    """Text that is HTML already; only this package's own words become Markup unescaped."""

    text: str


Child = Markup | str | int | None | Iterable["Child"]


def markup(child: Child) -> Markup:
    """The child as HTML: a string is escaped, None is nothing, the parts of a list are joined."""
    if isinstance(child, Markup):
        return child
    if child is None:
        return Markup("")
    if isinstance(child, str | int):
        return Markup(escape(str(child)))
    return Markup("".join(markup(c).text for c in child))


def tag(name: str, /, *children: Child, **attributes: str | int | bool | None) -> Markup:
    """One element. In names of attributes `_` stands for `-`, and one at the end is dropped.

    An attribute that is None or False is left out; one that is True has no value.
    """
    opened = f"<{name}{written(attributes)}>"
    if name in _EMPTY:
        return Markup(opened)
    return Markup(f"{opened}{markup(children).text}</{name}>")


def written(attributes: dict[str, str | int | bool | None]) -> str:
    """Attributes as they stand in an opening tag, each with a space before it."""
    parts = []
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        said = name.rstrip("_").replace("_", "-")
        parts.append(f" {said}" if value is True else f' {said}="{escape(str(value))}"')
    return "".join(parts)
