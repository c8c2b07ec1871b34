"""From a provider's server to bronze: fetched match by match, landed as each match is whole."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from touchline.cli.data import landed, tell_retired
from touchline.cli.output import complain, progress, say, table
from touchline.cli.scratch import scratch
from touchline.config import Secret
from touchline.core.wording import counted
from touchline.errors import ConfigError, ContractError, MissingInputError, TouchlineError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.tracking.source.skillcorner import Fetched, MatchEntry, Refused

_MARK = "@"
_REFUSED = "refused: "


def fetched(
    here: Touchline,
    source: str,
    *,
    match_ids: tuple[int, ...],
    days: tuple[date | None, date | None],
    modified_since: datetime | None,
    as_json: bool,
) -> None:
    """Land what is new at the source; show each match's files, and what the provider refused."""
    opened, module = _client(here, source)
    if modified_since is not None and source != "skillcorner":
        raise ConfigError(f"--modified-since: {source} does not say when files changed")
    rows: list[dict[str, Any]] = []
    with opened as client, scratch() as into:
        wanted = _wanted(module, client, match_ids=match_ids, days=days, since=modified_since)
        if not match_ids and days == (None, None) and modified_since is None:
            say(f"every match of {source}, {len(wanted)} in all; fewer by --match, --from or --to")
        wanted = wanted if match_ids else _not_retired(here, wanted)
        known = _known(here, source)
        files = module.fetch(client, wanted, into, known=known)
        with progress("fetch", 4 * len(wanted)) as tell:
            for match_id, group in groupby(_told(files, tell), key=lambda f: f.match_id):
                rows += _landed(here, source, match_id, files=list(group))
    table(rows, as_json=as_json, empty=f"{counted(len(wanted), 'match', 'matches')}, nothing new")
    tell_retired(here, "tracking", sorted({_part(row["match_id"]) for row in rows}))
    error = _nothing_came(source, rows, known)
    if error is not None:
        complain(str(error), error.hint)
        sys.exit(error.exit_code)


def _nothing_came(
    source: str, rows: list[dict[str, Any]], known: Mapping[tuple[int, str], str]
) -> TouchlineError | None:
    """The error of a fetch that met a match that is not there, or was refused all of every match."""
    results: dict[int, list[str]] = {}
    for row in rows:
        results.setdefault(row["match_id"], []).append(row["result"])
    had = {match_id for match_id, _ in known}
    new = {i: said for i, said in results.items() if i not in had}
    absent = [i for i, said in new.items() if all(s.startswith(f"{_REFUSED}404 ") for s in said)]
    if absent:
        return MissingInputError(
            f"{source} has no match {', '.join(map(str, absent))}",
            hint="check the id; else run again once it is there",
        )
    if new == results and rows and all(r["result"].startswith(_REFUSED) for r in rows):
        return ContractError(
            f"{source} refused every file of match {', '.join(map(str, results))}",
            hint="the table has its reasons; ask the provider",
        )
    return None


def _client(here: Touchline, source: str) -> tuple[AbstractContextManager[Any], Any]:
    if source == "skillcorner":
        from touchline.tracking.source import skillcorner

        c = here.config.skillcorner
        who = skillcorner.Credentials(_if_set(c.username), _if_set(c.password), _if_set(c.token))
        settings = skillcorner.Settings(base_url=c.base_url, credentials=who)
        return skillcorner.connect(settings, tell=say), skillcorner
    from touchline.tracking.source import opendata

    o = here.config.opendata
    where = opendata.Settings(o.base_url, o.lfs_url)
    return opendata.connect(where, tell=say), opendata


def _if_set(secret: Secret) -> str:
    """A name or a token will do, so that none of them is required; `connect` checks the whole."""
    return os.environ.get(secret.env, "")


def _wanted(
    module: Any,
    client: Any,
    *,
    match_ids: tuple[int, ...],
    days: tuple[date | None, date | None],
    since: datetime | None,
) -> "list[MatchEntry]":
    from touchline.tracking.source import files
    from touchline.tracking.source.skillcorner import MatchEntry

    if match_ids:
        return [MatchEntry(i) for i in match_ids]
    changed = {}
    if since is not None:
        names = (files.TRACKING, files.EVENTS, files.PHASES)
        changed = {"modified_since": dict.fromkeys(names, since.date().isoformat())}
    return list(module.matches(client, first=days[0], last=days[1], **changed))


def _not_retired(here: Touchline, wanted: "list[MatchEntry]") -> "list[MatchEntry]":
    """Those whose files retention has not taken away: these are fetched only where they are named."""
    gone = here.ledger.retired("tracking")
    left = [entry for entry in wanted if _part(entry.match_id) not in gone]
    if len(left) < len(wanted):
        say(
            f"left out as past the days that retention keeps: {len(wanted) - len(left)} of"
            f" {len(wanted)}; --match fetches one all the same"
        )
    return left


def _part(match_id: int) -> str:
    from touchline.core.ports import partition

    return partition(match_id=str(match_id))


def _known(here: Touchline, source: str) -> Mapping[tuple[int, str], str]:
    """The provider's mark of every file that came from this source last."""
    from touchline.core.ports import keys_of
    from touchline.core.withdrawing import received

    known = {}
    for part, receipts in received(here.ledger, "tracking").items():
        for name, receipt in receipts.items():
            came_from, mark, version = receipt.source.partition(_MARK)
            if mark and came_from == source:
                known[int(keys_of(part)["match_id"]), name] = version
    return known


def _told(files: Iterable[Any], tell: Any) -> "Iterator[Fetched | Refused]":
    for file in files:
        tell(f"{file.match_id}/{file.name}", getattr(file, "reason", "fetched"))
        yield file


def _landed(
    here: Touchline, source: str, match_id: int, *, files: "list[Fetched | Refused]"
) -> list[dict[str, Any]]:
    """Land a match's files together and drop the copies."""
    from touchline.core.landing import Arrival
    from touchline.tracking.source.skillcorner import Fetched, Refused

    part = _part(match_id)
    came = [f for f in files if isinstance(f, Fetched)]
    arrivals = [
        Arrival("tracking", part, f.name, f.path, f"{source}{_MARK}{f.last_modified or ''}")
        for f in came
    ]
    kinds = list(landed(here, "tracking", arrivals, now=datetime.now(UTC)))
    for f in came:
        f.path.unlink(missing_ok=True)
    refused = [f for f in files if isinstance(f, Refused)]
    return [
        *({"match_id": match_id, "file": a.name, "result": kind} for a, kind in kinds),
        *(
            {"match_id": match_id, "file": f.name, "result": f"{_REFUSED}{f.status} {f.reason}"}
            for f in refused
        ),
    ]
