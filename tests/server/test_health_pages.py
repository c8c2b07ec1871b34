"""What the pages say of a world in which things are not well, over real HTTP."""

import html
import re
import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest
from event_lines import events
from sick_world import (
    BAD_LINES,
    FOLDER,
    FRESH,
    HOSTILE,
    LATE,
    MANGLED,
    OPENED,
    REFUSED,
    REISSUED,
    Sick,
    arrive,
    many_incidents,
)
from world import World, world

from touchline import config
from touchline.core.alerts import to_do
from touchline.core.ports import Incident
from touchline.server import health_page, served
from touchline.wiring import Touchline

ODD = "2025-01-07"


@pytest.fixture(scope="module")
def web(sick: Sick) -> Iterator[httpx.Client]:
    with (
        served(config.load(sick.world.folder / "touchline.toml")) as address,
        httpx.Client(base_url=address) as client,
    ):
        yield client


def text(html: str) -> str:
    """What a reader sees of it, spaces made even."""
    return " ".join(re.sub(r"<[^>]+>", " ", html.replace("<wbr>", "")).split())


def cells(html: str) -> dict[str, tuple[str, str]]:
    """Partition -> the state of its cell, and where that leads."""
    found = re.findall(r'<a href="([^"]+)" class="cell (\w+)" title="([^:"]+):', html)
    return {part: (state, to) for to, state, part in found}


def of(day: str) -> str:
    return f"ingestion_date={day}"


def test_the_grid_shows_each_partition_and_leads_to_its_newest_run(
    web: httpx.Client, sick: Sick
) -> None:
    shown = cells(web.get("/health").text)
    assert {part: state for part, (state, _) in shown.items()} == {
        "match_id=1": "fresh",
        "match_id=2": "waiting",
        of(FRESH): "fresh",
        of(REISSUED): "fresh",
        of(LATE): "stale",
        of(REFUSED): "refused",
        of(BAD_LINES): "fresh",
        of(MANGLED): "failed",
    }
    for part, (_, to) in shown.items():
        assert to == f"/health/runs/{sick.run(part).run_id}"
        assert web.get(to).status_code == 200


def test_colour_is_not_the_only_sign_and_each_cell_says_what_it_is(web: httpx.Client) -> None:
    page = web.get("/health").text
    assert re.search(r'class="cell refused".*?<b aria-hidden="true">R</b>', page)
    label = re.search(r'class="cell refused" title="([^"]+)" aria-label="([^"]+)"', page)
    assert label is not None
    assert "not null user_id: 40 of 302 null (13.25 %), expected at most 3 %" in label[2]


def test_the_head_says_what_is_not_well(web: httpx.Client) -> None:
    said = text(web.get("/health").text)
    assert "4 open incidents · 3 partitions need a look" in said
    assert "Open incidents" in said
    assert "2025-01-04 06:30:00 UTC" in said
    assert "activity ingestion_date=2025-01-04 refused mail 3" in said
    assert "connection refused" in said
    assert "Last published" in said


def test_incidents_of_one_cause_are_one_line_that_opens_to_each(tmp_path: Path) -> None:
    made = world(tmp_path)
    many_incidents(made)
    page = health_page.page(Touchline(config.load(made.folder / "touchline.toml")))
    lines = [text(found) for found in re.findall(r"<summary>(.*?)</summary>", page)]
    since = "since 2025-01-04 06:30:00 UTC"
    assert lines[:3] == [
        f"activity: input missing for 23 days (2025-01-02 … 2025-01-24) {since}",
        f"tracking: refused for 3 partitions {since}",
        f"up: failed for nightly {since}",
    ]
    assert text(page).count("due 06:00Z, missing since 08:00Z") == 23
    assert text(page).count("It is made by the next run once its input has landed.") == 1


def test_a_few_incidents_are_shown_in_full(tmp_path: Path) -> None:
    made = world(tmp_path)
    here = Touchline(config.load(made.folder / "touchline.toml"))
    days = [of(f"2025-01-0{n}") for n in (1, 2, 3)]
    here.ledger.notes.note(
        [Incident(f"activity {d} input", "activity", d, "due", 4, OPENED) for d in days]
    )
    page = health_page.page(here)
    assert 'class="cause"' not in page
    assert all(day in page for day in days)


def test_an_incident_leads_to_its_run_or_partition_and_says_what_to_do(
    web: httpx.Client, sick: Sick
) -> None:
    page = web.get("/health").text
    shown = text(page)
    for part in (of(MANGLED), "match_id=2"):
        to = f"/health/runs/{sick.run(part).run_id}"
        assert f'<a href="{to}">{part}</a>' in page
    assert f'<a href="/health/partitions/activity/{of(REFUSED)}">{of(REFUSED)}</a>' in page
    assert "`" not in shown
    for incident in sick.here.ledger.notes.incidents():
        assert to_do(incident).replace("`", "").replace("  ", " ") in shown
    assert "It is made by the next run once its input has landed." in shown


def test_an_incident_of_what_has_no_page_is_no_link(empty: World) -> None:
    day = "ingestion_date=2025-01-07"
    noted = [
        Incident(f"activity {day} input", "activity", day, "due, missing", 4, OPENED),
        Incident("shop /in/x file", "shop", "/in/x", "not an id", 2, OPENED),
    ]
    Touchline(config.load(empty.folder / "touchline.toml")).ledger.notes.note(noted)
    with served(config.load(empty.folder / "touchline.toml")) as address:
        page = httpx.get(f"{address}/health").text
    assert "2 open incidents" in page
    assert f"<div>{day}</div>" in page
    assert "<div>/in/x</div>" in page


def test_days_stand_under_their_years(warned: httpx.Client) -> None:
    grid = re.search(r'<ul class="grid">(.*?)</ul>', warned.get("/health").text.partition("activity")[2])  # fmt: skip
    assert grid is not None
    assert re.findall(r">(20\d\d|\d\d-\d\d)</", grid[1]) == [
        "2024", "12-03", "12-10", "12-17", "12-24", "12-31", "2025", "01-07",
    ]  # fmt: skip


def test_what_was_published_with_warnings_says_so_wherever_it_is_shown(
    warned: httpx.Client,
) -> None:
    page = warned.get("/health").text
    assert '<h1 class="warns">1 partition warns</h1>' in page
    state, run = cells(page)[of(ODD)]
    assert state == "warned"
    said = text(warned.get(run).text)
    assert f"{of(ODD)} ! published, warns warned: activity.curated_events: baseline rows" in said
    said = text(warned.get(f"/health/partitions/activity/{of(ODD)}").text)
    assert f"{of(ODD)} ! warned Published, with warnings." in said
    assert "! published, warns" in said.partition("Runs")[2]


def test_a_run_by_which_retention_took_a_table_away_can_be_shown(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.configure('[server]\nport = 0\n[retention]\ntables = { "activity.curated_events" = 1 }\n')
    arrive(made, FRESH, events(10))
    made.well("run")
    made.well("retain")
    with served(config.load(made.folder / "touchline.toml")) as address:
        answer = httpx.get(f"{address}/health/partitions/activity/{of(FRESH)}")
    assert answer.status_code == 200
    assert "– retired" in text(answer.text)


def test_the_page_asks_again_by_itself_and_asks_nobody_else(web: httpx.Client) -> None:
    page = web.get("/health").text
    assert '<meta http-equiv="refresh" content="30">' in page
    assert re.findall(r'(?:src|href)="(?!/)([^"]*)', page) == ["data:,"]
    assert "<script" not in page


def test_quarantine_is_told_by_table_and_reason(web: httpx.Client) -> None:
    said = text(web.get("/health").text)
    assert f"activity.curated_events event_ts is not an instant 2 {of(REFUSED)}" in said


def test_a_world_in_which_nothing_happened_is_well(empty: World) -> None:
    with served(config.load(empty.folder / "touchline.toml")) as address:
        said = text(httpx.get(f"{address}/health").text)
    assert "All is well" in said
    assert said.count("Nothing has arrived yet.") == 3
    assert not empty.data.exists(), "looking makes nothing"


# --- a run --------------------------------------------------------------------------------------


def test_a_refused_run_shows_the_broken_rule_first_and_its_rejected_rows(
    web: httpx.Client, sick: Sick
) -> None:
    page = web.get(f"/health/runs/{sick.run(REFUSED).run_id}").text
    said = text(page)
    assert "R broken bronze_events: not null user_id 40 of 302 null (13.25 %) at most 3 %" in said
    assert said.index("broken") < said.index("kept")
    assert "activity.curated_events: 2 rejected" in said
    assert "<details open><summary>activity.curated_events" in page
    assert "event_ts is not an instant 301 events/app/events.json" in said
    assert "Nothing of this was published" in said
    (receipt,) = sick.here.ledger.arrivals("activity", [of(REFUSED)])[of(REFUSED)].values()
    assert receipt.sha256 in page
    assert receipt.source in said
    assert f'<code class="hash">{receipt.sha256}</code>' in page, "whole, to be copied anywhere"


def test_a_failed_run_says_why(web: httpx.Client, sick: Sick) -> None:
    said = text(web.get(f"/health/runs/{sick.run(MANGLED).run_id}").text)
    assert "bronze holds other bytes than came" in said
    assert "No rule was reached." in said


def test_a_waiting_run_says_for_what(web: httpx.Client, sick: Sick) -> None:
    said = text(web.get(f"/health/runs/{sick.run('match_id=2').run_id}").text)
    assert "missing tracking_extrapolated.jsonl, phases_of_play.csv" in said


def test_a_run_tells_its_rows_beside_those_of_the_publish_before(
    web: httpx.Client, sick: Sick
) -> None:
    run = sick.run(REISSUED).run_id
    page = web.get(f"/health/runs/{run}").text
    assert "activity.curated_events 299 299 300 0 0 compare" in text(page)
    assert f"/health/runs/{run}/diff/activity.curated_events" in page


def test_the_difference_to_the_publish_before_is_told_row_by_row(
    web: httpx.Client, sick: Sick
) -> None:
    run = sick.run(REISSUED).run_id
    said = text(web.get(f"/health/runs/{run}/diff/activity.curated_events").text)
    assert "300 rows before, 299 after: 3 added, 4 removed, 1 changed." in said
    assert "changed event_id e5 user_id: u5 → somebody else" in said
    assert "user_id 1" in said


def test_a_match_has_a_bar_for_each_table(web: httpx.Client, sick: Sick) -> None:
    page = web.get(f"/health/runs/{sick.run('match_id=1').run_id}").text
    assert page.count('<svg class="bar"') == 12
    assert 'width="100.0%"' in page


def test_a_partition_has_its_runs_its_publishes_and_its_files(
    web: httpx.Client, sick: Sick
) -> None:
    page = web.get(f"/health/partitions/activity/{of(REISSUED)}").text
    assert sick.run(REISSUED).run_id in page
    assert text(page).count("activity.curated_events") == 2
    assert "events/app/events.json" in text(page)
    (receipt,) = sick.here.ledger.arrivals("activity", [of(REISSUED)])[of(REISSUED)].values()
    assert f'<code class="hash">{receipt.sha256}</code>' in page


def test_a_partition_says_how_it_stands(web: httpx.Client) -> None:
    for day, said in (
        (FRESH, "✓ fresh Published, and as it would be made now."),
        (LATE, "S stale Would be made anew by the next run."),
        (
            REFUSED,
            "R refused Refused by the gate; nothing of it is published, and what was before stays.",
        ),
    ):
        assert said in text(web.get(f"/health/partitions/activity/{of(day)}").text)
    waits = text(web.get("/health/partitions/tracking/match_id=2").text)
    assert "W waiting Waits for tracking_extrapolated.jsonl, phases_of_play.csv." in waits


def test_rows_that_are_too_many_are_not_read_for_a_page(
    web: httpx.Client, sick: Sick, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("touchline.server.run_facts.MOST_READ", 1)
    monkeypatch.setattr("touchline.server.diff_page.MOST_COMPARED", 1)
    said = text(web.get(f"/health/runs/{sick.run(REFUSED).run_id}").text)
    assert "too many to be read for a page: touchline query" in said
    run = sick.run(REISSUED).run_id
    refused = web.get(f"/health/runs/{run}/diff/activity.curated_events")
    assert refused.status_code == 404
    assert f"touchline diff activity.curated_events {of(REISSUED)} --to {run}" in refused.text


# --- what comes from outside --------------------------------------------------------------------


def test_what_comes_from_outside_is_shown_as_text(web: httpx.Client, sick: Sick) -> None:
    pages = [
        web.get("/health").text,
        web.get(f"/health/runs/{sick.run(REFUSED).run_id}").text,
        web.get(f"/health/runs/{sick.run(BAD_LINES).run_id}").text,
        web.get(f"/health/partitions/activity/{of(BAD_LINES)}").text,
    ]
    for page in pages:
        assert HOSTILE not in page
        assert "<img" not in page
    assert "&lt;script&gt;window.broken = 1&lt;/script&gt;" in pages[0]
    assert "&lt;script&gt;window.broken" in pages[1]
    assert FOLDER.replace("<", "&lt;").replace(">", "&gt;") in pages[3]


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/health/runs/20250101T000000-00000000",
        "/health/runs/2",
        "/health/runs/..%2f..%2fetc",
        "/health/runs/%3Cscript%3E",
        "/health/partitions/chess/match_id=1",
        "/health/partitions/activity/nonsense",
        "/health/partitions/activity/ingestion_date=2031-01-01",
        "/health/partitions/activity/a=%3Cscript%3E",
    ],
)
def test_what_is_not_there_is_a_page_that_says_so(web: httpx.Client, path: str) -> None:
    answer = web.get(path)
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert "<script" not in answer.text
    assert "Traceback" not in answer.text


def test_an_address_that_leads_nowhere_is_told_what_there_is(web: httpx.Client) -> None:
    answer = web.get("/nowhere")
    assert answer.status_code == 404
    assert "'/nowhere' leads nowhere" in html.unescape(text(answer.text))
    assert "the pages are /health and /matches.html" in text(answer.text)
    assert 'href="/health"' in answer.text


def test_a_table_that_the_run_did_not_make_is_not_there(web: httpx.Client, sick: Sick) -> None:
    for day, name in ((REISSUED, "tracking.frames"), (REFUSED, "activity.curated_events")):
        assert web.get(f"/health/runs/{sick.run(day).run_id}/diff/{name}").status_code == 404


def test_of_a_first_publish_all_rows_were_added(web: httpx.Client, sick: Sick) -> None:
    run = sick.run(FRESH).run_id
    said = text(web.get(f"/health/runs/{run}/diff/activity.curated_events").text)
    assert (
        f"0 rows before, 300 after: 300 added, 0 removed, 0 changed. before nothing after {run}"
        in said
    )


def test_nothing_can_be_written(web: httpx.Client) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert web.request(method, "/health").status_code == 405


def test_a_ledger_that_cannot_be_read_is_told_without_a_traceback(tmp_path: Path) -> None:
    made = world(tmp_path)
    made.configure("[server]\nport = 0\n")
    arrive(made, FRESH, events(10))
    with sqlite3.connect(made.ledger) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with served(config.load(made.folder / "touchline.toml")) as address:
        for path in ("/health", "/metrics", "/health/runs/r1"):
            answer = httpx.get(f"{address}{path}")
            assert answer.status_code == 503
            assert "ledger of version 99" in answer.text
            assert "Traceback" not in answer.text


@pytest.fixture(scope="module")
def warned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The pages of days over a change of the year, the last of them with few rows."""
    made = world(tmp_path_factory.mktemp("warned"))
    made.configure("[server]\nport = 0\n")
    for day in (date(2024, 12, 3) + timedelta(7 * n) for n in range(5)):
        arrive(made, day.isoformat(), events(100))
    made.well("run")
    arrive(made, ODD, events(20))
    made.well("run")
    with (
        served(config.load(made.folder / "touchline.toml")) as address,
        httpx.Client(base_url=address) as client,
    ):
        yield client


@pytest.fixture
def empty(tmp_path: Path) -> World:
    made = world(tmp_path)
    made.configure("[server]\nport = 0\n")
    return made
