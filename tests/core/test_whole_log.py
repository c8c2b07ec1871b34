"""A log and what it has forgotten: read from bronze, in order, once, and never in silence too little."""

from collections.abc import Mapping
from typing import Any

import pytest
from test_archive import ARCHIVE, Club

from touchline.core.memory import MemoryLog, MemoryObjects
from touchline.core.ports import Record
from touchline.core.shelf import Shelf, shelf
from touchline.core.whole_log import WholeLog
from touchline.errors import ConfigError, MissingInputError, StorageError

NOWHERE: Mapping[int, int] = {}


def whole(club: Club) -> WholeLog:
    return WholeLog(
        club.log,
        "events",
        lambda: shelf(ARCHIVE, club.log, objects=club.objects, ledger=club.ledger),
    )


def values(log: WholeLog, position: Mapping[int, int] = NOWHERE, **how: Any) -> list[bytes]:
    """Everything from there on, read as the live loop does."""
    found, at = list[Record](), dict(position)
    while records := log.read("events", at, timeout_s=0, **how):
        found += records
        at |= {record.lane: record.offset + 1 for record in records}
    assert [r.offset for r in found] == sorted({r.offset for r in found})
    return [record.value for record in found]


def forgetful(count: int = 12, kept: int = 2) -> Club:
    """A log of three matches in turn, archived two at a time, which has forgotten all but the last."""
    club = Club()
    for n in range(count):
        club.came(f"{n}".encode(), key=f"m{n % 3}")
        if n % 2:
            club.archive(whole=True)
    club.log.trim("events", {0: count - kept})
    return club


EVERY = [f"{n}".encode() for n in range(12)]


@pytest.mark.parametrize("limit", [1, 5, 1000])
def test_what_it_forgot_comes_first_and_then_the_rest_in_order(limit: int) -> None:
    assert values(whole(forgetful()), limit=limit) == EVERY
    assert values(whole(forgetful()), {0: 7}, limit=limit) == EVERY[7:]
    assert values(whole(forgetful()), {0: 11}, limit=limit) == EVERY[11:]


def test_a_record_comes_back_as_it_was() -> None:
    club = Club()
    club.came(b'{"a": "\xe2\x80\xa8"}', b"\xff\x00", b"", key="m:1")
    was = club.log.read("events", {}, timeout_s=0)
    club.archive(whole=True)
    club.log.trim("events", {0: 3})
    assert whole(club).read("events", {}, timeout_s=0) == was


def test_what_is_there_twice_comes_once() -> None:
    club = Club()
    club.came(b"a", b"b")
    club.archive(whole=True)
    club.came(b"c")
    club.ledger.notes.advance(ARCHIVE.reader, "{}")
    club.archive(whole=True)
    club.log.trim("events", {0: 3})
    assert values(whole(club)) == [b"a", b"b", b"c"]


def test_what_it_forgets_while_it_is_read_is_there_too() -> None:
    club = forgetful(12, kept=12)
    log = whole(club)
    assert [r.value for r in log.read("events", {}, limit=3, timeout_s=0)] == EVERY[:3]
    club.log.trim("events", {0: 10})
    assert values(log, {0: 3}) == EVERY[3:]
    club.came(b"new")
    club.archive(whole=True)
    club.log.trim("events", {0: 13})
    assert values(log, {0: 12}) == [b"new"]
    assert values(log) == [*EVERY, b"new"]


def test_what_was_lost_before_it_was_archived_is_refused_until_that_was_told() -> None:
    club = forgetful(4, kept=0)
    club.came(b"lost", b"gone")
    club.log.trim("events", {0: 6})
    for begun in (NOWHERE, {0: 2}):
        with pytest.raises(ConfigError, match="offsets 4 up to 6 of lane 0 went") as raised:
            values(whole(club), begun)
        assert "touchline archive tells" in raised.value.hint
    assert club.archive().lost == 2
    assert values(whole(club)) == [b"0", b"1", b"2", b"3"]


def test_what_bronze_does_not_keep_is_passed_over() -> None:
    club = forgetful()
    club.ledger.retire("club", ["match_id=m1"])
    without = [v for n, v in enumerate(EVERY) if n % 3 != 1 or n >= 10]
    assert values(whole(club)) == without
    assert values(whole(club), {0: 4}) == without[3:]


def test_the_archive_of_another_log_is_not_read() -> None:
    club = forgetful()
    club.log = MemoryLog(clock=club.clock)
    club.came(b"x", b"y")
    club.log.trim("events", {0: 1})
    assert values(whole(club)) == [b"y"]
    with pytest.raises(ConfigError):
        values(whole(club), {0: 0})


def test_a_file_that_was_damaged_is_told_not_passed_over() -> None:
    club = forgetful()
    receipt = next(iter(club.ledger.arrivals("club")["match_id=m1"].values()))
    held = club.objects.read(receipt.path)
    club.objects.delete(receipt.path)
    club.objects.write(receipt.path, held.replace(b'"1"', b'"7"'))
    with pytest.raises(StorageError, match="other bytes than were archived") as raised:
        values(whole(club))
    assert "back-up" in raised.value.hint


def test_a_file_that_was_put_elsewhere_meanwhile_is_found_when_it_is_read_again() -> None:
    club = forgetful()
    log = whole(club)
    assert log.read("events", {}, limit=1, timeout_s=0)
    paths = {r.path for files in club.ledger.arrivals("club").values() for r in files.values()}
    for path in paths:
        club.objects.write(f"new/{path}", club.objects.read(path))
        club.objects.delete(path)
    club.ledger.moved({path: f"new/{path}" for path in paths})
    with pytest.raises(MissingInputError):
        log.read("events", {0: 5}, timeout_s=0)
    assert values(log, {0: 5}) == EVERY[5:]


def test_bronze_is_not_asked_where_nothing_was_forgotten() -> None:
    def asked() -> Shelf:
        raise AssertionError

    log = WholeLog(MemoryLog(), "events", asked)
    log.append("events", [("m1", b"a")])
    log.append("others", [("m1", b"b")])
    assert values(log) == [b"a"]
    assert [r.value for r in log.read("others", {}, timeout_s=0)] == [b"b"]
    assert Shelf(MemoryObjects(), {}, {}).records(0, 0, upto=9, limit=9) == []
