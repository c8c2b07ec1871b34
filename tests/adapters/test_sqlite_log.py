"""What only a log in a file has: an id of its own, older files, and a clock that is set back."""

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from touchline.adapters.sqlite import SqliteLog
from touchline.adapters.sqlite import log as log_module


def test_a_file_has_an_id_of_its_own_that_stays(tmp_path: Path) -> None:
    with closing(SqliteLog(tmp_path / "a.db")) as log:
        first = log.identity("events")
    with closing(SqliteLog(tmp_path / "a.db")) as log:
        assert log.identity("events") == first > 0
    with closing(SqliteLog(tmp_path / "b.db")) as log:
        assert log.identity("events") not in (0, first)


def test_a_file_of_version_1_gets_an_id_and_keeps_its_records(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with closing(SqliteLog(path)) as log:
        log.append("events", [("k", b"a")]).result()
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE identity")
        db.execute("PRAGMA user_version = 1")
    with closing(SqliteLog(path)) as log:
        assert log.identity("events") > 0
        assert [r.value for r in log.read("events", {}, timeout_s=0)] == [b"a"]


def test_records_are_never_older_than_those_before_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock(datetime):
        """A clock that is set back."""

        times = iter((9, 5, 7))

        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime(2025, 4, 5, next(cls.times), tzinfo=UTC)

    monkeypatch.setattr(log_module, "datetime", Clock)
    for _ in range(2):  # begun again between the first and the second
        with closing(SqliteLog(tmp_path / "log.db")) as log:
            log.append("events", [("k", b"a")]).result()
    with closing(SqliteLog(tmp_path / "log.db")) as log:
        assert [r.at.hour for r in log.read("events", {}, timeout_s=0)] == [9, 9]


def test_who_waits_for_records_looks_more_often_while_they_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = list[float]()

    def wait(self: threading.Condition, timeout: float | None = None) -> bool:
        waits.append(timeout or 0.0)
        return False

    with closing(SqliteLog(tmp_path / "log.db")) as log:
        log.append("t", [("k", b"1")]).result()
        clock = iter(range(100))
        told = SimpleNamespace(monotonic=lambda: float(next(clock)))
        monkeypatch.setattr(log_module, "time", told)
        monkeypatch.setattr(threading.Condition, "wait", wait)
        assert log.read("t", {0: 1}, timeout_s=2) == []
        assert len(log.read("t", {0: 0}, timeout_s=2)) == 1
        assert log.read("t", {0: 1}, timeout_s=2) == []
    assert set(waits[:1]) == {log_module._PAUSE_S}
    assert set(waits[1:]) == {log_module._SHORT_PAUSE_S}
