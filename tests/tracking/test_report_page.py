"""The report of a match in a browser: what a reader can do with it, offline."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import report_tables as made

from touchline.tracking.serve import page

try:
    from playwright.sync_api import Browser, Page, sync_playwright
except ImportError:
    sync_playwright = None

CHROMIUM = os.environ.get("TOUCHLINE_CHROMIUM") or shutil.which("chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
HOSTILE = """</script><script>window.broken = 1</script><img src=x onerror="window.broken = 1">'"""


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    if not CHROMIUM or sync_playwright is None:
        why = "needs chromium and the package playwright"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(why)
        pytest.skip(why)
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@dataclass(frozen=True)
class Opened:
    """A page, what it asked for and what it complained of."""

    page: "Page"
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def shown(browser: "Browser", folder: Path, html: str, *, width: int = 1400) -> Opened:
    file = folder / "report.html"
    file.write_text(html, encoding="utf-8")
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
    opened = Opened(context.new_page())
    opened.page.on("request", lambda asked: opened.requests.append(asked.url))
    opened.page.on("console", lambda said: opened.complaints.append(said.text))
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.page.goto(file.as_uri())
    assert opened.requests == [file.as_uri()]
    return opened


@pytest.fixture(scope="module")
def html() -> str:
    rows = [made.metrics(p) for p in (*made.squad(1), *made.squad(101)) if p["played"]]
    rows[3] = rows[3] | {"press_success_rate": None, "pressing_action_count": 0}
    return page(made.tables(own=rows), made_at=made.MADE_AT, run_id="run-1")


@pytest.fixture
def report(browser: "Browser", tmp_path: Path, html: str) -> Iterator[Opened]:
    """The page, opened; at the end of each test it has asked for nothing and complained of nothing."""
    opened = shown(browser, tmp_path, html)
    yield opened
    opened.page.wait_for_timeout(50)
    assert len(opened.requests) == 1
    assert opened.complaints == []
    opened.page.context.close()


def column(page: "Page", label: str) -> list[str]:
    """The cells of a column of the players' table, top to bottom, as they are read."""
    return page.evaluate(
        """(label) => {
            const heads = [...document.querySelectorAll("#players-table thead tr:last-child th")];
            const at = heads.findIndex((head) => head.textContent.startsWith(label));
            return [...document.querySelectorAll("#players-table tbody tr")]
                .filter((row) => !row.hidden).map((row) => row.cells[at].textContent);
        }""",
        label,
    )


def heading(page: "Page", label: str) -> None:
    page.locator("#players-table thead tr").last.get_by_role("button", name=label).click()


def test_a_click_on_a_heading_sorts_most_first_and_again_least_first(report: Opened) -> None:
    heading(report.page, "Distance")
    down = [float(cell.replace(",", "")) for cell in column(report.page, "Distance")]
    assert down == sorted(down, reverse=True)
    heading(report.page, "Distance")
    up = [float(cell.replace(",", "")) for cell in column(report.page, "Distance")]
    assert up == sorted(up)
    assert len(up) == 26
    heading(report.page, "Player")
    names = column(report.page, "Player")
    assert names == sorted(names)


def test_what_was_not_measured_stays_last_either_way(report: Opened) -> None:
    for _ in range(2):
        heading(report.page, "Press success")
        assert column(report.page, "Press success")[-1].startswith("–")
    assert sum(cell.startswith("–") for cell in column(report.page, "Press success")) == 1


def test_the_table_is_filtered_by_team_and_by_position(report: Opened) -> None:
    report.page.select_option("#table-team", label="Blues")
    assert len(column(report.page, "Player")) == 13
    report.page.select_option("#table-group", label="Other (goalkeepers)")
    assert column(report.page, "Player") == ["G. Name101 GK"]
    assert report.page.text_content("#table-shown") == "1 of 26 players"


def outline(page: "Page") -> list[str]:
    """The outlines of the radars that can be seen."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".radar-shape")]
            .filter((shape) => getComputedStyle(shape).display !== "none")
            .map((shape) => shape.querySelector("path").getAttribute("d"))"""
    )


def test_the_radar_is_that_of_the_chosen_player(report: Opened) -> None:
    drawn = {}
    for player in ("1", "5", "107"):
        report.page.select_option("#radar-player", value=player)
        drawn[player] = outline(report.page)
        assert report.page.locator("[data-radar]:visible h3").all_text_contents() == [
            f"G. Name{player}"
        ]
    assert all(len(seen) == 1 for seen in drawn.values())
    assert len({seen[0] for seen in drawn.values()}) == 3


def test_a_name_in_the_table_and_a_point_choose_the_player(report: Opened) -> None:
    report.page.get_by_role("link", name="G. Name103", exact=True).click()
    assert report.page.locator("[data-radar]:visible h3").text_content() == "G. Name103"
    assert report.page.locator("#players-table tr.is-chosen").count() == 1
    report.page.locator("#scatter-runs .point[data-player='6']").click()
    assert report.page.input_value("#radar-player") == "6"
    assert report.page.locator(".point.is-chosen").count() == 3


def test_a_heading_a_point_and_a_dash_explain_themselves(report: Opened) -> None:
    tip = report.page.locator("#tip")
    report.page.get_by_role("button", name="Threat xT").hover()
    assert "tracking.player_metrics.total_xthreat, version 1, derived here" in (
        tip.text_content() or ""
    )
    report.page.locator("#scatter-runs .point[data-player='6']").hover()
    assert (tip.text_content() or "").startswith("G. Name6 (Reds, Midfield, 90.0 min):")
    report.page.locator("#players-table .none").first.hover()
    assert "pressing_action_count is 0" in (tip.text_content() or "")
    report.page.keyboard.press("Escape")
    assert not tip.is_visible()


def test_the_sprint_map_shows_a_team_a_player_and_who_had_the_ball(report: Opened) -> None:
    arrows = report.page.locator(".sprint:visible")
    assert arrows.count() == 24
    report.page.select_option("#sprint-who", label="Blues: all")
    assert arrows.count() == 9
    assert report.page.locator(".pitches > :visible").count() == 1
    report.page.select_option("#sprint-who", label="G. Name2")
    assert arrows.count() == 3
    report.page.uncheck("#sprint-filter input[value=dead]")
    assert arrows.count() == 2
    assert report.page.text_content("#sprints-shown") == "2 of 24 sprints shown."


@pytest.mark.parametrize("width", [390, 820, 1400])
def test_nothing_hangs_over_the_edge(
    browser: "Browser", tmp_path: Path, html: str, width: int
) -> None:
    opened = shown(browser, tmp_path, html, width=width)
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    opened.page.context.close()


def phone(browser: "Browser", folder: Path, html: str) -> "Page":
    """The page on a phone, which has fingers and no pointer."""
    file = folder / "report.html"
    file.write_text(html, encoding="utf-8")
    size = {"width": 390, "height": 844}
    context = browser.new_context(viewport=size, has_touch=True, is_mobile=True, offline=True)
    opened = context.new_page()
    opened.goto(file.as_uri())
    return opened


LONG = {"team_name": "Borussia Schwarzrotgoldenburg an der Unterweser 1899 (Reserves)"}


def long_names() -> str:
    """A page of two teams with names that fit no line of a phone, one of them a single word."""
    home = [p | LONG for p in made.squad(1)]
    away = [p | {"team_name": "W" * 60} for p in made.squad(101)]
    teams = {"home_team_name": LONG["team_name"], "away_team_name": "W" * 60}
    notes = [f"This page shows run {'x' * 60}."]
    tables = made.tables(players=[*home, *away], the_match=made.match(**teams))
    return page(tables, made_at=made.MADE_AT, run_id="run-1", notes=notes)


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_a_long_name_of_a_team_pushes_nothing_off_the_page(
    browser: "Browser", tmp_path: Path, width: int
) -> None:
    opened = shown(browser, tmp_path, long_names(), width=width)
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    for team in opened.page.locator("h1 .team").all():
        box = team.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    opened.page.context.close()


def middle(page: "Page") -> tuple[float, float]:
    """Where on the screen the middle of the first arrow is, after it was scrolled there."""
    x, y = page.locator(".sprint path").first.evaluate(
        """(path) => {
            path.scrollIntoView({ block: "center", behavior: "instant" });
            const middle = path.getPointAtLength(path.getTotalLength() / 2);
            const seen = middle.matrixTransform(path.getScreenCTM());
            return [seen.x, seen.y];
        }"""
    )
    return x, y


def test_a_finger_beside_an_arrow_gets_what_it_says(browser: "Browser", tmp_path: Path) -> None:
    tables = made.tables(sprints=[made.sprint(1)])
    opened = phone(browser, tmp_path, page(tables, made_at=made.MADE_AT, run_id="run-1"))
    x, y = middle(opened)
    opened.touchscreen.tap(x + 10, y)
    assert "top speed" in (opened.text_content("#tip") or "")
    opened.touchscreen.tap(x + 40, y)
    assert not opened.locator("#tip").is_visible()
    opened.context.close()


def test_on_a_phone_the_pitches_of_the_sprint_map_stand_upright(
    browser: "Browser", tmp_path: Path, html: str
) -> None:
    upright = {}
    for width in (390, 820):
        opened = shown(browser, tmp_path, html, width=width)
        box, card = (
            opened.page.locator(part).first.bounding_box() for part in (".turf svg", ".sprints")
        )
        assert box
        assert card
        assert card["y"] <= box["y"]
        assert box["y"] + box["height"] <= card["y"] + card["height"]
        upright[width] = box["height"] > box["width"]
        opened.page.mouse.move(*middle(opened.page))
        assert "top speed" in (opened.page.text_content("#tip") or "")
        opened.page.context.close()
    assert upright == {390: True, 820: False}


def test_a_finger_on_a_heading_gets_its_definition(
    browser: "Browser", tmp_path: Path, html: str
) -> None:
    opened = phone(browser, tmp_path, html)
    assert "Tap a heading" in (opened.text_content("#players") or "")
    opened.get_by_role("button", name="Distance m").tap()
    assert opened.locator("#tip").is_visible()
    assert "tracking.player_metrics.distance_m" in (opened.text_content("#tip") or "")
    opened.context.close()


def test_words_from_outside_run_nothing(browser: "Browser", tmp_path: Path) -> None:
    names = {"player_short_name": HOSTILE, "team_name": HOSTILE}
    players = [p | names for p in (*made.squad(1), *made.squad(101))]
    tables = made.tables(players=players, the_match=made.match(stadium_name=HOSTILE))
    opened = shown(browser, tmp_path, page(tables, made_at=made.MADE_AT, run_id=HOSTILE))
    opened.page.locator("#scatter-runs .point").first.hover()
    opened.page.select_option("#radar-player", value="5")
    assert opened.page.evaluate("window.broken") is None
    assert opened.page.locator("img").count() == 0
    assert opened.page.locator("[data-radar]:visible h3").text_content() == HOSTILE
    assert opened.complaints == []
    opened.page.context.close()


def test_a_script_that_is_not_the_pages_own_does_not_run(
    browser: "Browser", tmp_path: Path, html: str
) -> None:
    planted = html.replace("</body>", "<script>window.broken = 1</script></body>")
    opened = shown(browser, tmp_path, planted)
    assert opened.page.evaluate("window.broken") is None
    assert "Content Security Policy" in opened.complaints[0]
    opened.page.context.close()


def test_a_report_of_nothing_opens_without_complaint(browser: "Browser", tmp_path: Path) -> None:
    empty = made.tables(players=[], own=[], sprints=[])
    opened = shown(browser, tmp_path, page(empty, made_at=made.MADE_AT, run_id="run-1"))
    heading(opened.page, "Distance")
    opened.page.select_option("#sprint-who", label="Reds: all")
    assert opened.complaints == []
    opened.page.context.close()
