"""Whole days through whole commands: the design's numbers, late events, poisoned days."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from event_lines import DAYS, event, events, text
from world import World, world

from sample_data import sample

QUERY = (
    "SELECT ingestion_date, COUNT(*) FROM prod_data_pipeline.curated_events"
    " GROUP BY ingestion_date;"
)


@pytest.fixture
def empty(tmp_path: Path) -> World:
    return world(tmp_path)


def put(into: World, day: str, lines: Any, name: str = "events.json") -> Path:
    place = into.folder / f"raw/source_system=app/ingestion_date={day}" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text(lines))
    return place


def arrive(into: World, day: str, lines: Any, name: str = "events.json") -> None:
    into.well("ingest", "activity", put(into, day, lines, name))


def report(of: World, day: str) -> dict[str, Any]:
    place = of.data / f"objects/metrics/ingestion_date={day}/report.json"
    found: dict[str, Any] = json.loads(place.read_text())
    return found


def rows(of: World, day: str) -> list[dict[str, Any]]:
    sql = f"SELECT * FROM activity.curated_events WHERE ingestion_date = '{day}' ORDER BY event_id"
    found: list[dict[str, Any]] = of.query(sql).to_pylist()
    return found


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The three sample days, run."""
    made = world(tmp_path_factory.mktemp("days"))
    made.well("ingest", "activity", sample("app_events"))
    made.well("run")
    return made


def test_the_sample_days_give_the_numbers_of_the_design(days: World) -> None:
    told = [report(days, day) for day in DAYS]
    assert [t["status"] for t in told] == ["published"] * 3
    assert [t["total_rows"] for t in told] == [1010] * 3
    assert [t["null_user_id"] for t in told] == [15, 13, 27]
    assert [round(100 * t["null_user_rate"], 2) for t in told] == [1.49, 1.29, 2.67]
    assert [t["duplicate_event_id_extra_rows"] for t in told] == [10] * 3
    assert [round(100 * t["duplicate_event_id_rate"], 2) for t in told] == [0.99] * 3
    assert [t["null_event_id"] for t in told] == [t["invalid_event_type"] for t in told] == [0] * 3
    bought = days.query(
        "SELECT count(*) AS n, round(sum(amount), 2) AS amount FROM activity.bronze_events"
        " WHERE event_type = 'purchase' GROUP BY ingestion_date ORDER BY ingestion_date"
    ).to_pylist()
    assert [r["n"] for r in bought] == [104, 101, 101]
    assert [r["amount"] for r in bought] == [10732.51, 10308.63, 10314.92]


def test_the_query_of_the_design_runs_word_for_word(days: World) -> None:
    found = days.query(QUERY)
    assert sorted(map(tuple, (r.values() for r in found.to_pylist()))) == [
        (day, 1000) for day in DAYS
    ]


def test_the_report_has_the_keys_that_people_read(days: World) -> None:
    told = report(days, DAYS[0])
    assert told["ingestion_date"] == "2025-01-01"
    assert told["raw_path"] == str(sample("app_events"))
    assert told["curated_partition_path"] == "activity.curated_events/ingestion_date=2025-01-01"
    assert told["thresholds"] == {
        "null_user_rate": 0.03,
        "duplicate_event_id_rate": 0.02,
        "rejected_rate": 0.01,
    }
    assert told["failures"] == []


def test_a_rerun_gives_the_same_rows_and_every_runs_report_is_kept(days: World) -> None:
    before = [rows(days, day) for day in DAYS]
    days.well("run", "--force")
    assert [rows(days, day) for day in DAYS] == before
    kept = list((days.data / "objects/metrics/ingestion_date=2025-01-01").glob("*.json"))
    assert len(kept) == 3  # two runs, and the newest under its own name


def test_late_events_change_their_day_and_no_other(empty: World) -> None:
    for day in DAYS:
        arrive(empty, day, events(100, first=int(day[-1]) * 1000))
    empty.well("run")
    before = {day: rows(empty, day) for day in DAYS}
    late = put(empty, DAYS[1], events(50, first=9000), name="late-events.json")
    empty.well("ingest", "activity", late)
    (planned,) = empty.well("plan", "--json").rows
    assert planned == {
        "partition": "ingestion_date=2025-01-02",
        "table": "activity.curated_events",
        "reason": f"arrived: {late}",
    }
    assert [r["partition"] for r in empty.well("run", "--json").rows] == [planned["partition"]]
    after = {day: rows(empty, day) for day in DAYS}
    assert (after[DAYS[0]], after[DAYS[2]]) == (before[DAYS[0]], before[DAYS[2]])
    assert [r for r in after[DAYS[1]] if r not in before[DAYS[1]]] == after[DAYS[1]][100:]
    assert len(after[DAYS[1]]) == 150


def test_a_re_issued_file_keeps_its_place_among_the_arrivals(empty: World) -> None:
    arrive(empty, DAYS[0], [event(1, event_id="x", user_id="first")], "a.json")
    arrive(empty, DAYS[0], [event(1, event_id="x", user_id="second"), event(3)], "b.json")
    empty.configure("[activity]\nmax_duplicates = 0.5\n")
    empty.well("run")
    arrive(empty, DAYS[0], [event(2, event_id="x", user_id="again")], "a.json")
    assert "re-issued: " in empty.well("plan", "--json").rows[0]["reason"]
    empty.well("run")
    assert [r["user_id"] for r in rows(empty, DAYS[0])] == ["u3", "again"]


# --- bad days -----------------------------------------------------------------------------------


def users(count: int, without: int) -> list[dict[str, Any]]:
    return [event(n, user_id=None if n <= without else "u") for n in range(1, count + 1)]


def test_the_share_of_rows_without_a_user_is_held_to_the_threshold_exactly(empty: World) -> None:
    arrive(empty, DAYS[0], users(10_000, without=300))
    arrive(empty, DAYS[1], users(10_000, without=301))
    ended = empty.do("run")
    assert ended.code == 3
    assert "not null user_id: 301 of 10,000 null (3.01 %), expected at most 3 %" in ended.error
    assert (report(empty, DAYS[0])["status"], report(empty, DAYS[1])["status"]) == (
        "published",
        "refused",
    )
    assert report(empty, DAYS[1])["null_user_rate"] == 0.0301


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([*events(99), event(7)], None),
        ([*events(98), event(7), event(8)], None),
        ([*events(97), event(7), event(8), event(9)], "unique event_id: 3 of 100 repeated (3 %)"),
        ([*events(200), event(201, event_id=None)], "not null event_id: 1 of 201 null"),
        ([*events(200), event(201, event_type=None)], "not null event_type: 1 of 201 null"),
        ([*events(200), event(201, event_type="logout")], "allowed event_type: 1 of 201 outside"),
        ([*events(99), '{"event_id": "e'], None),
        ([*events(98), '{"event_id": "e', "}"], "2 of 100 rows rejected (2 %)"),
        ([*events(99), event(100, event_ts="noon")], None),
        ([*events(98), event(99, event_ts="noon"), event(100, event_ts="x")], "2 of 100 rows"),
        (["nonsense"] * 5, "5 of 5 rows rejected"),
        ([], "row count: 0, expected at least 1"),
    ],
)
def test_the_gate_lets_a_day_pass_or_says_why_not(
    empty: World, lines: list[Any], said: str | None
) -> None:
    arrive(empty, DAYS[0], lines)
    ended = empty.do("run")
    assert ended.code == (0 if said is None else 3), ended.err
    assert said is None or said in ended.error
    assert report(empty, DAYS[0])["status"] == ("published" if said is None else "refused")
    assert bool(rows(empty, DAYS[0])) == (said is None)


def test_a_file_named_gz_that_is_no_gzip_is_told_for_what_it_is(empty: World) -> None:
    arrive(empty, DAYS[0], ["\x00\x01 no gzip"] * 40, "a.json.gz")
    arrive(empty, DAYS[1], events(5), "a.json.gz")
    ended = empty.do("run")
    assert ended.code == 3
    assert "events/app/a.json.gz (from " in ended.error
    assert ended.error.endswith(
        ": not gzip, though its name ends in .gz, and none of its 40 lines can be read"
    )
    assert "withdraw activity" in ended.hint
    assert len(rows(empty, DAYS[1])) == 5


def test_rejected_rows_of_a_refused_day_are_kept_with_file_and_line(empty: World) -> None:
    arrive(empty, DAYS[0], [*events(3), "{"], "a.json")
    arrive(empty, DAYS[0], [event(9, event_ts="noon")], "b.json")
    assert empty.do("run").code == 3
    found = empty.query(
        'SELECT reason, source, line, "row" FROM activity.curated_events_rejected ORDER BY source'
    ).to_pylist()
    assert [(r["source"], r["line"]) for r in found] == [
        ("events/app/a.json", 4),
        ("events/app/b.json", 1),
    ]
    assert found[0]["row"] == "{"
    assert json.loads(found[1]["row"])["event_ts"] == "noon"


def test_a_poisoned_day_leaves_the_old_rows_readable_the_whole_time(empty: World) -> None:
    arrive(empty, DAYS[0], events(200))
    empty.well("run")
    before = rows(empty, DAYS[0])
    seen, stop = [], threading.Event()

    def reader() -> None:
        while not stop.is_set():
            seen.append(empty.one("SELECT count(*) FROM activity.curated_events"))

    thread = threading.Thread(target=reader)
    thread.start()
    try:
        for n in range(4):
            arrive(empty, DAYS[0], [*events(200 + n), *["nonsense"] * 40])
            assert empty.apart("run").code == 3
        arrive(empty, DAYS[0], events(210))
        assert empty.apart("run").code == 0
    finally:
        stop.set()
        thread.join()
    assert set(seen) <= {200, 210}
    assert len(seen) > 5
    assert (len(before), len(rows(empty, DAYS[0]))) == (200, 210)


def test_a_removed_field_is_told_as_the_difference_and_publishes_nothing(empty: World) -> None:
    arrive(empty, DAYS[0], [{k: v for k, v in e.items() if k != "user_id"} for e in events(9)])
    ended = empty.do("run")
    assert ended.code == 3
    assert "user_id (text) is gone" in ended.error
    assert "ingestion_date=2025-01-01/events/app/events.json" in ended.error


def test_a_range_of_days_is_backfilled(empty: World) -> None:
    for day in DAYS:
        arrive(empty, day, events(50, first=int(day[-1]) * 100))
    ended = empty.well("backfill", "activity", DAYS[0], DAYS[1], "--json")
    assert [r["partition"] for r in ended.rows] == [f"ingestion_date={d}" for d in DAYS[:2]]
    (left,) = empty.well("plan", "--json").rows
    assert left["partition"] == f"ingestion_date={DAYS[2]}"


def test_ids_are_no_days(empty: World) -> None:
    arrive(empty, DAYS[0], events(5))
    ended = empty.do("backfill", "activity", "1", "2")
    assert ended.code == 2
    assert "its partitions are days" in ended.error


def test_what_touchline_keeps_itself_does_not_arrive(empty: World) -> None:
    arrive(empty, DAYS[0], events(5))
    empty.well("run")
    before = empty.asked("SELECT count(*) FROM receipts")
    ended = empty.well("ingest", "activity", ".", "--json")
    assert [r["new"] for r in ended.rows] == [0]
    assert empty.asked("SELECT count(*) FROM receipts") != before
    assert "everything is fresh" in empty.well("run").out


def test_a_link_to_nothing_is_told_and_a_pipe_is_not_waited_for(empty: World) -> None:
    place = put(empty, DAYS[0], events(5)).parent
    (place / "late.json").symlink_to(place / "nothing")
    os.mkfifo(place / "pipe.json")
    ended = empty.do("ingest", "activity", "raw")
    assert ended.code == 7
    assert "late.json: no file, or a link to nothing" in ended.error
    assert "pipe.json" in ended.error
    empty.well("run")
    assert len(rows(empty, DAYS[0])) == 5


def test_nobody_reads_the_paths_that_simulate_prints(empty: World) -> None:
    words = "simulate activity made --days 400 --rows 1"
    shell = f"{sys.executable} -m touchline.cli {words} | head -1; echo ${{PIPESTATUS[0]}}"
    ended = subprocess.run(
        ["bash", "-c", shell], cwd=empty.folder, capture_output=True, text=True, timeout=60
    )
    assert ended.stdout.splitlines()[-1] == "141", ended.stderr


def test_simulated_days_hold_what_was_planted(empty: World) -> None:
    words = ("--days", "2", "--rows", "2000", "--null-rate", "0.025", "--duplicate-rate", "0.015")
    faults = ("--odd-instants", "3", "--malformed", "4")
    empty.well("simulate", "activity", "made", *words, *faults)
    empty.well("ingest", "activity", "made/raw")
    empty.well("run")
    for file in sorted((empty.folder / "made/truth").glob("*.json")):
        truth = json.loads(file.read_text())
        told = report(empty, truth["ingestion_date"])
        for key in ("total_rows", "null_user_id", "duplicate_event_id_extra_rows"):
            assert told[key] == truth[key], key
        (step,) = told["steps"]
        assert step["rejected"]["event_ts is not an instant"] == 3
        assert sum(n for r, n in step["rejected"].items() if r.startswith("malformed")) == 4


def test_the_same_seed_gives_the_same_bytes_and_late_events_come_apart(empty: World) -> None:
    one = empty.well("simulate", "activity", "one", "--days", "3").out.split()
    more = empty.well("simulate", "activity", "two", "--days", "3", "--late", "50").out.split()
    assert [Path(p).name for p in more][-1] == "late-events.json"
    assert len(more) == len(one) + 1
    for a in one:
        same = empty.folder / a.replace("one", "two", 1)
        assert (empty.folder / a).read_bytes() == same.read_bytes()
    shutil.rmtree(empty.folder / "two")
