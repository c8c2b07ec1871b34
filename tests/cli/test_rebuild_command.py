"""rebuild, and a live store that is gone: what is served is made anew of bronze and the log."""

import json
from contextlib import closing
from typing import Any

import pytest
from test_archive_command import _age, archive, event, post
from world import World

from touchline import config
from touchline.adapters.sqlite import SqliteServing
from touchline.core.ports import Asked
from touchline.core.stream import caught_up
from touchline.matches.live import EVENTS, STREAM
from touchline.wiring import Touchline


@pytest.fixture
def forgetful(empty: World) -> World:
    """Three events were posted and served, of which the log has the last; bronze has the others."""
    empty.configure("matches.keep_log_days = 2\n")
    post(empty, event("a", "goal"), event("b", match_id="m2"), b"{", read=True)
    _age(empty, days=3)
    assert archive(empty, "--all")["trimmed"] == 3
    post(empty, event("c"), read=True)
    return empty


def served(world: World) -> dict[str, list[str]]:
    with closing(SqliteServing(world.data / "serving.db")) as store:
        return {m: [v.id for v in store.rows(EVENTS, m, Asked())] for m in ("m1", "m2")}


def lose(world: World, *ids: str) -> None:
    """The live store does not know of these events."""
    with closing(SqliteServing(world.data / "serving.db")) as store:
        for id_ in ids:
            store._db.execute("DELETE FROM match_events WHERE id = ?", (id_,))


def rebuild(world: World, *words: str) -> Any:
    (row,) = world.well("rebuild", *words, "--json").rows
    return row


EVERYTHING = {"m1": ["a", "c"], "m2": ["b"]}
ROW = {"topic": "match-events", "matches": 2, "unusable": 1, "waiting": 0}


def test_what_is_served_is_made_anew_of_bronze_and_the_log(forgetful: World) -> None:
    lose(forgetful, "a", "c")
    assert rebuild(forgetful) == ROW
    assert served(forgetful) == EVERYTHING


def test_what_came_since_is_read_again(forgetful: World) -> None:
    lose(forgetful, "a", "c")
    assert rebuild(forgetful, "--offset", "3") == ROW
    assert served(forgetful) == {"m1": ["c"], "m2": ["b"]}
    assert rebuild(forgetful, "--since", "2020-01-01") == ROW
    assert served(forgetful) == EVERYTHING
    lose(forgetful, "a", "b")
    assert rebuild(forgetful, "--offset", "0:0") == ROW
    assert served(forgetful) == EVERYTHING


def test_a_live_store_that_is_gone_is_made_anew_by_itself(forgetful: World) -> None:
    for file in forgetful.data.glob("serving.db*"):
        file.unlink()
    here = Touchline(config.load(forgetful.folder / "touchline.toml"))
    caught_up(STREAM, here.log, here.serving)
    assert served(forgetful) == EVERYTHING


def test_files_that_are_ingested_find_what_the_log_forgot(forgetful: World) -> None:
    for file in forgetful.data.glob("serving.db*"):
        file.unlink()
    again = forgetful.folder / "again.ndjson"
    again.write_text(json.dumps(dict(event("a", "goal"))) + "\n")
    (row,) = forgetful.well("ingest", "matches", again, "--json").rows
    assert (row["new"], row["unchanged"]) == (0, 1)
    assert served(forgetful) == EVERYTHING


def test_where_nothing_was_posted_there_is_nothing_to_make(empty: World) -> None:
    ended = empty.well("rebuild")
    assert "nothing was ever posted" in ended.err
    assert not empty.data.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--since", "2020-01-01", "--offset", "0"], "both given"),
        (["--offset", "9"], "no offset 9"),
        (["--offset", "7:0"], "lane 7"),
        (["--offset", "-1"], "no offset such as"),
        (["--offset", "a"], "no offset such as"),
    ],
)
def test_wrong_places_are_refused_and_nothing_is_done(
    forgetful: World, words: list[str], said: str
) -> None:
    ended = forgetful.do("rebuild", *words)
    assert ended.code == 2
    assert said in ended.err
    assert served(forgetful) == EVERYTHING
