"""Product events as they arrive: one JSON object a line, any number of files a day."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from filecmp import cmp
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import polars as pl
from msgspec import UNSET, UnsetType

from touchline.activity.contracts import FIELDS
from touchline.core.bytes import BOM, opened
from touchline.core.contracts import REJECTED_SCHEMA
from touchline.core.landing import Arrival, Found, files_under, must_be_readable, unreadable
from touchline.core.pipeline import Decoded
from touchline.core.ports import checked_id, partition
from touchline.core.wording import counted
from touchline.errors import ConfigError, ContractError, MissingInputError, TouchlineError

EVENTS = "events/"
_ENDING = re.compile(r"\.(json|jsonl|ndjson)(\.gz)?$", re.IGNORECASE)
_DAY_IN_NAME = re.compile(r"(?:_|^ingestion_date=)(\d{4}-\d{2}-\d{2})\.")
_DAY, _SYSTEM, _USUAL_SYSTEM = "ingestion_date=", "source_system=", "app"
_TRUTH = "truth"
_SCHEMA = {
    "event_id": pl.String,
    "user_id": pl.String,
    "event_type": pl.String,
    "event_ts": pl.String,
    "amount": pl.Float64,
    "more": pl.String,
    "line": pl.Int64,
    "_row": pl.String,
}


class _Event(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    event_id: str | UnsetType | None = UNSET
    user_id: str | UnsetType | None = UNSET
    event_type: str | UnsetType | None = UNSET
    event_ts: str | UnsetType | None = UNSET
    amount: float | UnsetType | None = UNSET


_USUAL = msgspec.json.Decoder(_Event)


# --- what arrives -------------------------------------------------------------------------------


def found(
    paths: Sequence[Path],
    scratch: Path,  # noqa: ARG001 (nothing is unpacked)
    aside: Collection[Path] = (),
) -> Found:
    """The event files under these paths, as arrivals of their days.

    A file's day is that of its folder `ingestion_date=YYYY-MM-DD`, or that of its own name, such as
    events_2025-01-01.json or ingestion_date=2025-01-01.json; its system that of a folder `source_system=NAME` above, else app.
    What lies in a folder `truth` is what the simulator planted: no events.
    """
    arrivals: dict[tuple[str, str], Arrival] = {}
    others: list[str] = []
    bad: list[TouchlineError] = []
    for path in (file for given in paths for file in _files(given, aside)):
        match seen := path if isinstance(path, TouchlineError) else _judged(path):
            case Arrival():
                first = arrivals.setdefault((seen.partition, seen.name), seen)
                bad += _two_of_one_name(first, seen)
            case str():
                others.append(seen)
            case _:
                bad.append(seen)
    if not arrivals and not bad:
        raise MissingInputError(
            f"{', '.join(map(str, paths))}: no event file among {counted(len(others), 'file')}",
            hint="expected names such as ingestion_date=2025-01-01/events.json (.jsonl, .gz)",
        )
    return Found([arrivals[key] for key in sorted(arrivals)], others, bad)


def _judged(path: Path) -> Arrival | str | TouchlineError:
    """The file as an arrival, its name if it is somebody else's, or what is wrong with it."""
    if path.name.startswith(".") or not _ENDING.search(path.name) or _is_truth(path):
        return str(path)
    try:
        must_be_readable(path)
        return _arrival(path)
    except ConfigError as exc:
        return exc
    except OSError as exc:
        return unreadable(exc, str(path))


def _is_truth(path: Path) -> bool:
    return path.absolute().parent.name == _TRUTH


def _two_of_one_name(first: Arrival, second: Arrival) -> list[TouchlineError]:
    """An error where the second is another file under the same name; which is later, no path tells."""
    if first.path == second.path or cmp(first.path, second.path, shallow=False):
        return []
    said = f"{first.partition}: two files are {first.name} and differ: {first.path}, {second.path}"
    return [ContractError(f"{said}; the first is landed", hint="give them one at a time, in order")]


def _files(given: Path, aside: Collection[Path]) -> Iterator[Path | TouchlineError]:
    if not given.exists():
        raise MissingInputError(f"{given}: no such file or folder")
    if not given.is_dir() and not given.is_file():
        raise ConfigError(f"{given}: neither a file nor a folder", hint="give a file or a folder")
    yield from files_under(given, aside) if given.is_dir() else [given]


def _arrival(path: Path) -> Arrival:
    """Days and systems enter here."""
    above = PurePosixPath(path.absolute().as_posix()).parts
    days = [p.removeprefix(_DAY) for p in above[:-1] if p.startswith(_DAY)]
    in_name = _DAY_IN_NAME.search(path.name)
    day = days[-1] if days else in_name[1] if in_name else ""
    systems = [p.removeprefix(_SYSTEM) for p in above[:-1] if p.startswith(_SYSTEM)]
    system = checked_id(systems[-1] if systems else _USUAL_SYSTEM, f"{path}: source_system")
    name = checked_id(path.name.removeprefix(_DAY), f"{path}: name")
    part = partition(ingestion_date=_checked_day(day, path))
    return Arrival("activity", part, f"{EVENTS}{system}/{name}", path, str(path))


def _checked_day(day: str, path: Path) -> str:
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError as exc:
        raise ConfigError(
            f"{path}: no ingestion date: {day!r} is not a day"
            if day
            else f"{path}: no ingestion date in its folders or its name",
            hint="put it into a folder such as ingestion_date=2025-01-01/",
        ) from exc


# --- one file -----------------------------------------------------------------------------------


def decode(path: Path) -> Decoded:
    """One row per event: its fields, `line`, and the line as it arrived in `_row`.

    Fields that the contract does not know are in `more`, as JSON. A line that is no JSON object, or
    has a known field of another type, is rejected with the reason. Lines count from 1; blank ones
    do not count. An empty file gives no rows, and a note.

    Raises:
        ContractError: A field of the contract is missing from the whole file, or has another type
            throughout, told as the difference; a JSON array; gzip that is cut off.
    """
    if not path.stat().st_size:
        return Decoded(pl.DataFrame(schema=_SCHEMA), 0, notes=("the file is empty",))
    rows: list[tuple[Any, ...]] = []
    bad: list[tuple[str, int, str]] = []
    seen: Counter[tuple[str, str]] = Counter()
    for number, line in _lines(path):
        try:
            rows.append((*_fields(line, seen), number, line.decode()))
        except (msgspec.DecodeError, UnicodeDecodeError, _OddError) as exc:
            bad.append((_reason(exc), number, line.decode(errors="backslashreplace")))
    _keeps_the_contract(seen, len(rows) + len(bad))
    added = sorted({name for name, _ in seen if name and name not in FIELDS.types})
    notes = (f"added fields {', '.join(added)}, kept in the column more",) if added else ()
    return Decoded(
        pl.DataFrame(rows, schema=_SCHEMA, orient="row"),
        len(rows) + len(bad),
        pl.DataFrame(bad, schema=REJECTED_SCHEMA, orient="row"),
        notes,
    )


class _OddError(Exception):
    """A known field has a value of another type."""


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with opened(path) as file:
        for number, line in enumerate(file, start=1):
            whole = (line if number > 1 else line.removeprefix(BOM)).strip()
            if number == 1 and whole.startswith(b"["):
                raise ContractError(
                    "a JSON array, expected one object a line", hint="jq -c '.[]' makes lines of it"
                )
            if whole:
                yield number, whole


def _fields(line: bytes, seen: Counter[tuple[str, str]]) -> tuple[Any, ...]:
    """The event's values in the order of the contract, and its other fields as JSON; counts types."""
    try:
        event = _USUAL.decode(line)
    except msgspec.ValidationError:
        return _unusual(line, seen)
    values = (event.event_id, event.user_id, event.event_type, event.event_ts, event.amount)
    if UNSET in values:
        return _unusual(line, seen)
    seen["", ""] += 1
    return (*values, None)


def _unusual(line: bytes, seen: Counter[tuple[str, str]]) -> tuple[Any, ...]:
    whole = msgspec.json.decode(line)
    if not isinstance(whole, dict):
        raise _OddError("not a JSON object")
    kinds = {name: _kind(value) for name, value in whole.items()}
    seen.update(kinds.items())
    odd = [n for n, k in FIELDS.types.items() if kinds.get(n, "null") not in ("null", k)]
    if odd:
        name = odd[0]
        raise _OddError(f"{name} is {kinds[name]}, expected {FIELDS.types[name]}")
    more = {name: value for name, value in whole.items() if name not in FIELDS.types}
    told = msgspec.json.encode(more).decode() if more else None
    return (*(whole.get(name) for name in FIELDS.types), told)


def _kind(value: object) -> str:
    """What JSON calls it."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list():
            return "array"
        case _:
            return "object"


def _reason(exc: Exception) -> str:
    if isinstance(exc, UnicodeDecodeError):
        return "malformed line: not UTF-8"
    return str(exc) if isinstance(exc, _OddError) else f"malformed line: {exc}"


def _keeps_the_contract(seen: Counter[tuple[str, str]], lines: int) -> None:
    """Refuse a file in which a field is gone from every line, or of another type in every line."""
    if seen["", ""] or not lines:
        return
    kinds: dict[str, set[str]] = {}
    for (name, kind), _ in seen.items():
        kinds.setdefault(name, set()).add(kind)
    gone = [f"{name} ({kind}) is gone" for name, kind in FIELDS.types.items() if name not in kinds]
    retyped = [
        f"{name}: {kind} -> {', '.join(sorted(others))}"
        for name, kind in FIELDS.types.items()
        if (others := kinds.get(name, {kind}) - {"null"}) and kind not in others
    ]
    added = [
        f"{n} ({', '.join(sorted(k))}) is new"
        for n, k in kinds.items()
        if n not in FIELDS.types and n
    ]
    if kinds and (gone or retyped):
        raise ContractError(
            f"fields differ from version {FIELDS.version} of the contract:"
            f" {'; '.join([*gone, *retyped, *added])}",
            hint="ask who sends the events, or raise the contract's version",
        )


def relation(paths: Sequence[str], packed: str) -> str:
    """SQL for such files as they came: the fields of the contract, and each line whole."""
    listed = ", ".join("'" + p.replace("'", "''") + "'" for p in paths)
    return (
        f"read_json_auto([{listed}], format = 'newline_delimited', compression = '{packed}',"
        " ignore_errors = true, union_by_name = true, filename = true)"
    )
