"""The live path on the health page: what waits, what could not be used, and the way to the matches."""

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from world import World, world

from touchline import config
from touchline.adapters.sqlite import SqliteLog
from touchline.core.stream import catch_up
from touchline.matches.live import STREAM, TOPIC
from touchline.server import health_page
from touchline.server.live_part import live_part
from touchline.wiring import Touchline

GOOD = b'{"match_id":"m1","event_id":"%d","event_type":"pass","timestamp":"2025-04-05T12:00:00Z"}'
LATE = b'{"match_id":"m1","event_id":"<late>","action":"amend","x":1}'


@pytest.fixture
def here(tmp_path: Path) -> World:
    return world(tmp_path)


def logged(here: World, *values: bytes) -> None:
    with closing(SqliteLog(here.data / "log.db")) as log:
        log.append(TOPIC, [("m1", value) for value in values]).result(30)


def opened(here: World) -> Touchline:
    return Touchline(config.load(here.folder / "touchline.toml"))


def told(found: Any) -> str:
    assert found is not None
    return " ".join(re.sub(r"<[^>]+>", " ", found.text).split())


def test_where_nothing_was_posted_there_is_nothing(here: World) -> None:
    assert live_part(opened(here)) is None
    assert "/matches.html" not in health_page.page(opened(here))
    assert not (here.data / "log.db").exists()


def test_what_is_not_served_yet_is_counted(here: World) -> None:
    logged(here, GOOD % 1, GOOD % 2)
    said = told(live_part(opened(here)))
    assert "2 posted and not served yet, the oldest for less than a minute." in said
    assert "/matches.html" in health_page.page(opened(here))


def test_what_could_not_be_used_is_told_the_newest_first(here: World) -> None:
    logged(here, b"not json", *[GOOD % n for n in range(700)], LATE, *[b'{"a":%d}' % n for n in range(3)])  # fmt: skip
    stores = opened(here)
    catch_up(STREAM, stores.log, stores.serving)
    said = told(live_part(stores))
    assert "Everything that was posted is served." in said
    assert "4 could not be used · 1 waiting for the event they correct" in said
    assert said.count("unusable") == 4
    assert said.index("match_id") < said.index("&lt;late&gt;") < said.index("not JSON")


def test_stores_that_cannot_be_read_are_told_and_the_rest_of_the_page_stands(here: World) -> None:
    logged(here, GOOD % 1)
    (here.data / "serving.db").write_bytes(b"no database at all" * 100)
    page = health_page.page(opened(here))
    assert "It cannot be read now" in page
    assert "Quarantine" in page


def test_what_reading_on_fails_at_is_told(here: World) -> None:
    logged(here, GOOD % 1)
    said = told(live_part(opened(here), "no <brokers>"))
    assert "The log is not read on now: no &lt;brokers&gt;" in said
    assert "The log is not read on now: no &lt;brokers&gt;" in health_page.page(opened(here), "no <brokers>")  # fmt: skip
    assert "not read on" not in told(live_part(opened(here)))
