"""Records of the log -> events as they are known, by the very fold that the live store is made by."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import polars as pl

from touchline.core.ports import Record, Version
from touchline.matches.contracts import MATCH_EVENTS
from touchline.matches.live import DEAD, EVENTS, Letter, fold
from touchline.matches.live.event import ENRICHED

_POSTED = ("event_id", "match_id", "event_type", "team_id", "player_id", "status")
_NUMBERS = ("sequence", "period", "minute")
_LARGEST = 2**63 - 1
_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_FROM = {"_reject": pl.String(), "_line": pl.Int64(), "_file": pl.String(), "_row": pl.String()}
_SCHEMA = {**MATCH_EVENTS.polars_schema(), **_FROM}


def match_events(bronze_events: pl.DataFrame) -> pl.DataFrame:
    """The events of a match as they are known after all its records, cancelled ones among them.

    What the live store has as dead letters is rejected, for the same reason: records that cannot be
    used, and corrections whose event has not come.

    Args:
        bronze_events: Rows as `core.archive.decode` gives them, of all files of one match. A record
            that was archived twice counts once.

    Returns:
        MATCH_EVENTS, in the order in which the events happened; no records give no rows.
    """
    from touchline.core.memory import MemoryServing  # it brings Arrow along

    rows = (
        bronze_events.sort("lane", "log_offset", "_file", "line")
        .unique(("lane", "log_offset"), keep="last", maintain_order=True)
        .select("lane", "log_offset", "key", "value", "logged_at", "line", "_file", "_row")
        .rows()
    )
    changes = fold([Record(*row[:5]) for row in rows], MemoryServing())
    origins = {row[:2]: row[5:] for row in rows}
    letters = _standing(changes[DEAD])
    told = [*_events(changes[EVENTS]), *(_rejected(letter, origins) for letter in letters)]
    return pl.DataFrame(told, schema=_SCHEMA, orient="row")


def _events(versions: Sequence[Version]) -> Iterator[tuple[object, ...]]:
    """The last version of each event as a row."""
    first: dict[str, int] = {}
    for version in versions:
        first[version.id] = min(version.since_us, first.get(version.id, version.since_us))
    current = (version for version in versions if version.until is None)
    for version in sorted(current, key=lambda v: v.order):
        row = event_row(version) | {"first_known_at": _instant(first[version.id])}
        yield (*(row[name] for name in MATCH_EVENTS.names), None, None, None, None)


def event_row(version: Version) -> dict[str, Any]:
    """What a version says of its event, by the names of MATCH_EVENTS; when it was first known aside."""
    body: dict[str, Any] = msgspec.json.decode(version.body)
    numbers = {name: value for name in _NUMBERS if _fits(value := body.get(name))}
    named = {*_POSTED, *ENRICHED, "second", *numbers}
    more = {name: value for name, value in body.items() if name not in named}
    second = body.get("second")
    return {
        **{name: body.get(name) for name in (*_POSTED, "season", "version")},
        **dict.fromkeys(_NUMBERS),
        "sequence": 0,
        **numbers,
        "second": None if second is None else float(second),
        "event_at": datetime.fromisoformat(body["event_at"]),
        "more": msgspec.json.encode(more).decode() if more else None,
        "changed_at": _instant(version.since_us),
        "log_offset": version.since,
    }


def _instant(us: int) -> datetime:
    return _1970 + timedelta(microseconds=us)


def _fits(value: object) -> bool:
    """Whether it is a number that a column can hold; any other stays where all else is."""
    return isinstance(value, int) and abs(value) <= _LARGEST


def _standing(versions: Sequence[Version]) -> list[Letter]:
    """The dead letters that nothing has come for since."""
    last = {(v.key, v.order, v.since): v for v in versions}
    return [msgspec.json.decode(v.body, type=Letter) for v in last.values() if v.listed]


def _rejected(letter: Letter, origins: Mapping[Any, Sequence[Any]]) -> tuple[object, ...]:
    line, file, row = origins[letter.lane, letter.offset]
    said = {"match_id": letter.match_id, "event_id": letter.event_id or None}
    return (*(said.get(n) for n in MATCH_EVENTS.names), letter.reason, line, file, row)
