"""The table of players: every family's main numbers, sortable, with filters."""

from collections.abc import Sequence
from dataclasses import dataclass

from touchline.core.contracts import Contract
from touchline.core.markup import Markup, tag
from touchline.tracking.serve import metrics as m
from touchline.tracking.serve import people

FAMILIES: tuple[tuple[str, tuple[m.Metric, ...]], ...] = (
    ("Physical", (m.MINUTES, m.DISTANCE, m.PACE, m.HSR, m.SPRINTS, m.TOP_SPEED)),
    ("Off-ball runs", (m.RUNS, m.DANGEROUS, m.THREAT)),
    ("Pressing", (m.PRESSES, m.PRESS_SUCCESS, m.REGAINS)),
    ("Confidence", (m.SEEN, m.DETECTED)),
)
METRICS = tuple(metric for _, family in FAMILIES for metric in family)


@dataclass(frozen=True)
class DoubtRule:
    """Below which shares a physical number is marked as doubtful."""

    min_frames_share: float = 0.5
    min_detected_share: float = 0.6


def player_table(
    rows: Sequence[m.Row], definitions: Contract, *, doubt: DoubtRule = DoubtRule()
) -> Markup:
    """The filters and the table, a row per player of PLAYER_METRICS, as people.ordered."""
    heads = [
        tag(
            "th",
            tag("button", m.heading(x), type="button", title=m.meaning_of(x, definitions)),
            scope="col",
            aria_sort="none",
            class_=_edge(x),
        )
        for x in METRICS
    ]
    bands = [
        tag("th", name, scope="colgroup", colspan=len(family), class_="band edge")
        for name, family in FAMILIES
    ]
    player = tag(
        "th", tag("button", "Player", type="button"), scope="col", aria_sort="none", class_="who"
    )
    head = tag("thead", tag("tr", tag("td", class_="who"), bands), tag("tr", player, heads))
    body = tag("tbody", [_line(row, doubt) for row in rows])
    caption = tag(
        "caption", "Players and their numbers; a click on a heading sorts.", class_="aside"
    )
    return tag(
        "div",
        _filters(rows),
        tag(
            "div",
            tag("table", caption, head, body, id="players-table"),
            class_="scroll card flush",
            tabindex="0",
            role="region",
            aria_label="Players",
        ),
        tag("p", _note(rows, doubt), class_="quiet"),
    )


def _note(rows: Sequence[m.Row], doubt: DoubtRule) -> list[Markup | str]:
    apart = {r["group"]: r["position_group"] for r in rows if r["group"] != r["position_group"]}
    return [
        "Tap a heading, or point at it, for its definition; a dash for its reason. ",
        tag("span", "Marked", class_="doubt"),
        f" shares: positions in less than {doubt.min_frames_share:.0%} of his frames, or less than"
        f" {doubt.min_detected_share:.0%} of them seen by the camera: read his physical numbers with care.",
        *(
            f" {said}: the provider counts goalkeepers under {given}, and so do the tables:"
            f" position_group = '{given}', position = 'GK'."
            for said, given in sorted(apart.items())
            if given
        ),
    ]


def _edge(metric: m.Metric) -> str | None:
    """A line before the first metric of a family."""
    return "edge" if any(metric is family[0] for _, family in FAMILIES) else None


def _filters(rows: Sequence[m.Row]) -> Markup:
    teams = dict.fromkeys((people.side(r), people.team(r)) for r in rows)
    team = [
        tag("option", "Both teams", value=""),
        *(tag("option", name, value=side) for side, name in teams),
    ]
    groups = sorted({r["group"] for r in rows})
    group = [tag("option", "All positions", value=""), *(tag("option", g, value=g) for g in groups)]
    return tag(
        "form",
        tag("label", "Team ", tag("select", team, id="table-team"), class_="control"),
        tag("label", "Position ", tag("select", group, id="table-group"), class_="control"),
        tag(
            "span",
            f"{len(rows)} of {len(rows)} players",
            id="table-shown",
            aria_live="polite",
            class_="quiet",
        ),
        class_="controls",
        id="table-filter",
    )


def _line(row: m.Row, doubt: DoubtRule) -> Markup:
    name = people.name(row)
    about = tag(
        "small", f"{row['position'] or 'position unknown'}{'' if row['started'] else ', sub'}"
    )
    choose = tag("a", name, href="#radar", data_choose=row["player_id"], title="Show his radar")
    who = tag(
        "th",
        tag("span", class_=f"dot {people.side(row)}"),
        choose,
        " ",
        about,
        scope="row",
        class_="who",
        data_value=name,
    )
    cells = [_cell(metric, row, doubt) for metric in METRICS]
    return tag(
        "tr",
        who,
        cells,
        data_team=people.side(row),
        data_group=row["group"],
        data_player=row["player_id"],
    )


def _cell(metric: m.Metric, row: m.Row, doubt: DoubtRule) -> Markup:
    value = row[metric.name]
    least = {m.SEEN.name: doubt.min_frames_share, m.DETECTED.name: doubt.min_detected_share}
    low = value is not None and value < least.get(metric.name, float("-inf"))
    names = " ".join(n for n in (_edge(metric), "doubt" if low else None) if n)
    raw = None if value is None else f"{value:.10g}"
    return tag("td", m.number(metric, row), data_value=raw, class_=names or None)
