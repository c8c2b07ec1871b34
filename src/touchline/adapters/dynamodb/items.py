"""Versions as items, and the tables that hold them.

A view has a table. Its partition key is the version's key; its sort key is the order, and behind a
character that no order holds the offset, so that every version has a place of its own. Two local indexes
read it otherwise: by the first of `by` and the order, and by the offset. A table for all views names the
places of each id, so that a hundred rows are found by one call.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from touchline.adapters.dynamodb.calls import Action, Item
from touchline.core.ports import Id, Version, View

END = "\x1f"
"""Ends an order in a sort key; lower than every character that can be printed."""

BY_FIRST, BY_CHANGE = "by_first", "by_change"
CHANGED = "changed"
_EACH = "20d"


@dataclass(frozen=True)
class Names:
    """What a store's tables are called: all begin with the prefix."""

    prefix: str

    @property
    def ids(self) -> str:
        """Which versions there are of an id."""
        return f"{self.prefix}-ids"

    @property
    def positions(self) -> str:
        """How far readers are, and what they have announced."""
        return f"{self.prefix}-positions"

    def rows(self, view: View) -> str:
        """The versions of a view."""
        return f"{self.prefix}-{view.name}"


# --- tables -------------------------------------------------------------------------------------


def tables(names: Names, views: Iterable[View]) -> Iterator[Item]:
    """Each table as CreateTable takes it; what it costs is counted by request."""
    yield _table(names.positions, ("reader", "part"))
    yield _table(names.ids, ("of", "id"))
    for view in views:
        key, order, first = view.shown_as
        indexes = {BY_FIRST: first} if view.by else {}
        yield _table(names.rows(view), (key, order), {**indexes, BY_CHANGE: CHANGED})


def _table(name: str, key: tuple[str, str], indexes: Mapping[str, str] | None = None) -> Item:
    whole = {"ProjectionType": "ALL"}
    local = [
        {"IndexName": index, "KeySchema": _schema(key[0], by), "Projection": whole}
        for index, by in (indexes or {}).items()
    ]
    texts = (*key, *(indexes or {}).values())
    return {
        "TableName": name,
        "KeySchema": _schema(*key),
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in texts],
        "BillingMode": "PAY_PER_REQUEST",
        **({"LocalSecondaryIndexes": local} if local else {}),
    }


def _schema(partition: str, sort: str) -> list[Item]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


# --- items --------------------------------------------------------------------------------------


def text(value: str) -> Item:
    """A text as DynamoDB takes it."""
    return {"S": value}


def number(value: int) -> Item:
    """A whole number as DynamoDB takes it."""
    return {"N": str(value)}


def place(version: Version) -> str:
    """The sort key of a version."""
    return f"{version.order}{END}{version.since:0{_EACH}}"


def changed_from(offset: int) -> str:
    """What the versions of that record and of later ones do not lie before, in their order."""
    return f"{max(offset, 0):0{_EACH}}"


def id_key(view: View, id_: Id) -> Item:
    """The key of an id, in the table of all ids."""
    return {"of": text(f"{view.name}#{id_[0]}"), "id": text(id_[1])}


def row_key(view: View, key: str, sort: str) -> Item:
    """The key of a version, in its view's table."""
    return {view.shown_as[0]: text(key), view.shown_as[1]: text(sort)}


def writes(names: Names, view: View, versions: Sequence[Version]) -> Iterator[Action]:
    """What writes these versions, once each, and names their places."""
    named = {(v.key, place(v)): v for v in versions}
    places: dict[Id, set[str]] = {}
    for (key, sort), version in named.items():
        yield {"Put": {"TableName": names.rows(view), "Item": item(view, version)}}
        places.setdefault((key, version.id), set()).add(sort)
    for id_, sorts in places.items():
        yield {
            "Update": {
                "TableName": names.ids,
                "Key": id_key(view, id_),
                "UpdateExpression": "ADD places :places",
                "ExpressionAttributeValues": {":places": {"SS": sorted(sorts)}},
            }
        }


def deletes(names: Names, view: View, items: Iterable[Item]) -> Iterator[Action]:
    """What takes away these versions, and the places of their ids."""
    key, order, _ = view.shown_as
    ids: dict[Id, None] = {}
    for found in items:
        yield {
            "Delete": {
                "TableName": names.rows(view),
                "Key": {key: found[key], order: found[order]},
            }
        }
        ids[found[key]["S"], found["id"]["S"]] = None
    for id_ in ids:
        yield {"Delete": {"TableName": names.ids, "Key": id_key(view, id_)}}


def item(view: View, v: Version) -> Item:
    """A version as its table has it."""
    sort = place(v)
    made = row_key(view, v.key, sort) | {
        CHANGED: text(f"{v.since:0{_EACH}}{END}{v.order}"),
        "id": text(v.id),
        "since": number(v.since),
        "since_us": number(v.since_us),
        "digest": text(v.digest),
        "listed": {"BOOL": v.listed},
        "body": {"B": v.body},
    }
    for name, value in zip(view.by, v.by, strict=True):
        made[name] = text(value)
    if view.by:
        made[view.shown_as[2]] = text(f"{v.by[0]}#{sort}")
    if v.until is not None:
        made["until"] = number(v.until)
    if v.until_us is not None:
        made["until_us"] = number(v.until_us)
    return made


def version(view: View, found: Item) -> Version:
    """The version that an item is."""
    key, order, _ = view.shown_as
    until, until_us = found.get("until"), found.get("until_us")
    return Version(
        found[key]["S"],
        found["id"]["S"],
        found[order]["S"].rpartition(END)[0],
        tuple(found[name]["S"] for name in view.by),
        bytes(found["body"]["B"]),
        int(found["since"]["N"]),
        int(found["since_us"]["N"]),
        found["digest"]["S"],
        found["listed"]["BOOL"],
        int(until["N"]) if until else None,
        int(until_us["N"]) if until_us else None,
    )
