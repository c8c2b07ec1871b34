"""The live loop, with a fold that any domain could have."""

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from touchline.core.memory import MemoryLog, MemoryServing
from touchline.core.ports import Asked, Record, ServingStore, Version, View
from touchline.core.ports.serving import us
from touchline.core.stream import Changes, Stream, catch_up, follow, lag, read_on, replay
from touchline.errors import ConfigError, ConflictError, TransientError

SEEN = View("seen")


def seen(records: Sequence[Record], _: ServingStore) -> Mapping[View, Sequence[Version]]:
    """Each record as a row under its value."""
    rows = [
        Version(r.key, r.value.decode(), r.value.decode(), (), r.value, r.offset, us(r.at))
        for r in records
    ]
    return {SEEN: rows}


STREAM = Stream("words", (SEEN,), seen)


def log_of(*words: str) -> MemoryLog:
    log = MemoryLog()
    log.append("words", [("k", word.encode()) for word in words])
    return log


def rows(store: ServingStore) -> list[str]:
    return [v.id for v in store.rows(SEEN, "k", Asked())]


def test_it_reads_on_from_where_it_was_left() -> None:
    log, store = log_of("a", "b", "c"), MemoryServing()
    assert read_on(STREAM, log, store, limit=2, timeout_s=0)
    assert (rows(store), store.position(STREAM.reader)) == (["a", "b"], {0: 2})
    assert catch_up(STREAM, log, store) == 1
    assert rows(store) == ["a", "b", "c"]
    assert read_on(STREAM, log, store, timeout_s=0) is None


def test_of_two_that_read_at_once_one_is_refused_and_writes_nothing() -> None:
    log, store = log_of("a"), MemoryServing()

    def late(records: Sequence[Record], known: ServingStore) -> Mapping[View, Sequence[Version]]:
        read_on(STREAM, log, store, timeout_s=0)
        return {SEEN: [Version("k", "x", "x", (), b"", 0, 0)]}

    with pytest.raises(ConflictError):
        read_on(Stream("words", (SEEN,), late), log, store, timeout_s=0)
    assert rows(store) == ["a"]


def test_a_replay_gives_the_same_content_again() -> None:
    log, store = log_of("a", "b"), MemoryServing()
    catch_up(STREAM, log, store)
    log.append("words", [("k", b"c")])
    before = {0: 2}
    store.apply({SEEN: []}, reader=STREAM.reader, before=before, after={0: 3})
    assert rows(store) == ["a", "b"]
    replay(STREAM, log, store)
    assert rows(store) == ["a", "b", "c"]


def test_what_came_since_a_place_or_an_instant_is_read_again_and_what_lacks_comes() -> None:
    log = log_of("a", "b")
    later = datetime.now(UTC)
    log.append("words", [("k", b"c"), ("k", b"d")])
    for since in ({0: 1}, {0: 2}, later, datetime(2000, 1, 1, tzinfo=UTC)):
        lacking = MemoryServing()
        lacking.apply(
            {SEEN: seen(log.read("words", {0: 0}, limit=2), lacking)[SEEN]},
            reader=STREAM.reader,
            before={},
            after={0: 4},
        )
        replay(STREAM, log, lacking, since=since)
        assert rows(lacking) == ["a", "b", "c", "d"]
        assert lacking.position(STREAM.reader) == {0: 4}


def test_a_place_ahead_of_the_store_passes_over_nothing_and_one_that_there_is_not_is_refused() -> (
    None
):
    log, store = log_of("a", "b", "c"), MemoryServing()
    read_on(STREAM, log, store, limit=1, timeout_s=0)
    replay(STREAM, log, store, since={0: 3})
    assert rows(store) == ["a", "b", "c"]
    log.trim("words", {0: 2})
    for nowhere in ({0: 9}, {7: 0}, {0: 1}):
        with pytest.raises(ConfigError):
            replay(STREAM, log, store, since=nowhere)
    assert store.position(STREAM.reader) == {0: 3}


@pytest.mark.parametrize("since", [None, {0: 1}])
def test_nothing_is_forgotten_where_the_log_cannot_be_read(
    since: Mapping[int, int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, store = log_of("a", "b"), MemoryServing()
    catch_up(STREAM, log, store)

    def away(*_: object, **__: object) -> None:
        raise TransientError("no broker answers")

    monkeypatch.setattr(log, "read", away)
    with pytest.raises(TransientError):
        replay(STREAM, log, store, since=since)
    assert (rows(store), store.position(STREAM.reader)) == (["a", "b"], {0: 2})


def test_of_another_log_nothing_is_read_again() -> None:
    store = MemoryServing()
    catch_up(STREAM, log_of("a", "b"), store)
    with pytest.raises(ConfigError, match="made of another log"):
        replay(STREAM, log_of("x", "y"), store, since={0: 0})


def test_it_follows_until_it_is_told_and_goes_on_after_a_failure() -> None:
    log, store, over = log_of("a"), MemoryServing(), threading.Event()
    failures, heard = list[str](), list[Changes]()

    def failing(records: Sequence[Record], known: ServingStore) -> Mapping[View, Sequence[Version]]:
        if not failures:
            raise TransientError("not now")
        return seen(records, known)

    def changed(changes: Changes) -> None:
        heard.append(changes)
        over.set()

    stream = Stream("words", (SEEN,), failing)
    thread = threading.Thread(
        target=lambda: follow(
            stream,
            log,
            store,
            until=over,
            changed=changed,
            failed=lambda exc: failures.append(str(exc)),
        )
    )
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
    assert failures == ["not now"]
    assert [v.id for v in heard[0][SEEN]] == ["a"]


def test_a_log_begun_anew_is_refused_and_all_of_it_is_unread_until_the_store_is_made_anew() -> None:
    store, new = MemoryServing(), log_of("x", "y", "z")
    catch_up(STREAM, log_of("a", "b"), store)
    with pytest.raises(ConfigError, match="made of another log") as raised:
        read_on(STREAM, new, store, timeout_s=0)
    assert "put that log back" in raised.value.hint
    assert rows(store) == ["a", "b"]
    assert lag(STREAM, new, store).records == 3
    replay(STREAM, new, store)
    assert rows(store) == ["x", "y", "z"]
    assert lag(STREAM, new, store).records == 0


def test_of_a_log_that_lost_its_end_all_is_unread() -> None:
    store = MemoryServing()
    store.apply({}, reader=STREAM.reader, before={}, after={0: 9})
    assert lag(STREAM, log_of("a", "b"), store).records == 2
