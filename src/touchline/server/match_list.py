"""/matches.html: the matches that are known, the newest first."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

import msgspec

from touchline.core.markup import Child, Markup, tag
from touchline.core.ports import Asked, ServingStore, Version
from touchline.matches.live import ALL, EVENTS, MATCHES, Match
from touchline.matches.serve.glance import GOALS, glance
from touchline.server.parts import age, link, number

PLACE = "/matches.html"
ON_A_PAGE = 50
LIVE_MIN = 20
"""A match is live for so many minutes after its last event: no break of a match is longer."""

_MOST = 10_000
_FIRST = 40


def page(store: ServingStore, query: Mapping[str, str]) -> str:
    """The list; `season` shows one season, `after` the ones that are older than so many."""
    now = datetime.now(UTC)
    rows = store.rows(MATCHES, ALL, Asked(limit=_MOST))
    matches = [msgspec.json.decode(v.body, type=Match) for v in reversed(rows)]
    season, skipped = query.get("season", ""), query.get("after", "0")
    wanted = [m for m in matches if season in ("", m.season)]
    first = int(skipped) if skipped.isascii() and skipped.isdigit() and len(skipped) < 6 else 0
    shown = wanted[first : first + ON_A_PAGE]
    live = sum(_is_live(m, now) for m in wanted)
    return framed(
        "Matches",
        tag(
            "header",
            tag("h1", "Matches"),
            tag("p", f"{number(len(wanted))} known, {live} live"),
        ),
        tag(
            "main",
            _seasons(matches, season),
            tag("ul", [_row(store, m, now) for m in shown], class_="matches"),
            None if shown else tag("p", "None has been posted yet.", class_="quiet"),
            _older(season, first, len(wanted)),
        ),
        up=link("/health", "← Health"),
    )


def _seasons(matches: Sequence[Match], chosen: str) -> Child:
    found = Counter(m.season for m in matches)
    if len(found) < 2:
        return None
    links = [
        link(
            PLACE + (f"?{urlencode({'season': season})}" if season else ""),
            season or "All",
            aria_current="page" if season == chosen else None,
        )
        for season in ("", *sorted(found, reverse=True))
    ]
    return tag("nav", links, class_="seasons", aria_label="Seasons")


def _older(season: str, first: int, count: int) -> Child:
    if first + ON_A_PAGE >= count:
        return None
    asked = {"after": str(first + ON_A_PAGE)} | ({"season": season} if season else {})
    return tag("p", link(f"{PLACE}?{urlencode(asked)}", "Older matches"), class_="older")


def _row(store: ServingStore, match: Match, now: datetime) -> Markup:
    """A match in the list: its teams and goals are read, not all of its events."""
    first = store.rows(EVENTS, match.match_id, Asked(limit=_FIRST))
    goals = [v for kind in GOALS for v in _of(store, match.match_id, kind)]
    by_place = {v.order: msgspec.json.decode(v.body) for v in (*first, *goals)}
    found = glance([by_place[place] for place in sorted(by_place)])
    events = store.count(EVENTS, match.match_id, Asked())
    one, two = (*map(found.name, found.teams), "–", "–")[:2]
    score = " : ".join(str(goals) for goals in (*found.score, 0, 0)[:2])
    return tag(
        "li",
        link(
            place(match.match_id),
            tag("span", one, class_="team one"),
            tag("span", score, class_="score"),
            tag("span", two, class_="team two"),
            tag(
                "span",
                _mark(match, now),
                tag("span", f"{match.first_event_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"),
                tag("span", match.season),
                tag("span", f"{number(events)} event{'' if events == 1 else 's'}"),
                tag("span", match.match_id),
                class_="facts quiet",
            ),
        ),
    )


def _of(store: ServingStore, match_id: str, kind: str) -> Sequence[Version]:
    return store.rows(EVENTS, match_id, Asked({"event_type": kind}, limit=1000))


def _is_live(match: Match, now: datetime) -> bool:
    return now - match.last_event_at < timedelta(minutes=LIVE_MIN)


def _mark(match: Match, now: datetime) -> Markup:
    if _is_live(match, now):
        return tag("span", "live", class_="state live")
    return tag("span", f"changed {age((now - match.changed_at).total_seconds())} ago")


def place(match_id: str) -> str:
    """Where the page of a match is."""
    return f"/matches/{quote(match_id, safe='')}/page"


# --- the frame ----------------------------------------------------------------------------------


def framed(title: str, *body: Child, up: Child = None, script: bool = False) -> str:
    """A whole page of the live path, with a style of its own."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{title} · Touchline"),
        tag("link", rel="icon", href="data:,"),
        tag("link", rel="stylesheet", href="/matches.css"),
        tag("script", src="/matches.js", type="module") if script else None,
    )
    page = tag("html", head, tag("body", tag("nav", up, aria_label="Way back"), body), lang="en")
    return f"<!doctype html>\n{page.text}\n"


def absent(said: str) -> str:
    """The page in the place of a match that there is not."""
    return failed(said, "the list has those that there are", title="There is no such match")


def failed(said: str, hint: str, *, title: str = "The store cannot be read now") -> str:
    """The page in the place of one that cannot be shown."""
    return framed(
        title,
        tag("header", tag("h1", title)),
        tag("main", tag("p", said, class_="notice"), tag("p", hint, class_="quiet")),
        up=link(PLACE, "← Matches"),
    )
