"""What `touchline up` does with files that come, turn by turn, in this process."""

import errno
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from days import lines, put
from world import World, files

from touchline import config
from touchline.adapters.watch import QUIET_S, WatchedFolders
from touchline.core import landing
from touchline.errors import MissingInputError, StorageError
from touchline.up import shift
from touchline.up.arriving import landed
from touchline.wiring import Touchline


@pytest.fixture
def here(empty: World) -> Iterator[Touchline]:
    with chdir(empty.folder):
        found = Touchline(config.load(None))
        for folder in found.landing.values():
            folder.mkdir(parents=True)
        yield found


def begun(here: Touchline) -> shift.Shift:
    """A scheduler that has just been started; nothing is watched, it looks for itself."""
    watched = WatchedFolders(here.landing)
    return shift.Shift(
        here, here.platform(), None, Path(here.config.folder), lambda *_, **__: None, watched, ()
    )


def test_a_file_that_a_killed_scheduler_had_only_seen_is_seen_by_the_next(
    empty: World, here: Touchline
) -> None:
    file = put(empty, "2025-01-01", lines("2025-01-01"))
    time.sleep(shift._BACK_S + 0.1)
    first = begun(here)
    shift._tick(first)
    second = begun(here)
    shift._tick(second)
    shift._land(second)
    time.sleep(QUIET_S + 0.1)
    shift._land(second)
    assert here.ledger.arrivals("activity")["ingestion_date=2025-01-01"]
    assert here.ledger.notes.checkpoint("landing scanned")
    third = begun(here)
    shift._tick(third)
    assert file.exists()
    assert third.watched.idle


def test_what_comes_as_it_was_withdrawn_is_told_and_a_day_without_files_is_emptied(
    empty: World, here: Touchline
) -> None:
    part, name = "ingestion_date=2025-01-01", "events/app/events.json"
    file = put(empty, "2025-01-01", lines("2025-01-01"))
    empty.well("ingest", "activity", file)
    empty.well("run")
    empty.well("withdraw", "activity", part, name, "--because", "a test")
    told: list[tuple[str, dict[str, object]]] = []
    first = begun(here)
    first.tell = lambda event, **facts: told.append((event, facts))
    done = landed(here, "activity", [file], scratch=empty.folder, now=first.now)
    assert done.withdrawn == [f"{part} {name}"]
    shift._tick(first)
    shift._land(first)
    time.sleep(QUIET_S + 0.1)
    shift._land(first)
    such = {"domain": "activity", "files": 1, "such_as": f"{part} {name}"}
    assert ("withdrawn", such) in told
    shift._make(first, here.pipeline("activity"), None)
    assert empty.one("SELECT count(*) FROM activity.curated_events") == 0
    assert [facts["status"] for event, facts in told if event == "run"] == ["withdrawn"]
    told.clear()
    shift._make(first, here.pipeline("activity"), None)
    assert told == []


def full_disk(*_: object, **__: object) -> Iterator[object]:
    raise StorageError("data/objects: No space left on device")
    yield


def still_written(arrivals: list[landing.Arrival], **more: object) -> Iterator[object]:
    if any("2025-01-01" in arrival.partition for arrival in arrivals):
        raise MissingInputError("changed while it was read")
    yield from REAL(arrivals, **more)  # type: ignore[arg-type]


REAL = landing.land


def test_a_full_disk_is_one_incident_however_many_files_wait(
    empty: World, here: Touchline, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(1, 29):
        put(empty, f"2025-01-{n:02}", lines(f"2025-01-{n:02}", 3))
    work = begun(here)
    with monkeypatch.context() as patch:
        patch.setattr(landing, "land", full_disk)
        shift._tick(work)
        shift._land(work)
        time.sleep(QUIET_S + 0.1)
        shift._land(work)
    (incident,) = here.ledger.notes.incidents()
    assert (incident.where, incident.code) == ("", 7)
    assert here.ledger.notes.checkpoint("landing scanned") is None
    shift._tick(work)
    shift._land(work)
    time.sleep(QUIET_S + 0.1)
    shift._land(work)
    assert len(here.ledger.contents("activity")) == 28
    assert here.ledger.notes.incidents() == []


def test_what_was_broken_off_before_it_was_landed_comes_again(
    empty: World, here: Touchline, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(empty, "2025-01-01", lines("2025-01-01"))
    work = begun(here)
    shift._tick(work)
    shift._land(work)
    time.sleep(QUIET_S + 0.1)
    with monkeypatch.context() as patch:
        patch.setattr(shift, "landed", full_disk_at_once)
        shift._turn(work)
    shift._land(work)
    time.sleep(QUIET_S + 0.1)
    shift._land(work)
    assert len(here.ledger.contents("activity")) == 1


def full_disk_at_once(*_: object, **__: object) -> NoReturn:
    raise StorageError("data/ledger.db: disk I/O error")


def test_where_there_is_no_room_to_unpack_files_they_come_again(
    empty: World, here: Touchline
) -> None:
    file = put(empty, "2025-01-01", lines("2025-01-01"))
    gone = Path(here.config.folder) / "gone"
    done = landed(here, "activity", [file], scratch=gone, now=here.platform().clock())
    assert (done.again, done.well) == ([file], [])
    assert "TMPDIR" in done.fault.hint if done.fault else False
    done = landed(here, "activity", [file], scratch=empty.folder, now=here.platform().clock())
    assert (done.again, done.fault, done.new) == ([], None, 1)


def test_what_the_system_has_no_means_for_ends_nothing_and_is_told(here: Touchline) -> None:
    told: list[str] = []

    def no_means(_: float) -> NoReturn:
        raise BlockingIOError(errno.EAGAIN, "no more processes")

    one = replace(begun(here), tell=lambda event, **facts: told.append(f"{event} {facts}"))
    one.watched.come = no_means  # type: ignore[method-assign]
    shift._turn(one)
    assert ["no more processes" in line for line in told] == [True]


def test_a_file_that_is_still_written_to_keeps_no_other_out_and_is_no_incident(
    empty: World, here: Touchline, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [put(empty, f"2025-01-0{n}", lines(f"2025-01-0{n}", 3)) for n in (1, 2)]
    monkeypatch.setattr(landing, "land", still_written)
    now = here.platform().clock()
    done = landed(here, "activity", paths, scratch=empty.folder, now=now)
    assert (done.again, done.well) == (paths[:1], paths[1:])
    assert (done.refused, done.fault) == ({}, None)
    assert list(here.ledger.contents("activity")) == ["ingestion_date=2025-01-02"]


def test_only_what_is_new_counts_as_landed(empty: World, here: Touchline) -> None:
    path = put(empty, "2025-01-01", lines("2025-01-01", 3))
    now = here.platform().clock()
    first = landed(here, "activity", [path], scratch=empty.folder, now=now)
    assert (first.new, first.parts) == (1, {"ingestion_date=2025-01-01"})
    again = landed(here, "activity", [path], scratch=empty.folder, now=now)
    assert (again.new, again.parts, again.well) == (0, set(), [path])
    put(empty, "2025-01-01", lines("2025-01-01", 4))
    assert landed(here, "activity", [path], scratch=empty.folder, now=now).new == 1


def test_what_was_unpacked_goes_with_its_landing(empty: World, here: Touchline) -> None:
    archive = here.landing["tracking"] / "match.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name, data in files(1).items():
            packed.writestr(f"1/1_{name}", data)
    scratch = empty.folder / "scratch"
    scratch.mkdir()
    done = landed(here, "tracking", [archive], scratch=scratch, now=here.platform().clock())
    assert (done.parts, done.well) == ({"match_id=1"}, [archive])
    assert list(scratch.iterdir()) == []


def test_an_end_is_in_time_although_the_work_hears_of_no_signal(empty: World) -> None:
    code = (
        "import hashlib\n"
        "from touchline import cli\n"
        "from touchline.cli import up\n"
        "with cli._ending_in_order(), up._ending_in_time([]):\n"
        "    print('begun', flush=True)\n"
        "    hashlib.pbkdf2_hmac('sha256', b'', b'', 400_000_000)\n"
        "    print('done', flush=True)\n"
    )
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
    assert (process.returncode, rest) == (143, "")
