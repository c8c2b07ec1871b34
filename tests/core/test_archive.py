"""A log -> bronze: whole hours, byte for byte, each record once, whenever it was cut off."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from touchline.core.archive import Archive, Archived, archived, decode, is_of, place, relation
from touchline.core.memory import MemoryLedger, MemoryLog, MemoryObjects
from touchline.core.ports import Partition, Position, Record, partition
from touchline.core.trimming import trimmed
from touchline.errors import ConfigError, ConflictError, ContractError

NOON = datetime(2025, 4, 5, 12, tzinfo=UTC)
ARCHIVE = Archive("events", "club", lambda record: partition(match_id=record.key))


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def go_on(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)


@dataclass
class Club:
    """A log, and the stores that it is archived to."""

    clock: Clock = field(default_factory=Clock)
    log: Any = None
    objects: Any = field(default_factory=MemoryObjects)
    ledger: Any = field(default_factory=MemoryLedger)

    def __post_init__(self) -> None:
        self.log = self.log or MemoryLog(clock=self.clock)

    def came(self, *values: bytes, key: str = "m1") -> None:
        """Records are appended, a minute after the last ones."""
        self.clock.go_on(1)
        self.log.append("events", [(key, value) for value in values])

    def archive(self, *, whole: bool = False) -> Archived:
        return archived(
            ARCHIVE,
            log=self.log,
            objects=self.objects,
            ledger=self.ledger,
            now=self.clock.now,
            whole=whole,
        )

    def files(self) -> dict[Partition, list[str]]:
        found = self.ledger.arrivals("club")
        return {part: list(receipts) for part, receipts in found.items()}

    def kept(self) -> list[tuple[int, int, str, bytes]]:
        """Every line of bronze: lane, offset, key and value."""
        return sorted(
            (lane, offset, key, value)
            for receipts in self.ledger.arrivals("club").values()
            for receipt in receipts.values()
            for lane, offset, key, value in _lines(self.objects, receipt.path)
        )


def _lines(objects: Any, path: str) -> Iterator[tuple[int, int, str, bytes]]:
    with objects.local(path) as file:
        yield from decode(file).rows.select("lane", "log_offset", "key", "value").rows()


# --- what lands ----------------------------------------------------------------------------------


def test_hours_that_are_over_land_and_the_hour_at_hand_waits() -> None:
    club = Club()
    club.came(b"1", b"2")
    club.came(b"3", key="m2")
    assert club.archive() == Archived()
    club.clock.go_on(60)
    club.came(b"4")
    assert club.archive() == Archived(3, 2, frozenset({"match_id=m1", "match_id=m2"}))
    assert club.files() == {
        "match_id=m1": ["log/2025-04-05T12/0-000000000000-000000000001.jsonl"],
        "match_id=m2": ["log/2025-04-05T12/0-000000000002-000000000002.jsonl"],
    }
    assert club.archive() == Archived()
    assert club.archive(whole=True).records == 1
    assert [value for _, _, _, value in club.kept()] == [b"1", b"2", b"3", b"4"]


def test_records_of_one_partition_lie_apart_by_hour() -> None:
    club = Club()
    for _ in range(3):
        club.came(b"1")
        club.clock.go_on(60)
    club.archive()
    hours = [name.split("/")[1] for name in club.files()["match_id=m1"]]
    assert hours == ["2025-04-05T12", "2025-04-05T13", "2025-04-05T14"]


def test_what_lies_there_says_where_it_lay_in_the_log() -> None:
    club = Club()
    club.came(b'{"a": 1}', b"2")
    club.archive(whole=True)
    ((receipt,),) = (r.values() for r in club.ledger.arrivals("club").values())
    assert receipt.source == "log events lane 0 offsets 0 to 1"
    first = club.objects.read(receipt.path).splitlines()[0]
    assert first == (
        b'{"lane":0,"log_offset":0,"logged_at":"2025-04-05T12:01:00Z","key":"m1",'
        b'"value":"{\\"a\\": 1}"}'
    )
    assert len(list(club.objects.list("manifests/club/match_id=m1/"))) == 1


ODD = [b"", b"\xff\xfe{", b'{"a":\n1}', b"\x00", b'"text"', b"null", "é\u2028".encode(), b"\\n"]


def test_every_value_is_kept_byte_for_byte() -> None:
    club = Club()
    club.came(*ODD)
    club.archive(whole=True)
    assert [value for _, _, _, value in club.kept()] == ODD


def test_a_log_with_nothing_in_it_leaves_nothing() -> None:
    club = Club()
    assert club.archive(whole=True) == Archived()
    assert club.files() == {}


# --- lines that people mended --------------------------------------------------------------------


def decoded(folder: Path, *lines: bytes) -> Any:
    file = folder / "lines.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")
    return decode(file)


HEAD = b'{"lane":0,"log_offset":7,"logged_at":"2025-04-05T12:01:00Z","key":"m1"'


def test_a_mended_line_may_have_json_in_the_place_of_its_text(tmp_path: Path) -> None:
    mended = HEAD + b',"value_base64":"/w==","value":{"a":1}}'
    assert decoded(tmp_path, mended).rows["value"].to_list() == [b'{"a":1}']


def test_a_line_that_is_no_record_is_rejected_with_its_place(tmp_path: Path) -> None:
    found = decoded(tmp_path, HEAD + b',"value":"1"}', b"{", b"\xff", b'{"lane":"x"}')
    assert found.lines == 4
    assert found.rows["line"].to_list() == [1]
    assert found.rejected["line"].to_list() == [2, 3, 4]
    assert found.rejected["row"].to_list() == ["{", "\\xff", '{"lane":"x"}']


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(ContractError, match="empty"):
        decode(tmp_path / "empty")


def test_sql_reads_the_lines_as_they_came(tmp_path: Path) -> None:
    import duckdb

    decoded(tmp_path, HEAD + b',"value":"{}"}', HEAD + b',"value_base64":"/w=="}')
    came = relation([str(tmp_path / "lines.jsonl")], "none")
    found = duckdb.sql(f"SELECT lane, log_offset, key, value, value_base64 FROM {came}").fetchall()
    assert found == [(0, 7, "m1", "{}", None), (0, 7, "m1", None, "/w==")]


# --- several lanes -------------------------------------------------------------------------------


class TwoLanes:
    """A log of two lanes, each of which is a log in memory."""

    def __init__(self, clock: Clock) -> None:
        self.lanes = [MemoryLog(clock=clock), MemoryLog(clock=clock)]

    def read(self, topic: str, position: Position, *, limit: int = 1000, **_: Any) -> list[Record]:
        found = [
            Record(n, r.offset, r.key, r.value, r.at)
            for n, lane in enumerate(self.lanes)
            for r in lane.read(topic, {0: position.get(n, 0)}, limit=limit, timeout_s=0)
        ]
        return found[:limit]

    def start(self, topic: str, since: datetime | None = None) -> Position:
        return {n: lane.start(topic, since)[0] for n, lane in enumerate(self.lanes)}

    def identity(self, topic: str) -> int:
        return 1

    def end(self, topic: str) -> Position:
        return {n: lane.end(topic)[0] for n, lane in enumerate(self.lanes)}


def test_each_lane_has_a_place_of_its_own() -> None:
    clock = Clock()
    log = TwoLanes(clock)
    club = Club(clock, log)
    log.lanes[0].append("events", [("m1", b"early"), ("m1", b"early, too")])
    log.lanes[1].append("events", [("m1", b"other lane")])
    clock.go_on(60)
    log.lanes[0].append("events", [("m1", b"late")])
    assert club.archive().records == 3
    assert place(ARCHIVE, club.ledger) == {0: 2, 1: 1}
    assert len(club.files()["match_id=m1"]) == 2
    assert club.archive(whole=True).records == 1
    assert place(ARCHIVE, club.ledger) == {0: 3, 1: 1}


def test_more_than_is_read_at_once_lands_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("touchline.core.archive._AT_ONCE", 3)
    club = Club()
    club.came(*(b"%d" % n for n in range(10)))
    assert club.archive(whole=True) == Archived(10, 4, frozenset({"match_id=m1"}))
    assert [offset for _, offset, _, _ in club.kept()] == list(range(10))


# --- cut off -------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is gone."""


class Dying:
    """A store whose process is killed at its n-th write, before it or after it."""

    def __init__(self, inner: Any, writes: Sequence[str], die: Callable[[], None]) -> None:
        self._inner, self._writes, self._die = inner, writes, die

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name == "notes":
            return Dying(found, ("advance",), self._die)
        if name not in self._writes:
            return found

        def write(*given: Any, **named: Any) -> Any:
            self._die()
            done = found(*given, **named)
            self._die()
            return done

        return write


def dying_at(moment: int) -> Callable[[], None]:
    steps = itertools.count()

    def die() -> None:
        if next(steps) == moment:
            raise Killed

    return die


def kill(club: Club, moment: int, *, whole: bool) -> bool:
    """Archive, and be killed at that moment; whether it was ever reached."""
    die = dying_at(moment)
    doomed = Club(
        club.clock,
        club.log,
        Dying(club.objects, ("keep", "write"), die),
        Dying(MemoryLedger(beside=club.ledger), ("receive",), die),
    )
    try:
        doomed.archive(whole=whole)
    except Killed:
        return True
    return False


def two_matches() -> Club:
    club = Club()
    club.came(b"a", b"b")
    club.came(b"c", key="m2")
    return club


def test_killed_at_any_write_nothing_is_lost_and_nothing_is_there_twice() -> None:
    for moment in itertools.count():
        club = two_matches()
        club.clock.go_on(60)
        club.came(b"d")
        club.clock.go_on(60)
        if not kill(club, moment, whole=False):
            break
        club.archive()
        assert [value for _, _, _, value in club.kept()] == [b"a", b"b", b"c", b"d"], moment
    assert moment >= 12


def test_killed_at_any_write_while_more_comes_nothing_is_lost_or_takes_the_place_of_more() -> None:
    for moment in itertools.count():
        club = two_matches()
        if not kill(club, moment, whole=True):
            break
        club.came(b"d")
        club.archive(whole=True)
        assert [value for *_, value in sorted(set(club.kept()))] == [b"a", b"b", b"c", b"d"], moment
    assert moment >= 12


def test_two_at_once_do_not_archive_the_same() -> None:
    club = Club()
    club.came(b"a")
    other = MemoryLedger(beside=club.ledger)
    held = other.claim(ARCHIVE.reader, ["topic=events"])
    with held, pytest.raises(ConflictError, match="is archiving it"):
        club.archive(whole=True)
    assert club.archive(whole=True).records == 1


def test_another_log_in_its_place_is_refused() -> None:
    club = Club()
    club.came(b"a", b"b")
    club.archive(whole=True)
    club.log = MemoryLog(clock=club.clock)
    club.came(b"c")
    with pytest.raises(ConfigError, match="lane 0 ends at 1, 2 of it were archived"):
        club.archive(whole=True)


def test_another_log_in_its_place_is_refused_however_much_it_holds() -> None:
    club = Club()
    club.came(b"a", b"b")
    club.archive(whole=True)
    club.log = MemoryLog(clock=club.clock)
    club.came(b"c", b"d", b"e")
    with pytest.raises(ConfigError, match="another log was archived") as raised:
        club.archive(whole=True)
    assert "put the log back" in raised.value.hint
    assert [value for *_, value in club.kept()] == [b"a", b"b"]


def test_an_archive_that_does_not_know_of_which_log_it_is_learns_it() -> None:
    club = Club()
    club.came(b"a", b"b")
    club.ledger.notes.advance(ARCHIVE.reader, '{"0":1}')
    assert club.archive(whole=True).records == 1
    assert is_of(ARCHIVE, club.log, club.ledger)


def test_what_a_clock_ahead_holds_up_is_told_and_what_lies_before_it_lands() -> None:
    club = Club()
    club.came(b"a")
    club.clock.go_on(60 * 24 * 365)
    club.came(b"b")
    club.clock.go_on(-60 * 24 * 365 + 120)
    club.came(b"c")
    done = club.archive()
    assert (done.records, done.ahead) == (1, 2)
    done = club.archive(whole=True)
    assert (done.records, done.ahead) == (2, 0)


def test_what_the_log_forgot_before_it_was_archived_is_told() -> None:
    club = Club()
    club.came(b"a")
    club.archive(whole=True)
    club.came(b"b", b"c", b"d")
    club.log.trim("events", {0: 3})
    assert club.archive(whole=True) == Archived(1, 1, frozenset({"match_id=m1"}), lost=2)
    assert club.archive(whole=True).lost == 0


# --- what goes -----------------------------------------------------------------------------------


def trim(club: Club, read: Position, days: int = 1) -> int:
    return trimmed(ARCHIVE, days, log=club.log, ledger=club.ledger, read=[read], now=club.clock.now)


def test_old_records_go_once_they_are_archived_and_read() -> None:
    club = Club()
    club.came(b"a", b"b", b"c")
    club.clock.go_on(2 * 24 * 60)
    club.came(b"new")
    assert trim(club, {0: 4}) == 0  # nothing is archived
    club.archive(whole=True)
    assert trim(club, {}) == 0  # nothing is read
    assert trim(club, {0: 2}) == 2
    assert trim(club, {0: 4}, days=3) == 0
    assert trim(club, {0: 4}) == 1
    assert [r.value for r in club.log.read("events", {})] == [b"new"]
    assert trim(club, {0: 4}) == 0
