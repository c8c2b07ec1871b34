"""What every log promises: durable when it says so, in order, read from any position."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kafka_broker import Shared
from under_test import LOGS, Logs

from touchline.core.memory import MemoryLog
from touchline.core.ports import Lag, Log, Share
from touchline.errors import ConfigError

GOAL, PASS = b'{"event": "goal"}', b'{"event": "pass"}'


@pytest.fixture(params=LOGS)
def logs(request: pytest.FixtureRequest, tmp_path: Path, kafka: Shared) -> Iterator[Logs]:
    """A log of each kind, without records; opened again it is the same log."""
    found = LOGS[request.param](tmp_path, kafka)
    found.open().prepare(["events", "dead", "none"])
    yield found
    found.close()


@pytest.fixture
def log(logs: Logs) -> Log:
    return logs.open()


def append(log: Log, *values: bytes, topic: str = "events", key: str = "m1") -> list[int]:
    """The values' offsets, once they are durable."""
    placed = log.append(topic, [(key, value) for value in values]).result(30)
    return [offset for _, offset in placed]


def values(log: Log, topic: str = "events", **more: int) -> list[bytes]:
    """Everything that is there now."""
    start = log.start(topic)
    return [r.value for r in log.read(topic, start, timeout_s=0, **more)]


def after(log: Log, count: int, topic: str = "events") -> dict[int, int]:
    """The position behind the first so many records."""
    position = dict(log.start(topic))
    for record in log.read(topic, position, limit=count, timeout_s=0):
        position[record.lane] = record.offset + 1
    return position


def test_records_are_read_as_they_were_appended_with_key_and_time(log: Log) -> None:
    before = datetime.now(UTC)
    append(log, GOAL, b"\x00\xff", key="match:1")
    found = log.read("events", log.start("events"))
    assert [(r.key, r.value) for r in found] == [("match:1", GOAL), ("match:1", b"\x00\xff")]
    for record in found:
        assert before - timedelta(seconds=1) <= record.at <= datetime.now(UTC)


def test_offsets_of_a_lane_grow_and_are_told_to_whoever_appended(log: Log) -> None:
    told = [*append(log, GOAL, PASS), *append(log, GOAL)]
    assert told == sorted(set(told))
    assert [r.offset for r in log.read("events", log.start("events"))] == told


def test_topics_are_apart(log: Log) -> None:
    append(log, GOAL)
    append(log, PASS, topic="dead")
    assert values(log) == [GOAL]
    assert values(log, "dead") == [PASS]
    assert values(log, "none") == []


def test_reading_goes_on_where_a_position_says_in_pieces_as_wanted(log: Log) -> None:
    every = [f"{n}".encode() for n in range(10)]
    append(log, *every)
    assert values(log, limit=4) == every[:4]
    assert [r.value for r in log.read("events", after(log, 4), timeout_s=0)] == every[4:]
    assert [r.value for r in log.read("events", after(log, 10), timeout_s=0)] == []
    assert values(log) == every
    assert [r.value for r in log.read("events", {}, timeout_s=0)] == every


def test_nothing_appended_is_nothing_read(log: Log) -> None:
    assert log.append("events", []).result(30) == []
    assert values(log) == []


def test_a_reader_that_waits_gets_what_comes_meanwhile(log: Log) -> None:
    end = log.end("events")
    found: list[bytes] = []
    reader = threading.Thread(
        target=lambda: found.extend(r.value for r in log.read("events", end, timeout_s=20))
    )
    reader.start()
    time.sleep(0.2)
    append(log, GOAL)
    reader.join(20)
    assert found == [GOAL]


def test_what_was_appended_is_there_when_the_log_is_opened_again(logs: Logs) -> None:
    append(logs.open(), GOAL, PASS)
    logs.close()
    assert values(logs.open()) == [GOAL, PASS]


def test_many_who_append_at_once_lose_nothing_and_keep_their_own_order(log: Log) -> None:
    def work(who: int) -> None:
        for n in range(40):
            append(log, f"{who} {n}".encode(), key=f"m{who}")

    threads = [threading.Thread(target=work, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [value.decode().split() for value in values(log)]
    assert len(found) == 320
    for who in range(8):
        assert [int(n) for w, n in found if w == str(who)] == list(range(40))


def test_a_time_is_a_position(log: Log) -> None:
    append(log, GOAL)
    time.sleep(0.05)
    between = datetime.now(UTC)
    time.sleep(0.05)
    append(log, PASS)
    since = log.start("events", between)
    assert [r.value for r in log.read("events", since, timeout_s=0)] == [PASS]
    assert log.start("events", datetime.now(UTC) + timedelta(hours=1)) == log.end("events")
    assert log.start("events", between - timedelta(hours=1)) == log.start("events")


def test_lag_is_what_was_not_read_and_since_when_it_waits(log: Log) -> None:
    assert log.lag("events", log.start("events")) == Lag(0)
    append(log, GOAL, PASS, GOAL)
    first, *_ = log.read("events", log.start("events"))
    assert log.lag("events", log.start("events")) == Lag(3, first.at)
    assert log.lag("events", after(log, 2)).records == 1
    assert log.lag("events", log.end("events")) == Lag(0)


def test_what_was_trimmed_is_gone_and_offsets_go_on(log: Log) -> None:
    told = append(log, GOAL, PASS, GOAL)
    log.trim("events", after(log, 2))
    assert [r.offset for r in log.read("events", log.start("events"))] == told[2:]
    log.trim("events", log.end("events"))
    assert values(log) == []
    assert append(log, PASS)[0] > told[-1]


def test_a_position_whose_records_were_trimmed_is_refused_not_passed_over(logs: Logs) -> None:
    append(logs.open(), GOAL, PASS, GOAL)
    kept = after(logs.open(), 1)
    logs.open().trim("events", after(logs.open(), 2))
    logs.close()
    log = logs.open()
    with pytest.raises(ConfigError, match="events"):
        log.read("events", kept, timeout_s=0.2)
    assert log.lag("events", kept).records == 1
    log.trim("events", log.end("events"))
    with pytest.raises(ConfigError, match="events"):
        log.read("events", kept, timeout_s=0.2)


def test_a_trim_goes_no_further_than_the_end_and_never_back(log: Log) -> None:
    told = append(log, GOAL, PASS)
    log.trim("events", after(log, 1))
    log.trim("events", {0: 0})
    assert values(log) == [PASS]
    log.trim("events", {0: 1000})
    assert append(log, GOAL) == [told[-1] + 1]
    assert values(log) == [GOAL]


def test_a_position_of_another_log_is_refused(log: Log) -> None:
    append(log, GOAL)
    for position in ({0: 1000}, {7: 0}):
        with pytest.raises(ConfigError, match="events"):
            log.read("events", position, timeout_s=0.2)


def test_it_is_told_from_any_other_log_and_is_the_same_when_it_is_opened_again(
    logs: Logs,
) -> None:
    first = logs.open().identity("events")
    logs.close()
    assert logs.open().identity("events") == first
    assert 0 < first < 2**63
    assert MemoryLog().identity("events") != first


def test_a_lane_that_a_position_does_not_name_is_read_from_its_beginning(log: Log) -> None:
    append(log, GOAL, PASS)
    log.trim("events", after(log, 1))
    assert [r.value for r in log.read("events", {}, timeout_s=0)] == [PASS]
    assert log.lag("events", {}).records == 1
    log.trim("events", {})
    assert values(log) == [PASS]


def test_only_the_lanes_that_are_wanted_are_read(log: Log) -> None:
    append(log, GOAL)
    for position in ({}, {0: 0}):
        assert log.read("events", position, timeout_s=0, lanes=frozenset()) == []
        found = log.read("events", position, timeout_s=0, lanes={0})
        assert [r.value for r in found] == [GOAL]


def test_a_topic_that_is_there_is_left_as_it_is(log: Log) -> None:
    append(log, GOAL)
    log.prepare(["events", "new"], lanes=3)
    assert values(log) == [GOAL]
    append(log, PASS, topic="new")
    assert values(log, "new") == [PASS]


def test_whoever_appended_cannot_take_it_back(log: Log) -> None:
    waiting = [log.append("events", [("m1", GOAL)]) for _ in range(10)]
    assert not any(each.cancel() for each in waiting)
    for each in waiting:
        each.result(30)
    append(log, PASS)
    assert values(log) == [GOAL] * 10 + [PASS]


def soon(share: Share, lanes: set[int]) -> None:
    """Wait until these lanes are its own."""
    deadline = time.monotonic() + 60
    while share() != lanes and time.monotonic() < deadline:
        time.sleep(0.05)
    assert share() == lanes


def test_a_lane_is_one_readers_until_he_leaves_and_then_anothers(logs: Logs) -> None:
    log, other = logs.open(), logs.other()
    with other.share("events", "others") as apart:
        with log.share("events", "readers") as first:
            soon(first, {0})
            with other.share("events", "readers") as second:
                for _ in range(10):
                    held = [share() for share in (first, second)]
                    assert sorted(map(len, held)) in ([0, 1], [0, 0])
                    time.sleep(0.05)
        soon(apart, {0})
        with log.share("events", "readers") as third:
            soon(third, {0})
    if other is not log:
        other.close()  # type: ignore[attr-defined]
