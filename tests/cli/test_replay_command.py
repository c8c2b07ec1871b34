"""replay: a recorded feed, posted to a server as it was sent."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from made_files import FAULTS, lines, put, wyscout
from taking_server import Taking, refusing, taking
from world import World

from touchline.config import Config
from touchline.config.sections import Server
from touchline.matches.source.pacing import due_s
from touchline.server import served


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Taking]:
    monkeypatch.delenv("TOUCHLINE_API_KEY", raising=False)
    with taking() as found:
        yield found


def event(event_id: str, second: int = 0, **more: Any) -> dict[str, Any]:
    said = {"match_id": "m1", "event_id": event_id, "event_type": "pass"}
    return {**said, "timestamp": f"2025-04-05T12:00:{second:02d}Z", **more}


def replay(world: World, server: Taking, *said: Any, code: int = 0) -> dict[str, Any]:
    path = put(world.folder, "feed.ndjson", lines(*said))
    ended = world.do("replay", path, "--speed", "0", "--to", server.url, "--json")
    assert ended.code == code, ended.err
    (row,) = ended.rows
    found: dict[str, Any] = row
    return found


def test_events_are_posted_in_the_order_of_the_feed(empty: World, server: Taking) -> None:
    said = [event("b", 9), event("a", 1), {"match_id": "m1", "event_id": "b", "action": "cancel"}]
    found = replay(empty, server, *said)
    assert server.taken == said
    assert found["accepted"] == 3
    assert found["refusals"] == []
    assert server.connections == 1


def test_what_became_of_each_is_counted(empty: World, server: Taking) -> None:
    server.answers = [
        (201, {}, {}),
        (202, {}, {}),
        refusing(409, "is known"),
        refusing(422, "no time"),
        refusing(429, Retry_After="0"),
    ]
    said = [event(name) for name in "abcde"]
    found = replay(empty, server, *said, said[0], "{", code=3)
    counts = {k: found[k] for k in ("accepted", "waiting", "repeated", "conflicts", "refused", "retries")}  # fmt: skip
    assert counts == {
        "accepted": 2, "waiting": 1, "repeated": 1, "conflicts": 1, "refused": 2, "retries": 1,
    }  # fmt: skip
    assert found["refusals"] == [
        {"place": "line 7", "reason": "not JSON: Input data was truncated"},
        {"place": "line 3", "reason": "is known"},
        {"place": "line 4", "reason": "no time"},
    ]


def test_the_key_is_that_of_the_variable(
    empty: World, server: Taking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOUCHLINE_API_KEY", "usual\n")
    monkeypatch.setenv("OTHER", "another")
    path = put(empty.folder, "feed.ndjson", lines(event("a")))
    empty.well("replay", path, "--speed", "0", "--to", server.url)
    empty.well("replay", path, "--speed", "0", "--to", server.url, "--key-env", "OTHER")
    assert [key for _, key in server.asked] == ["Bearer usual", "Bearer another"]


def test_a_key_that_is_not_known_ends_it_at_once(empty: World, server: Taking) -> None:
    server.answers = [refusing(401, "no key, or one that is not known")]
    path = put(empty.folder, "feed.ndjson", lines(event("a"), event("b")))
    ended = empty.do("replay", path, "--speed", "0", "--to", server.url)
    assert ended.code == 2
    assert "401 no key" in ended.error
    assert len(server.asked) == 1


def test_a_providers_file_is_posted_with_its_kick_off(empty: World, server: Taking) -> None:
    path = put(empty.folder, "events.json", [wyscout()])
    words = ("replay", path, "--speed", "0", "--to", server.url)
    assert empty.do(*words).code == 2
    empty.well(*words, "--kick-off", "2018-07-15T15:00:00Z")
    assert server.taken[0]["kick_off_at"] == "2018-07-15T15:00:00Z"


def test_a_file_without_events_is_refused(empty: World, server: Taking) -> None:
    path = put(empty.folder, "matches.json", [{"wyId": 1, "dateutc": "2018-07-15 15:00:00"}])
    ended = empty.do("replay", path, "--to", server.url)
    assert (ended.code, server.asked) == (3, [])
    assert "nothing in it is a match event" in ended.error


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        (".", None, 2, ".: a folder"),
        ("gone.ndjson", None, 2, "gone.ndjson: no such file"),
        ("feed.ndjson", b"", 3, "the file is empty"),
        ("feed.ndjson", b"\xff\xfe", 3, "no line of it is an event"),
    ],
)
def test_what_is_no_feed_is_refused_before_anything_is_posted(
    empty: World, server: Taking, name: str, content: bytes | None, code: int, said: str
) -> None:
    if content is not None:
        put(empty.folder, name, content)
    ended = empty.do("replay", name, "--to", server.url)
    assert (ended.code, server.asked) == (code, [])
    assert said in ended.error
    assert ended.hint


def test_it_keeps_the_pace_of_the_match(
    empty: World, server: Taking, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    ours = SimpleNamespace(sleep=waits.append, monotonic=time.monotonic)  # others sleep, too
    monkeypatch.setattr("touchline.cli.replay.time", ours)
    path = put(empty.folder, "feed.ndjson", lines(event("a"), event("b", 30), event("c", 20)))
    empty.well("replay", path, "--speed", "2", "--to", server.url)
    assert waits[0] <= 0
    assert 14 < waits[1] <= waits[2] + 1 <= 16


def test_what_comes_late_goes_right_after_the_one_before_it() -> None:
    cancelled = {"match_id": "m1", "event_id": "a", "action": "cancel"}
    said = [cancelled, event("a", 5), event("b", 30), event("c", 20), cancelled, event("d", 31)]
    assert list(due_s(said)) == [0, 0, 25, 25, 25, 26]


@pytest.mark.parametrize(
    "words", [("--speed", "-1"), ("--speed", "inf"), ("--speed", "nan"), ("--to", "nowhere")]
)
def test_wrong_use_posts_nothing(empty: World, server: Taking, words: tuple[str, str]) -> None:
    path = put(empty.folder, "feed.ndjson", lines(event("a")))
    assert empty.do("replay", path, "--to", server.url, *words).code == 2
    assert server.asked == []


def test_a_feed_with_faults_is_in_the_end_what_was_planted(empty: World, tmp_path: Path) -> None:
    empty.well("simulate", "matches", "out", *FAULTS)
    config = Config(server=Server(port=0, api_keys=False), folder=str(tmp_path / "server"))
    truth = json.loads((empty.folder / "out/truth/900001.json").read_text())
    with served(config) as address:
        for _ in range(2):
            ended = empty.well("replay", "out/feeds/900001.ndjson", "--speed", "0", "--to", address, "--json")  # fmt: skip
            (row,) = ended.rows
            assert row["repeated"] == truth["sent"]["repeated"]
            assert row["conflicts"] == row["refused"] == 0
        count, until = 0, time.monotonic() + 60
        while count != truth["events"] and time.monotonic() < until:
            time.sleep(0.05)
            count = httpx.get(f"{address}/matches/900001/events").json().get("event_count")
        assert count == truth["events"]
