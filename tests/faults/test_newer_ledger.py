"""A ledger that a newer version wrote is left alone by every command."""

import sqlite3

import pytest
from world import World, files

COMMANDS = [
    ("status",),
    ("plan",),
    ("run",),
    ("runs",),
    ("show", "2026"),
    ("backfill", "tracking", "1", "2"),
    ("query", "SELECT * FROM tracking.player_metrics"),
    ("rollback", "tracking.player_metrics", "match_id=1"),
    ("report", "match", "1"),
    ("maintain",),
    ("ingest", "tracking", "landing"),
    ("withdraw", "tracking", "match_id=1", "match.json", "--because", "a test"),
]


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> World:
    from world import world

    made = world(tmp_path_factory.mktemp("newer"))
    made.ingest(files(1))
    db = sqlite3.connect(made.ledger)
    db.execute("PRAGMA user_version = 99")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return made


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_newer_ledger_is_refused_with_a_hint_and_not_touched(
    newer: World, words: tuple[str, ...]
) -> None:
    held = newer.ledger.read_bytes()
    before = newer.everything()

    ended = newer.do(*words)

    assert ended.code == 2
    assert str(newer.ledger) in ended.error
    assert "ledger of version 99" in ended.error
    assert "upgrade touchline" in ended.hint
    assert newer.ledger.read_bytes() == held
    assert newer.everything() == before
    assert list((newer.data / "ledger.db.owners").iterdir()) == []
