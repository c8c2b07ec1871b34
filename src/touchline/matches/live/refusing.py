"""What is said of an event that is none: where, what was seen, and what was expected."""

from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec

from touchline.errors import ContractError

_DOCUMENTED = "/openapi.json lists the fields, and what they may be"
_MOST_DEPTH = 32
_HOLDERS = (dict, list)
_KINDS = {
    bool: "true or false",
    dict: "an object",
    list: "a list",
    str: "a text",
    type(None): "null",
}


def refuse(place: str, seen: str, expected: str, *, hint: str = _DOCUMENTED) -> NoReturn:
    """The event cannot be taken.

    Raises:
        ContractError: Always; `facts["field"]` is the place.
    """
    said = f"{place}: seen {seen}, expected {expected}"
    raise ContractError(said, hint=hint, field=place)


def shown(value: object) -> str:
    """A value as it is told: quoted, and no more than the beginning of it."""
    return repr(str(value)[:80])


def kind(value: object) -> str:
    """What JSON has there, in words."""
    return _KINDS.get(type(value), "a number")


def mistyped(
    exc: msgspec.ValidationError, given: Mapping[str, Any], choices: Mapping[str, tuple[str, ...]]
) -> ContractError:
    """What is wrong with a field that is not what it may be; `choices` has the words of some of them."""
    said, _, at = str(exc).partition(" - at ")
    place = at.strip("`") or "$"
    name = place.removeprefix("$.")
    if words := choices.get(name):
        seen = shown(given[name]) if type(given[name]) is str else kind(given[name])
        said = f"seen {seen}, expected {', '.join(words[:-1])} or {words[-1]}"
    return ContractError(f"{place}: {said}", hint=_DOCUMENTED, field=place)


def must_be_shallow(given: Mapping[str, Any]) -> None:
    """Whoever can read the event at all can read it again, however deep in other work they are.

    Raises:
        ContractError: Values are in each other too deep.
    """
    level, depth = [each for each in given.values() if type(each) in _HOLDERS], 1
    while level:
        depth += 1
        if depth > _MOST_DEPTH:
            refuse("$", f"more than {_MOST_DEPTH} levels", f"at most {_MOST_DEPTH} in each other")
        within = (each.values() if type(each) is dict else each for each in level)
        level = [each for held in within for each in held if type(each) in _HOLDERS]
