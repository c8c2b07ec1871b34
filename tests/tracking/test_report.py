"""The report of a match: what stands on the page, and what each part is made of."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from itertools import combinations

import numpy as np
import polars as pl
import pytest
import report_tables as made
from hypothesis import given, settings
from hypothesis import strategies as st

from touchline.core.markup import Markup, tag
from touchline.errors import MissingInputError
from touchline.tracking.contracts import PLAYER_METRICS, PLAYERS, SPRINTS
from touchline.tracking.serve import MatchTables, page, people
from touchline.tracking.serve import metrics as m
from touchline.tracking.serve.comparison import COMPARED, ComparisonRule, comparison, crowds
from touchline.tracking.serve.definitions import shown
from touchline.tracking.serve.lineup import LineupRule, stands
from touchline.tracking.serve.placement import placed
from touchline.tracking.serve.scatter import FAMILIES, scatter
from touchline.tracking.serve.sprint_map import sprint_map

HOSTILE = (
    """</script><script>alert('x')</script><img src=x onerror="alert(1)">&amp; $x^2$ "q" 'r'"""
)
ELSEWHERE = "山田 Ξ 🏃 \u202e#f10001"


class Seen(HTMLParser):
    """What a parser finds in a page: elements, attributes by name, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, name: str) -> list[str]:
        return [value or "" for key, value in self.attributes if key == name]


def written(tables: MatchTables, **said: object) -> str:
    return page(tables, made_at=made.MADE_AT, run_id="run-1", **said)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def html() -> str:
    return written(made.tables())


def test_the_head_says_who_played_when_and_where(html: str) -> None:
    text = Seen(html).text
    for said in (
        "Reds", "2 : 1", "Blues", "A-League · 2024/2025 · Round 3",
        "Saturday, 2 November 2024, kick-off 08:35 UTC · City Park",
    ):  # fmt: skip
        assert said in text


def test_the_foot_names_the_run_the_time_and_the_share_seen(html: str) -> None:
    text = Seen(html).text.rpartition("Data confidence")[2]
    assert "Run run-1" in text
    assert "Made 2024-11-03 07:15 UTC" in text
    assert "seen by the camera" in text
    assert "tracking.player_metrics, contract version 1" in text


def test_confidence_weighs_players_by_what_was_tracked() -> None:
    long = made.metrics(made.player(1), frames_share=0.8, detected_share=1.0)
    short = made.metrics(made.player(2, minutes_played=10.0), frames_share=0.8, detected_share=0.0)
    unknown = made.metrics(made.player(3), frames_share=None, detected_share=None)
    text = Seen(written(made.tables(own=[long, short, unknown]))).text
    assert "positions in 80% of the players' frames, 90% of those positions seen" in text


def test_every_number_leads_to_a_definition_with_version_and_origin(html: str) -> None:
    seen = Seen(html)
    anchors = set(seen.of("id"))
    links = {link[1:] for link in seen.of("href") if link.startswith("#def-")}
    assert links
    assert links <= anchors
    assert {f"def-{metric.name}" for metric in shown()} <= anchors
    for metric in shown():
        assert PLAYER_METRICS.column(metric.name).definition in seen.text
        assert f"player_metrics.{metric.name}" in seen.text


def test_every_heading_of_the_players_table_carries_its_contract() -> None:
    changed = replace(
        PLAYER_METRICS,
        columns=tuple(
            replace(c, version=7, definition="Said anew") if c.name == "distance_m" else c
            for c in PLAYER_METRICS.columns
        ),
    )
    titles = Seen(written(made.tables(definitions=changed))).of("title")
    assert (
        "Said anew. Unit: m. tracking.player_metrics.distance_m, version 7, derived here." in titles
    )


def test_the_page_asks_nothing_of_any_address(html: str) -> None:
    assert "://" not in html
    seen = Seen(html)
    assert seen.of("src") == []
    assert all(link.startswith("#") or link == "data:," for link in seen.of("href"))
    assert "url(" not in html
    assert "@import" not in html


def test_no_two_parts_of_the_page_share_an_id(html: str) -> None:
    ids = Seen(html).of("id")
    assert len(ids) == len(set(ids))


def test_the_page_is_light(html: str) -> None:
    assert len(html.encode()) < 1_500_000


def test_the_same_tables_give_the_same_page_in_any_order(html: str) -> None:
    tables = made.tables()
    mixed = replace(
        tables,
        players=tables.players.reverse(),
        metrics=tables.metrics.sample(fraction=1, shuffle=True, seed=3),
        sprints=tables.sprints.reverse(),
        population=tables.population.reverse(),
    )
    assert written(tables) == html
    assert written(mixed) == html


def test_names_from_outside_are_text_and_nothing_else() -> None:
    plain = Seen(written(made.tables()))
    names = {"player_short_name": HOSTILE, "player_name": HOSTILE, "team_name": HOSTILE, "position": HOSTILE}  # fmt: skip
    people_ = [p | names for p in (*made.squad(1), *made.squad(101))]
    teams = {"home_team_name": HOSTILE, "away_team_name": HOSTILE, "stadium_name": HOSTILE}
    tables = made.tables(the_match=made.match(**teams, competition_name=HOSTILE), players=people_)
    hostile = Seen(page(tables, made_at=made.MADE_AT, run_id=HOSTILE))
    assert hostile.tags.count("script") == plain.tags.count("script") == 1
    assert set(hostile.tags) == set(plain.tags)
    assert {k for k, _ in hostile.attributes} == {k for k, _ in plain.attributes}
    assert HOSTILE in hostile.text


def test_names_in_any_letters_pass_unchanged() -> None:
    strangers = [p | {"player_short_name": ELSEWHERE} for p in (*made.squad(1), *made.squad(101))]
    assert Seen(written(made.tables(players=strangers))).text.count(ELSEWHERE) > 20


def test_a_team_a_match_and_a_player_without_a_name_are_still_told_apart() -> None:
    names = {"player_short_name": None, "player_name": None, "team_name": None, "position": None, "position_group": None, "shirt_number": None}  # fmt: skip
    nameless = [p | names for p in (*made.squad(1), *made.squad(101))]
    teams = dict.fromkeys(("home_team_name", "away_team_name", "stadium_name", "season_name", "round_name", "home_score", "away_score"))  # fmt: skip
    text = Seen(written(made.tables(the_match=made.match(**teams), players=nameless))).text
    assert "Home team" in text
    assert "Away team" in text
    assert "– : –" in text
    assert "Player 104" in text


def test_a_report_of_nothing_says_so() -> None:
    empty = made.tables(players=[], own=[], sprints=[])
    text = Seen(written(empty)).text
    assert "No player of this match has numbers." in text
    assert "0 of 0 players" in text
    assert "0 of 0 sprints shown." in text
    assert "no positions of any player" in text


def test_a_report_without_its_match_is_refused() -> None:
    tables = made.tables()
    with pytest.raises(MissingInputError, match=r"tracking.matches: 0 rows"):
        written(replace(tables, match=tables.match.clear()))


# Numbers


@pytest.mark.parametrize(
    ("metric", "said", "why"),
    [
        (m.PRESS_SUCCESS, {"pressing_action_count": 0}, "nothing to take it of, pressing_action_count is 0"),
        (m.SPRINT_SPEED, {"sprint_count": 0}, "nothing to take it of, sprint_count is 0"),
        (m.THREAT_PER_90, {"minutes_played": None}, "his minutes are unknown or 0"),
        (m.DISTANCE, {"frames_share": None}, "no positions of him in the tracking"),
        (m.REGAINS, {}, "not measured"),
    ],
)  # fmt: skip
def test_a_number_that_is_null_is_a_dash_with_its_reason(
    metric: m.Metric, said: dict[str, object], why: str
) -> None:
    row = made.metrics(made.player(1), **{metric.name: None}, **said)
    seen = Seen(m.number(metric, row).text)
    assert seen.text.startswith("–")
    assert why in seen.of("title")[0]


def test_a_number_that_is_zero_is_zero() -> None:
    row = made.metrics(made.player(1), press_success_rate=0.0, sprint_count=0)
    assert Seen(m.number(m.PRESS_SUCCESS, row).text).text == "0"
    assert Seen(m.number(m.SPRINTS, row).text).text == "0"


def test_numbers_are_written_in_the_unit_of_their_heading() -> None:
    assert m.with_unit(m.DISTANCE, 10168.8) == "10,169 m"
    assert m.with_unit(m.PRESS_SUCCESS, 0.304) == "30%"
    assert m.with_unit(m.TOP_SPEED, None) == "–"


def test_what_is_not_markup_is_escaped() -> None:
    built = tag("p", "<b>", Markup("<i>"), ["&", None, 3], title='"', data_x="<", hidden=False)
    assert built.text == '<p title="&quot;" data-x="&lt;">&lt;b&gt;<i>&amp;3</p>'


# Against the group


def rated(player_id: int, pace: float | None, **said: object) -> dict[str, object]:
    return made.metrics(made.player(player_id, **said), metres_per_min=pace)


def pace(found: pl.DataFrame) -> dict[int, dict[str, object]]:
    of = found.filter(pl.col("metric") == "metres_per_min")
    return {row["player_id"]: row for row in of.to_dicts()}


def test_a_percentile_is_the_share_below_with_ties_counting_half() -> None:
    others = [rated(i, p) for i, p in ((1, 100.0), (2, 110.0), (3, 110.0), (4, 130.0))]
    other_group = [rated(5, 500.0, position="CF", position_group="Center Forward")]
    short = [rated(6, 500.0, minutes_played=44.9)]
    unknown = [rated(7, None)]
    population = made.table(PLAYER_METRICS, [*others, *other_group, *short, *unknown])
    found = pace(comparison(population, population))
    assert [found[i]["percentile"] for i in (1, 2, 3, 4)] == [12.5, 50.0, 50.0, 87.5]
    assert found[6]["percentile"] == 100.0
    assert found[7]["percentile"] is None
    assert found[5]["percentile"] == 50.0
    assert found[1]["median"] == 110.0
    assert (found[1]["low"], found[1]["high"]) == (100.0, 130.0)
    assert found[1]["performances"] == 4


def test_a_value_between_two_of_the_group_lies_in_proportion_between_their_percentiles() -> None:
    others = [rated(i, 100.0 + i) for i in range(1, 6)]
    short = [rated(6, 104.25, minutes_played=10.0), rated(7, 90.0, minutes_played=10.0)]
    population = made.table(PLAYER_METRICS, [*others, *short])
    found = pace(comparison(population, population))
    assert [found[i]["percentile"] for i in (4, 5, 6, 7)] == pytest.approx([70.0, 90.0, 75.0, 0.0])
    assert found[1]["high"] == pytest.approx(105.0)


def test_the_best_of_a_small_group_is_drawn_inside_the_band_that_his_number_is_in() -> None:
    rows = made.table(
        PLAYER_METRICS, [rated(i, p) for i, p in ((1, 129.8), (2, 130.5), (3, 131.6))]
    )
    best = pace(comparison(rows, rows))[3]
    assert best["percentile"] == pytest.approx(250 / 3)
    assert (best["low"], best["high"]) == (129.8, 131.6)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=25),
    st.lists(st.integers(0, 48), min_size=1, max_size=6),
)
def test_a_number_above_or_below_the_band_is_drawn_above_or_below_it(
    crowd: list[int], short: list[int]
) -> None:
    """Also that of a player with too few minutes to be in the group; on the edge is in it."""
    rows = [rated(i, float(value)) for i, value in enumerate(crowd)]
    rows += [rated(50 + i, value / 4, minutes_played=10.0) for i, value in enumerate(short)]
    population = made.table(PLAYER_METRICS, rows)
    for row in pace(comparison(population, population)).values():
        value, low, high, percentile = (row[n] for n in ("value", "low", "high", "percentile"))
        assert percentile > 90 - 1e-9 if value > high + 1e-9 else percentile < 90 + 1e-9 or value > high - 1e-9  # type: ignore[operator]  # fmt: skip
        assert percentile < 10 + 1e-9 if value < low - 1e-9 else percentile > 10 - 1e-9 or value < low + 1e-9  # type: ignore[operator]  # fmt: skip


def test_goalkeepers_are_a_group_of_their_own() -> None:
    keeper = made.metrics(made.player(1, position="GK", position_group="Other"))
    other = made.metrics(made.player(2, position="XX", position_group="Other"))
    population = made.table(PLAYER_METRICS, [keeper, other, keeper | {"match_id": 8}])
    assert crowds(population).to_dicts() == [
        {"group": "Other", "performances": 1, "players": 1, "matches": 1},
        {"group": "Other (goalkeepers)", "performances": 2, "players": 1, "matches": 2},
    ]


def test_a_goalkeeper_goes_by_the_providers_word_and_the_page_explains_it(html: str) -> None:
    seen = Seen(html)
    assert '<option value="Other (goalkeepers)">Other (goalkeepers)</option>' in html
    assert (
        "Other (goalkeepers): the provider counts goalkeepers under Other, and so do the tables:"
        " position_group = 'Other', position = 'GK'."
    ) in seen.text
    assert "Goalkeeper" not in html
    assert any("Other (goalkeepers)" in title for title in re.findall("<title>([^<]*)", html))


def test_a_provider_with_a_group_of_goalkeepers_is_taken_at_its_word() -> None:
    keepers = [made.player(1, position="GK", position_group=g) for g in ("Keeper", None)]
    rows = made.table(PLAYER_METRICS, [made.metrics(k) for k in keepers])
    assert [r["group"] for r in people.ordered(rows)] == ["Keeper", "Unknown (goalkeepers)"]


def test_what_a_reader_must_know_stands_under_the_title() -> None:
    html = written(made.tables(), notes=["Newer <files> have arrived.", "Put back."])
    head = html.partition("</h1>")[2].partition("</header>")[0]
    assert head.startswith(
        '<p class="notice" role="note">Newer &lt;files&gt; have arrived.</p>'
        '<p class="notice" role="note">Put back.</p>'
    )
    assert 'class="notice"' not in written(made.tables())


def test_without_a_population_nobody_has_a_percentile() -> None:
    rows = made.table(PLAYER_METRICS, [rated(1, 100.0)])
    found = comparison(rows, rows.clear())
    assert found.height == len(COMPARED)
    assert found["percentile"].null_count() == found.height
    assert comparison(rows.clear(), rows).height == 0


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(0, 200), min_size=2, max_size=12), st.randoms())
def test_percentiles_do_not_depend_on_the_order_of_rows(values: list[float], rnd: object) -> None:
    rows = [rated(i, value) for i, value in enumerate(values)]
    own = made.table(PLAYER_METRICS, rows)
    rnd.shuffle(rows)  # type: ignore[attr-defined]
    mixed = made.table(PLAYER_METRICS, rows)
    assert comparison(own, mixed).equals(comparison(mixed, own))
    assert pace(comparison(own, own))[int(np.argmin(values))]["percentile"] <= 50  # type: ignore[operator]


def test_a_small_group_is_said_to_be_small() -> None:
    alone = Seen(written(made.tables(rivals=0))).text
    assert "Against 6 players of his group, Wide Attacker, in 1 match: 6 performances" in alone
    assert "Too few to rank by" in alone
    many = Seen(written(made.tables(rivals=4), compare=ComparisonRule(few=11))).text
    small = "Against 2 players of his group, Other (goalkeepers), in 5 matches: 10 performances"
    assert "Too few" in many.split(small)[1].split("Metric")[0]
    big = "Against 6 players of his group, Wide Attacker, in 5 matches: 30 performances"
    assert big in many
    assert "Too few" not in many.split(big)[1].split("Metric")[0]
    assert "He played less than that" in many


# Pictures


def test_a_radar_is_drawn_for_every_player_and_one_is_shown(html: str) -> None:
    shapes = re.findall(
        r'<g class="radar-shape" data-player="(\d+)"( hidden)?>(<path d="[^"]+")', html
    )
    assert len(shapes) == 26
    assert [hidden for _, hidden, _ in shapes].count("") == 1
    chosen = next(player for player, hidden, _ in shapes if not hidden)
    assert re.findall(r'<section data-radar="(\d+)">', html) == [chosen]


def test_a_radar_breaks_where_a_number_is_missing() -> None:
    whole = [made.metrics(made.player(i)) for i in (1, 2)]
    broken = [whole[0] | {"runs_per_90": None}, whole[1]]
    nothing = [whole[0] | {x.name: None for x in COMPARED}, whole[1]]
    outline = [
        re.search(r'<g class="radar-shape" data-player="1"[^>]*>(?:<path d="([^"]*)")?', written(made.tables(own=own)))
        for own in (whole, broken, nothing)
    ]  # fmt: skip
    corners = [(found[1] or "").count("z") if found else None for found in outline]
    assert corners == [1 + 10, 8 + 9, 0]


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.key)
def test_a_scatter_draws_who_did_enough_to_tell_and_lists_everybody(family) -> None:  # type: ignore[no-untyped-def]
    own = [made.metrics(made.player(i)) for i in range(1, 9)]
    for row in own:
        row[family.count.name] = 3
    own[0][family.value.name] = None
    own[1]["minutes_played"] = 19.9
    own[7][family.count.name] = 2
    rows = people.ordered(made.table(PLAYER_METRICS, own))
    card = scatter(family, rows, PLAYER_METRICS).text
    drawn = set(re.findall(r'class="point" data-player="(\d+)"', card))
    assert drawn == {"3", "4", "5", "6", "7"}
    assert "The numbers, 5 of 8 players drawn" in card
    assert "not drawn: fewer than 20 minutes" in card
    assert f"not drawn: fewer than 3 {family.count.label.lower()}" in card
    assert card.count('scope="row"') == 8


def test_a_player_on_the_median_is_not_above_it() -> None:
    own = [
        made.metrics(made.player(i), pressing_actions_per_90=float(i), press_success_rate=share)
        for i, share in ((1, 0.0), (2, 0.0), (3, 0.0), (4, 0.5))
    ]
    rows = people.ordered(made.table(PLAYER_METRICS, own))
    text = Seen(scatter(FAMILIES[2], rows, PLAYER_METRICS).text).text
    assert "Often and with success: G. Name4." in text


def test_players_who_all_do_the_same_are_drawn_too() -> None:
    own = [made.metrics(made.player(i), runs_per_90=0.0, threat_per_90=0.0) for i in (1, 2)]
    rows = people.ordered(made.table(PLAYER_METRICS, own))
    assert scatter(FAMILIES[1], rows, PLAYER_METRICS).text.count('class="point"') == 2


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    up = min(one[3], other[3]) - max(one[1], other[1])
    return max(across, 0) * max(up, 0)


def test_names_in_a_crowd_do_not_cover_each_other() -> None:
    rng = np.random.default_rng(4)
    points = [(float(x), float(y)) for x, y in rng.uniform(40, 360, (24, 2))]
    points += [points[0], points[0]]
    boxes = placed(points, ["Somebody"] * len(points), (0, 0, 400, 400))
    assert len(boxes) == len(points)
    assert sum(overlap(a, b) for a, b in combinations(boxes, 2)) < 20
    assert all(b[0] >= 0 and b[2] <= 400 and b[1] >= 0 and b[3] <= 400 for b in boxes)
    assert placed([], [], (0, 0, 400, 400)) == []


def test_short_names_stay_apart() -> None:
    names = ["N. Velupillay", "J. Smith", "K. Smith", "Clarismario Rodrigues"]
    assert people.labels(names) == ["Velupillay", "J. Smith", "K. Smith", "Clarismario Ro…"]


def test_no_two_starters_stand_on_one_another() -> None:
    two_forwards = [made.player(i, position="CF") for i in (1, 2)]
    unknown = [made.player(3, position=None, position_group=None), made.player(4, position="??", position_group="Midfield")]  # fmt: skip
    everyone = [*made.squad(101)[:11], *two_forwards, *unknown]
    for rows in (everyone, two_forwards, []):
        places = stands(rows, LineupRule())
        assert all(abs(a[0] - b[0]) + abs(a[1] - b[1]) >= 8 for a, b in combinations(places, 2))
    assert stands(two_forwards, LineupRule()) == [(90.0, -7.5), (90.0, 7.5)]


# Sprints


def ends(html: str, player_id: int) -> tuple[float, float]:
    """Where along the picture a player's first arrow starts, and where its tip is."""
    arrow = re.search(rf'data-player="{player_id}" data-state="[^"]+">.*?</g>', html, re.DOTALL)
    assert arrow
    lines = re.findall(r'd="M ([\d.]+) [\d.]+ [^"]*?([\d.]+) [\d.]+"', arrow[0])
    return float(lines[0][0]), float(lines[0][1])


@pytest.mark.parametrize(
    ("side", "right"),
    [("left_to_right", {1: True, 2: False, 101: False, 102: True}), ("right_to_left", {1: False, 2: True, 101: True, 102: False}), (None, dict.fromkeys((1, 2, 101, 102), True))],
)  # fmt: skip
def test_sprints_are_turned_so_that_both_teams_attack_to_the_right(
    side: str | None, right: dict[int, bool]
) -> None:
    """All four run towards +x: 1 and 101 in period 1, 2 and 102 in period 2."""
    sprints = [made.sprint(i, period=1 if i % 100 == 1 else 2) for i in right]
    rows = people.ordered(made.table(PLAYER_METRICS, [made.metrics(made.player(i)) for i in right]))
    drawn = sprint_map(made.match(home_side_period_1=side), rows, made.table(SPRINTS, sprints)).text
    for player_id, to_the_right in right.items():
        start, tip = ends(drawn, player_id)
        assert (tip > start) == to_the_right
    assert ("Playing direction is not known" in drawn) == (side is None)


def test_an_arrow_says_who_when_how_fast_and_who_had_the_ball() -> None:
    sprints = [made.sprint(1, 700), made.sprint(1, 40_000, period=2, in_possession=False)]
    rows = people.ordered(made.table(PLAYER_METRICS, [made.metrics(made.player(1))]))
    drawn = sprint_map(made.match(), rows, made.table(SPRINTS, sprints)).text
    titles = re.findall("<title>([^<]*)</title>", drawn)
    assert titles == [
        "G. Name1, minute 2 (period 1): top speed 31.2 km/h, 20 m in 3.1 s; his team on the ball, quick break; detected 90%",
        "G. Name1, minute 46 (period 2): top speed 31.2 km/h, 20 m in 3.1 s; the other team on the ball, defending quick break; detected 90%",
    ]  # fmt: skip


def test_a_sprint_without_a_place_or_of_a_stranger_breaks_nothing() -> None:
    sprints = [made.sprint(1, start_x_m=None), made.sprint(99, in_possession=None, period=3)]
    drawn = sprint_map(made.match(), [], made.table(SPRINTS, sprints)).text
    assert drawn.count('class="sprint ') == 1
    assert "Player 99, period 3" in drawn


# Colours


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Source: WCAG 2.2, contrast ratio."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_words_and_marks_stand_out_by_day_by_night_and_in_print() -> None:
    css = resources.files("touchline.tracking.serve").joinpath("page.css").read_text("utf-8")
    themes = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{([^}]*)\}", css)]  # fmt: skip
    assert len(themes) == 3
    for theme in themes:
        assert set(theme) == set(themes[0])
        for word in ("ink", "muted", "warn", "home", "away"):
            assert contrast(theme[word], theme["card"]) >= 4.5
            assert contrast(theme[word], theme["paper"]) >= 4.5
        assert contrast(theme["on-team"], theme["home"]) >= 4.5
        assert contrast(theme["on-team"], theme["away"]) >= 4.5
        for mark in ("with-ball", "without-ball", "dead-ball"):
            assert contrast(theme[mark], theme["grass"]) >= 3


def test_line_ups_show_both_elevens_and_the_minutes_of_the_bench(html: str) -> None:
    text = Seen(html).text
    assert html.count("Starting eleven of ") == 2
    assert "48.0 min" in text
    assert "Not usedG. Name14" in text
    assert PLAYERS.column("goals").definition in text
