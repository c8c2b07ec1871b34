"""ingest matches and simulate matches: from files to what applications ask, and to history."""

import gzip
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from feeds import event
from made_files import FAULTS, lines, put, statsbomb, wyscout
from world import World

from touchline.adapters.sqlite import SqliteServing
from touchline.core.ports import Asked
from touchline.matches.live import EVENTS

KICK_OFF = "2018-07-15T15:00:00Z"


def known(world: World, match_id: str = "m1") -> list[dict[str, Any]]:
    with closing(SqliteServing(world.data / "serving.db")) as store:
        rows = store.rows(EVENTS, match_id, Asked(limit=10_000))
    return [json.loads(row.body) for row in rows]


def test_events_can_be_asked_for_at_once_and_become_history(empty: World) -> None:
    path = put(empty.folder, "feed.ndjson", lines(event("a"), event("b", event_type="goal")))
    (row,) = empty.well("ingest", "matches", path, "--json").rows
    assert row == {
        "file": str(path),
        "format": "events",
        "matches": 1,
        "new": 2,
        "unchanged": 0,
        "refused": 0,
        "refusals": [],
    }
    assert [e["event_id"] for e in known(empty)] == ["a", "b"]
    empty.well("run", "matches")
    empty.well("check", "matches")
    assert empty.one("SELECT goals FROM matches.match_stats WHERE player_id IS NULL") == 1


def test_the_same_file_again_changes_nothing(empty: World) -> None:
    path = put(empty.folder, "feed.ndjson", lines(event("a"), event("b")))
    empty.well("ingest", "matches", path)
    before = known(empty)
    (row,) = empty.well("ingest", "matches", path, "--json").rows
    assert (row["new"], row["unchanged"]) == (0, 2)
    assert known(empty) == before


def test_what_came_live_before_is_neither_lost_nor_doubled(empty: World) -> None:
    first = put(empty.folder, "1.ndjson", lines(event("a", event_type="goal")))
    second = put(
        empty.folder,
        "2.ndjson",
        lines(event("b", event_type="goal"), event("a", event_type="goal")),
    )
    for path in (first, second):
        empty.well("ingest", "matches", path)
        empty.well("run", "matches")
    empty.well("archive", "--all")
    empty.well("run", "matches")
    assert empty.one("SELECT goals FROM matches.match_stats WHERE player_id IS NULL") == 2


def test_the_file_itself_is_kept(empty: World) -> None:
    content = lines(event("a"), "{", event("b", match_id="m2"))
    path = put(empty.folder, "feed.ndjson", content)
    empty.do("ingest", "matches", path)
    found = empty.asked(
        "SELECT partition, name, path FROM receipts WHERE name LIKE 'provider/%' ORDER BY partition"
    )
    assert [row[:2] for row in found] == [
        ("match_id=m1", "provider/feed.ndjson"),
        ("match_id=m2", "provider/feed.ndjson"),
    ]
    assert (empty.data / "objects" / found[0][2]).read_bytes() == content


def test_what_is_refused_is_told_the_rest_goes_in_and_the_code_says_so(empty: World) -> None:
    bad = [event(f"x{n}", timestamp="noon") for n in range(12)]
    path = put(empty.folder, "feed.ndjson", lines(event("a"), "{", *bad))
    ended = empty.do("ingest", "matches", path)
    assert ended.code == 3
    assert "feed.ndjson: line 2: not JSON" in ended.error
    assert "line 3: $.timestamp: seen 'noon'" in ended.error
    assert "3 events more refused; --json lists them all" in ended.err
    assert [e["event_id"] for e in known(empty)] == ["a"]
    (row,) = empty.do("ingest", "matches", path, "--json").rows
    assert len(row["refusals"]) == row["refused"] == 13


def test_a_file_that_is_none_keeps_no_other_out(empty: World) -> None:
    put(empty.folder, "in/a.json", b"[1, 2")
    put(empty.folder, "in/b.ndjson", lines(event("a")))
    ended = empty.do("ingest", "matches", empty.folder / "in")
    assert ended.code == 3
    assert "in/a.json: not JSON" in ended.error
    assert [e["event_id"] for e in known(empty)] == ["a"]


def test_a_file_that_is_named_and_has_no_events_is_refused(empty: World) -> None:
    path = put(empty.folder, "players.json", [{"wyId": 1, "shortName": "N. Kanté"}])
    ended = empty.do("ingest", "matches", path)
    assert ended.code == 3
    assert "nothing in it is a match event" in ended.error
    assert "event_type" in ended.hint


@pytest.mark.parametrize(
    "content",
    [[1, 2], [{"event_id": "a", "event_type": "view_item", "user_id": "42"}], {"match_id": "m1"}],
    ids=["numbers", "events of an app", "a match"],
)
def test_what_is_somebody_elses_is_no_match_event_and_makes_no_dead_letter(
    empty: World, content: Any
) -> None:
    path = put(empty.folder, "in/a.json", content)
    ended = empty.do("ingest", "matches", path)
    assert ended.code == 3
    assert "nothing in it is a match event" in ended.error
    ended = empty.do("ingest", "matches", "in")
    assert ended.code == 4
    assert "left alone, as no match events: 1 file" in ended.err
    assert not (empty.data / "log.db").exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", b"", "the file is empty"),
        ("a.json", b'{"events": [{"id": 1', "no line of it is an event; line 1: not JSON"),
        ("a.json", b"[1, 2", "not JSON"),
        ("a.json", b"null", "no line of it is an event; line 1: not a JSON object"),
        ("a.json.gz", gzip.compress(lines(event("a")))[:-9], "gzip cut off or damaged"),
        ("a.zip", b"PK\x03\x04\x14", "a zip, and no file of events"),
        ("a.json", bytes(range(128, 256)), "no line of it is an event; line 1: not JSON"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_refused_as_a_whole(
    empty: World, name: str, content: bytes, said: str
) -> None:
    ended = empty.do("ingest", "matches", put(empty.folder, name, content))
    assert ended.code == 3
    assert f"{name}: {said}" in ended.error
    assert ended.hint
    assert not (empty.data / "log.db").exists()


def test_a_kick_off_that_is_yet_to_come_is_refused_before_anything_is_taken(empty: World) -> None:
    path = put(empty.folder, "events.json", [wyscout()])
    ended = empty.do("ingest", "matches", path, "--kick-off", "2999-07-15T15:00:00Z")
    assert ended.code == 2
    assert "--kick-off 2999-07-15T15:00:00Z: expected an instant before" in ended.error
    assert not (empty.data / "log.db").exists()


def test_a_clock_needs_a_kick_off(empty: World) -> None:
    path = put(empty.folder, "events.json", [wyscout()])
    refused = empty.do("ingest", "matches", path)
    assert refused.code == 2
    assert "--kick-off 2018-06-14T15:00:00Z" in refused.hint
    empty.well("ingest", "matches", path, "--kick-off", KICK_OFF)
    (found,) = known(empty, "2058017")
    assert found["event_at"] == "2018-07-15T15:01:01.892000Z"


def test_one_kick_off_is_not_taken_for_the_matches_of_several_files(empty: World) -> None:
    put(empty.folder, "in/1.json", [wyscout()])
    put(empty.folder, "in/2.json", [wyscout(matchId=7)])
    ended = empty.do("ingest", "matches", "in", "--kick-off", KICK_OFF)
    assert ended.code == 2
    assert "for one match, and there are 2: 2058017, 7" in ended.error
    assert not (empty.data / "log.db").exists()


def test_a_later_period_began_when_somebody_says(empty: World) -> None:
    path = put(empty.folder, "7298.json", [statsbomb(1, period=2, timestamp="00:00:01.000")])
    second = "2=2018-07-15T16:04:10Z"
    empty.well("ingest", "matches", path, "--kick-off", KICK_OFF, "--kick-off", second)
    (found,) = known(empty, "7298")
    assert found["event_at"] == "2018-07-15T16:04:11.000000Z"


def test_the_providers_list_of_matches_does_in_the_place_of_kick_offs(empty: World) -> None:
    put(empty.folder, "in/events.json", [wyscout(), wyscout(id=2, matchId=7)])
    listed = [{"wyId": i, "dateutc": "2018-07-15 15:00:00"} for i in (2058017, 7)]
    put(empty.folder, "in/matches.json", listed)
    ended = empty.well("ingest", "matches", empty.folder / "in")
    assert "the kick-offs of matches, 2 in all" in ended.err
    assert len(known(empty, "2058017")) == len(known(empty, "7")) == 1


@pytest.mark.parametrize("domain", ["tracking", "activity"])
def test_other_domains_have_no_kick_off(empty: World, domain: str) -> None:
    ended = empty.do("ingest", domain, empty.folder, "--kick-off", KICK_OFF)
    assert ended.code == 2
    assert "--kick-off" in ended.error


def test_types_that_are_not_known_are_refused_where_that_is_configured(empty: World) -> None:
    empty.configure('[matches]\nunknown_types = "refuse"\n')
    path = put(empty.folder, "feed.ndjson", lines(event("a"), event("b", event_type="nutmeg")))
    ended = empty.do("ingest", "matches", path)
    assert ended.code == 3
    assert "'nutmeg'" in ended.error


def test_made_up_feeds_can_be_ingested_and_are_what_was_planted(empty: World) -> None:
    ended = empty.well("simulate", "matches", "out", "--matches", "2", *FAULTS)
    assert ended.out.split() == [
        f"out/{name}" for i in (900001, 900002) for name in (f"feeds/{i}.ndjson", f"truth/{i}.json")
    ]
    ended = empty.well("ingest", "matches", "out")
    assert "left alone, as no match events: 2 files, such as out/truth/900001.json" in ended.err
    for match_id in ("900001", "900002"):
        truth = json.loads((empty.folder / "out" / "truth" / f"{match_id}.json").read_text())
        found = known(empty, match_id)
        assert len(found) == truth["events"]
        assert sum(e["event_type"] == "goal" for e in found) == truth["types"].get("goal", 0)


def test_the_same_seed_makes_the_same_feeds(empty: World) -> None:
    empty.well("simulate", "matches", "a", "--seed", "7", "--late", "0.1")
    empty.well("simulate", "matches", "b", "--seed", "7", "--late", "0.1")
    one, other = (empty.folder / f / "feeds" / "900001.ndjson" for f in "ab")
    assert one.read_bytes() == other.read_bytes()


def test_another_feed_of_the_same_match_is_not_written_over_the_first(empty: World) -> None:
    empty.well("simulate", "matches", "out")
    before = empty.everything()
    empty.well("simulate", "matches", "out")
    ended = empty.do("simulate", "matches", "out", "--seed", "2")
    assert ended.code == 2
    assert "out/feeds/900001.ndjson: is there" in ended.error
    assert empty.everything() == before


def test_matches_have_the_ids_and_days_that_are_asked_for(empty: World) -> None:
    words = ("--matches", "2", "--first-id", "7", "--date", "2024-12-31")
    empty.well("simulate", "matches", "out", *words)
    feeds = [(empty.folder / f"out/feeds/{i}.ndjson").read_text() for i in (7, 8)]
    days = [json.loads(text.splitlines()[0])["timestamp"][:10] for text in feeds]
    assert days == ["2024-12-31", "2025-01-01"]


@pytest.mark.parametrize("words", [("--late", "1.1"), ("--matches", "0"), ("--shuffle", "nan")])
def test_what_cannot_be_made_up_is_refused(empty: World, words: tuple[str, str]) -> None:
    assert empty.do("simulate", "matches", "out", *words).code == 2
    assert not Path(empty.folder / "out").exists()
