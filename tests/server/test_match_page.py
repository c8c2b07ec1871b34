"""The page of a match in a browser: what it shows, and how it follows what is posted."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from match_world import PATIENCE_S, REAL, World, event, kick_off, real_match
from test_health_browser import CONTRASTS, fits

PARTS = ("#score", "#clock", "#moments", "#ways", "#counts", "#feed")
TITLES = "found => found.map(each => each.textContent).sort()"
Opened = Callable[..., Any]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    found = World(tmp_path_factory.mktemp("served"))
    found.start()
    found.post(*real_match())
    yield found
    found.stop()


@contextmanager
def seen(
    browser: Any, world: World, *, key: str = "", but: Sequence[str] = (), **more: Any
) -> Iterator[Any]:
    """A page; at its end it has asked nobody else, and complained of nothing but this."""
    context = browser.new_context(
        **{"viewport": {"width": 1280, "height": 900}, **more},
        base_url=world.address,
        http_credentials={"username": "anybody", "password": key or world.feed},
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_S * 1000)
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda said: complaints.append(said.message))
    yield page
    assert [url for url in asked if not url.startswith((world.address, "data:"))] == []
    assert [said for said in complaints if not any(each in said for each in but)] == []
    context.close()


@pytest.fixture
def opened(browser: Any, world: World) -> Iterator[Opened]:
    """Opens the page of a match, and waits until it follows it."""
    with ExitStack() as pages:

        def open_(match_id: str, **more: Any) -> Any:
            page = pages.enter_context(seen(browser, world, **more))
            page.goto(f"/matches/{match_id}/page")
            page.wait_for_selector("#controls:not([hidden])")
            return page

        yield open_


def follows(page: Any, state: str = "live") -> None:
    page.wait_for_selector(f"#state.{state}")


def shows(page: Any, place: str, text: str) -> None:
    """The text appears there without a reload."""
    page.locator(place, has_text=text).first.wait_for()


# --- what is shown ------------------------------------------------------------------------------


def test_a_real_match_has_its_score_counts_and_moments(opened: Opened) -> None:
    page = opened(REAL)
    assert page.inner_text("#score").split() == ["Russia", "5", ":", "0", "Saudi", "Arabia"]
    assert page.inner_text("#clock") == "94:43 · second half · 1,589 events"
    passes = page.locator("#counts tbody tr", has_text="pass").first.inner_text().split()
    assert passes == ["311", "pass", "516"]
    goals = page.locator("#moments li", has_text="goal")
    assert [row.locator(".when").inner_text() for row in goals.all()] == ["12'", "43'", "71'", "90+1'", "90+4'"]  # fmt: skip
    assert page.locator("#marks .goals").count() == 5
    assert page.locator("#bar .goal").count() == 5


def test_without_a_script_the_page_shows_the_same(
    browser: Any, world: World, opened: Opened
) -> None:
    world.post(*kick_off("plain"), event("plain", "g", "goal", minute=30))
    world.post({"match_id": "plain", "event_id": "g", "action": "cancel", "reason": "offside"})
    for match_id in (str(REAL), "plain"):
        page = opened(match_id)
        page.wait_for_selector("#moments li")
        with seen(browser, world, java_script_enabled=False) as plain:
            plain.goto(f"/matches/{match_id}/page")
            for part in PARTS:
                assert plain.inner_text(part) == page.inner_text(part), part
            for part in ("#marks title", "#bar title", "#bar text"):
                drawn = page.locator(part).evaluate_all(TITLES)
                assert plain.locator(part).evaluate_all(TITLES) == drawn, part


def test_the_first_view_is_small_and_a_style_and_a_script_are_all_it_asks_for(
    world: World, browser: Any
) -> None:
    with seen(browser, world) as page:
        asked: list[str] = []
        page.on("request", lambda r: asked.append(r.url.removeprefix(world.address)))
        page.goto(f"/matches/{REAL}/page")
        follows(page, "ended")
        own = [url for url in asked if not url.startswith("data:")]
    place = f"/matches/{REAL}"
    assert own == [f"{place}/page", "/matches.css", "/matches.js", f"{place}/stream"]
    assert sum(len(world.get(path).content) for path in own[:3]) < 100_000


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_it_fits_every_screen_and_can_be_read_in_light_and_dark(opened: Opened, width: int) -> None:
    page = opened(REAL, viewport={"width": width, "height": 900})
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate(CONTRASTS)
        assert len(found) > 100
        assert min(found) >= 4.5, scheme
    assert fits(page)
    boxes = [chip.bounding_box() for chip in page.locator(".chip, select").all()]
    assert all(min(box["width"], box["height"]) >= 44 for box in boxes)


def test_a_tap_filters_the_pitch_by_team_kind_and_player(opened: Opened) -> None:
    page = opened(REAL)
    marks = page.locator("#marks g")
    everything = marks.count()
    page.get_by_label("Passes", exact=True).uncheck()
    assert (marks.count(), everything > 17) == (5 + 14, True)
    page.get_by_label("Russia", exact=True).check()
    assert page.locator("#marks .two").count() == 0
    assert marks.count() == 5 + 7
    page.get_by_label("Both").check()
    page.locator("#moments button", has_text="101669").first.click()
    assert page.locator("#player").input_value() == "101669"
    titles = marks.locator("title").evaluate_all(TITLES)
    assert titles
    assert all("101669" in title for title in titles)
    marks.locator("circle").first.click()
    assert "101669" in page.inner_text("#chosen")


def test_the_whole_match_can_be_laid_over_the_pitch(opened: Opened) -> None:
    page = opened(REAL)
    page.locator("#span").select_option("whole match")
    assert page.locator("#marks .passes").count() == 311 + 516


def test_words_from_outside_are_text(opened: Opened, world: World) -> None:
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    told = {"team_id": evil, "player_id": evil, "outcome": evil, "reason": evil}
    named = {"player_name": '"><b>', "team_name": ["no", "text"]}
    world.post(*kick_off("evil"), event("evil", f"{evil}1", "goal", minute=3, **told))
    page = opened("evil")
    world.post(event("evil", f"{evil}2", "goal", minute=4, **told, **named))
    world.post({"match_id": "evil", "event_id": f"{evil}2", "action": "cancel", "reason": evil})
    shows(page, "#moments", f"cancelled: {evil}")
    assert evil in page.inner_text("#feed")
    assert page.locator("main img, main script, main b b, header img").count() == 0
    page.reload()
    page.wait_for_selector("#controls:not([hidden])")
    shows(page, "#moments", f"cancelled: {evil}")
    assert page.locator("main img, main script, header img").count() == 0


# --- as it changes ------------------------------------------------------------------------------


def test_a_goal_appears_moves_and_goes_without_a_reload(opened: Opened, world: World) -> None:
    world.post(*kick_off("live1"))
    page = opened("live1")
    follows(page)
    page.evaluate("window.same = true")
    shows(page, "#score", "0 : 0")
    world.post(event("live1", "g1", "goal", minute=12, team_id="blues", team_name="The Blues"))
    shows(page, "#score", "1 : 0")
    assert page.inner_text("#score .team.one") == "The Blues"
    shows(page, "#moments li", "13'")
    world.post({"match_id": "live1", "event_id": "g1", "action": "amend", "team_id": "reds", "team_name": "Reds", "minute": 14})  # fmt: skip
    shows(page, "#score", "0 : 1")
    shows(page, "#moments li.two", "15'")
    shows(page, "#feed li", "amended")
    world.post({"match_id": "live1", "event_id": "g1", "action": "cancel", "reason": "offside"})
    shows(page, "#score", "0 : 0")
    shows(page, "#feed li:has(s)", "cancelled: offside")
    assert page.locator("#moments li:has(s)").count() == 1
    assert page.locator("#bar .cancelled").count() == 1
    assert page.locator("#marks .goals").count() == 0
    assert page.locator("#counts tbody tr", has_text="goal").count() == 0
    assert page.evaluate("window.same")


def test_what_was_cancelled_before_is_told_to_who_comes_later(opened: Opened, world: World) -> None:
    world.post(*kick_off("live2"), event("live2", "g1", "goal", minute=12))
    world.post({"match_id": "live2", "event_id": "g1", "action": "cancel", "reason": "handball"})
    page = opened("live2")
    follows(page)
    shows(page, "#moments li:has(s)", "cancelled: handball")
    world.post({"match_id": "live2", "event_id": "g1", "action": "amend", "status": "provisional"})
    shows(page, "#moments li", "to be confirmed")
    assert "1" in page.inner_text("#score .score")


def test_the_end_of_the_match_is_told(opened: Opened, world: World) -> None:
    world.post(*kick_off("live3"))
    page = opened("live3")
    follows(page)
    end = event("live3", "end", "period_end", minute=50, period=2, team_id=None, player_id=None)
    world.post(end)
    follows(page, "ended")


def test_many_events_at_once_come_in_whole(opened: Opened, world: World) -> None:
    world.post(*kick_off("many"))
    page = opened("many")
    follows(page)
    world.post(*[event("many", f"n{n}", minute=3 + n % 40) for n in range(1500)])
    shows(page, "#clock", "1,502 events")
    assert page.locator("#feed li").count() == 40


CUT_OFF = "net::ERR_"


def test_after_a_stop_of_the_server_the_page_goes_on_and_nothing_is_there_twice(
    browser: Any, tmp_path: Path
) -> None:
    world = World(tmp_path)
    world.start()
    world.post(*kick_off("again"), event("again", "g1", "goal", minute=5))
    try:
        with seen(browser, world, but=[CUT_OFF]) as page:
            page.goto("/matches/again/page")
            follows(page)
            shows(page, "#score", "0 : 1")
            world.stop()
            follows(page, "reconnecting")
            world.start()
            world.post(event("again", "g2", "goal", minute=7))
            world.post({"match_id": "again", "event_id": "g1", "action": "cancel"})
            follows(page)
            shows(page, "#moments li:has(s)", "cancelled")
            shows(page, "#clock", "3 events")
            shows(page, "#score", "0 : 1")
            assert page.locator("#feed li").count() == 4
            assert page.locator("#moments li").count() == 2
            assert page.locator("#marks .goals").count() == 1
    finally:
        world.stop()


def test_after_the_log_was_made_anew_the_page_shows_what_is_in_it(
    browser: Any, tmp_path: Path
) -> None:
    world = World(tmp_path)
    world.start()
    world.post(*kick_off("anew"), event("anew", "g1", "goal", minute=5))
    world.post({"match_id": "anew", "event_id": "g1", "action": "cancel"})
    try:
        with seen(browser, world, but=[CUT_OFF]) as page:
            page.goto("/matches/anew/page")
            follows(page)
            shows(page, "#moments li:has(s)", "cancelled")
            world.stop()
            world.forget()
            world.start()
            world.post(event("anew", "k9"), event("anew", "g9", "goal", minute=7))
            shows(page, "#score", "1 : 0")
            shows(page, "#clock", "2 events")
            assert page.locator("#feed li").count() == 2
    finally:
        world.stop()


def test_who_lost_their_key_is_told_so(browser: Any, tmp_path: Path) -> None:
    world = World(tmp_path)
    guest, key = world.key("guest", "read")
    world.start()
    world.post(*kick_off("m1"))
    try:
        with seen(browser, world, key=guest, but=[CUT_OFF, "401"]) as page:
            page.goto("/matches/m1/page")
            follows(page)
            world.stop()
            world.revoke(key)
            world.start()
            shows(page, "#state.ended", "the key is not taken any more")
    finally:
        world.stop()


# --- who may see what ---------------------------------------------------------------------------


def test_pages_ask_for_a_key_that_may_read(world: World) -> None:
    writer, _ = world.key("writer", "write")
    for path in ("/matches.html", f"/matches/{REAL}/page"):
        refused = httpx.get(world.address + path)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic ")
        assert world.get(path, writer).status_code == 403
        assert world.get(path).status_code == 200
    assert httpx.get(f"{world.address}/matches.js").status_code == 401


def test_a_browser_may_run_the_script_of_this_origin_and_ask_nobody_else(world: World) -> None:
    said = world.get(f"/matches/{REAL}/page").headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "connect-src 'self'"} <= set(said)
    assert not any("unsafe" in each for each in said)


def test_a_match_that_there_is_not_is_said_to_be_none(world: World) -> None:
    for match_id in ("nope", "<b>"):
        answer = world.get(f"/matches/{match_id}/page")
        assert answer.status_code == 404
        assert "There is no such match" in answer.text
        assert "<b>" not in answer.text


# --- the list -----------------------------------------------------------------------------------


def test_the_list_has_every_match_and_leads_to_its_page(browser: Any, world: World) -> None:
    world.post(*kick_off("page"), event("page", "g", "goal", minute=55, team_id="blues"))
    with seen(browser, world, viewport={"width": 390, "height": 844}) as page:
        page.goto("/matches.html")
        assert fits(page)
        old = page.locator(".matches li", has_text="Saudi Arabia")
        assert "5 : 0" in old.inner_text()
        assert "1,589 events" in old.inner_text()
        assert old.locator(".state.live").count() == 0
        new = page.locator(".matches li").filter(has=page.locator("a[href='/matches/page/page']"))
        assert "1 : 0" in new.inner_text()
        assert new.locator(".state.live").count() == 1
        page.get_by_role("link", name="2017/2018", exact=True).click()
        assert page.locator(".matches li").count() == 1
        page.locator(".matches a").click()
        page.wait_for_url(f"**/matches/{REAL}/page")
    assert world.get("/matches/page").json()["event_count"] == 3


def test_a_long_list_goes_on_on_further_pages(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.start()
    try:
        assert "None has been posted yet" in world.get("/matches.html").text
        world.post(*[event(f"m{n:02d}", "e", minute=n % 50) for n in range(53)])
        first = world.get("/matches.html").text
        assert (first.count("<li>"), "Older matches" in first) == (50, True)
        rest = world.get("/matches.html?after=50").text
        assert (rest.count("<li>"), "Older matches" in rest) == (3, False)
        assert world.get("/matches.html?after=x").status_code == 200
    finally:
        world.stop()
