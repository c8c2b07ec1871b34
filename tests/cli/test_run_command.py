"""run and plan: what is made, what is left alone, and why."""

import subprocess
import sys

import pytest
from stored import current_files, disagreeing, iceberg_files
from world import (
    EVENTS,
    GOLD,
    MATCH,
    TABLES,
    TRACKING,
    World,
    broken,
    files,
    with_json,
)

ALL = {f"tracking.{t}" for t in TABLES}


def moved_to(instant: str) -> dict[str, bytes]:
    """Match 1, rescheduled."""
    return broken(files(1), MATCH, with_json(lambda d: d.update(date_time=instant)))


@pytest.fixture
def as_before(published: World) -> World:
    """Two published matches; match 1 is put back to its first files."""
    published.publish(files(1))
    return published


def test_a_run_publishes_every_table_of_a_match(empty: World) -> None:
    empty.ingest(files(1))

    ended = empty.well("run", "--json")

    (row,) = ended.rows
    assert (row["partition"], row["status"], row["tables"]) == ("match_id=1", "published", 12)
    assert set(empty.heads()) == ALL
    assert row["rows"] == sum(n for n, _ in empty.contents().values())
    assert all(n > 0 for n, _ in empty.contents().values())
    assert disagreeing(empty) == {}
    assert empty.report()["status"] == "published"


def test_the_same_files_again_are_no_work(as_before: World) -> None:
    heads, snapshots = (as_before.heads(1), as_before.heads(2)), as_before.snapshots()

    again = as_before.ingest(files(1)).rows
    ended = as_before.well("run", "--json")

    assert again == [
        {"partition": "match_id=1", "new": 0, "re-issued": 0, "unchanged": 4, "missing": None}
    ]
    assert ended.rows == []
    assert as_before.well("plan", "--json").rows == []
    assert (as_before.heads(1), as_before.heads(2)) == heads
    assert as_before.snapshots() == snapshots


@pytest.mark.parametrize("command", ["run", "plan"])
def test_where_nothing_is_stale_no_engine_and_no_arrow_are_imported(
    as_before: World, command: str
) -> None:
    ask = (
        "import sys\nfrom touchline.cli import cli\n"
        f"try: cli([{command!r}], standalone_mode=False)\n"
        "except SystemExit: pass\n"
        "heavy = {'duckdb', 'pyarrow', 'numpy', 'pyiceberg'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask],
        cwd=as_before.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_reissue_recomputes_exactly_that_match_and_plan_says_why(as_before: World) -> None:
    other, before = as_before.heads(2), as_before.contents(1)
    untouched = {t: current_files(as_before, t) for t in ("matches", "players", "phases")}

    landed = as_before.ingest(files(1, version=2)).rows
    planned = as_before.well("plan", "--json").rows
    as_before.well("run")

    assert landed[0] | {"partition": ""} == {
        "partition": "", "new": 0, "re-issued": 2, "unchanged": 2, "missing": None,
    }  # fmt: skip
    assert {row["partition"] for row in planned} == {"match_id=1"}
    reasons = {row["table"]: row["reason"] for row in planned}
    assert reasons["tracking.events"].endswith(f"1_{EVENTS}")
    assert reasons["tracking.frames"].endswith(f"1_{TRACKING}")
    assert reasons["tracking.events"].startswith("re-issued: ")
    assert "tracking.events is stale" in reasons["tracking.player_runs"]
    assert not {"tracking.matches", "tracking.players", "tracking.phases"} & set(reasons)
    assert as_before.heads(2) == other
    assert as_before.contents(1) != before
    assert {t: current_files(as_before, t) for t in untouched} == untouched
    assert disagreeing(as_before) == {}


def test_after_a_b_a_the_tables_are_those_of_a(as_before: World) -> None:
    first = as_before.contents(1)

    as_before.publish(files(1, version=2))
    second = as_before.contents(1)
    as_before.publish(files(1))

    assert second["events"] != first["events"]
    assert second["player_metrics"] != first["player_metrics"]
    assert as_before.contents(1) == first


def test_a_rescheduled_match_moves_and_leaves_nothing_behind(as_before: World) -> None:
    before, other = as_before.contents(1), as_before.heads(2)

    as_before.publish(moved_to("2024-12-24T09:30:00Z"))

    for table in TABLES:
        days = as_before.query(
            f"SELECT DISTINCT partition_date AS d FROM tracking.{table} WHERE match_id = 1"
        )
        assert days.column(0).to_pylist() == ["2024-12-24"], table
        folders = {
            f.parents[2].name for f in iceberg_files(as_before, table) if "match_id=1" in f.parts
        }
        assert folders == {"partition_date=2024-12-24"}, table
    after = as_before.contents(1)
    assert {t: n for t, (n, _) in after.items()} == {t: n for t, (n, _) in before.items()}
    assert as_before.heads(2) == other
    assert disagreeing(as_before) == {}


def test_partition_date_is_the_utc_day_of_kick_off(as_before: World) -> None:
    as_before.publish(moved_to("2024-11-09T23:30:00-05:00"))

    days = as_before.query("SELECT partition_date FROM tracking.matches WHERE match_id = 1")
    assert days.column(0).to_pylist() == ["2024-11-10"]


@pytest.mark.parametrize("command", ["run", "plan"])
def test_before_anything_has_arrived_the_way_to_begin_is_told(empty: World, command: str) -> None:
    assert empty.well(command).out.strip() == (
        "nothing has arrived yet; see: touchline ingest --help"
    )
    assert empty.well(command, "--json").rows == []


def test_a_partition_that_is_named_twice_is_listed_once(as_before: World) -> None:
    as_before.ingest(files(1, version=2))
    once = as_before.well("plan", "-p", "match_id=1", "--json").rows
    twice = as_before.well("plan", "-p", "match_id=1", "-p", "match_id=1", "--json").rows

    assert once
    assert twice == once


# --- layers, partitions, force


def test_only_bronze_reads_the_files_and_publishes_nothing(empty: World) -> None:
    empty.ingest(files(1))

    ended = empty.well("run", "--only", "bronze", "--json")

    assert empty.heads() == {}
    assert [(row["status"], row["tables"]) for row in ended.rows] == [("checked", 0)]
    assert [step["table"] for step in empty.report()["steps"]] == [
        "tracking.bronze_matches",
        "tracking.bronze_frames",
        "tracking.bronze_events",
        "tracking.bronze_phases",
    ]


def test_only_bronze_refuses_files_that_cannot_be_read(empty: World) -> None:
    empty.ingest({**files(1), EVENTS: b""})

    ended = empty.do("run", "--only", "bronze")

    assert ended.code == 3
    assert EVENTS in ended.error


def test_only_silver_and_then_only_gold_make_what_one_run_makes(as_before: World) -> None:
    whole, other = as_before.contents(1), as_before.heads(2)
    as_before.publish(files(1, version=2))
    as_before.ingest(files(1))
    heads = as_before.heads()

    as_before.well("run", "--only", "silver")
    between = as_before.heads()
    as_before.well("run", "--only", "gold")

    assert all(between[f"tracking.{t}"] == heads[f"tracking.{t}"] for t in GOLD)
    assert between["tracking.events"] != heads["tracking.events"]
    assert as_before.contents(1) == whole
    assert as_before.heads(2) == other
    assert as_before.well("plan", "--json").rows == []


def test_only_gold_without_silver_waits(empty: World) -> None:
    empty.ingest(files(1))

    ended = empty.do("run", "--only", "gold")

    assert ended.code == 4
    assert "tracking match_id=1: missing tracking." in ended.error
    assert empty.heads() == {}


def test_plan_only_gold_lists_gold_tables(as_before: World) -> None:
    as_before.configure("[tracking]\nmin_sprint_kmh = 20.0\n")

    planned = as_before.well("plan", "--only", "gold", "--json").rows
    silver = as_before.well("plan", "--only", "silver", "--json").rows
    as_before.configure("")

    assert {row["table"].removeprefix("tracking.") for row in planned} == {
        "sprints", "player_sprints", "player_metrics",
    }  # fmt: skip
    assert silver == []


def test_another_threshold_makes_stale_what_depends_on_it_and_nothing_else(
    as_before: World,
) -> None:
    heads = as_before.heads(1)
    as_before.configure("[tracking]\nmin_sprint_kmh = 15.0\n")

    planned = {r["table"]: r["reason"] for r in as_before.well("plan", "--json").rows}
    as_before.well("run", "--partition", "match_id=1")
    changed = {t for t, commit in as_before.heads(1).items() if commit != heads[t]}
    as_before.configure("")
    as_before.well("run")

    assert planned["tracking.sprints"] == "rule changed"
    assert planned["tracking.player_metrics"] == "tracking.player_sprints is stale"
    assert changed == {"tracking.sprints", "tracking.player_sprints", "tracking.player_metrics"}


def test_only_the_partitions_asked_for_are_run(as_before: World) -> None:
    as_before.ingest(files(1, version=2), 1)
    as_before.ingest(files(2, day="2024-11-03", version=2), 2)
    first, second = as_before.heads(1), as_before.heads(2)

    ended = as_before.well("run", "--partition", "match_id=2", "--json")

    assert [row["partition"] for row in ended.rows] == ["match_id=2"]
    assert as_before.heads(1) == first
    assert as_before.heads(2) != second
    as_before.publish(files(2, day="2024-11-03"), 2)


def test_force_makes_fresh_tables_again_with_the_same_result(as_before: World) -> None:
    heads, contents, other = as_before.heads(1), as_before.contents(1), as_before.heads(2)

    as_before.well("run", "--force", "--partition", "match_id=1")

    assert all(commit != heads[table] for table, commit in as_before.heads(1).items())
    assert as_before.contents(1) == contents
    assert as_before.heads(2) == other


def test_one_refused_match_does_not_keep_the_others_from_being_published(empty: World) -> None:
    for match_id in (1, 2, 3):
        bad = {EVENTS: b""} if match_id == 2 else {}
        empty.ingest({**files(match_id, day=f"2024-11-0{match_id}"), **bad}, match_id)

    ended = empty.do("run", "--json")

    assert ended.code == 3
    assert {r["partition"]: r["status"] for r in ended.rows} == {
        "match_id=1": "published", "match_id=2": "refused", "match_id=3": "published",
    }  # fmt: skip
    assert empty.heads(2) == {}
    assert set(empty.heads(1)) == set(empty.heads(3)) == ALL


def test_the_worst_end_is_the_exit_code(empty: World) -> None:
    waiting = files(1)
    del waiting[EVENTS]
    empty.ingest(waiting, 1)
    empty.ingest({**files(2), EVENTS: b""}, 2)

    ended = empty.do("run", "--json")

    assert {r["status"] for r in ended.rows} == {"waiting", "refused"}
    assert ended.code == 3


# --- status, runs, show


def test_status_names_each_state(empty: World) -> None:
    empty.publish(files(1), 1)
    empty.ingest({**files(2), EVENTS: b""}, 2)
    empty.do("run")
    empty.ingest(files(3), 3)
    empty.ingest({MATCH: files(4)[MATCH]}, 4)

    rows = {row["partition"]: row for row in empty.well("status", "--json").rows}

    assert rows["match_id=1"]["state"] == "fresh"
    assert (rows["match_id=1"]["published"], rows["match_id=1"]["of"]) == (12, 12)
    assert rows["match_id=2"]["state"] == "refused"
    assert "the file is empty" in rows["match_id=2"]["message"]
    assert rows["match_id=3"]["state"] == "stale"
    assert rows["match_id=4"]["state"] == f"waiting for {TRACKING}, {EVENTS}, phases_of_play.csv"


def test_show_tells_inputs_tables_rules_and_failures(as_before: World) -> None:
    as_before.ingest({**files(1), EVENTS: b""})
    as_before.do("run")
    bad, *_ = as_before.well("runs", "--json").rows

    shown = as_before.well("show", bad["run"][:-2]).out
    told = as_before.well("show", bad["run"], "--json").rows

    assert (bad["status"], bad["partition"]) == ("refused", "match_id=1")
    assert "the file is empty" in shown
    assert told["failures"][0]["error"] == "ContractError"
    assert {i["name"] for i in told["inputs"]} == set(files(1))
    assert told == as_before.report()
