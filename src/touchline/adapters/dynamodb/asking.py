"""Which rows are wanted, as DynamoDB is asked for them."""

from dataclasses import dataclass, field
from typing import Any

from touchline.adapters.dynamodb.calls import Item
from touchline.adapters.dynamodb.items import (
    BY_CHANGE,
    BY_FIRST,
    CHANGED,
    END,
    Names,
    changed_from,
    number,
    text,
)
from touchline.core.ports import Asked, View
from touchline.core.ports.serving import us

_AFTER_END = chr(ord(END) + 1)
_AFTER_HASH = chr(ord("#") + 1)


@dataclass(frozen=True)
class _Words:
    """What an expression names and what it compares with: DynamoDB wants neither in its text."""

    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, Item] = field(default_factory=dict)

    def name(self, of: str) -> str:
        found = f"#n{len(self.names)}"
        self.names[found] = of
        return found

    def value(self, of: Item) -> str:
        found = f":v{len(self.values)}"
        self.values[found] = of
        return found


def query(names: Names, view: View, key: str, *, asked: Asked) -> dict[str, Any] | None:
    """The Query that finds them in order; None where there can be none.

    Rows asked for by the first of `by` are read from the index that has it before the order: no other
    row is read, and none is paid for.
    """
    words = _Words()
    wanted = asked.where.get(view.by[0]) if view.by else None
    prefix, sort = ("", view.shown_as[1]) if wanted is None else (f"{wanted}#", view.shown_as[2])
    low = max(asked.first, f"{asked.after}{_AFTER_END}" if asked.after else "")
    if not key or (asked.last and asked.last <= low) or asked.limit < 1:
        return None
    high = f"{prefix}{asked.last}" if asked.last else ""
    if prefix and not high:
        high = f"{wanted}{_AFTER_HASH}"
    tests = [f"{words.name(view.shown_as[0])} = {words.value(text(key))}"]
    tests += _between(words, sort, low=f"{prefix}{low}", high=high)
    return {
        "TableName": names.rows(view),
        **({"IndexName": BY_FIRST} if prefix else {}),
        "KeyConditionExpression": " AND ".join(tests),
        "FilterExpression": " AND ".join(_filters(words, view, asked)),
        "ExpressionAttributeNames": words.names,
        "ExpressionAttributeValues": words.values,
        "ConsistentRead": True,
    }


def changes(names: Names, view: View, key: str, *, after: int) -> dict[str, Any]:
    """The Query that finds what records after that offset made, in the order of the records."""
    words = _Words()
    tests = [f"{words.name(view.shown_as[0])} = {words.value(text(key))}"]
    tests += _between(words, CHANGED, low=changed_from(after + 1), high="")
    return {
        "TableName": names.rows(view),
        "IndexName": BY_CHANGE,
        "KeyConditionExpression": " AND ".join(tests),
        "ExpressionAttributeNames": words.names,
        "ExpressionAttributeValues": words.values,
        "ConsistentRead": True,
    }


def _between(words: _Words, sort: str, *, low: str, high: str) -> list[str]:
    """The span of sort keys. None of them is `high` itself: each holds more than an order."""
    if low and high:
        return [
            f"{words.name(sort)} BETWEEN {words.value(text(low))} AND {words.value(text(high))}"
        ]
    if low or high:
        sign = ">=" if low else "<"
        return [f"{words.name(sort)} {sign} {words.value(text(low or high))}"]
    return []


def _filters(words: _Words, view: View, asked: Asked) -> list[str]:
    tests = [f"{words.name('listed')} = {words.value({'BOOL': True})}"]
    for name, value in asked.where.items():
        column = view.by[view.by.index(name)]
        tests.append(f"{words.name(column)} = {words.value(text(value))}")
    if asked.offset is not None:
        tests += _stood(words, asked.offset)
    if asked.as_of is not None:
        tests += _stood(words, us(asked.as_of), "_us")
    if asked.offset is None and asked.as_of is None:
        tests.append(f"attribute_not_exists({words.name('until')})")
    return tests


def _stood(words: _Words, at: int, unit: str = "") -> list[str]:
    end, value = words.name(f"until{unit}"), words.value(number(at))
    return [
        f"{words.name(f'since{unit}')} <= {value}",
        f"(attribute_not_exists({end}) OR {end} > {value})",
    ]
