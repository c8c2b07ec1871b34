"""Files of match events: landed as they are, and every event of them into the log and the store."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from touchline.cli.data import landed
from touchline.cli.output import complain, counted, progress, say, table, worst
from touchline.errors import ContractError, TouchlineError
from touchline.matches import source
from touchline.wiring import Touchline

_TOLD = 10


def ingested(
    here: Touchline, paths: Sequence[Path], kick_offs: Sequence[str], *, as_json: bool
) -> None:
    """Land each file, take its events, and say what became of them; a bad file keeps no other out."""
    known = source.kick_offs(kick_offs)
    files = list(source.event_files(paths, here.folders))
    rows: list[dict[str, Any]] = []
    errors: list[TouchlineError] = []
    with progress("ingest", len(files)) as tell:
        for file in files:
            try:
                known = _ingested(here, file, known, rows=rows)
                tell(str(file), "ingested")
            except TouchlineError as exc:
                errors.append(exc)
                tell(str(file), "refused")
    shown = [{k: v for k, v in row.items() if k != "refusals"} for row in rows]
    table(rows if as_json else shown, as_json=as_json, empty="no events")
    for error in errors:
        complain(str(error), error.hint)
    for row in rows:
        _complain(row)
    sys.exit(_code(rows, errors))


def _ingested(
    here: Touchline, file: Path | TouchlineError, known: source.KickOffs, *, rows: list[Any]
) -> source.KickOffs:
    """What is known of kick-offs when the file is landed, and its events are in the store."""
    if isinstance(file, TouchlineError):
        raise file
    feed = _read(file)
    if feed.format == "kick-offs":
        say(f"{file}: the kick-offs of matches, {len(feed.kick_offs)} in all")
        known = known.also(feed.kick_offs)
    source.must_be_timed(file, feed, known)
    now = datetime.now(UTC)
    for _ in landed(here, "matches", source.arrivals(file, feed.matches), now=now):
        pass
    found = source.taken(
        feed, known, log=here.log, store=here.serving, rule=here.event_rule, now=now
    )
    rows.append(
        {
            "file": str(file),
            "format": feed.format,
            "matches": len(feed.matches),
            "new": found.new,
            "unchanged": found.unchanged,
            "refused": len(found.refused),
            "refusals": [{"place": r.place, "reason": r.reason} for r in found.refused],
        }
    )
    return known


def _read(file: Path) -> source.Feed:
    try:
        return source.read(file)
    except ContractError as exc:
        raise ContractError(f"{file}: {exc}", hint=exc.hint) from exc


def _complain(row: dict[str, Any]) -> None:
    """Each event that was refused, with its place and the reason; of many the first ten."""
    for refusal in row["refusals"][:_TOLD]:
        complain(f"{row['file']}: {refusal['place']}: {refusal['reason']}")
    if (more := row["refused"] - _TOLD) > 0:
        say(f"{row['file']}: {counted(more, 'event')} more refused; --json lists them all")


def _code(rows: Sequence[dict[str, Any]], errors: Sequence[TouchlineError]) -> int:
    refused = [ContractError.exit_code for row in rows if row["refused"]]
    return worst([*refused, *(error.exit_code for error in errors)])


def known_events(
    file: Path, kick_offs: Sequence[str]
) -> tuple[source.Feed, list[tuple[str, dict[str, Any]]]]:
    """What the file says, and its events with the instants of the clocks that they go by."""
    known = source.kick_offs(kick_offs)
    feed = _read(file)
    source.must_be_timed(file, feed, known)
    return feed, [(place, source.timed(event, known)) for place, event in feed.events]
