"""The report of a match: one HTML page that asks nothing of any other address."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib import resources
from typing import Any

import polars as pl

from touchline.core.contracts import Contract
from touchline.core.markup import Child, Markup, tag
from touchline.errors import MissingInputError
from touchline.tracking.serve import people
from touchline.tracking.serve.comparison import COMPARE, ComparisonRule
from touchline.tracking.serve.definitions import definitions
from touchline.tracking.serve.lineup import lineup
from touchline.tracking.serve.player_table import player_table
from touchline.tracking.serve.radar import radar
from touchline.tracking.serve.scatter import FAMILIES, scatter
from touchline.tracking.serve.sprint_map import sprint_map
from touchline.tracking.serve.totals import totals

Row = dict[str, Any]


@dataclass(frozen=True)
class MatchTables:
    """What the report is made from.

    `match` is the one row of MATCHES; `players`, `metrics` and `sprints` are that match's rows of
    PLAYERS, PLAYER_METRICS and SPRINTS; `population` is PLAYER_METRICS of every match to compare
    with; `definitions` is the contract of both.
    """

    match: pl.DataFrame
    players: pl.DataFrame
    metrics: pl.DataFrame
    sprints: pl.DataFrame
    population: pl.DataFrame
    definitions: Contract


def page(
    tables: MatchTables,
    *,
    made_at: datetime,
    run_id: str,
    notes: Sequence[str] = (),
    compare: ComparisonRule = COMPARE,
) -> str:
    """The whole page. Everything it needs is in it; everything from outside is escaped.

    Args:
        tables: What is known of the match.
        made_at: When the page was made; its foot says so.
        run_id: The run that published the numbers; the foot names it.
        notes: What its reader must know of these tables, such as that newer files have arrived.
        compare: Whom the radar compares a player with.

    Raises:
        MissingInputError: `tables.match` has not exactly one row.
    """
    if tables.match.height != 1:
        raise MissingInputError(
            f"tracking.matches: {tables.match.height} rows; expected the one row of the match",
            hint="run the tracking pipeline for this match first",
        )
    match = tables.match.row(0, named=True)
    rows = people.ordered(tables.metrics)
    body = (
        _header(match, tables.metrics, notes),
        tag(
            "nav",
            [tag("a", title, href=f"#{key}") for key, title, _ in _SECTIONS],
            aria_label="Sections",
        ),
        tag("main", _sections(tables, match, rows, compare=compare)),
        _footer(tables, made_at, run_id),
        tag("div", id="tip", role="tooltip", hidden=True),
    )
    return "<!doctype html>\n" + tag("html", _head(match), tag("body", body), lang="en").text + "\n"


_SECTIONS = (
    ("teams", "Teams", "Sums over each team's players."),
    ("lineups", "Line-ups", "Where the starting elevens stood, and who came on."),
    ("players", "Players", "Every player who started or came on."),
    ("radar", "Radar", "One player against his position group, in percentiles."),
    ("activity", "Activity and value", "How often a player does a thing, against how much comes of it."),
    ("sprints", "Sprint map", "Every sprint from start to end."),
    ("definitions", "Definitions", "What each number of this page means, from its table's contract."),
)  # fmt: skip


def _sections(
    tables: MatchTables, match: Row, rows: list[Row], *, compare: ComparisonRule
) -> Child:
    contract = tables.definitions
    parts: dict[str, Child] = {
        "teams": totals(rows, contract),
        "lineups": tag(
            "div", [_side(tables.players, match, s) for s in ("home", "away")], class_="lineups"
        ),
        "players": player_table(rows, contract),
        "radar": radar(
            tables.metrics, tables.population, contract, chosen=_first(rows), compare=compare
        ),
        "activity": tag("div", [scatter(f, rows, contract) for f in FAMILIES], class_="scatters"),
        "sprints": sprint_map(match, rows, tables.sprints),
        "definitions": definitions(contract),
    }
    legend = tag(
        "p",
        tag("span", class_="dot home"),
        _team(match, "home"),
        " ",
        tag("span", class_="dot away"),
        _team(match, "away"),
        tag("small", "outlined: the player of the radar"),
        class_="legend",
    )
    return [
        tag(
            "section",
            tag("h2", title),
            tag("p", said, class_="lead"),
            legend if key == "activity" else None,
            parts[key],
            id=key,
        )
        for key, title, said in _SECTIONS
    ]


def _side(players: pl.DataFrame, match: Row, side: str) -> Markup:
    return lineup(players.filter(pl.col("is_home") == (side == "home")), _team(match, side))


def _first(rows: list[Row]) -> int | None:
    """The player whose radar is open at first: the one whose runs threatened most."""
    if not rows:
        return None
    return int(max(rows, key=lambda r: r["total_xthreat"] or 0.0)["player_id"])


def _team(match: Row, side: str) -> str:
    return match[f"{side}_team_name"] or f"{side.capitalize()} team"


def _score(match: Row) -> str:
    home, away = match["home_score"], match["away_score"]
    return "– : –" if home is None or away is None else f"{home} : {away}"


def _head(match: Row) -> Markup:
    style, script = (_file("page.css"), _file("page.js"))
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    title = f"{_team(match, 'home')} {_score(match)} {_team(match, 'away')} · Touchline"
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("link", rel="icon", href="data:,"),
        tag("style", Markup(style)),
        tag("script", Markup(script), type="module"),
    )


def _file(name: str) -> str:
    return resources.files("touchline.tracking.serve").joinpath(name).read_text(encoding="utf-8")


def _header(match: Row, metrics: pl.DataFrame, notes: Sequence[str]) -> Markup:
    when = f"{match['kick_off_at'].astimezone(UTC):%A, %-d %B %Y, kick-off %H:%M} UTC"
    where = [match["competition_name"], match["season_name"], match["round_name"]]
    no_score = match["home_score"] is None or match["away_score"] is None
    return tag(
        "header",
        tag("p", " · ".join(str(w) for w in where if w), class_="over"),
        tag(
            "h1",
            tag("span", _team(match, "home"), class_="team home"),
            tag(
                "span",
                _score(match),
                class_="score",
                title="no score in the data" if no_score else None,
            ),
            tag("span", _team(match, "away"), class_="team away"),
        ),
        [tag("p", note, class_="notice", role="note") for note in notes],
        tag("p", " · ".join(p for p in (when, match["stadium_name"]) if p), class_="under"),
        tag("p", _confidence(metrics), class_="under quiet"),
    )


def _confidence(metrics: pl.DataFrame) -> str:
    """How much of the players' time was seen, over all players, longer on the pitch weighing more."""
    known = metrics.drop_nulls(["minutes_played", "frames_share", "detected_share"])
    minutes, frames = known["minutes_played"], known["frames_share"]
    tracked = float((minutes * frames).sum())
    if not tracked:
        return "Data confidence: no positions of any player."
    share = tracked / float(minutes.sum())
    detected = float((minutes * frames * known["detected_share"]).sum()) / tracked
    return (
        f"Data confidence: positions in {share:.0%} of the players' frames, {detected:.0%} of those"
        " positions seen by the camera, the rest extrapolated."
    )


def _footer(tables: MatchTables, made_at: datetime, run_id: str) -> Markup:
    rules = (
        people.listed(tables.metrics["sprint_rule"].drop_nulls().unique().sort().to_list())
        or "none"
    )
    facts = (
        ("Match", str(tables.match["match_id"][0])),
        ("Run", run_id),
        ("Made", f"{made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"),
        ("Sprint rule", rules),
        ("Table", f"{tables.definitions.table}, contract version {tables.definitions.version}"),
    )
    return tag(
        "footer",
        tag("p", _confidence(tables.metrics)),
        tag("p", [tag("span", f"{k} ", tag("code", v)) for k, v in facts], class_="facts"),
        tag(
            "p",
            "A dash is a number that was not measured; 0 was measured and is 0. Shares, from 0 to 1 in the tables, are written in %.",
        ),
    )
