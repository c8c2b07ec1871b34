"""The serving store in DynamoDB: versions in a table for each view, and how far readers are."""

import time
from collections.abc import Mapping, Sequence

from touchline.adapters.dynamodb import asking, items
from touchline.adapters.dynamodb.announced import Announced, Work
from touchline.adapters.dynamodb.calls import Calls, Item
from touchline.core.ports import Asked, Id, Position, Version, View
from touchline.errors import ConfigError, TransientError

_MOST_TOGETHER = 100
_LOOKS, _LOOK_AGAIN_S = 120, 1.0


class DynamoServing:
    """A ServingStore in tables `PREFIX-*`, which `prepare` makes. Reads are strongly consistent.

    A batch of up to a hundred writes and its position are one transaction. A larger one is announced
    first: it is a fact once the announcement is there, and whoever asks for the position next finishes
    what a killed process began. Every write is bound to its announcement, so that one who was overtaken
    writes nothing. Only `rows` may see a batch while it is being written, some rows sooner than others.
    An order must hold no control characters.
    """

    near = False

    def __init__(
        self, prefix: str, *, region: str = "", endpoint: str = "", most: int = _MOST_TOGETHER
    ) -> None:
        self._names = items.Names(prefix)
        self.calls = Calls(region=region, endpoint=endpoint)
        self._announced = Announced(self.calls, self._names, most)

    def close(self) -> None:
        """Of no use afterwards."""
        self.calls.close()

    def prepare(self, views: Sequence[View]) -> None:
        """See ServingStore. Tables are paid by the request."""
        wanted = list(items.tables(self._names, views))
        for table in wanted:
            if self.calls.table(table["TableName"]) is None:
                self.calls.make(table)
        for table in wanted:
            _check(self._ready(table["TableName"]), table)

    def known(self, view: View, ids: Sequence[Id]) -> Mapping[Id, Sequence[Version]]:
        """See ServingStore. Two calls for a hundred ids, one where none of them is known."""
        asked = dict.fromkeys(ids)
        heads = self.calls.items(self._names.ids, [items.id_key(view, id_) for id_ in asked])
        by_head = {(head["of"]["S"], head["id"]["S"]): head["places"]["SS"] for head in heads}
        keys = [
            items.row_key(view, id_[0], sort)
            for id_ in asked
            for sort in by_head.get((items.id_key(view, id_)["of"]["S"], id_[1]), ())
        ]
        found: dict[Id, list[Version]] = {}
        for item in self.calls.items(self._names.rows(view), keys):
            version = items.version(view, item)
            found.setdefault((version.key, version.id), []).append(version)
        return {
            id_: sorted(found[id_], key=lambda v: (v.since, v.order))
            for id_ in asked
            if id_ in found
        }

    def apply(
        self,
        versions: Mapping[View, Sequence[Version]],
        *,
        reader: str,
        before: Position,
        after: Position,
    ) -> None:
        """See ServingStore."""
        actions = [
            action
            for view, many in versions.items()
            for action in items.writes(self._names, view, many)
        ]
        self._announced.done(reader, Work(dict(after), actions), before)

    def position(self, reader: str) -> Position:
        """See ServingStore. What was announced and not finished is finished first."""
        return self._announced.position(reader)

    def rows(self, view: View, key: str, asked: Asked) -> Sequence[Version]:
        """See ServingStore."""
        query = asking.query(self._names, view, key, asked=asked)
        return self._found(view, query, asked.limit) if query else []

    def count(self, view: View, key: str, asked: Asked) -> int:
        """See ServingStore. It costs what reading the rows would."""
        query = asking.query(self._names, view, key, asked=asked)
        if query is None:
            return 0
        return sum(page["Count"] for page in self.calls.pages("query", **query, Select="COUNT"))

    def changes(self, view: View, key: str, *, after: int, limit: int = 1000) -> Sequence[Version]:
        """See ServingStore."""
        return self._found(view, asking.changes(self._names, view, key, after=after), limit)

    def clear(self, reader: str, views: Sequence[View]) -> None:
        """See ServingStore. It is announced, and finished by whoever comes next if this one is killed."""
        self._announced.cleared(reader, views)

    # --- the tables ---------------------------------------------------------------------------

    def _found(self, view: View, query: Item, limit: int) -> list[Version]:
        found: list[Version] = []
        for page in self.calls.pages("query", **query, Limit=limit + limit // 8 + 1):
            found += [items.version(view, item) for item in page["Items"]]
            if len(found) >= limit:
                break
        return found[:limit]

    def _ready(self, table: str) -> Item:
        """The table, as soon as it can be used."""
        for _ in range(_LOOKS):
            found = self.calls.table(table)
            if found and found["TableStatus"] in ("ACTIVE", "UPDATING"):
                return found
            time.sleep(_LOOK_AGAIN_S)
        raise TransientError(
            f"{self.calls.place}: table {table} is not ready", hint="run again in some minutes"
        )


def _check(found: Item, wanted: Item) -> None:
    """The table is of the shape that it must have, which no table changes."""

    def shape(table: Item) -> list[object]:
        indexes = table.get("LocalSecondaryIndexes", ())
        return [table["KeySchema"], sorted((i["IndexName"], str(i["KeySchema"])) for i in indexes)]

    if shape(found) != shape(wanted):
        raise ConfigError(
            f"table {wanted['TableName']}: its keys are {shape(found)}, expected {shape(wanted)}",
            hint="it is another program's, or an older version's: name another stores.serving.prefix",
        )
