"""The log's writer: what it cannot open is told to whoever opens the log."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from touchline.adapters.sqlite import log
from touchline.errors import StorageError


def test_a_writer_that_cannot_open_its_file_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = log.opened, list[int]()

    def opened(*given: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise sqlite3.OperationalError("unable to open database file")
        return real(*given)

    monkeypatch.setattr(log, "opened", opened)
    with pytest.raises(StorageError, match="unable to open"):
        log.SqliteLog(tmp_path / "log.db")
