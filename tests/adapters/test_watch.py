"""Files that come are told once each, when they are quiet, also those that came before."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from touchline.adapters import watch as watch_module
from touchline.adapters.watch import WatchedFolders


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


@pytest.fixture
def watched(landing: Path) -> Iterator[WatchedFolders]:
    with WatchedFolders({"activity": landing}) as found:
        (landing / "first").write_text("it watches")
        assert come(found, 1) == ["first"]
        yield found


def come(watched: WatchedFolders, count: int, patience_s: float = 20.0) -> list[str]:
    """The names of files that come, until so many have."""
    names: list[str] = []
    until = time.monotonic() + patience_s
    while len(names) < count and time.monotonic() < until:
        for paths in watched.come(1.0).values():
            names += [path.name for path in paths]
    return names


def test_a_file_comes_once_and_again_when_it_changes(
    watched: WatchedFolders, landing: Path
) -> None:
    (landing / "a.json").write_text("1")
    assert come(watched, 1) == ["a.json"]
    assert watched.come(0.6) == {}
    (landing / "a.json").write_text("22")
    assert come(watched, 1) == ["a.json"]


def test_files_of_a_folder_that_is_moved_in_come_all(
    watched: WatchedFolders, landing: Path, tmp_path: Path
) -> None:
    made = tmp_path / "day" / "ingestion_date=2025-01-01"
    made.mkdir(parents=True)
    for number in range(30):
        (made / f"{number:02}.json").write_text("x")
    made.parent.rename(landing / "day")
    assert sorted(come(watched, 30)) == [f"{n:02}.json" for n in range(30)]


def test_a_file_that_is_still_written_to_does_not_come(
    watched: WatchedFolders, landing: Path
) -> None:
    with (landing / "slow.json").open("w") as file:
        for _ in range(12):
            file.write("x" * 100)
            file.flush()
            assert watched.come(0.05) == {}
    assert come(watched, 1) == ["slow.json"]


def test_a_file_that_goes_before_it_is_quiet_is_forgotten(
    watched: WatchedFolders, landing: Path
) -> None:
    (landing / "gone.json").write_text("x")
    watched.come(0.1)
    (landing / "gone.json").unlink()
    assert watched.come(0.8) == {}


def test_a_link_to_nothing_is_told(watched: WatchedFolders, landing: Path) -> None:
    (landing / "link.json").symlink_to(landing / "nowhere")
    watched.scan()
    assert come(watched, 1) == ["link.json"]


def test_a_scan_finds_what_came_before_and_not_what_is_older_than_asked(landing: Path) -> None:
    (landing / "old.json").write_text("x")
    os.utime(landing / "old.json", (1, 1))
    with WatchedFolders({"activity": landing}) as watched:
        watched.scan(time.time() + 3600)
        assert watched.come(0.6) == {}
        watched.scan(time.time() - 3600)  # put there just now, whatever its own time says
        assert come(watched, 1) == ["old.json"]
        watched.scan()
        assert watched.come(0.6) == {}
        watched.again([landing / "old.json"])
        assert come(watched, 1) == ["old.json"]


def test_folders_that_cannot_be_watched_are_still_scanned(
    landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_more_watches(*_: object, **__: object) -> None:
        raise OSError(28, "inotify watch limit reached")

    monkeypatch.setattr(watch_module, "watch", no_more_watches)
    with WatchedFolders({"activity": landing}) as watched:
        until = time.monotonic() + 20
        while not watched.broken and time.monotonic() < until:
            time.sleep(0.02)
        assert "limit reached" in watched.broken
        (landing / "a.json").write_text("x")
        watched.scan()
        assert come(watched, 1) == ["a.json"]
