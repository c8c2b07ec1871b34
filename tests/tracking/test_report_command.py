"""touchline report: what it refuses, and what it tells of a match that is not as it would be now."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from world import EVENTS, World, broken, dearer, files, world


class Notices(HTMLParser):
    """The notices under the title of a page, as they are read."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.open = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open = ("class", "notice") in attrs
        if self.open:
            self.found.append("")

    def handle_data(self, data: str) -> None:
        if self.open:
            self.found[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self.open = False


@pytest.fixture
def empty(tmp_path: Path) -> World:
    return world(tmp_path)


def told(world: World) -> list[str]:
    """The notices of match 1's page, which stderr repeats before it names the file."""
    ended = world.well("report", "match", "1")
    notices = Notices((world.folder / "match-1.html").read_text("utf-8")).found
    assert ended.err.splitlines()[:-1] == notices
    return notices


def run_of(world: World) -> str:
    found: str = world.well("runs", "--json").rows[0]["run"]
    return found


def test_a_page_of_the_newest_files_carries_no_notice(empty: World) -> None:
    empty.publish(files(1))
    assert told(empty) == []


def test_a_page_whose_match_has_newer_files_says_so_until_they_are_run(empty: World) -> None:
    empty.publish(files(1))
    empty.publish(files(2), 2)
    made_by = empty.well("runs", "--json").rows[1]["run"]
    empty.ingest(dearer(1))

    (notice,) = told(empty)
    assert notice.startswith(f"This page shows run {made_by}, published 20")
    assert notice.endswith(
        " UTC. Newer files have arrived since (dynamic_events.csv): touchline run makes it anew."
    )
    empty.well("run", "--partition", "match_id=1")
    assert told(empty) == []


def test_newer_files_that_were_refused_are_told_with_the_run_that_refused_them(
    empty: World,
) -> None:
    empty.publish(files(1))
    empty.ingest(broken(files(1), EVENTS, lambda _: b"event_id\n"))
    assert empty.do("run").code == 3

    (notice,) = told(empty)
    ended = f"the last run, {run_of(empty)}, ended refused, and touchline status tells why."
    assert "Newer files have arrived since (dynamic_events.csv)" in notice
    assert notice.endswith(ended)


def test_a_page_made_under_other_settings_names_the_table_that_would_differ(empty: World) -> None:
    empty.publish(files(1))
    empty.configure("[tracking]\nmin_sprint_kmh = 24")

    (notice,) = told(empty)
    assert "It would differ if it were made now (tracking.sprints: rule changed)" in notice


def test_a_page_of_numbers_that_were_put_back_says_so(empty: World) -> None:
    empty.publish(files(1))
    first = run_of(empty)
    empty.publish(dearer(1))
    empty.well("rollback", "player_metrics", "match_id=1")

    (notice,) = told(empty)
    assert notice.startswith("tracking.player_metrics was put back by a rollback (published 20")
    assert notice.endswith(f" UTC): it shows what run {first} made.")


def test_maintenance_does_not_hide_a_rollback(empty: World) -> None:
    empty.publish(files(1))
    empty.publish(dearer(1))
    empty.well("rollback", "player_metrics", "match_id=1")
    empty.well("maintain")

    assert [notice.partition(" (")[0] for notice in told(empty)] == [
        "tracking.player_metrics was put back by a rollback"
    ]


def test_a_page_into_a_folder_that_is_not_there_is_refused_like_that_of_a_query(
    empty: World,
) -> None:
    empty.publish(files(1))
    ended = empty.do("report", "match", "1", "--out", "nowhere/page.html")
    query = empty.do("query", "SELECT 1 AS one", "--out", "nowhere/page.csv")

    assert (ended.code, query.code) == (2, 2)
    assert ended.error == "nowhere/page.html: folder nowhere does not exist"
    assert ended.error.replace("html", "csv") == query.error
    assert ended.hint == query.hint == "make it first"


@pytest.mark.parametrize("match_id", ["abc", "../x", "1.5", "", "٣"])
def test_a_match_id_is_a_whole_number(empty: World, match_id: str) -> None:
    ended = empty.do("report", "match", match_id)

    assert ended.code == 2
    assert ended.error == f"match id: {match_id!r} is not an id: a match id is a whole number"


def test_a_match_of_which_nothing_has_arrived_is_told_from_one_that_was_not_run(
    empty: World,
) -> None:
    empty.ingest(files(1))
    never, not_run = (empty.do("report", "match", i) for i in ("5", "1"))

    assert (never.code, not_run.code) == (4, 4)
    assert never.error == "tracking match_id=5: nothing has arrived for it"
    assert not_run.error == "tracking match_id=1: not published in full"
    assert "status" in never.hint
    assert "status" in not_run.hint


def test_sprints_under_other_thresholds_can_be_told_apart_in_sql_and_on_the_page(
    empty: World,
) -> None:
    empty.publish(files(1))
    empty.configure("[tracking]\nmin_sprint_kmh = 24")
    empty.ingest(files(2), 2)
    empty.well("run", "--partition", "match_id=2")
    rules = empty.query(
        "SELECT match_id, sprint_rule FROM tracking.player_metrics GROUP BY ALL ORDER BY 1"
    )
    empty.well("report", "match", "2")

    assert rules.column("sprint_rule").to_pylist() == ["default", "default, 24 km/h, 0.7 s"]
    page = (empty.folder / "match-2.html").read_text("utf-8")
    assert "Sprint rule <code>default, 24 km/h, 0.7 s</code>" in page
