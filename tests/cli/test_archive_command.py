"""archive, and what the other commands make of it: history from the log to SQL."""

import json
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from world import World

from touchline.adapters.sqlite import SqliteLog, SqliteServing
from touchline.core.ports import Asked
from touchline.core.stream import catch_up
from touchline.matches.live import ALL, DEAD, EVENTS, STREAM, EventRule, accepted

Event = Mapping[str, Any]


def event(event_id: str, event_type: str = "pass", match_id: str = "m1", **more: Any) -> Event:
    return {
        "match_id": match_id,
        "event_id": event_id,
        "event_type": event_type,
        "team_id": "t1",
        "player_id": "p1",
        "timestamp": "2025-04-05T12:00:00Z",
        **more,
    }


def post(world: World, *events: Event | bytes, read: bool = False) -> None:
    """The log has these events, and the live store has read them."""
    now = datetime.now(UTC)
    values = [e if isinstance(e, bytes) else accepted(e, EventRule(), now).value for e in events]
    keys = ["m1" if isinstance(e, bytes) else str(e["match_id"]) for e in events]
    with closing(SqliteLog(world.data / "log.db")) as log:
        log.append(STREAM.topic, list(zip(keys, values, strict=True))).result()
        if read:
            with closing(SqliteServing(world.data / "serving.db")) as store:
                catch_up(STREAM, log, store)


def archive(world: World, *words: str) -> Mapping[str, Any]:
    (row,) = world.well("archive", *words, "--json").rows
    found: Mapping[str, Any] = row
    return found


def asked(world: World, sql: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = world.well("query", sql, "--json").rows
    return found


def goals(world: World) -> list[Mapping[str, Any]]:
    return asked(
        world, "SELECT match_id, goals FROM matches.match_stats WHERE player_id IS NULL ORDER BY 1"
    )


def test_what_came_live_becomes_history(empty: World) -> None:
    post(empty, event("a", "goal"), event("b"), event("c", match_id="m2"))
    assert archive(empty) == {
        "topic": "match-events", "records": 0, "files": 0, "partitions": 0, "trimmed": 0,
    }  # fmt: skip
    assert archive(empty, "--all")["records"] == 3
    planned = empty.well("plan", "matches", "--json").rows
    assert {row["partition"] for row in planned} == {"match_id=m1", "match_id=m2"}
    empty.well("run", "matches")
    assert goals(empty) == [{"match_id": "m1", "goals": 1}, {"match_id": "m2", "goals": 0}]
    standing = empty.well("status", "matches", "--json").rows
    assert {row["state"] for row in standing} == {"fresh"}
    assert "Events of type goal" in empty.well("define", "matches.match_stats.goals").out
    empty.well("check", "--bronze")


def test_a_correction_changes_history_and_the_past_stays_readable(empty: World) -> None:
    post(empty, event("a", "goal"))
    archive(empty, "--all")
    empty.well("run", "matches")
    before = datetime.now(UTC).isoformat()
    post(empty, {"match_id": "m1", "event_id": "a", "action": "cancel", "reason": "VAR"})
    archive(empty, "--all")
    empty.well("run", "matches")
    assert goals(empty) == []
    sql = "SELECT goals FROM matches.match_stats WHERE player_id IS NULL"
    assert empty.well("query", sql, "--as-of", before, "--json").rows == [{"goals": 1}]
    (row,) = asked(empty, "SELECT status, version, more FROM matches.match_events")
    assert (row["status"], row["version"]) == ("cancelled", 2)
    assert json.loads(row["more"])["reason"] == "VAR"


def test_bronze_is_asked_as_it_came(empty: World) -> None:
    post(empty, event("a"), b"\xff")
    archive(empty, "--all")
    rows = asked(
        empty,
        "SELECT match_id, log_offset, value->>'event_id' AS event_id, value_base64"
        " FROM matches.bronze_events ORDER BY log_offset",
    )
    assert rows == [
        {"match_id": "m1", "log_offset": 0, "event_id": "a", "value_base64": None},
        {"match_id": "m1", "log_offset": 1, "event_id": None, "value_base64": "/w=="},
    ]


def test_a_record_that_cannot_be_used_is_mended_in_quarantine(empty: World) -> None:
    post(empty, event("a"), b"\xff")
    archive(empty, "--all")
    empty.well("run", "matches")
    (row,) = empty.well("quarantine", "list", "--each", "--json").rows
    whole = json.dumps(dict(event("b", "goal")))
    empty.well("quarantine", "fix", row["id"], "--set", f"value={whole}", "--because", "cable")
    empty.well("quarantine", "replay")
    assert goals(empty) == [{"match_id": "m1", "goals": 1}]
    assert empty.well("quarantine", "list", "--each", "--json").rows == []


def test_what_is_mended_or_let_go_in_quarantine_is_so_in_the_live_store_too(empty: World) -> None:
    post(empty, event("a"), b"{}", b"[]", read=True)
    archive(empty, "--all")
    empty.well("run", "matches")
    rows = sorted(empty.well("quarantine", "list", "--each", "--json").rows, key=lambda r: r["id"])
    whole = json.dumps(dict(event("b", "goal")))
    ended = empty.well(
        "quarantine", "fix", rows[0]["id"], "--set", f"value={whole}", "--because", "cable"
    )
    assert "1 event posted again" in ended.err
    empty.well("quarantine", "discard", rows[1]["id"], "--because", "a test")
    with (
        closing(SqliteLog(empty.data / "log.db")) as log,
        closing(SqliteServing(empty.data / "serving.db")) as store,
    ):
        catch_up(STREAM, log, store)
        served = [v.id for v in store.rows(EVENTS, "m1", Asked())]
        assert sorted(served) == ["a", "b"]
        assert store.rows(DEAD, ALL, Asked()) == []
    empty.well("quarantine", "replay")
    archive(empty, "--all")
    empty.well("run", "matches")
    assert goals(empty) == [{"match_id": "m1", "goals": 1}]


def test_old_records_leave_the_log_where_configured(empty: World) -> None:
    post(empty, event("a"), read=True)
    post(empty, event("b"))
    _age(empty, days=3)
    assert archive(empty, "--all")["trimmed"] == 0
    empty.configure("matches.keep_log_days = 2\n")
    assert archive(empty)["trimmed"] == 1  # the other was not read by the live store
    post(empty, event("c"), read=True)
    assert archive(empty)["trimmed"] == 1
    assert archive(empty, "--all") | {"topic": ""} == {
        "topic": "", "records": 1, "files": 1, "partitions": 1, "trimmed": 0,
    }  # fmt: skip
    empty.well("run", "matches")
    assert asked(empty, "SELECT event_id FROM matches.match_events ORDER BY 1") == [
        {"event_id": each} for each in "abc"
    ]


def _age(world: World, days: int) -> None:
    """What is in the log came so many days earlier."""
    import sqlite3

    with closing(sqlite3.connect(world.data / "log.db")) as db:
        db.execute("UPDATE records SET at_us = at_us - ?", (days * 86_400_000_000,))
        db.commit()


def test_records_that_the_log_forgot_are_complained_of(empty: World) -> None:
    post(empty, event("a"))
    archive(empty, "--all")
    post(empty, event("b"), event("c"))
    with closing(SqliteLog(empty.data / "log.db")) as log:
        log.trim(STREAM.topic, {0: 2})
    ended = empty.do("archive", "--all")
    assert ended.code == 4
    assert "1 record of match-events went from the log before" in ended.error
    assert ended.hint


def test_many_small_files_are_packed_and_history_stays(empty: World) -> None:
    for n in range(17):
        post(empty, event(f"e{n}"))
        archive(empty, "--all")
    empty.well("run", "matches")
    empty.well("maintain")
    assert any((empty.data / "objects/packs").rglob("*"))
    assert empty.well("plan", "matches", "--json").rows == []
    empty.well("run", "matches", "--force")
    assert asked(empty, "SELECT count(*) AS n FROM matches.match_events") == [{"n": 17}]
