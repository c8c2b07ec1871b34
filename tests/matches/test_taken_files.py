"""The events of files in the log and the store: once, amended where a provider says otherwise."""

import json
from pathlib import Path
from typing import Any

import msgspec
from feeds import NOW, amend, cancel, event, ids, letters, listed, value, waiting
from made_files import lines, put, wyscout

from sample_data import sample
from touchline.core.memory import MemoryLog, MemoryServing
from touchline.core.ports import Asked
from touchline.errors import ConflictError
from touchline.matches.live import ALL, DEAD, STREAM, TOPIC, EventRule, Letter
from touchline.matches.live.letters import put_in
from touchline.matches.source import Feed, Taken, kick_offs, read, taken, usable

KICK_OFF = "2018-07-15T15:00:00Z"


def whole_letters(store: MemoryServing) -> list[Letter]:
    found = store.rows(DEAD, ALL, Asked(limit=100))
    return [msgspec.json.decode(version.body, type=Letter) for version in found]


class Place:
    """A log and a store, and what files do to them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log, self.store = folder, MemoryLog(), MemoryServing()

    def take(self, content: Any, *, kick_off: str = KICK_OFF) -> Taken:
        feed = content if isinstance(content, Feed) else read(put(self.folder, "a.json", content))
        known = kick_offs([kick_off])
        return taken(
            feed, known, file="a.json", log=self.log, store=self.store, rule=EventRule(), now=NOW
        )

    def see_to(self, offset: int) -> None:
        """Somebody let the letter of that record go."""
        put_in([], self.log.read(TOPIC, {0: offset}, limit=1), self.log)

    @property
    def records(self) -> int:
        return sum(self.log.end(TOPIC).values())


def test_events_are_in_the_store_at_once_and_once(tmp_path: Path) -> None:
    place, given = Place(tmp_path), lines(event("a"), event("b", 1))
    assert place.take(given) == Taken(2, 0, [])
    assert place.take(given) == Taken(0, 2, [])
    assert ids(place.store) == ["a", "b"]
    assert place.records == 2
    assert place.store.position(STREAM.reader) == place.log.end(TOPIC)


def test_a_real_match_is_taken_whole_and_once(tmp_path: Path) -> None:
    place, feed = Place(tmp_path), read(sample("wyscout/2058017.json"))
    first, again = place.take(feed), place.take(feed)
    assert (first.new, first.refused) == (len(feed.events), [])
    assert (again.new, again.unchanged) == (0, len(feed.events))
    assert len(listed(place.store, "2058017")) == len(feed.events)


def test_a_feed_is_taken_with_its_corrections(tmp_path: Path) -> None:
    place = Place(tmp_path)
    given = lines(cancel("b"), event("a"), event("b", 1), amend("a", player_id="p9"), event("a"))
    assert place.take(given) == Taken(4, 1, [])
    (found,) = listed(place.store)
    assert found["player_id"] == "p9"


def test_what_is_refused_is_told_with_its_place(tmp_path: Path) -> None:
    place = Place(tmp_path)
    bad = event("b") | {"timestamp": "noon"}
    found = place.take(lines(event("a"), bad, "{", event("a", player_id="p9")))
    assert found.new == 1
    assert sorted(r.place for r in found.refused) == ["line 2", "line 3", "line 4"]


def test_what_is_refused_is_a_dead_letter_with_file_line_and_reason(tmp_path: Path) -> None:
    place = Place(tmp_path)
    ahead = event("c", timestamp="2036-04-05T12:00:00Z")
    place.take(lines(event("a"), event("b", timestamp="noon"), "{", ahead, event("a", x=1)))
    found = {letter.reason[:14]: letter for letter in whole_letters(place.store)}
    assert sorted(found) == [f"a.json: line {n}" for n in (2, 3, 4, 5)]
    assert {letter.match_id for letter in found.values()} == {"m1"}
    assert [found[f"a.json: line {n}"].event_id for n in (2, 3, 4, 5)] == ["b", "", "c", "a"]
    assert "seen 'noon'" in found["a.json: line 2"].reason
    assert found["a.json: line 3"].record == "{"
    assert json.loads(found["a.json: line 4"].record) == ahead
    assert "says something else" in found["a.json: line 5"].reason
    assert ids(place.store) == ["a"]


def test_the_same_file_again_lists_nothing_twice(tmp_path: Path) -> None:
    place, given = Place(tmp_path), lines(event("a"), "{", "{", event("b", timestamp="noon"))
    first = place.take(given)
    before = letters(place.store)
    assert len(before) == len(first.refused) == 3
    assert place.take(given) == Taken(0, 1, first.refused)
    assert letters(place.store) == before
    more = place.take(given + lines(event("c"), "]"))
    assert (more.new, len(more.refused), len(letters(place.store))) == (1, 4, 4)


def test_what_somebody_saw_to_is_refused_no_more(tmp_path: Path) -> None:
    place, given = Place(tmp_path), lines(event("a"), "{", "]")
    place.take(given)
    (first, *_) = whole_letters(place.store)
    place.see_to(first.offset)
    again = place.take(given)
    assert (again.new, again.unchanged, [r.place for r in again.refused]) == (0, 2, ["line 3"])
    assert len(letters(place.store)) == 1


def test_a_correction_that_waits_or_was_let_go_is_not_said_again(tmp_path: Path) -> None:
    place, given = Place(tmp_path), lines(event("a"), cancel("b"))
    assert place.take(given).new == 2
    assert place.take(given) == Taken(0, 2, [])
    place.see_to(1)
    assert place.take(given) == Taken(0, 2, [])
    assert waiting(place.store) == []
    place.take(lines(event("b")))
    assert place.take(given) == Taken(0, 2, [])
    assert ids(place.store) == ["a", "b"]


def test_a_line_that_says_no_match_is_of_the_files_only_one_or_of_none(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.take(lines(event("a"), "{"))
    place.take(lines(event("a"), event("b", match_id="m2"), "]", event("c", match_id="../m")))
    assert sorted(letter.match_id for letter in whole_letters(place.store)) == ["", "", "m1"]


def test_of_a_providers_file_it_is_what_the_provider_said(tmp_path: Path) -> None:
    place, bad = Place(tmp_path), wyscout(id=2, eventSec="soon")
    place.take([wyscout(id=1), bad])
    (letter,) = whole_letters(place.store)
    assert (letter.match_id, letter.event_id) == ("2058017", "2")
    assert json.loads(letter.record) == bad


def test_a_text_as_long_as_a_file_is_kept_in_part(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.take(lines(event("a"), "[" * 1_000_000))
    (letter,) = whole_letters(place.store)
    assert len(letter.record) == 50_000


def test_kick_offs_are_no_events_that_could_be_mended(tmp_path: Path) -> None:
    place = Place(tmp_path)
    found = place.take([{"wyId": 7, "dateutc": "some day"}])
    assert len(found.refused) == 1
    assert place.records == 0


def test_what_a_provider_says_otherwise_is_amended(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.take([wyscout(id=1), wyscout(id=2)])
    other = [wyscout("Pass", "Cross", id=1), wyscout(id=2), wyscout(id=3)]
    assert place.take(other) == Taken(2, 1, [])
    assert place.take(other) == Taken(0, 3, [])
    found = listed(place.store, "2058017")
    assert [(e["event_type"], e["version"]) for e in found] == [("cross", 2), ("pass", 1), ("pass", 1)]  # fmt: skip
    assert letters(place.store) == []


def test_a_field_that_the_provider_took_away_is_gone(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.take([wyscout("Pass", "Simple pass", 1801)])
    without = [wyscout(playerId=0)]
    assert place.take(without).new == 1
    assert place.take(without) == Taken(0, 1, [])
    (found,) = listed(place.store, "2058017")
    assert not {"player_id", "accurate", "tags"} & found.keys()


def test_a_file_given_again_undoes_no_correction(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.take([wyscout(id=1)])
    named = {"match_id": "2058017", "event_id": "1"}
    place.take(lines({**named, "action": "amend", "player_id": "p9"}))
    assert place.take([wyscout(id=1)]) == Taken(0, 1, [])
    assert listed(place.store, "2058017")[0]["player_id"] == "p9"


def test_another_kick_off_moves_the_events_there_and_back(tmp_path: Path) -> None:
    place, seen = Place(tmp_path), []
    for minute in (0, 2, 2, 0):
        place.take([wyscout(id=1)], kick_off=f"2018-07-15T15:0{minute}:00Z")
        seen.append(listed(place.store, "2058017")[0]["event_at"][11:16])
    assert seen == ["15:01", "15:03", "15:03", "15:01"]
    assert place.records == 3


def test_whoever_was_killed_before_the_store_had_read_the_log_goes_on(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.log.append(TOPIC, [("m1", value(event("a")))]).result()
    assert place.take(lines(event("a"), event("b"))) == Taken(1, 1, [])
    assert ids(place.store) == ["a", "b"]


def test_where_another_process_reads_the_log_too_both_go_on(tmp_path: Path) -> None:
    place = Place(tmp_path)
    apply, conflicts = place.store.apply, [ConflictError("another process read on")]

    def contested(*words: Any, **more: Any) -> None:
        if conflicts:
            raise conflicts.pop()
        apply(*words, **more)

    place.store.apply = contested  # type: ignore[method-assign]
    assert place.take(lines(event("a"))).new == 1
    assert ids(place.store) == ["a"]
    assert conflicts == []


def test_of_two_events_of_one_id_in_a_providers_file_the_second_is_refused(tmp_path: Path) -> None:
    place = Place(tmp_path)
    found = place.take([wyscout(id=1), wyscout(id=1)])
    assert (found.new, [r.place for r in found.refused]) == (1, ["event 2"])
    assert len(listed(place.store, "2058017")) == 1


def test_matches_of_which_nothing_can_be_used_are_told_apart(tmp_path: Path) -> None:
    given = [event("a", timestamp="noon"), event("b"), event("c", match_id="m2", timestamp="noon"),
             event("d", match_id="../m")]  # fmt: skip
    feed = read(put(tmp_path, "a.ndjson", lines(*given)))
    assert feed.matches == ("m1", "m2", "../m")
    assert usable(feed, kick_offs([]), rule=EventRule(), now=NOW) == ["m1"]
