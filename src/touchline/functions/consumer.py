"""The log -> the serving store: records that an event source mapping of MSK hands on are folded.

The mapping has ReportBatchItemFailures on. A record that says nothing becomes a dead letter and holds up
nobody; where the store fails, a partition is handed on again from the first record that is not in it.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from touchline.core.ports import Record, ServingStore
from touchline.errors import TouchlineError
from touchline.functions import store
from touchline.matches.live import STREAM

_AT_ONCE = 2000


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Where each partition that failed is to go on from; an empty list where none did."""
    found = store()
    failed = [
        {"itemIdentifier": {"partition": name, "offset": offset}}
        for name, given in event.get("records", {}).items()
        if (offset := _failed_at(sorted(map(_record, given), key=_offset), found)) is not None
    ]
    return {"batchItemFailures": failed}


def _failed_at(records: Sequence[Record], into: ServingStore) -> int | None:
    """The records of a partition are in the store; or the offset of the first that is not."""
    for part in (records[at : at + _AT_ONCE] for at in range(0, len(records), _AT_ONCE)):
        try:
            _put(part, into)
        except TouchlineError:
            return part[0].offset
    return None


def _put(records: Sequence[Record], into: ServingStore) -> None:
    """Fold those that the store has not read, and write them with its new position."""
    lane = records[0].lane
    before = into.position(STREAM.reader)
    new = [record for record in records if record.offset >= before.get(lane, 0)]
    if new:
        changes = STREAM.fold(new, into)
        after = {lane: new[-1].offset + 1}
        into.apply(changes, reader=STREAM.reader, before=before, after=after)


def _record(given: Mapping[str, Any]) -> Record:
    """A record of the log; a value that cannot be read says nothing, and so becomes a dead letter."""
    return Record(
        given["partition"],
        given["offset"],
        _bytes(given.get("key")).decode(errors="replace"),
        _bytes(given.get("value")),
        datetime.fromtimestamp(given["timestamp"] / 1000, UTC),
    )


def _bytes(text: str | None) -> bytes:
    try:
        return base64.b64decode(text or "", validate=True)
    except binascii.Error:
        return (text or "").encode()


def _offset(record: Record) -> int:
    return record.offset
