"""Work and drive on stores in memory: what a run makes, and what it writes down."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from small_pipeline import (
    LEADS,
    LEADS_STEP,
    MEAN,
    PIPELINE,
    SPEEDS,
    SPEEDS_STEP,
    SQUAD,
    TABLES,
    TOPS,
    TOPS_STEP,
    FastRule,
    World,
    match,
    mean_kmh,
    speeds,
    with_step,
)

import touchline
from touchline.adapters.iceberg import IcebergTables
from touchline.adapters.local import LocalObjects
from touchline.adapters.sqlite import SqliteLedger
from touchline.core.pipeline import Step, rejected_contract

REJECTED = rejected_contract(SPEEDS)
ONE, TWO = match(1), match(2)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One match has arrived."""
    found = World(tmp_path)
    found.arrive_match(1)
    return found


# --- what a run makes -------------------------------------------------------------------------------


def test_files_become_tables(world: World) -> None:
    done = world.run()[ONE]
    assert (done.error, done.run and done.run.status) == (None, "published")
    assert world.rows(SQUAD) == [{"match_id": 1, "player": p} for p in ("Ada", "Bo")]
    assert [(r["player"], r["kmh"]) for r in world.rows(SPEEDS)] == [
        ("Ada", 30.0),
        ("Bo", 20.0),
        ("Ada", 10.0),
    ]
    assert {r["player"]: r["top_kmh"] for r in world.rows(TOPS)} == {"Ada": 30.0, "Bo": 20.0}
    assert {r["player"]: r["lead_kmh"] for r in world.rows(LEADS)} == {"Ada": 10.0, "Bo": 0.0}
    assert world.rows(REJECTED) == []
    assert world.tables.snapshots("club.speeds_rejected") == ()


def test_a_second_run_does_nothing(world: World) -> None:
    world.run()
    before = [world.tables.snapshots(t) for t in TABLES], len(world.ledger.runs())
    assert world.run() == {}
    assert ([world.tables.snapshots(t) for t in TABLES], len(world.ledger.runs())) == before


def test_a_re_issue_replaces_its_match_and_touches_no_other(world: World) -> None:
    world.arrive_match(2, [("Bo", 35.0)])
    world.run()
    second = [p for p in world.ledger.history("club.tops") if p.partition == TWO]
    world.arrive(1, "speeds", "1,Bo,15")
    assert set(world.run()) == {ONE}
    assert [(r["match_id"], r["player"], r["top_kmh"]) for r in world.rows(TOPS)] == [
        (1, "Bo", 15.0),
        (2, "Bo", 35.0),
    ]
    assert [p for p in world.ledger.history("club.tops") if p.partition == TWO] == second


def test_only_what_is_stale_is_made_from_what_the_store_holds(world: World) -> None:
    world.run()
    world.pipeline = with_step(replace(TOPS_STEP, rule=FastRule(25.0)))
    report = world.report(world.run()[ONE])
    assert [s["table"] for s in report["steps"]] == ["club.tops", "club.leads"]
    assert [(r["player"], r["lead_kmh"]) for r in world.rows(LEADS)] == [("Ada", 10.0)]


def test_a_layer_is_run_alone(world: World) -> None:
    world.run(only="silver")
    assert (len(world.rows(SPEEDS)), world.rows(TOPS)) == (3, [])
    world.run(only="gold")
    assert len(world.rows(LEADS)) == 2


def test_bronze_alone_is_decoded_and_reported_and_publishes_nothing(world: World) -> None:
    report = world.report(world.run(only="bronze")[ONE])
    assert [(s["table"], s["rows"], s["notes"]) for s in report["steps"]] == [
        ("club.bronze_squad", 2, ["2 lines"]),
        ("club.bronze_speeds", 3, ["3 lines"]),
    ]
    assert world.everything() == [[], [], [], []]
    assert set(world.planned()) == {ONE}


def test_forced_tables_are_made_again(world: World) -> None:
    world.run()
    before = world.everything()
    world.run(force=True)
    assert world.everything() == before
    assert len(world.ledger.history("club.tops", ONE)) == 2


def test_a_shared_value_is_made_once_for_all_its_readers(world: World) -> None:
    calls = []

    def counted(speeds: pl.DataFrame) -> float:
        calls.append(speeds.height)
        return mean_kmh(speeds)

    again = replace(LEADS, table="club.leads_again")
    steps = (*PIPELINE.steps, replace(LEADS_STEP, makes=again))
    world.pipeline = replace(PIPELINE, steps=steps, shared=(replace(MEAN, call=counted),))
    world.run()
    assert calls == [3]
    assert world.rows(again) == world.rows(LEADS)


def test_more_partitions_than_one_batch_are_all_published_in_few_commits(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number in range(100, 140):
        world.arrive_match(number, [("Ada", number / 10)])
    ended = world.run()
    assert {d.run and d.run.status for d in ended.values()} == {"published"}
    assert [r["top_kmh"] for r in world.rows(TOPS)] == [n / 10 for n in range(100, 140)]
    assert len(world.tables.snapshots("club.tops")) == 3
    assert world.run() == {}


def test_a_table_may_come_out_empty(world: World) -> None:
    world.pipeline = with_step(replace(TOPS_STEP, rule=FastRule(200.0)))
    assert world.run()[ONE].error is None
    assert (world.rows(TOPS), world.rows(LEADS)) == ([], [])
    assert world.run() == {}


# --- what is written down ---------------------------------------------------------------------------


def test_a_report_says_what_went_in_what_came_out_and_what_the_gate_saw(world: World) -> None:
    done = world.run()[ONE]
    report = world.report(done)
    assert done.run is not None
    assert report == json.loads(msgspec.json.encode(done.run.report))
    assert (report["run_id"], report["status"], report["failures"]) == (
        done.run.run_id,
        "published",
        [],
    )
    assert [(i["name"], i["source"], i["size_bytes"]) for i in report["inputs"]] == [
        ("squad", "1_squad.txt", 10),
        ("speeds", "1_speeds.txt", 31),
    ]
    squads, readings, tops, _ = report["steps"]
    assert (squads["rows_in"], squads["rows"], squads["notes"]) == (
        2,
        2,
        ["club.bronze_squad: 2 lines"],
    )
    assert (readings["rows_in"], readings["rows"], readings["rejected"]) == (5, 3, {})
    assert [(r["rule"], r["passed"]) for r in tops["rules"]] == [("range top_kmh", True)]
    assert [r.run_id for r in world.ledger.runs()] == [done.run.run_id]


def test_a_snapshot_names_its_runs_their_inputs_and_the_code(world: World) -> None:
    done = world.run()[ONE]
    assert done.run is not None
    (snapshot,) = world.tables.snapshots("club.tops")
    assert snapshot.properties["touchline.run-id"] == done.run.run_id
    assert snapshot.properties["touchline.code-version"] == touchline.__version__
    assert (
        snapshot.properties["touchline.inputs-digest"] == world.current("club.tops")["derivation"]
    )
    assert world.current("club.tops")["snapshot_id"] == snapshot.id


def test_a_snapshot_of_several_matches_names_only_those_it_holds(world: World) -> None:
    world.arrive_match(2)
    world.arrive(3, "squad", "3,Ada")
    world.arrive(3, "speeds", "3,Bo,20")
    ended = world.run()
    assert ended[match(3)].error is not None
    (snapshot,) = world.tables.snapshots("club.tops")
    published = [world.current("club.tops", number) for number in (1, 2)]
    for name, field in (("run-id", "run_id"), ("inputs-digest", "derivation")):
        said = snapshot.properties[f"touchline.{name}"].split(",")
        assert said == [p[field] for p in published]


def test_a_publish_remembers_what_it_was_made_from(world: World) -> None:
    world.run()
    receipts = world.ledger.arrivals("club")[ONE]
    published = world.current("club.speeds")
    made_from = published["made_from"]
    assert made_from["club.bronze_speeds"] == receipts["speeds"].sha256
    assert made_from["club.squad"] == world.current("club.squad")["content"]
    assert {n for n in made_from if n.startswith("step ")} == {
        "step version",
        "step sql",
        "step rule",
        "step contract",
        "step gate",
    }
    assert (published["rows"], published["kind"]) == (3, "run")
    assert published["derivation"] == published["content"]


def test_the_order_of_a_steps_rows_does_not_change_what_lies_downstream(world: World) -> None:
    world.run()
    before = world.everything()

    def backwards(bronze_speeds: pl.DataFrame, squad: pl.DataFrame) -> pl.DataFrame:
        return speeds(bronze_speeds, squad).reverse()

    world.pipeline = with_step(Step(SPEEDS, SPEEDS_STEP.reads, backwards, version=2))
    world.run()
    assert world.everything() == before
    assert not any(math.isnan(r["lead_kmh"]) for r in world.rows(LEADS))


def on_disk(folder: Path) -> World:
    settings = {
        "type": "sql",
        "uri": f"sqlite:///{folder}/catalog.db",
        "warehouse": f"file://{folder}/warehouse",
    }
    return World(
        folder,
        objects=LocalObjects(folder / "objects"),
        tables=IcebergTables(settings),
        ledger=SqliteLedger(folder / "ledger.db"),
    )


def story(world: World) -> dict[str, Any]:
    """What the ledger and the tables say after arrivals, runs, a refusal and a re-issue."""
    for number in (1, 2, 3):
        world.arrive_match(number, [("Ada", 10.0 * number), ("Bo", 5.0)])
    ends = [world.run()]
    world.arrive(1, "speeds", "1,Bo,15")
    world.arrive(2, "speeds", "2,Ada,20\n2,Di,20")
    world.arrive(3, "squad", "")
    ends += [world.run(), world.run(force=True, parts=[ONE])]
    contracts = world.pipeline.contracts
    current = world.ledger.current([c.table for c in contracts])
    pieces = {c: [p for v in current[c.table].values() for p in v.pieces] for c in contracts}
    rows = {c.table: world.tables.read(c, pieces[c]).to_pylist() for c in contracts}
    return {
        "ends": [{p: (str(d.error), d.run and d.run.status) for p, d in e.items()} for e in ends],
        "heads": world.ledger.heads(TABLES, [TWO, match(3)]),
        "rows": {
            t: sorted([{**r, "run_id": ""} for r in found], key=str) for t, found in rows.items()
        },
        "runs": [(r.pipeline, r.partition, r.status) for r in world.ledger.runs()],
        "planned": world.planned(),
    }


def test_a_story_told_on_disk_ends_as_it_does_in_memory(tmp_path: Path) -> None:
    places = [tmp_path / "memory", tmp_path / "disk"]
    for place in places:
        place.mkdir()
    memory, disk = World(places[0]), on_disk(places[1])
    told = story(disk)
    disk.ledger.close()
    expected = story(memory)
    assert told == expected
    assert [len(ends) for ends in told["ends"]] == [3, 3, 1]
    assert [r["reason"] for r in told["rows"]["club.speeds_rejected"]] == ["not in the squad"]
