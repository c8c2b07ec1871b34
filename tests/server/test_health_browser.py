"""The health page in a browser: what a phone shows, and the way from a bad day to its rows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from event_lines import events
from sick_world import FRESH, HOSTILE, MANGLED, REFUSED, REISSUED, Sick, arrive, many_incidents
from world import world

from touchline import config
from touchline.server import served

WIDTHS = (390, 820, 1280)


@pytest.fixture(scope="module")
def address(sick: Sick) -> Iterator[str]:
    with served(config.load(sick.world.folder / "touchline.toml")) as found:
        yield found


@pytest.fixture(params=WIDTHS)
def page(browser: Any, address: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page; at the end of each test it has asked nobody else and complained of nothing."""
    context = browser.new_context(
        viewport={"width": request.param, "height": 900}, base_url=address
    )
    opened = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    opened.on("request", lambda r: asked.append(r.url))
    opened.on("console", lambda said: complaints.append(said.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert complaints == []
    context.close()


def fits(page: Any) -> bool:
    """Whether nothing makes the page itself wider than the screen."""
    found: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return found


def cut(page: Any) -> list[str]:
    """The tables of which something lies beyond their edge."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll('.card')].filter((c) => c.scrollWidth > c.clientWidth)
        .map((c) => c.closest('section').innerText.slice(0, 40))"""
    )
    return found


def thin(page: Any) -> list[str]:
    """The cells whose words stand in a column of a few letters."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll('td')].filter((c) => c.innerText.length > 12)
        .filter((c) => c.offsetWidth < 80).map((c) => c.innerText)"""
    )
    return found


def in_two_lines(page: Any) -> list[str]:
    """The heads that take two lines beside their cells."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll('.listed td')].filter((c) => {
          if (getComputedStyle(c).display !== 'grid') return false;
          const head = document.createElement('span');
          head.textContent = c.dataset.head;
          head.style = 'font-size:.85rem;white-space:nowrap;position:absolute';
          c.append(head);
          const wide = head.offsetWidth > parseFloat(getComputedStyle(c).gridTemplateColumns);
          head.remove();
          return wide;
        }).map((c) => c.dataset.head)"""
    )
    return found


def test_from_a_refused_day_a_tap_leads_to_the_rule_and_the_rejected_rows(page: Any) -> None:
    page.goto("/health")
    assert fits(page)
    page.locator("a.cell.refused").click()
    page.wait_for_url("**/health/runs/*")
    assert page.locator("h1").inner_text().split() == [f"ingestion_date={REFUSED}", "R", "refused"]
    broken = page.locator("tr", has_text="broken").first
    assert "not null user_id" in broken.inner_text()
    assert "13.25 %" in broken.inner_text()
    rows = page.locator("code.row")
    assert rows.first.is_visible()
    assert HOSTILE in rows.first.inner_text()
    assert fits(page)
    assert page.evaluate("window.broken") is None


def test_every_page_fits_the_screen_and_cells_can_be_met_by_a_thumb(page: Any, sick: Sick) -> None:
    run = sick.run(REISSUED).run_id
    match = sick.run("match_id=1").run_id
    for path in (
        f"/health/runs/{run}",
        f"/health/runs/{run}/diff/activity.curated_events",
        f"/health/runs/{match}",
        *(f"/health/runs/{sick.run(day).run_id}" for day in (REFUSED, MANGLED, "match_id=2")),
        f"/health/partitions/activity/ingestion_date={REISSUED}",
        "/health/partitions/tracking/match_id=1",
        "/health",
    ):
        page.goto(path)
        assert fits(page), path
        assert cut(page) == [], path
        assert thin(page) == [], path
        assert in_two_lines(page) == [], path
    boxes = [cell.bounding_box() for cell in page.locator("a.cell").all()]
    assert len(boxes) == 8
    assert all(min(box["width"], box["height"]) >= 44 for box in boxes)


def test_many_incidents_leave_the_partitions_on_the_first_screen(
    browser: Any, tmp_path: Path
) -> None:
    made = world(tmp_path)
    made.configure("[server]\nport = 0\n")
    arrive(made, FRESH, events(5))
    many_incidents(made)
    with served(config.load(made.folder / "touchline.toml")) as address:
        for width in WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.goto(f"{address}/health")
            assert page.locator("a.cell").first.bounding_box()["y"] < 850, width
            page.locator("summary", has_text="23 days").click()
            assert page.get_by_text("ingestion_date=2025-01-24").first.is_visible()
            assert (fits(page), cut(page)) == (True, []), width
            page.close()


def test_text_can_be_read_on_its_ground_in_light_and_dark(page: Any) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto("/health")
        for summary in page.locator("summary").all():
            summary.click()
        found = page.evaluate(CONTRASTS)
        assert len(found) > 30
        assert min(found) >= 4.5, scheme


CONTRASTS = """() => {
  const numbers = (text) => text.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const found = numbers(getComputedStyle(at).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const own = (node) => [...node.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
  return [...document.querySelectorAll("body *")].filter(own).map((node) => {
    const [a, b] = [light(numbers(getComputedStyle(node).color)), light(ground(node))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  });
}"""
