"""Folders that files arrive in, watched: which files have come or changed, and are quiet since."""

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

from watchfiles import Change, watch

QUIET_S = 0.25
_STEP_MS = 50
_DEBOUNCE_MS = 200
_SLICE_S = 1.0
"""No wait is longer: one may sleep through a signal that another thread got."""

Look = tuple[int, int, int]
"""A file's number, size and time of change, in ns: a file is quiet if two looks see the same.

The time is that of its content, name or rights, whichever changed last.
"""


class WatchedFolders:
    """Folders by name. Use as a context: the watching ends with it.

    A file counts as come when its size and time of change have stood still for `QUIET_S`, by a clock
    that nobody sets; one that is written to more slowly comes again when it has changed.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self.folders = dict(folders)
        self.broken = ""
        self._seen: SimpleQueue[set[tuple[Change, str]]] = SimpleQueue()
        self._stop = threading.Event()
        self._waiting: dict[Path, tuple[float, Look | None]] = {}
        self._come: dict[Path, Look] = {}

    def __enter__(self) -> "WatchedFolders":
        if self.folders:
            threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def scan(self, since: float = 0.0) -> None:
        """Look at every file that was written to, or put there, since that time of the system's clock."""
        for folder in self.folders.values():
            for path in _files(folder):
                if _touched(path) >= since:
                    self._wait_for(path)

    def again(self, paths: Sequence[Path]) -> None:
        """These files are to come once more, although they have not changed."""
        for path in paths:
            self._come.pop(path, None)
            self._wait_for(path)

    def _wait_for(self, path: Path) -> None:
        if self._come.get(path) != _look(path):
            self._waiting.setdefault(path, (0.0, None))

    @property
    def idle(self) -> bool:
        """Whether no file is waited for to be quiet."""
        return not self._waiting and self._seen.empty()

    @contextmanager
    def coming(self, within_s: float) -> Iterator[Mapping[str, Sequence[Path]]]:
        """As `come`; all of them come once more where the body fails."""
        found = self.come(within_s)
        try:
            yield found
        except Exception:
            self.again([path for paths in found.values() for path in paths])
            raise

    def come(self, within_s: float) -> Mapping[str, Sequence[Path]]:
        """The files that have come, by the name of their folder; none if none does within that time."""
        until = time.monotonic() + within_s
        while not self._seen.empty():
            self._take(0.0)
        while True:
            quiet = self._quiet()
            left = until - time.monotonic()
            if quiet or left <= 0:
                return quiet
            self._take(min(left, QUIET_S / 2 if self._waiting else _SLICE_S))

    def _take(self, within_s: float) -> None:
        try:
            changes = self._seen.get(timeout=max(within_s, 0.0))
        except Empty:
            return
        for change, text in changes:
            path = Path(text)
            if change is Change.deleted and not path.exists():
                self._waiting.pop(path, None)
                self._come.pop(path, None)
            for file in _files(path) if path.is_dir() else [path]:
                self._wait_for(file)

    def _quiet(self) -> dict[str, list[Path]]:
        """Those of the files waited for that have not changed since the look before, in order."""
        found: dict[str, list[Path]] = {}
        now = time.monotonic()
        for path, (looked, before) in list(self._waiting.items()):
            seen = _look(path)
            if seen is None:
                del self._waiting[path]
            elif seen != before:
                self._waiting[path] = (now, seen)
            elif now - looked >= QUIET_S:
                del self._waiting[path]
                self._come[path] = seen
                found.setdefault(self._folder_of(path), []).append(path)
        return {name: sorted(paths) for name, paths in found.items() if name}

    def _folder_of(self, path: Path) -> str:
        return next((n for n, folder in self.folders.items() if path.is_relative_to(folder)), "")

    def _watch(self) -> None:
        try:
            for changes in watch(
                *self.folders.values(),
                watch_filter=None,
                debounce=_DEBOUNCE_MS,
                step=_STEP_MS,
                stop_event=self._stop,
                rust_timeout=1000,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                self._seen.put(changes)
        except (OSError, RuntimeError) as exc:  # no more watches, or a folder is gone: scans go on
            self.broken = f"{type(exc).__name__}: {exc}"


def _files(folder: Path) -> Iterator[Path]:
    for here, _, names in os.walk(folder):
        yield from (Path(here) / name for name in names)


def _look(path: Path) -> Look | None:
    """None where nothing is; a link to nothing is something, to be told."""
    try:
        seen = path.stat()
    except OSError:
        return (0, 0, 0) if path.is_symlink() else None
    return seen.st_ino, seen.st_size, seen.st_ctime_ns


def _touched(path: Path) -> float:
    """When the file was written to, or put there under its name, whichever is later."""
    try:
        seen = path.lstat()
    except OSError:
        return 0.0
    return max(seen.st_mtime, seen.st_ctime)
