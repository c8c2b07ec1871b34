"""What may be asked: a match's events and statistics, now or as of an instant, page by page."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from touchline.core.ports import Asked, ServingStore, Version, View
from touchline.errors import ConfigError, ContractError, MissingInputError
from touchline.matches.live import ALL, DEAD, EVENTS, MATCHES, WAITING, Match
from touchline.matches.live.event import instant
from touchline.matches.serve.answers import Answer, said
from touchline.matches.serve.counts import Counts

MOST_ROWS, USUAL_ROWS = 1000, 100

_MATCH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,127}")
_WORD = 128
_MOST_PAGES = 20

Query = Mapping[str, str]


@dataclass(frozen=True)
class Question:
    """What is asked, and of which store."""

    store: ServingStore
    counts: Counts
    match_id: str
    query: Query
    if_none_match: str = ""


def is_match_id(text: str) -> bool:
    """Whether a match may have that id."""
    return bool(_MATCH_ID.fullmatch(text)) and ".." not in text


def match(store: ServingStore, match_id: str) -> Match:
    """The match of that id.

    Raises:
        MissingInputError: Nothing is known of it.
    """
    if is_match_id(match_id):
        for version in store.known(MATCHES, [(ALL, match_id)]).get((ALL, match_id), ()):
            if version.listed:
                return msgspec.json.decode(version.body, type=Match)
    raise MissingInputError(
        f"no match {match_id[:80]!r}", hint="GET /matches lists them", field="match_id"
    )


def matches(question: Question) -> Answer:
    """Matches by when they began, the first to begin first."""
    store, query = question.store, question.query
    only(query, {"season", "from", "to", "limit", "cursor"})
    asked = _asked(query, {"season": "season"}, of="matches")
    rows, place = _page(store, MATCHES, ALL, asked=asked)
    found = [msgspec.json.decode(v.body) for v in rows]
    shown = [{k: v for k, v in row.items() if k != "offset"} for row in found]
    return said(200, {"matches": shown, "next": _cursor(place, query, of="matches")})


def events(
    question: Question, kind: str = "", *, number: str = "event_count", listed: str = "events"
) -> Answer:
    """A match's events in the order in which they happened; with `kind` those of one type.

    Their number and their list have these names.
    """
    store, query = question.store, question.query
    found = match(store, question.match_id)
    only(query, {"type", "team", "player", "from", "to", "as_of", "limit", "cursor"})
    if kind and "type" in query:
        raise ConfigError("type: the address says it already", hint="ask /matches/ID/events")
    query = {**query, "type": kind} if kind else query
    asked = _asked(query, _FILTERS, of=found.match_id)
    etag = _etag(found, query)
    if etag in question.if_none_match:
        return Answer(304, headers={"etag": etag})
    rows, place = _page(store, EVENTS, found.match_id, asked=asked)
    whole = _unpaged(query)
    total = question.counts.of(
        found,
        whole,
        tuple(sorted(whole.items())),
        counted=lambda: store.count(
            EVENTS, found.match_id, _asked(whole, _FILTERS, of=found.match_id)
        ),
    )
    body = {
        "match_id": found.match_id,
        number: total,
        listed: [msgspec.Raw(v.body) for v in rows],
        "next": _cursor(place, query, of=found.match_id),
    }
    return said(200, body, etag=etag)


_FILTERS = {"type": "event_type", "team": "team_id", "player": "player_id"}


def stats(question: Question) -> Answer:
    """How many events of each type each team and each player of a match has; see MATCH_STATS."""
    store, query = question.store, question.query
    found = match(store, question.match_id)
    only(query, {"as_of"})
    etag = _etag(found, query)
    if etag in question.if_none_match:
        return Answer(304, headers={"etag": etag})
    asked = _asked({**query, "limit": str(MOST_ROWS)}, {}, of=found.match_id)
    body = question.counts.of(
        found, query, "stats", counted=lambda: _counted(store, found.match_id, asked)
    )
    return said(200, body, etag=etag)


def _counted(store: ServingStore, match_id: str, asked: Asked) -> dict[str, Any]:
    from touchline.matches.gold import live_events, match_stats  # polars is heavy

    versions = list[Version]()
    while rows := store.rows(EVENTS, match_id, asked):
        versions += rows
        asked = replace(asked, after=rows[-1].order)
    counted = match_stats(live_events(versions)).drop("match_id").to_dicts()
    teams = [row for row in counted if row["player_id"] is None]
    players = [row for row in counted if row["player_id"] is not None]
    for row in teams:
        del row["player_id"]
    return {"match_id": match_id, "teams": teams, "players": players}


def letters(question: Question) -> Answer:
    """Records that could not be used, and corrections that wait for their event.

    Only so many are looked at: a page may have fewer than were asked for, and yet a next one.
    """
    store, query = question.store, question.query
    only(query, {"state", "match", "event_id", "limit", "cursor"})
    state = query.get("state", "dead")
    if state not in _STATES:
        raise ConfigError(f"state: {state[:40]!r}, expected dead or waiting", field="state")
    wanted = {"match_id": query.get("match"), "event_id": query.get("event_id")}
    asked, found = _asked(query, {}, of="letters"), list[tuple[str, dict[str, Any]]]()
    limit, pages = asked.limit, _MOST_PAGES
    if any(wanted.values()):
        asked = replace(asked, limit=MOST_ROWS)
    rows: Sequence[Version] = ()
    while len(found) < limit and pages and (rows := store.rows(DEAD, _STATES[state], asked)):
        letters = ((v.order, msgspec.json.decode(v.body)) for v in rows)
        found += [each for each in letters if _is_wanted(each[1], wanted)]
        is_end = len(rows) < asked.limit
        asked, pages = replace(asked, after=rows[-1].order), 0 if is_end else pages - 1
    is_full, found = len(found) >= limit, found[:limit]
    place = found[-1][0] if is_full else asked.after if len(rows) == asked.limit else ""
    listed = [{"state": state, **each} for _, each in found]
    return said(200, {"dead_letters": listed, "next": _cursor(place, query, of="letters")})


_STATES = {"dead": ALL, "waiting": WAITING}


def _is_wanted(letter: Mapping[str, Any], wanted: Mapping[str, str | None]) -> bool:
    return all(value in (None, letter[name]) for name, value in wanted.items())


# --- what was asked ------------------------------------------------------------------------------


def only(query: Query, known: set[str]) -> None:
    """Nothing else is asked.

    Raises:
        ConfigError: Something is.
    """
    for name in query:
        if name not in known:
            raise ConfigError(
                f"{name[:40]!r} is nothing that can be asked",
                hint=f"there is: {', '.join(sorted(known))}",
                field=name[:40],
            )


def _asked(query: Query, filters: Mapping[str, str], *, of: str) -> Asked:
    where = {filters[name]: _word(value, name) for name, value in query.items() if name in filters}
    return Asked(
        where,
        _bound(query, "from"),
        _bound(query, "to"),
        _after(query, of),
        _limit(query.get("limit", str(USUAL_ROWS))),
        _instant(query["as_of"], "as_of") if "as_of" in query else None,
    )


def _unpaged(query: Query) -> Query:
    return {name: value for name, value in query.items() if name not in ("limit", "cursor")}


def _word(value: str, name: str) -> str:
    if not value or len(value) > _WORD or not value.isprintable():
        raise ConfigError(f"{name}: {value[:40]!r} is no name", field=name)
    return value


def _limit(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= MOST_ROWS:
        raise ConfigError(f"limit: {text[:40]!r}, expected 1 to {MOST_ROWS}", field="limit")
    return int(text)


def _instant(text: str, name: str) -> datetime:
    try:
        return instant(text.replace(" ", "+"), name)  # a + that nobody escaped
    except ContractError as exc:
        raise ConfigError(str(exc), hint=exc.hint, field=name) from exc


def _bound(query: Query, name: str) -> str:
    """Where rows of that instant and later ones begin, in the order of rows."""
    if name not in query:
        return ""
    at = _instant(query[name], name).replace(tzinfo=None)
    return f"{at.isoformat(timespec='microseconds')}Z"


# --- pages ---------------------------------------------------------------------------------------


def _page(
    store: ServingStore, view: View, key: str, *, asked: Asked
) -> tuple[Sequence[Version], str]:
    """The rows of a page, and where the next one begins; "" where there is none."""
    rows = store.rows(view, key, replace(asked, limit=asked.limit + 1))
    page = rows[: asked.limit]
    return page, page[-1].order if len(rows) > len(page) else ""


def _cursor(place: str, query: Query, *, of: str) -> str | None:
    """What goes on behind that place, sealed with what was asked; None at the end."""
    if not place:
        return None
    found = place.encode()
    return base64.urlsafe_b64encode(_seal(found, query, of) + found).decode().rstrip("=")


def _after(query: Query, of: str) -> str:
    given = query.get("cursor")
    if given is None:
        return ""
    try:
        coded = base64.b64decode(given.encode() + b"=" * (-len(given) % 4), b"-_", validate=True)
        place = coded[8:].decode()
    except (ValueError, UnicodeError):
        place, coded = "", b""
    if not place or coded[:8] != _seal(place.encode(), query, of):
        raise ConfigError(
            f"cursor: {given[:40]!r} is none of this question",
            hint="give `next` of the page before, and ask the same beside it",
            field="cursor",
        )
    return place


def _seal(place: bytes, query: Query, of: str) -> bytes:
    """What ties a cursor to its question: it protects nobody's secret, only against mistakes."""
    asked = msgspec.json.encode([of, sorted(_unpaged(query).items())])
    return hashlib.blake2b(place, key=hashlib.blake2b(asked).digest(), digest_size=8).digest()


def _etag(found: Match, query: Query) -> str:
    asked = hashlib.blake2b(msgspec.json.encode(sorted(query.items())), digest_size=6).hexdigest()
    return f'"{found.offset}-{asked}"'
