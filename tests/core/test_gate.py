"""What keeps a row, or a whole partition, from being published, and where it goes instead."""

from dataclasses import replace
from pathlib import Path

import pytest
from small_pipeline import (
    LEADS,
    LEADS_STEP,
    PIPELINE,
    SPEEDS,
    SQUAD,
    SQUAD_STEP,
    TABLES,
    TOPS,
    TOPS_STEP,
    World,
    error,
    match,
)

from touchline.core.maintenance import Kept, maintain
from touchline.core.pipeline import rejected_contract
from touchline.core.quality import Rows
from touchline.errors import (
    ContractError,
    MissingInputError,
    QualityError,
    StorageError,
)

REJECTED = rejected_contract(SPEEDS)
ONE, TWO = match(1), match(2)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One match has arrived."""
    found = World(tmp_path)
    found.arrive_match(1)
    return found


# --- rejected rows ----------------------------------------------------------------------------------


def hundred(*odd: str) -> str:
    """A hundred readings of a match, the last ones replaced by these lines."""
    good = [f"1,Ada,{n / 10}" for n in range(100 - len(odd))]
    return "\n".join([*good, *odd])


def test_one_rejected_row_in_a_hundred_is_put_aside_with_its_place_and_reason(
    world: World,
) -> None:
    world.arrive(1, "speeds", hundred("1,Cy,20"))
    done = world.run()[ONE]
    assert done.error is None
    assert len(world.rows(SPEEDS)) == 99
    receipt = world.ledger.arrivals("club")[ONE]["speeds"]
    (row,) = world.rows(REJECTED)
    assert done.run is not None
    assert {name: row[name] for name in row if name != "row"} == {
        "match_id": 1,
        "reason": "not in the squad",
        "source": "speeds",
        "sha256": receipt.sha256,
        "line": 100,
        "run_id": done.run.run_id,
    }
    assert '"player":"Cy"' in row["row"].replace(" ", "")
    assert world.current("club.speeds")["rejected"] == 1


def test_a_malformed_line_is_kept_as_it_arrived(world: World) -> None:
    world.arrive(1, "speeds", hundred("1;Ada;20"))
    assert world.run()[ONE].error is None
    (row,) = world.rows(REJECTED)
    assert (row["reason"], row["line"], row["row"]) == ("malformed line", 100, "1;Ada;20")


@pytest.mark.parametrize("odd", ["1,Cy,20", "1;Ada;20"])
def test_more_rejected_rows_than_one_in_a_hundred_refuse_the_match(world: World, odd: str) -> None:
    world.run()
    before = world.everything()
    world.arrive(1, "speeds", hundred(odd, odd))
    refused = error(world.run()[ONE])
    assert isinstance(refused, QualityError)
    assert "2 of 100" in str(refused)
    assert "expected at most 1 %" in str(refused)
    assert world.everything() == before
    where = "--table club.speeds --partition match_id=1 --run "
    assert f"touchline quarantine list {where}" in refused.hint
    assert "touchline withdraw" in refused.hint
    assert sorted(r["line"] for r in world.rows(REJECTED)) == [99, 100]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("speeds", hundred("1,Cy,20", "1,Cy,20")),
        ("speeds", ""),
        ("squad", "2,Ada"),
        ("speeds", "1,Ada,41"),
    ],
    ids=["rejected", "unreadable", "of another match", "out of range"],
)
def test_where_no_file_can_be_withdrawn_another_way_out_is_told(
    world: World, name: str, text: str
) -> None:
    world.pipeline = replace(PIPELINE, put_right="cancel the event")
    world.arrive(1, name, text)
    refused = error(world.run()[ONE])
    assert refused.exit_code == 3
    assert "cancel the event" in refused.hint
    assert "withdraw" not in refused.hint


def test_how_many_may_be_rejected_is_the_pipelines_to_say(world: World) -> None:
    world.pipeline = replace(PIPELINE, max_rejected=0.29)
    world.arrive(1, "speeds", hundred(*["1,Cy,1"] * 29))
    assert world.run()[ONE].error is None
    world.arrive(1, "speeds", hundred(*["1,Cy,1"] * 30))
    assert isinstance(error(world.run()[ONE]), QualityError)


def test_rejected_rows_of_what_stays_published_stay_beside_those_of_a_refused_run(
    world: World,
) -> None:
    world.arrive(1, "speeds", hundred("1,Cy,20"))
    published = world.run()[ONE].run
    for kmh in (21, 22):
        world.arrive(1, "speeds", hundred(f"1,Di,{kmh}", "1;Ada;20"))
        refused = world.run()[ONE]
        assert isinstance(error(refused), QualityError)

    assert published is not None
    assert refused.run is not None
    told = sorted((r["run_id"], r["line"]) for r in world.rows(REJECTED))
    assert told == [
        (published.run_id, 100),
        (refused.run.run_id, 99),
        (refused.run.run_id, 100),
    ]
    maintain(PIPELINE, world.platform(), kept=Kept())
    assert len(world.rows(REJECTED)) == 3

    world.arrive(1, "speeds", hundred())
    assert world.run()[ONE].error is None
    assert world.rows(REJECTED) == []


def test_rejected_rows_of_a_match_go_once_they_come_no_more(world: World) -> None:
    world.arrive(1, "speeds", hundred("1,Cy,20"))
    world.run()
    world.arrive(1, "speeds", hundred())
    assert world.run()[ONE].error is None
    assert world.rows(REJECTED) == []


# --- what refuses a partition -----------------------------------------------------------------------


def test_a_gate_that_fails_leaves_every_table_as_it_was(world: World) -> None:
    world.run()
    before = world.everything(), world.ledger.heads(TABLES)
    world.arrive(1, "squad", "1,Ada\n1,Bo\n1,Cy")
    world.arrive(1, "speeds", hundred("1,Ada,41", "1,Di,20"))
    done = world.run()[ONE]
    refused = error(done)
    assert (type(refused), refused.exit_code) == (QualityError, 3)
    assert "club.tops match_id=1: range top_kmh: 1 of 1 outside [0, 40]" in str(refused)
    assert (world.everything(), world.ledger.heads(TABLES)) == before
    assert [r["reason"] for r in world.rows(REJECTED)] == ["not in the squad"]
    report = world.report(done)
    assert (report["status"], report["failures"][0]["error"]) == ("refused", "QualityError")
    assert [s["table"] for s in report["steps"]] == ["club.squad", "club.speeds", "club.tops"]
    assert report["steps"][-1]["rules"][0]["passed"] is False


def test_of_several_steps_that_fail_the_first_in_order_is_told(world: World) -> None:
    later = replace(TOPS, table="club.tops_again", rules=(Rows(at_least=9),))
    world.pipeline = replace(
        PIPELINE, steps=(*PIPELINE.steps[:3], replace(TOPS_STEP, makes=later), LEADS_STEP)
    )
    world.arrive(1, "speeds", "1,Ada,41")
    done = world.run()[ONE]
    assert str(error(done)).startswith("club.tops match_id=1: range top_kmh")
    assert world.rows(later) == []


def test_one_report_tells_all_that_is_wrong_with_a_match(world: World) -> None:
    later = replace(TOPS, table="club.tops_again", rules=(Rows(at_least=9),))
    behind = replace(LEADS, table="club.leads_again")
    again = replace(LEADS_STEP, makes=behind, reads=("club.tops", "club.mean_kmh"))
    steps = (*PIPELINE.steps, replace(TOPS_STEP, makes=later), again)
    world.pipeline = replace(PIPELINE, steps=steps)
    world.arrive(1, "speeds", "1,Ada,41")
    for _ in range(20):  # whichever of the steps, which run side by side, ends first
        done = world.run()[ONE]
        report = world.report(done)
        assert [f["message"].partition(":")[0] for f in report["failures"]] == [
            "club.tops match_id=1",
            "club.tops_again match_id=1",
        ]
        assert [s["table"] for s in report["steps"]] == [*TABLES[:3], "club.tops_again"]
        assert done.run is not None
        assert done.run.message == f"{error(done)} (and 1 more)"


def test_a_file_that_several_steps_read_is_refused_once(world: World) -> None:
    world.pipeline = replace(
        PIPELINE,
        steps=(*PIPELINE.steps, replace(SQUAD_STEP, makes=replace(SQUAD, table="club.bench"))),
    )
    world.arrive(1, "squad", "")
    done = world.run()[ONE]
    assert [f["message"] for f in world.report(done)["failures"]] == [str(error(done))]


def test_one_partition_that_fails_does_not_touch_another(world: World) -> None:
    world.arrive_match(2, [("Ada", 41.0)])
    world.arrive_match(3, [("Bo", 35.0)])
    ended = world.run()
    assert {part: d.run and d.run.status for part, d in ended.items()} == {
        ONE: "published",
        TWO: "refused",
        match(3): "published",
    }
    assert {r["match_id"] for r in world.rows(SPEEDS)} == {1, 3}
    assert set(world.planned()) == {TWO}
    world.arrive(2, "speeds", "2,Ada,39")
    assert world.run()[TWO].error is None


def test_a_missing_file_is_waited_for(world: World) -> None:
    world.arrive(2, "squad", "2,Ada")
    ended = world.run()
    lacking = error(ended[TWO])
    assert isinstance(lacking, MissingInputError)
    assert (str(lacking), lacking.facts) == (
        "club match_id=2: missing speeds",
        {"missing": ["speeds"]},
    )
    assert world.report(ended[TWO])["status"] == "waiting"
    assert ended[ONE].error is None
    world.arrive(2, "speeds", "2,Ada,20")
    assert world.run()[TWO].error is None


def test_rows_of_another_match_are_refused(world: World) -> None:
    world.arrive(1, "squad", "2,Ada\n2,Bo")
    refused = error(world.run()[ONE])
    assert isinstance(refused, ContractError)
    assert str(refused) == "club.squad: rows of match_id 2, expected 1 in squad"
    assert world.everything() == [[], [], [], []]


def test_a_file_that_cannot_be_decoded_is_named_with_where_it_came_from(world: World) -> None:
    world.arrive(1, "speeds", "")
    refused = error(world.run()[ONE])
    assert str(refused) == "match_id=1/speeds (from 1_speeds.txt): no lines"
    assert refused.hint == (
        "ask for the file again; if it should not count:"
        " touchline withdraw club match_id=1 speeds --because WHY"
    )


@pytest.mark.parametrize("bytes_", [b"1,Ada,9\n1,Bo,9\n1,Ada,9", b"not a table"])
def test_bronze_that_was_written_over_is_not_taken_for_what_came(
    world: World, bytes_: bytes
) -> None:
    came = world.ledger.arrivals("club")[ONE]["speeds"]
    world.objects.replace(came.path, bytes_)
    refused = error(world.run()[ONE])
    assert isinstance(refused, StorageError)
    assert "match_id=1/speeds: bronze holds other bytes than came" in str(refused)
    assert came.source in refused.hint
    assert world.rows(TOPS) == []
    world.arrive_match(1)
    assert world.run()[ONE].error is None


def test_a_full_disk_while_staging_leaves_everything_as_it_was(world: World) -> None:
    world.run()
    before = world.everything()
    world.arrive(1, "speeds", "1,Bo,15")
    world.tables.room_bytes = 0
    failed = world.run()[ONE]
    assert (type(failed.error), error(failed).exit_code) == (StorageError, 7)
    assert (failed.run and failed.run.status) == "failed"
    assert world.everything() == before
    world.tables.room_bytes = None
    assert world.run()[ONE].error is None
