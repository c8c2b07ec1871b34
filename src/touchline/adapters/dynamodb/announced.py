"""What a reader does to the store, all of it or nothing, however much it is.

The item of a reader's position is the one place where it is decided. Work that one transaction holds moves
the position in that transaction. More of it is put down beside the position in parts first, and then
announced in its item: from then on it will be done, by this process or by the next one that asks for
the position. Each of its transactions checks that the announcement still stands, so that one who sleeps
while another finishes the work, and goes on, does no harm when it wakes up.
"""

import zlib
from collections.abc import Iterator, Sequence
from uuid import uuid4

import msgspec

from touchline.adapters.dynamodb.calls import Action, Calls, Item
from touchline.adapters.dynamodb.items import Names, deletes, number, text
from touchline.core.ports import Position, View
from touchline.errors import ConflictError, StorageError, TransientError

_LANE = "lane_"
_PLACE = "position"
_PART_BYTES = 300_000
_MOST_BYTES, _MOST_ITEM_BYTES = 3_000_000, 400_000
_MOST_LOOKS = 20


class Work(msgspec.Struct):
    """Writes, and where the reader is after them; or views to be emptied, and it is nowhere."""

    after: dict[int, int]
    actions: list[Action]
    clear: list[View] = []


class Announced:
    """The positions of readers, and their work that is under way."""

    def __init__(self, calls: Calls, names: Names, most: int) -> None:
        self._calls, self._names, self._most = calls, names, most

    def position(self, reader: str) -> Position:
        """How far the reader has come, once all that was announced is done.

        Raises:
            TransientError: Others go on announcing.
        """
        for _ in range(_MOST_LOOKS):
            found = self._place(reader)
            if "pending" not in found:
                return _lanes(found)
            token = found["pending"]["S"]
            work = self._announced(reader, token, int(found["parts"]["N"]))
            if work is not None:
                self._finish(reader, token, work)
        raise TransientError(
            f"{self._calls.place}: {reader}: work that was announced is not being finished",
            hint="run again; more than one process reads for it",
        )

    def done(self, reader: str, work: Work, before: Position) -> None:
        """The work is done, and the reader at its new position.

        Raises:
            ConflictError: The reader was not at `before`; nothing was done.
            StorageError: A row is too large; nothing was done.
        """
        batches = list(self._batches(work.actions))
        token = uuid4().hex if len(batches) > 1 else ""
        parts = self._put_down(reader, token, work) if token else []
        move = _moved(work.after, before, announce=(token, len(parts)))
        try:
            self._calls.together([self._at(reader, move), *(() if token else work.actions)])
        except ConflictError as exc:
            if token:
                self._forget(reader, token)
            seen = self._place(reader)
            busy = ", and its last batch is being written" if "pending" in seen else ""
            raise ConflictError(
                f"{self._calls.place}: {reader} is at {_lanes(seen)}{busy}, expected {dict(before)}",
                hint="another process reads for it; one is enough",
            ) from exc
        if token:
            self._finish(reader, token, work)

    def cleared(self, reader: str, views: Sequence[View]) -> None:
        """The views are empty and the reader is nowhere; what else was announced is forgotten."""
        work, token = Work({}, [], list(views)), uuid4().hex
        parts = self._put_down(reader, token, work)
        said = {":token": text(token), ":parts": number(len(parts))}
        announce = {
            "UpdateExpression": "SET pending = :token, parts = :parts",
            "ExpressionAttributeValues": said,
        }
        self._calls.together([self._at(reader, {"Update": announce})])
        self._finish(reader, token, work)

    # --- what was announced -------------------------------------------------------------------

    def _put_down(self, reader: str, token: str, work: Work) -> list[str]:
        """The parts in which the work is kept until it is done."""
        data = zlib.compress(msgspec.msgpack.encode(work), 1)
        pieces = [data[n : n + _PART_BYTES] for n in range(0, len(data), _PART_BYTES)]
        for n, piece in enumerate(pieces):
            item = {**_key(reader, _part(token, n)), "data": {"B": piece}}
            self._calls.one("put_item", TableName=self._names.positions, Item=item)
        return [_part(token, n) for n in range(len(pieces))]

    def _announced(self, reader: str, token: str, parts: int) -> Work | None:
        """The work of that name; None where it is done, and forgotten, meanwhile."""
        keys = [_key(reader, _part(token, n)) for n in range(parts)]
        found = {
            item["part"]["S"]: bytes(item["data"]["B"])
            for item in self._calls.items(self._names.positions, keys)
        }
        if len(found) < parts:
            return None
        data = b"".join(found[_part(token, n)] for n in range(parts))
        return msgspec.msgpack.decode(zlib.decompress(data), type=Work)

    def _finish(self, reader: str, token: str, work: Work) -> None:
        """The work is done, by this process or by another that was faster."""
        stands = {
            "ConditionExpression": "pending = :token",
            "ExpressionAttributeValues": {":token": text(token)},
        }
        check = self._at(reader, {"ConditionCheck": stands})
        try:
            for view in work.clear:
                for batch in self._emptied(view):
                    self._calls.together([check, *batch])
            for batch in self._batches(work.actions):
                self._calls.together([check, *batch])
            end = {"Delete": stands} if work.clear else _arrived(work.after, token)
            self._calls.together([self._at(reader, end)])
        except ConflictError:
            return
        self._forget(reader, "" if work.clear else token)

    def _emptied(self, view: View) -> Iterator[Sequence[Action]]:
        key, order, _ = view.shown_as
        pages = self._calls.pages(
            "scan",
            TableName=self._names.rows(view),
            ProjectionExpression="#key, #order, #id",
            ExpressionAttributeNames={"#key": key, "#order": order, "#id": "id"},
            ConsistentRead=True,
        )
        for page in pages:
            yield from self._batches(list(deletes(self._names, view, page["Items"])))

    def _forget(self, reader: str, token: str) -> None:
        """The parts of that work are gone; without a name, all that were ever put down."""
        pages = self._calls.pages(
            "query",
            TableName=self._names.positions,
            KeyConditionExpression="reader = :reader AND begins_with(part, :part)",
            ProjectionExpression="reader, part",
            ExpressionAttributeValues={":reader": text(reader), ":part": text(f"batch#{token}")},
            ConsistentRead=True,
        )
        for page in pages:
            for key in page["Items"]:
                self._calls.one("delete_item", TableName=self._names.positions, Key=key)

    # --- the item of a position ---------------------------------------------------------------

    def _place(self, reader: str) -> Item:
        key = _key(reader, _PLACE)
        found: Item = self._calls.one(
            "get_item", TableName=self._names.positions, Key=key, ConsistentRead=True
        )
        return found.get("Item") or {}

    def _at(self, reader: str, action: Action) -> Action:
        """The action, on the item of that reader's position."""
        place = {"TableName": self._names.positions, "Key": _key(reader, _PLACE)}
        return {name: {**place, **said} for name, said in action.items()}

    def _batches(self, actions: Sequence[Action]) -> Iterator[list[Action]]:
        """The actions in batches of which each has room in a transaction, with one action more."""
        batch: list[Action] = []
        size = 0
        for action in actions:
            weight = len(msgspec.msgpack.encode(action))
            if weight > _MOST_ITEM_BYTES:
                raise StorageError(
                    f"{self._calls.place}: a row of {weight} bytes",
                    hint="DynamoDB holds rows of at most 400 KB",
                )
            if batch and (len(batch) + 1 >= self._most or size + weight > _MOST_BYTES):
                yield batch
                batch, size = [], 0
            batch.append(action)
            size += weight
        if batch:
            yield batch


def _key(reader: str, part: str) -> Item:
    return {"reader": text(reader), "part": text(part)}


def _part(token: str, n: int) -> str:
    return f"batch#{token}#{n:06d}"


def _lanes(item: Item) -> dict[int, int]:
    lanes = {name: said for name, said in item.items() if name.startswith(_LANE)}
    return {int(name.removeprefix(_LANE)): int(said["N"]) for name, said in lanes.items()}


def _moved(after: Position, before: Position, *, announce: tuple[str, int]) -> Action:
    """The reader goes on from `before`: it is there now, or where it will be is announced."""
    token, parts = announce
    values = {f":b{lane}": number(before[lane]) for lane in after if lane in before}
    tests = ["attribute_not_exists(pending)"]
    for lane in after:
        at = f"{_LANE}{lane}"
        tests.append(f"{at} = :b{lane}" if lane in before else f"attribute_not_exists({at})")
    said = {"ConditionExpression": " AND ".join(tests)}
    if token:
        sets = ["pending = :token", "parts = :parts"]
        values |= {":token": text(token), ":parts": number(parts)}
    else:
        sets = [f"{_LANE}{lane} = :a{lane}" for lane in after]
        values |= {f":a{lane}": number(offset) for lane, offset in after.items()}
    if not sets:
        return {"ConditionCheck": said}
    said["UpdateExpression"] = f"SET {', '.join(sets)}"
    return {"Update": {**said, **({"ExpressionAttributeValues": values} if values else {})}}


def _arrived(after: Position, token: str) -> Action:
    """The reader is where it was announced to be."""
    values = {f":a{lane}": number(offset) for lane, offset in after.items()}
    sets = ", ".join(f"{_LANE}{lane} = :a{lane}" for lane in after)
    return {
        "Update": {
            "UpdateExpression": f"{f'SET {sets} ' if sets else ''}REMOVE pending, parts",
            "ConditionExpression": "pending = :token",
            "ExpressionAttributeValues": {**values, ":token": text(token)},
        }
    }
