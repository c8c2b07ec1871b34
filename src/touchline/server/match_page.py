"""/matches/{id}/page: one match, as it is known; `match.js` goes on from there as it changes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec

from touchline.core.markup import Child, Markup, tag
from touchline.core.ports import ServingStore
from touchline.matches.live import Match
from touchline.matches.serve.glance import Glance, Timed, glance, known, said
from touchline.server import match_drawing
from touchline.server.match_list import PLACE, framed
from touchline.server.parts import link, number

IN_THE_FEED = 40
MOST_MOMENTS = 100
MOST_CANCELLED = 200
PERIODS: Mapping[int | None, str] = {
    1: "first half", 2: "second half", 3: "extra time, first half", 4: "extra time, second half",
    5: "shoot-out",
}  # fmt: skip


def page(store: ServingStore, match: Match) -> str:
    """The whole page, as things stand now."""
    found = glance(known(store, match.match_id))
    one, two = _teams(found)
    cancelled = [t.event for t in found.events if t.is_cancelled][-MOST_CANCELLED:]
    began = match.first_event_at.astimezone(UTC)
    return framed(
        f"{one} {_score(found)} {two}",
        tag(
            "header",
            tag("p", f"{began:%A, %-d %B %Y} · {match.season}", class_="over"),
            tag("h1", _title(found), id="score", aria_live="polite"),
            tag("p", _clock(found), id="clock", class_="over"),
        ),
        tag(
            "main",
            _section("timeline", "Timeline", _timeline(found)),
            _section("pitch", "Pitch", _pitch(found)),
            _section("statistics", "Statistics", tag("table", _statistics(found), id="counts")),
            _section(
                "events",
                "Events",
                tag(
                    "ol",
                    _feed(found),
                    id="feed",
                    tabindex=0,
                    aria_label="Last events, the newest first",
                ),
            ),
            id="match",
            data_stream=f"/matches/{quote(match.match_id, safe='')}/stream",
            data_cancelled=msgspec.json.encode(cancelled).decode(),
        ),
        tag(
            "footer",
            tag("p", "Match ", tag("code", match.match_id), class_="facts"),
            tag("p", "Times are on the match clock; without one, counted from the first event."),
        ),
        up=[link(PLACE, "← Matches"), _state()],
        script=True,
    )


def _state() -> Markup:
    now = datetime.now(UTC)
    return tag("span", f"as of {now:%H:%M:%S} UTC", class_="state", id="state", role="status")


def _section(name: str, title: str, *body: Child) -> Markup:
    return tag("section", tag("h2", title), tag("div", *body, class_="card"), class_=name)


# --- the head -----------------------------------------------------------------------------------


def _teams(found: Glance) -> tuple[str, str]:
    one, two = (*map(found.name, found.teams), "–", "–")[:2]
    return one, two


def _score(found: Glance) -> str:
    one, two = (*found.score, 0, 0)[:2]
    return f"{one} : {two}"


def _title(found: Glance) -> Child:
    one, two = _teams(found)
    penalties = " : ".join(map(str, found.shoot_out)) if any(found.shoot_out) else ""
    after = tag("small", f"{penalties} in the shoot-out") if penalties else None
    return tag(
        "span",
        tag("span", one, class_="team one"),
        tag("span", _score(found), after, class_="score"),
        tag("span", two, class_="team two"),
        class_="whole",
    )


def _clock(found: Glance) -> str:
    if not found.valid:
        return "no events"
    last = found.valid[-1].clock
    parts = [str(last), PERIODS.get(last.period), _counted(len(found.valid))]
    return " · ".join(part for part in parts if part)


def _counted(events: int) -> str:
    return f"{number(events)} event{'' if events == 1 else 's'}"


# --- timeline -----------------------------------------------------------------------------------


def _timeline(found: Glance) -> Child:
    rows = [_moment(found, each) for each in found.moments[-MOST_MOMENTS:]]
    none = tag("li", "No goals, cards or substitutions yet.", class_="quiet")
    return [match_drawing.bar(found), tag("ol", rows or none, id="moments")]


def _moment(found: Glance, timed: Timed) -> Markup:
    return _item(found, timed, timed.clock.minute)


def _item(found: Glance, timed: Timed, when: str) -> Markup:
    """An event as a line: when, what, who, and what became of it."""
    event = timed.event
    outcome = said(event.get("outcome"))
    what = ", ".join(w for w in (worded(timed.kind), outcome) if w)
    who = " · ".join(w for w in (found.player(event), found.name(timed.team)) if w)
    line: Sequence[Child] = [
        tag("i", class_=f"sign {match_drawing.sign(timed)}", aria_hidden="true"),
        tag("span", what, class_="what"),
        tag("span", who, class_="who"),
    ]
    return tag(
        "li",
        tag("span", when, class_="when"),
        tag("s" if timed.is_cancelled else "span", line, class_="line"),
        [tag("small", note) for note in notes(timed)],
        class_=side(found, timed),
    )


def side(found: Glance, timed: Timed) -> str:
    """The class of what belongs to a team."""
    return dict(zip(found.teams, ("one", "two"), strict=False)).get(timed.team, "none")


def notes(timed: Timed) -> list[str]:
    """What became of an event since it was told first."""
    reason = said(timed.event.get("reason"))
    if timed.is_cancelled:
        return [f"cancelled: {reason}" if reason else "cancelled"]
    was_amended = timed.event.get("version", 1) > 1
    is_open = timed.event.get("status") == "provisional"
    changed = f"amended: {reason}" if reason else "amended"
    return [changed] * was_amended + ["to be confirmed"] * is_open


def worded(kind: str) -> str:
    """A type as words."""
    return kind.replace("_", " ")


# --- pitch, statistics, events ------------------------------------------------------------------


def _pitch(found: Glance) -> Child:
    options = [("300", "last 5 minutes"), ("900", "last 15 minutes"), ("", "whole match")]
    checks = [("goals", True), ("shots", True), ("passes", True), ("other", False)]
    controls = tag(
        "form",
        tag("fieldset", tag("legend", "Team"), id="teams"),
        tag("fieldset", tag("legend", "Show"), [_check(*c) for c in checks], id="kinds"),
        tag("label", "Player ", tag("select", tag("option", "all", value=""), id="player")),
        tag("label", "Passes and other of the ", tag("select", [_option(*o) for o in options], id="span")),
        id="controls",
        hidden=True,
    )  # fmt: skip
    hint = "Goals and shots of the whole match, passes of the last 5 minutes."
    return [
        controls,
        match_drawing.ways(found),
        tag("div", match_drawing.pitch(found), class_="turf"),
        tag("p", hint, id="chosen", class_="quiet", aria_live="polite"),
    ]


def _check(name: str, is_on: bool) -> Markup:
    box = tag("input", type="checkbox", value=name, checked=is_on)
    return tag("label", box, name.capitalize(), class_="chip")


def _option(value: str, told: str) -> Markup:
    return tag("option", told, value=value)


def _statistics(found: Glance) -> Child:
    one, two = _teams(found)
    heads = [
        tag("th", one, scope="col", class_="one", colspan=2),
        tag("th", two, scope="col", class_="two", colspan=2),
    ]
    rows = [_count(kind, (*of, 0, 0)[:2]) for kind, of in found.counts.items()]
    return [tag("thead", tag("tr", heads)), tag("tbody", rows)]


def _count(kind: str, of: Sequence[int]) -> Markup:
    bars = match_drawing.shares(of[0], of[1])
    return tag(
        "tr",
        tag("td", number(of[0])),
        tag("th", worded(kind), bars, scope="row", colspan=2),
        tag("td", number(of[1])),
    )


def _feed(found: Glance) -> Child:
    newest = list(found.events[-IN_THE_FEED:])[::-1]
    return [_item(found, each, str(each.clock)) for each in newest]
