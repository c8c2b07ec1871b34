"""What of files is refused lies in quarantine: shown as it came, mended or let go, and never twice."""

import json
from contextlib import closing
from typing import Any

import pytest
from feeds import event
from made_files import lines, put
from world import World

from touchline.adapters.sqlite import SqliteLog, SqliteServing
from touchline.core.ports import Asked
from touchline.core.stream import catch_up
from touchline.matches.live import ALL, DEAD, EVENTS, STREAM


def live(world: World, match_id: str = "m1") -> tuple[list[str], int]:
    """The events that are served, and how many dead letters there are."""
    with (
        closing(SqliteLog(world.data / "log.db")) as log,
        closing(SqliteServing(world.data / "serving.db")) as store,
    ):
        catch_up(STREAM, log, store)
        found = store.rows(EVENTS, match_id, Asked())
        return sorted(v.id for v in found), store.count(DEAD, ALL, Asked())


def history(world: World) -> list[tuple[str, str]]:
    found = world.query("SELECT match_id, event_id FROM matches.match_events ORDER BY ALL")
    return [(row["match_id"], row["event_id"]) for row in found.to_pylist()]


def rejected(world: World) -> list[dict[str, Any]]:
    """What lies in quarantine after the next run, in the order of reasons."""
    world.well("archive", "--all")
    world.well("run", "matches")
    found = world.well("quarantine", "list", "--each", "--json").rows
    return sorted(found, key=lambda row: str(row["reason"]))


def test_what_was_refused_is_listed_and_shown_as_it_came_with_file_and_line(empty: World) -> None:
    cut, ahead = '{"match_id": "m1", "event', event("b", timestamp="2999-04-05T12:00:00Z")
    path = put(empty.folder, "feed.ndjson", lines(event("a"), cut, ahead))
    ended = empty.do("ingest", "matches", path)
    assert ended.code == 3
    assert "touchline run matches puts what was refused into quarantine" in ended.err
    first, second = rejected(empty)
    assert first["reason"].startswith("feed.ndjson: line 2: not JSON")
    assert second["reason"].startswith("feed.ndjson: line 3: $.timestamp: seen 2999")
    assert {row["partition"] for row in (first, second)} == {"match_id=m1"}
    assert f"in the file:\n{cut}\n" in empty.well("quarantine", "show", first["id"]).out
    assert live(empty) == (["a"], 2)


def test_a_line_is_mended_by_a_part_of_its_text_or_by_another_event(empty: World) -> None:
    given = lines(event("a"), "{", event("b", timestamp="noon"))
    path = put(empty.folder, "feed.ndjson", given)
    empty.do("ingest", "matches", path)
    assert len(rejected(empty)) == 2
    fix = ("quarantine", "fix", "--because", "asked them")
    empty.well(*fix, "--reason", "noon", "--replace", "noon", "2025-04-05T12:00:00Z")
    whole = f"value={json.dumps(event('c'))}"
    empty.well(*fix, "--reason", "not JSON", "--set", whole)
    assert live(empty) == (["a", "b", "c"], 0)
    assert rejected(empty) == []
    assert history(empty) == [("m1", each) for each in "abc"]
    again = empty.well("ingest", "matches", path, "--json").rows[0]
    assert (again["new"], again["unchanged"], again["refused"]) == (0, 3, 0)
    assert live(empty) == (["a", "b", "c"], 0)
    assert rejected(empty) == []


def test_what_was_let_go_stays_so_when_the_file_comes_again(empty: World) -> None:
    path = put(empty.folder, "feed.ndjson", lines(event("a"), "{", "]"))
    empty.do("ingest", "matches", path)
    rejected(empty)
    empty.well("quarantine", "discard", "--reason", "line 2", "--because", "a test")
    for _ in range(3):
        assert [row["reason"][:19] for row in rejected(empty)] == ["feed.ndjson: line 3"]
        assert live(empty) == (["a"], 1)
        (row,) = empty.do("ingest", "matches", path, "--json").rows
        assert [r["place"] for r in row["refusals"]] == ["line 3"]
        for file in empty.data.glob("serving.db*"):  # made anew of the log
            file.unlink()


def test_a_line_of_no_match_is_mended_into_the_match_that_it_is_of(empty: World) -> None:
    given = lines(event("a"), event("b", match_id="m2"), event("c", match_id="../m2"))
    empty.do("ingest", "matches", put(empty.folder, "feed.ndjson", given))
    (row,) = rejected(empty)
    assert row["partition"] == "match_id=no-match"
    fix = ("quarantine", "fix", row["id"], "--because", "asked them")
    empty.well(*fix, "--replace", "../m2", "m2")
    assert live(empty, "m2") == (["b", "c"], 0)
    assert rejected(empty) == []
    assert history(empty) == [("m1", "a"), ("m2", "b"), ("m2", "c")]


def test_a_text_that_is_still_no_event_is_refused_and_nothing_is_said(empty: World) -> None:
    path = put(empty.folder, "feed.ndjson", lines(event("a"), event("b", timestamp="noon")))
    empty.do("ingest", "matches", path)
    (row,) = rejected(empty)
    fix = ("quarantine", "fix", row["id"], "--because", "asked them")
    for words in (("--replace", "noon", "dusk"), ("--set", "timestamp=2025-04-05T12:00:00Z")):
        ended = empty.do(*fix, *words)
        assert ended.code == 2
        assert "it would still be rejected: " in ended.error
        assert "--set value=" in ended.hint
    assert live(empty) == (["a"], 1)
    assert [r["state"] for r in rejected(empty)] == ["open"]


@pytest.mark.parametrize("match_id", ["m1", "../m"])
def test_a_file_of_which_nothing_can_be_used_is_kept_and_lies_in_quarantine(
    empty: World, match_id: str
) -> None:
    given = lines(event("a", timestamp="noon", match_id=match_id))
    assert empty.do("ingest", "matches", put(empty.folder, "feed.ndjson", given)).code == 3
    (row,) = rejected(empty)
    part = row["partition"]
    assert part == f"match_id={match_id if match_id == 'm1' else 'no-match'}"
    ((path,),) = empty.asked("SELECT path FROM receipts WHERE name = 'provider/feed.ndjson'")
    assert (empty.data / "objects" / path).read_bytes() == given
    empty.well("check", "matches")
    (state,) = empty.well("status", "matches", "--json").rows
    assert (state["partition"], state["state"]) == (part, "fresh")
