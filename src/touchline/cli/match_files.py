"""Files of match events: landed as they are, and every event of them into the log and the store."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from touchline.cli.data import landed
from touchline.cli.output import complain, counted, progress, say, table, worst
from touchline.errors import ConflictError, ContractError, MissingInputError, TouchlineError
from touchline.matches import source
from touchline.wiring import Touchline

_TOLD = 10


@dataclass(eq=False)
class _Ingesting:
    """What is known of kick-offs by now, and what became of the files."""

    known: source.KickOffs
    rows: list[dict[str, Any]] = field(default_factory=list)
    errors: list[TouchlineError] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)


def ingested(
    here: Touchline, paths: Sequence[Path], kick_offs: Sequence[str], *, as_json: bool
) -> None:
    """Land each file, take its events, and say what became of them; a bad file keeps no other out."""
    done = _Ingesting(source.kick_offs(kick_offs, _ahead(here)))
    files = list(source.event_files(paths, here.folders))
    if kick_offs:
        _must_be_of_one_match(files)
    with progress("ingest", len(files)) as tell:
        for file in files:
            try:
                _ingest(here, file, done, named=file in paths)
                tell(str(file), "read")
            except TouchlineError as exc:
                done.errors.append(exc)
                tell(str(file), "refused")
    if done.rows:
        _archive(here)
    _tell(done, as_json=as_json)
    refused = [ContractError.exit_code for row in done.rows if row["refused"]]
    none = [MissingInputError.exit_code] if done.others and not done.rows else []
    sys.exit(worst([*refused, *none, *(error.exit_code for error in done.errors)]))


def _ahead(here: Touchline) -> datetime | None:
    """The instant from which on no event is taken."""
    most = here.event_rule.max_ahead_s
    return None if most is None else datetime.now(UTC) + timedelta(seconds=most)


def _must_be_of_one_match(files: Sequence[Path | TouchlineError]) -> None:
    """Refuse kick-offs for files of several matches, before anything of them is taken."""
    clocks = set[str]()
    for file in files:
        if isinstance(file, Path) and len(files) > 1:
            with suppress(TouchlineError):  # told where it is ingested
                clocks |= source.clocked(source.read(file))
    source.must_be_of_one_match(clocks)


def _ingest(here: Touchline, file: Path | TouchlineError, done: _Ingesting, *, named: bool) -> None:
    """The file is landed, and its events are in the store; one that has none is left alone, unless named."""
    if isinstance(file, TouchlineError):
        raise file
    feed = _read(file)
    if feed.format == "other" and not named:
        done.others.append(file)
        return
    if feed.format == "other":
        raise _no_events(file)
    if feed.format == "kick-offs":
        say(f"{file}: the kick-offs of matches, {len(feed.kick_offs)} in all")
        done.known = done.known.also(feed.kick_offs)
    source.must_be_timed(file, feed, done.known)
    now, rule = datetime.now(UTC), here.event_rule
    usable = source.usable(feed, done.known, rule=rule, now=now)
    for _ in landed(here, "matches", source.arrivals(file, usable), now=now):
        pass
    found = source.taken(
        feed,
        done.known,
        file=file.name,
        log=here.log,
        store=here.serving,
        rule=rule,
        now=now,
    )
    done.rows.append(
        {
            "file": str(file),
            "format": feed.format,
            "matches": len(feed.matches) or len(feed.kick_offs),
            "new": found.new,
            "unchanged": found.unchanged,
            "refused": len(found.refused),
            "refusals": [{"place": r.place, "reason": r.reason} for r in found.refused],
        }
    )


def _tell(done: _Ingesting, *, as_json: bool) -> None:
    """What became of each file; what is wrong with it, and each event that was refused."""
    if others := done.others:
        say(f"left alone, as no match events: {counted(len(others), 'file')}, such as {others[0]}")
    shown = [{k: v for k, v in row.items() if k != "refusals"} for row in done.rows]
    table(done.rows if as_json else shown, as_json=as_json, empty="no events")
    for error in done.errors:
        complain(str(error), error.hint)
    for row in done.rows:
        tell_refusals(row["file"], row["refusals"])
    if any(row["refused"] and row["format"] != "kick-offs" for row in done.rows):
        say("touchline run matches puts what was refused into quarantine")


def tell_refusals(file: str, refusals: Sequence[Mapping[str, str]]) -> None:
    """Each event that was refused, with its place and the reason; of many the first ten."""
    for refusal in refusals[:_TOLD]:
        complain(f"{file}: {refusal['place']}: {refusal['reason']}")
    if (more := len(refusals) - _TOLD) > 0:
        say(f"{file}: {counted(more, 'event')} more refused; --json lists them all")


def _archive(here: Touchline) -> None:
    """What is in the log now is in bronze, so that history can be made of it at once."""
    from touchline.core.archive import archived

    now = datetime.now(UTC)
    with suppress(ConflictError):  # whoever is at it lands it, now or in the next hour
        archived(
            here.archive,
            log=here.log,
            objects=here.objects,
            ledger=here.ledger,
            now=now,
            whole=True,
        )


def _no_events(file: Path) -> ContractError:
    return ContractError(
        f"{file}: JSON, and nothing in it is a match event",
        hint="an event has match_id and event_type; docs/matches.md lists the fields, and the providers' forms",
    )


def _read(file: Path) -> source.Feed:
    try:
        return source.read(file)
    except ContractError as exc:
        raise ContractError(f"{file}: {exc}", hint=exc.hint) from exc


def known_events(
    file: Path, kick_offs: Sequence[str]
) -> tuple[source.Feed, list[tuple[str, dict[str, Any]]]]:
    """What the file says, and its events with the instants of the clocks that they go by."""
    known = source.kick_offs(kick_offs)
    feed = _read(file)
    if feed.format in ("other", "kick-offs"):
        raise _no_events(file)
    source.must_be_timed(file, feed, known)
    return feed, [(place, source.timed(event, known)) for place, event in feed.events]
