"""Every ObjectStore keeps the promises of the port."""

import hashlib
import os
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from under_test import Objects

from touchline.core.memory import MemoryObjects
from touchline.core.ports import Stored
from touchline.errors import ConfigError, MissingInputError, StorageError


def test_what_was_written_is_read(objects: Objects) -> None:
    assert objects.store.write("bronze/a", b"one\ntwo") is True
    assert objects.store.read("bronze/a") == b"one\ntwo"


def test_a_file_of_this_machine_is_kept_under_its_hash(objects: Objects, tmp_path: Path) -> None:
    file = tmp_path / "match.json"
    file.write_bytes(bytes(range(256)) * 10_000)
    whole = file.read_bytes()
    digest = hashlib.sha256(whole).hexdigest()

    kept = objects.store.keep("bronze", file)

    path = f"bronze/{digest[:2]}/{digest}"
    assert kept == Stored(path=path, sha256=digest, size=len(whole), new=True)
    file.write_bytes(b"changed afterwards")
    assert objects.store.read(path) == whole


def test_the_same_bytes_are_kept_once(objects: Objects, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(b"same")
    first = objects.store.keep("bronze", tmp_path / "one")
    again = objects.store.keep("bronze", tmp_path / "two")

    assert again == replace(first, new=False)
    assert list(objects.store.list("")) == [first.path]


def test_an_empty_file_is_kept_too(objects: Objects, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    kept = objects.store.keep("bronze", tmp_path / "empty")
    assert (kept.size, objects.store.read(kept.path)) == (0, b"")


def test_no_bytes_are_an_object_too(objects: Objects) -> None:
    assert objects.store.write("empty", b"") is True
    assert objects.store.read("empty") == b""
    assert list(objects.store.list("")) == ["empty"]


def test_a_path_is_written_at_most_once(objects: Objects) -> None:
    objects.store.write("a", b"first")
    assert objects.store.write("a", b"second") is False
    assert objects.store.read("a") == b"first"


def test_of_many_writers_of_one_path_exactly_one_is_told_that_it_wrote(objects: Objects) -> None:
    wrote: dict[bytes, bool] = {}
    start = threading.Barrier(8)

    def writer(data: bytes) -> None:
        start.wait()
        wrote[data] = objects.store.write("contested", data)

    payloads = [bytes([65 + i]) * 200_000 for i in range(8)]
    threads = [threading.Thread(target=writer, args=(data,)) for data in payloads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(wrote.values()) == [False] * 7 + [True]
    assert wrote[objects.store.read("contested")] is True


def test_a_reader_sees_all_bytes_or_none(objects: Objects) -> None:
    whole = {f"a/{i}": bytes([i]) * 300_000 for i in range(40)}
    writer = threading.Thread(
        target=lambda: [objects.store.write(path, data) for path, data in whole.items()]
    )
    writer.start()
    while writer.is_alive():
        for path in objects.store.list(""):
            assert objects.store.read(path) == whole[path]
    writer.join()
    assert list(objects.store.list("")) == sorted(whole)


def test_paths_are_listed_in_byte_order(objects: Objects) -> None:
    paths = ["b/ä", "b/z", "b/Z", "b-1", "b/10", "b/9", "b/a/c", "b/a-b", "b/a.b"]
    for path in paths:
        objects.store.write(path, b".")
    assert list(objects.store.list("")) == sorted(paths, key=str.encode)
    assert list(objects.store.list("b/")) == sorted(
        (p for p in paths if p.startswith("b/")), key=str.encode
    )


def test_a_prefix_may_end_inside_a_name(objects: Objects) -> None:
    for path in ("runs/2025-01", "runs/2025-02", "runs/2026-01", "run"):
        objects.store.write(path, b".")
    assert list(objects.store.list("runs/2025")) == ["runs/2025-01", "runs/2025-02"]
    assert list(objects.store.list("runs/2027")) == []
    assert list(objects.store.list("nothing/here/")) == []


def test_bytes_that_are_not_there_are_missing_input(objects: Objects) -> None:
    with pytest.raises(MissingInputError, match="a/b"):
        objects.store.read("a/b")
    with pytest.raises(MissingInputError), objects.store.local("a/b"):
        pass
    objects.store.write("a/b", b".")
    with pytest.raises(MissingInputError):
        objects.store.read("a/c")


def test_deleting_makes_room_for_another_object(objects: Objects) -> None:
    objects.store.write("a", b"first")
    objects.store.delete("a")
    assert list(objects.store.list("")) == []
    assert objects.store.write("a", b"second") is True
    assert objects.store.read("a") == b"second"


def test_deleting_what_is_absent_is_no_error(objects: Objects) -> None:
    objects.store.delete("a")
    objects.store.delete("no/such/folder/a")


def test_local_gives_a_file_with_the_bytes(objects: Objects) -> None:
    objects.store.write("bronze/ab/abc", b"bytes")
    with objects.store.local("bronze/ab/abc") as file:
        assert file.read_bytes() == b"bytes"
    assert objects.store.read("bronze/ab/abc") == b"bytes"


def test_without_room_nothing_is_written(objects: Objects, tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(b"x" * 100_000)
    with objects.full():
        with pytest.raises(StorageError):
            objects.store.write("large", b"x" * 100_000)
        with pytest.raises(StorageError):
            objects.store.keep("bronze", file)
    with pytest.raises(MissingInputError):
        objects.store.read("large")
    assert list(objects.store.list("")) == []
    assert objects.store.keep("bronze", file).new is True


def test_a_kept_file_that_was_written_over_is_mended_when_it_comes_again(
    objects: Objects, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"as it came")
    stored = objects.store.keep("bronze", file)
    objects.store.replace(stored.path, b"somebody's")
    again = objects.store.keep("bronze", file)
    assert again == replace(stored, new=False)
    assert objects.store.read(stored.path) == b"as it came"


def test_replacing_leaves_the_old_bytes_or_the_new_ones(objects: Objects) -> None:
    objects.store.replace("report", b"0" * 100_000)

    def writer() -> None:
        for n in range(1, 60):
            objects.store.replace("report", str(n % 10).encode() * 100_000)

    thread = threading.Thread(target=writer)
    thread.start()
    while thread.is_alive():
        assert len(set(objects.store.read("report"))) == 1
    thread.join()
    assert objects.store.read("report") == b"9" * 100_000
    assert list(objects.store.list("")) == ["report"]


def test_without_room_what_was_to_be_replaced_stays(objects: Objects) -> None:
    objects.store.replace("report", b"old")
    with objects.full(), pytest.raises(StorageError):
        objects.store.replace("report", b"x" * 100_000)
    assert objects.store.read("report") == b"old"


def test_a_file_that_changes_while_it_is_read_is_not_kept(objects: Objects, tmp_path: Path) -> None:
    file, stop, begun = tmp_path / "growing", threading.Event(), threading.Event()
    file.touch()
    os.truncate(file, 100_000_000)  # a hole, which takes no room and some time to read

    def writer() -> None:
        with file.open("ab") as out:
            while not stop.is_set():
                out.write(b"more")
                out.flush()
                begun.set()

    thread = threading.Thread(target=writer)
    thread.start()
    begun.wait(30)
    try:
        with pytest.raises(MissingInputError, match="changed while"):
            objects.store.keep("bronze", file)
    finally:
        stop.set()
        thread.join()
    assert list(objects.store.list("")) == []


def test_a_span_is_read_alone(objects: Objects) -> None:
    objects.store.write("a", b"0123456789")
    assert objects.store.read("a", (3, 4)) == b"3456"
    assert objects.store.read("a", (8, 4)) == b"89"
    assert objects.store.read("a", (10, 1)) == b""
    with pytest.raises(MissingInputError):
        objects.store.read("b", (0, 1))


def test_what_is_lost_is_what_is_not_there(objects: Objects) -> None:
    objects.store.write("a/b", b".")
    assert objects.store.lost(["a/b", "a/c", "d"]) == {"a/c", "d"}
    assert objects.store.lost([]) == frozenset()


EARLIER, LATER = (datetime.now(UTC) + timedelta(hours=h) for h in (-1, 1))


def test_what_was_written_since_is_touched(objects: Objects) -> None:
    objects.store.write("a/b", b"12")
    objects.store.write("b", b"123")
    assert list(objects.store.untouched("a/", EARLIER)) == []
    assert list(objects.store.untouched("a/", LATER)) == [("a/b", 2)]
    assert list(objects.store.untouched("", LATER)) == [("a/b", 2), ("b", 3)]


def test_who_keeps_bytes_that_are_there_touches_them(objects: Objects, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"same")
    stored = objects.store.keep("a", file)
    time.sleep(0.02)
    between = datetime.now(UTC)
    time.sleep(0.02)
    assert [path for path, _ in objects.store.untouched("", between)] == [stored.path]
    objects.store.keep("a", file)
    assert list(objects.store.untouched("", between)) == []


def test_bytes_kept_while_they_are_deleted_are_there(objects: Objects, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"same" * 10_000)
    path, done = objects.store.keep("a", file).path, threading.Event()

    def deletes() -> None:
        while not done.is_set():
            objects.store.delete(path)

    thread = threading.Thread(target=deletes)
    thread.start()
    try:
        for _ in range(200):
            objects.store.keep("a", file)
    finally:
        done.set()
        thread.join()
    assert objects.store.keep("a", file).path == path
    assert objects.store.read(path) == file.read_bytes()


@pytest.mark.parametrize("path", ["/etc/passwd", "../outside", "a/../../outside", ".."])
def test_a_path_out_of_the_store_is_refused(objects: Objects, path: str) -> None:
    calls = (
        objects.store.read,
        objects.store.delete,
        lambda p: objects.store.write(p, b"."),
        lambda p: list(objects.store.list(p)),
        lambda p: objects.store.keep(p, Path(__file__)),
        lambda p: objects.store.local(p).__enter__(),
    )
    for call in calls:
        with pytest.raises(ConfigError):
            call(path)


def test_the_room_in_memory_counts_what_is_there() -> None:
    store = MemoryObjects(room_bytes=10)
    store.write("a", b"123456")
    with pytest.raises(StorageError, match="room for 4"):
        store.write("b", b"12345")
    store.delete("a")
    assert store.write("b", b"12345") is True
