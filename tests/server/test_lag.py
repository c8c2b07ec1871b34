"""What was posted and is not served yet is seen: by check, and in the figures for monitoring."""

from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from world import World, world

from touchline import config
from touchline.adapters.sqlite import SqliteLog
from touchline.matches.live import TOPIC
from touchline.server import metrics
from touchline.wiring import Touchline


@pytest.fixture
def behind(tmp_path: Path) -> World:
    """A world in which two events wait, and nobody serves them."""
    found = world(tmp_path)
    found.configure("[matches]\nmax_lag_s = 0\n")
    with closing(SqliteLog(found.data / "log.db")) as log:
        log.append(TOPIC, [("m1", b"{}"), ("m1", b"{}")]).result(30)
    return found


def test_check_tells_of_events_that_wait_and_exits_5(behind: World) -> None:
    ended = behind.do("check")
    assert ended.code == 5
    assert "2 events are not served yet" in ended.out
    assert behind.do("check", "activity").code == 0
    assert behind.do("check", "matches").code == 5


def test_a_live_path_that_nobody_uses_does_not_lag(tmp_path: Path) -> None:
    empty = world(tmp_path)
    assert empty.do("check").code == 0
    assert not (empty.data / "log.db").exists()


def test_the_lag_is_among_the_figures(behind: World) -> None:
    text = metrics.text(Touchline(config.load(behind.folder / "touchline.toml")))
    found = {s.name: s.value for f in text_string_to_metric_families(text) for s in f.samples}
    assert found["touchline_log_lag_records"] == 2
    assert found["touchline_log_oldest_unread_seconds"] > 0
