"""The archived log -> events and statistics: the same as the live store has."""

import json
import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from feeds import NOW, Event, amend, cancel, event, letters, listed, real_match, value, waiting
from small_pipeline import World

from touchline.adapters.sqlite import SqliteLog, SqliteServing
from touchline.core import archive
from touchline.core.contracts import conformed
from touchline.core.memory import MemoryLog, MemoryServing
from touchline.core.pipeline import rejected_contract
from touchline.core.ports import Asked, Record, Version
from touchline.core.stream import catch_up
from touchline.matches.contracts import COUNTS, MATCH_EVENTS, MATCH_STATS
from touchline.matches.gold import live_events, match_stats
from touchline.matches.live import EVENTS, STREAM
from touchline.matches.live.beside import refused
from touchline.matches.pipeline import ARCHIVE, NO_MATCH, of_match, pipeline
from touchline.matches.silver import match_events

# --- one match, by hand --------------------------------------------------------------------------


def bronze(feed: Iterable[Event | bytes]) -> pl.DataFrame:
    """The archived records of these events, a second apart; bytes are what they are."""
    rows = [
        (0, n, "m1", said if isinstance(said, bytes) else value(said), n)
        for n, said in enumerate(feed)
    ]
    found = pl.DataFrame(
        rows,
        schema={"lane": pl.Int64, "log_offset": pl.Int64, "key": pl.String, "value": pl.Binary, "n": pl.Int64},
        orient="row",
    )  # fmt: skip
    return found.select(
        "lane",
        "log_offset",
        "key",
        "value",
        logged_at=pl.lit(NOW) + pl.duration(seconds="n"),
        line=pl.col("n") + 1,
        _file=pl.lit("log/2025-04-05T14/0.jsonl"),
        _row=pl.format("line {}", pl.col("n") + 1),
    )


def made(feed: Iterable[Event | bytes]) -> pl.DataFrame:
    """The events of this feed, those that are rejected aside."""
    found = match_events(bronze(feed))
    return conformed(found.filter(pl.col("_reject").is_null()), MATCH_EVENTS)


def rejected(feed: Iterable[Event | bytes]) -> list[tuple[object, ...]]:
    found = match_events(bronze(feed)).filter(pl.col("_reject").is_not_null())
    return found.select("event_id", "_reject", "_line", "_file", "_row").rows()


def counts(stats: pl.DataFrame) -> dict[tuple[str | None, str | None], dict[str, int]]:
    """Team and player -> what was counted and is not 0."""
    return {
        (row["team_id"], row["player_id"]): {n: row[n] for n in ("events", *COUNTS) if row[n]}
        for row in stats.to_dicts()
    }


def test_an_event_is_a_row_of_what_is_known_of_it() -> None:
    said = event("e1", period=1, minute=12, second=3.5, xg=0.3, sequence=4)
    (row,) = made([said, amend(event_type="goal", status="provisional")]).to_dicts()
    assert row == {
        "match_id": "m1",
        "event_id": "e1",
        "event_type": "goal",
        "status": "provisional",
        "version": 2,
        "event_at": datetime.fromisoformat("2025-04-05T12:00:00Z"),
        "sequence": 4,
        "season": "2024/2025",
        "period": 1,
        "minute": 12,
        "second": 3.5,
        "team_id": "t1",
        "player_id": "p1",
        "more": '{"timestamp":"2025-04-05T12:00:00+00:00","xg":0.3}',
        "first_known_at": NOW,
        "changed_at": NOW + timedelta(seconds=1),
        "log_offset": 1,
    }


def test_a_cancelled_event_is_a_row_and_counts_no_more() -> None:
    found = made([event("e1"), event("e2", 1), cancel("e1")])
    assert found["status"].to_list() == ["cancelled", "confirmed"]
    assert counts(match_stats(found))["t1", None] == {"events": 1, "passes": 1}


def test_a_number_that_no_column_holds_is_kept_as_it_is() -> None:
    (row,) = made([event(period=10**30)]).to_dicts()
    assert row["period"] is None
    assert json.loads(row["more"])["period"] == 10**30


def test_what_cannot_be_used_is_rejected_with_its_line() -> None:
    file = "log/2025-04-05T14/0.jsonl"
    feed = [b"\xff{", event("e1"), event("e1", player_id="p2"), amend("e9", player_id="p2")]
    bad, other, late = rejected(feed)
    assert bad[0] is None
    assert "not JSON" in str(bad[1])
    assert bad[2:] == (1, file, "line 1")
    assert other[0] == "e1"
    assert "says something else" in str(other[1])
    assert other[2:] == (3, file, "line 3")
    assert late == ("e9", "event 'e9' has not come", 4, file, "line 4")
    assert made(feed)["event_id"].to_list() == ["e1"]


def test_a_correction_is_rejected_until_its_event_has_come() -> None:
    feed = [amend("e1", player_id="p2"), event("e1")]
    assert len(rejected(feed[:1])) == 1
    assert rejected(feed) == []
    assert made(feed)["player_id"].to_list() == ["p2"]


def test_a_record_that_was_archived_twice_counts_once() -> None:
    feed = [event("e1"), amend(player_id="p2"), amend(player_id="p1"), cancel("e7")]
    once = bronze(feed)
    twice = pl.concat([once, once.with_columns(_file=pl.lit("log/2025-04-05T14/1.jsonl"))])
    compared = [name for name in match_events(once).columns if name != "_file"]
    assert match_events(twice).select(compared).equals(match_events(once).select(compared))


def test_statistics_count_by_team_and_by_player() -> None:
    feed = [
        event("a", 0, event_type="period_start", team_id=None, player_id=None),
        event("b", 1),
        event("c", 2, event_type="shot"),
        event("d", 3, event_type="goal"),
        event("e", 4, player_id="p2"),
        event("f", 5, event_type="own_goal", team_id="t2", player_id="p9"),
        event("g", 6, event_type="corner", player_id=None),
        event("h", 7, event_type="nutmeg", status="provisional"),
        event("i", 8, event_type="goal"),
        cancel("i", reason="VAR"),
    ]
    stats = match_stats(made(feed))
    assert counts(stats) == {
        ("t1", None): {"events": 6, "goals": 1, "shots": 1, "passes": 2, "corners": 1},
        ("t1", "p1"): {"events": 4, "goals": 1, "shots": 1, "passes": 1},
        ("t1", "p2"): {"events": 1, "passes": 1},
        ("t2", None): {"events": 1, "own_goals": 1},
        ("t2", "p9"): {"events": 1, "own_goals": 1},
        (None, None): {"events": 1},
    }
    assert list(counts(stats)) == [
        ("t1", None), ("t1", "p1"), ("t1", "p2"), ("t2", None), ("t2", "p9"), (None, None),
    ]  # fmt: skip
    assert conformed(stats, MATCH_STATS).equals(stats)


def test_no_records_give_no_events_and_no_statistics() -> None:
    assert made([]).is_empty()
    assert match_stats(made([])).is_empty()
    assert match_stats(live_events([])).is_empty()


def test_the_order_of_rows_does_not_matter() -> None:
    feed = [event(f"e{n}", n % 3, player_id=f"p{n % 4}") for n in range(20)]
    rows = bronze([*feed, amend("e3", event_type="goal"), cancel("e5"), amend("e77")])
    expected = match_events(rows)
    for seed in range(3):
        shuffled = rows.sample(fraction=1.0, shuffle=True, seed=seed)
        assert match_events(shuffled).equals(expected)
        events = made([*feed])
        turned = events.sample(fraction=1.0, shuffle=True, seed=seed)
        assert match_stats(turned).equals(match_stats(events))


# --- history is what is live ---------------------------------------------------------------------


def corrected(match: Sequence[Event], seed: int) -> list[Event]:
    """The match as a bad feed tells it: in any order, some of it twice, with corrections."""
    chance = random.Random(seed)
    some = chance.sample(list(match), 60)
    head = [{"match_id": said["match_id"], "event_id": said["event_id"]} for said in some]
    feed = [
        *match,
        *some[:40],
        *({**h, "action": "amend", "event_type": "goal", "n": n} for n, h in enumerate(head[:20])),
        *({**h, "action": "cancel", "reason": "VAR"} for h in head[20:40]),
        *({**h, "action": "amend", "timestamp": None} for h in head[40:50]),
        *({**said, "player_id": 1} for said in some[50:]),
        {"match_id": match[0]["match_id"], "event_id": "nobody's", "action": "cancel"},
    ]
    chance.shuffle(feed)
    return feed


def live(store: Any, match_id: str) -> list[Version]:
    return list(store.rows(EVENTS, match_id, Asked(limit=10_000)))


def body(row: dict[str, Any]) -> dict[str, Any]:
    """What is served of an event, put together from its row."""
    at = f"{row['event_at'].replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    gone = ("more", "first_known_at", "changed_at", "log_offset")
    known = {k: v for k, v in row.items() if v is not None and k not in gone}
    known = {k: v for k, v in known.items() if k != "sequence" or v}
    return {
        **known,
        **json.loads(row["more"] or "{}"),
        "event_at": at,
        "event_timestamp": at,
        "event_type_timestamp": f"{row['event_type']}#{at}",
    }


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_real_match_is_the_same_in_history_as_it_is_live(kind: str, tmp_path: Path) -> None:
    world = World(tmp_path, pipeline())
    log: Any = MemoryLog() if kind == "memory" else SqliteLog(tmp_path / "log.db")
    store: Any = MemoryServing() if kind == "memory" else SqliteServing(tmp_path / "serving.db")
    feed = corrected(real_match(), seed=len(kind))
    values = [("2057954", value(said)) for said in feed]
    line = refused("2057954", "a", "{", number=1, reason="a: line 1: not JSON", event_id="")
    bad = (b"\xff", b'{"a":', msgspec.json.encode(line))
    values[100:100] = [("2057954", each) for each in bad]
    parts = [values[:700], values[700:]]
    for part in parts:
        log.append(STREAM.topic, part).result()
        catch_up(STREAM, log, store)
        archived(world, log)
        assert [done.error for done in world.run().values() if done.error] == []
    rows = world.rows(MATCH_EVENTS)
    assert len(rows) == len(real_match())
    told = sorted(
        (body(row) for row in rows if row["status"] != "cancelled"), key=lambda b: b["event_id"]
    )
    served = sorted(listed(store, "2057954"), key=lambda b: b["event_id"])
    assert told == served
    stats = match_stats(live_events(live(store, "2057954")))
    assert sorted(stats.to_dicts(), key=str) == world.rows(MATCH_STATS)
    reasons = [row["reason"] for row in world.rows(rejected_contract(MATCH_EVENTS))]
    live_reasons = [r for _, r in letters(store)] + [
        f"event {event_id!r} has not come" for event_id in waiting(store)
    ]
    assert sorted(reasons) == sorted(live_reasons)
    assert len(reasons) > 10
    log.close()
    store.close()


def archived(world: World, log: Any) -> None:
    archive.archived(
        ARCHIVE, log=log, objects=world.objects, ledger=world.ledger, now=world.clock(), whole=True
    )


def test_a_late_correction_makes_its_match_stale_and_no_other(tmp_path: Path) -> None:
    world, log = World(tmp_path, pipeline()), MemoryLog()
    for match_id in ("m1", "m2"):
        log.append(STREAM.topic, [(match_id, value(event(match_id=match_id, event_type="goal")))])
    archived(world, log)
    world.run()
    assert world.planned() == {}
    log.append(STREAM.topic, [("m1", value(cancel(reason="offside")))])
    archived(world, log)
    assert list(world.planned()) == ["match_id=m1"]
    assert "arrived: log match-events lane 0 offsets 2 to 2" in str(world.planned())
    world.run()
    goals = {row["match_id"]: row["goals"] for row in world.rows(MATCH_STATS)}
    assert goals == {"m2": 1}


@pytest.mark.parametrize("key", ["", "../etc", "a/b", "m" * 129, "é"])
def test_records_of_no_match_are_kept_and_rejected_together(key: str, tmp_path: Path) -> None:
    assert of_match(Record(0, 0, key, b"", NOW)) == f"match_id={NO_MATCH}"
    world, log = World(tmp_path, pipeline()), MemoryLog()
    log.append(STREAM.topic, [(key, b"{}"), ("m1", value(event()))])
    archived(world, log)
    assert [done.error for done in world.run().values() if done.error] == []
    assert [row["match_id"] for row in world.rows(MATCH_EVENTS)] == ["m1"]
    (row,) = world.rows(rejected_contract(MATCH_EVENTS))
    assert row["match_id"] == NO_MATCH
    assert json.loads(row["row"])["key"] == key
