"""Files of match events: their format is told by what is in them, and nothing of them is lost silently."""

import gzip
from pathlib import Path
from typing import Any

import pytest
from feeds import event
from made_files import lines, only, put, told, types, wyscout

from touchline.errors import ConfigError, ContractError, MissingInputError, StorageError
from touchline.matches.source import (
    KickOffs,
    arrivals,
    event_files,
    kick_offs,
    must_be_timed,
    read,
    timed,
)

TWO = [event("a"), event("b", 1)]


@pytest.mark.parametrize(
    "content",
    [
        lines(*TWO),
        lines(TWO[0], "", TWO[1], "  "),
        lines(*TWO).replace(b"\n", b"\r\n"),
        lines(*TWO).rstrip(),
        b"\xef\xbb\xbf" + lines(*TWO),
        gzip.compress(lines(*TWO)),
        TWO,
    ],
    ids=["lines", "blank lines", "CRLF", "no last newline", "BOM", "gzip", "array"],
)
def test_events_are_read_as_they_were_posted(tmp_path: Path, content: Any) -> None:
    feed = read(put(tmp_path, "feed.ndjson", content))
    assert feed.format == "events"
    assert told(feed) == TWO
    assert feed.matches == ("m1",)
    assert feed.refused == []


def test_one_event_is_a_file(tmp_path: Path) -> None:
    assert only(read(put(tmp_path, "feed.json", event("a")))) == event("a")


def test_what_is_no_event_is_told_by_line(tmp_path: Path) -> None:
    feed = read(put(tmp_path, "feed.ndjson", lines(event("a"), '{"cut": ', "", [1], event("b"))))
    assert [place for place, _ in feed.events] == ["line 1", "line 5"]
    assert [r.place for r in feed.refused] == ["line 2", "line 4"]
    assert "not JSON" in feed.refused[0].reason
    assert feed.refused[1].reason == "not a JSON object"


def test_what_is_no_event_is_told_by_its_number_in_an_array(tmp_path: Path) -> None:
    feed = read(put(tmp_path, "feed.json", [event("a"), 7]))
    assert [(r.place, r.reason) for r in feed.refused] == [("event 2", "not a JSON object")]


def test_an_event_without_an_id_has_the_same_one_each_time_the_file_is_read(tmp_path: Path) -> None:
    said = event()
    del said["event_id"]
    path = put(tmp_path, "feed.ndjson", lines(said, said, said | {"player_id": "p2"}))
    first, second, third = (e["event_id"] for e in told(read(path)))
    assert len({first, second, third}) == 3
    assert [e["event_id"] for e in told(read(path))] == [first, second, third]


def test_a_correction_gets_no_id_of_its_own(tmp_path: Path) -> None:
    said = {"match_id": "m1", "action": "cancel"}
    assert only(read(put(tmp_path, "feed.ndjson", lines(said)))) == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"[1, 2", "not JSON"),
        (b"<xml/>", "no line of it is an event"),
        (b"version https://git-lfs.github.com/spec/v1\n", "LFS"),
        (gzip.compress(lines(*TWO))[:-12], "gzip"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_refused(
    tmp_path: Path, content: bytes, said: str
) -> None:
    with pytest.raises(ContractError, match=said) as raised:
        read(put(tmp_path, "feed.ndjson", content))
    assert raised.value.hint


# --- which files --------------------------------------------------------------------------------


def names(*paths: Path) -> list[str]:
    return [f.name for f in event_files(paths, ()) if isinstance(f, Path)]


def test_folders_are_searched_and_lists_of_matches_come_first(tmp_path: Path) -> None:
    for name in ("b/2.ndjson", "a/1.json.gz", "matches_England.json", ".hidden.json", "x.txt"):
        put(tmp_path, name, TWO)
    assert names(tmp_path) == ["matches_England.json", "1.json.gz", "2.ndjson"]
    assert names(tmp_path / "x.txt") == ["x.txt"]


def test_a_folder_without_such_files_is_told(tmp_path: Path) -> None:
    put(tmp_path, "x.txt", TWO)
    with pytest.raises(MissingInputError, match="no file of match events"):
        list(event_files([tmp_path], ()))


def test_a_link_to_nothing_is_told_and_keeps_no_other_out(tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to("nowhere")
    put(tmp_path, "b.json", TWO)
    first, second = event_files([tmp_path], ())
    assert isinstance(first, StorageError)
    assert second == tmp_path / "b.json"


def test_a_file_arrives_for_each_of_its_matches_apart_from_what_came_live() -> None:
    first, second = arrivals(Path("x/feed.json"), ["m1", "m2"])
    assert (first.domain, first.partition, first.name) == (
        "matches",
        "match_id=m1",
        "provider/feed.json",
    )
    assert second.partition == "match_id=m2"
    with pytest.raises(ConfigError):
        arrivals(Path("x/a feed.json"), ["m1"])


# --- when it was --------------------------------------------------------------------------------


def began(known: KickOffs, period: int, match_id: str = "2058017") -> str | None:
    at = known.of(match_id, period)
    return None if at is None else at.strftime("%H:%M")


def test_periods_begin_when_somebody_says_or_at_nominal_times() -> None:
    known = kick_offs(["2018-07-15T15:00:00Z", "2=2018-07-15T16:04:00Z"])
    assert [began(known, n) for n in range(1, 7)] == ["15:00", "16:04", "17:00", "17:20", "17:40", None]  # fmt: skip
    assert began(kick_offs([]), 1) is None


@pytest.mark.parametrize(
    "given",
    [["noon"], ["2018-07-15T15:00:00"], ["6=2018-07-15T15:00:00Z"], ["x=2018-07-15T15:00:00Z"],
     ["=2018-07-15T15:00:00Z"], ["2018-07-15T15:00:00Z", "1=2018-07-15T15:00:00Z"]],
)  # fmt: skip
def test_what_is_no_kick_off_is_refused(given: list[str]) -> None:
    with pytest.raises(ConfigError, match="--kick-off") as raised:
        kick_offs(given)
    assert "--kick-off 2=" in raised.value.hint


def test_a_file_with_clocks_and_no_kick_off_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = put(tmp_path, "a.json", [wyscout()])
    with pytest.raises(ConfigError, match="not when it kicked off") as raised:
        must_be_timed(path, read(path), kick_offs([]))
    assert "--kick-off 2018-06-14T15:00:00Z" in raised.value.hint
    must_be_timed(path, read(path), kick_offs(["2018-07-15T15:00:00Z"]))


def test_one_kick_off_is_not_taken_for_several_matches(tmp_path: Path) -> None:
    path = put(tmp_path, "a.json", [wyscout(), wyscout(matchId=1, id=2)])
    with pytest.raises(ConfigError, match="one match, and there are 2: 1, 2058017"):
        must_be_timed(path, read(path), kick_offs(["2018-07-15T15:00:00Z"]))


def test_the_providers_list_of_matches_says_when_each_kicked_off(tmp_path: Path) -> None:
    listed = [{"wyId": 2058017, "dateutc": "2018-07-15 15:00:00", "label": "France - Croatia, 4 - 2"},
              {"wyId": "x"}]  # fmt: skip
    feed = read(put(tmp_path, "matches_World_Cup.json", listed))
    assert feed.format == "kick-offs"
    known = KickOffs().also(feed.kick_offs)
    assert [began(known, 1), began(known, 2), began(known, 1, "7")] == ["15:00", "16:00", None]
    assert [r.place for r in feed.refused] == ["event 2"]


def test_an_instant_in_the_file_wins() -> None:
    known = kick_offs(["2018-07-15T15:00:00Z"])
    clock = {"match_id": "m1", "event_id": "a", "period": 2, "minute": 45}
    assert timed(clock, known)["kick_off_at"] == "2018-07-15T16:00:00Z"
    for own in (event(period=2, minute=45), clock | {"kick_off_at": "2018-07-15T16:05:00Z"}):
        assert timed(own, known) == own


def test_an_event_with_neither_clock_nor_instant_is_left_to_be_refused(tmp_path: Path) -> None:
    path = put(tmp_path, "a.json", lines({"match_id": "m1", "event_type": "goal"}))
    feed = read(path)
    must_be_timed(path, feed, kick_offs([]))
    assert types(feed) == {"goal": 1}
