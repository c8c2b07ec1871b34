"""What is stale, and why: every way in which a partition stops being what it would be if made now."""

from dataclasses import replace
from pathlib import Path

import pytest
from small_pipeline import (
    LEADS_STEP,
    MEAN,
    PIPELINE,
    SPEEDS,
    SPEEDS_STEP,
    SQUAD_STEP,
    TABLES,
    TOPS,
    TOPS_SQL,
    TOPS_STEP,
    FastRule,
    World,
    match,
    with_step,
)

from touchline.core import planner
from touchline.core.contracts import Column
from touchline.core.pipeline import Pipeline, Sql
from touchline.core.ports import Publish
from touchline.core.quality import Within

NEVER = dict.fromkeys(TABLES, "never made")


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two matches have arrived."""
    found = World(tmp_path)
    found.arrive_match(1)
    found.arrive_match(2)
    return found


@pytest.fixture
def made(world: World) -> World:
    """Two matches have arrived, and all of their tables are made."""
    assert {d.error for d in world.run().values()} == {None}
    return world


def told(world: World, pipeline: Pipeline) -> dict[str, str]:
    """What is stale of match 1 under this pipeline."""
    world.pipeline = pipeline
    return world.planned().get(match(1), {})


def test_what_was_never_made_is_stale_in_the_order_of_steps(world: World) -> None:
    assert world.planned() == {match(1): NEVER, match(2): NEVER}
    plans = planner.plan(PIPELINE, world.ledger)
    assert [tuple(s.table for s in p.steps) for p in plans] == [TABLES, TABLES]


def test_without_arrivals_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert World(tmp_path).planned() == {}


def test_what_was_made_is_fresh(made: World) -> None:
    assert made.planned() == {}


def test_a_plan_may_be_narrowed_to_partitions(world: World) -> None:
    assert world.planned(parts=[match(2)]) == {match(2): NEVER}
    world.run(parts=[match(2)])
    assert world.planned() == {match(1): NEVER}


# --- files --------------------------------------------------------------------------------------


def test_a_re_issued_file_makes_its_readers_stale_and_all_that_lies_downstream(
    made: World,
) -> None:
    made.arrive(1, "speeds", "1,Ada,33.0")
    assert made.planned() == {
        match(1): {
            "club.speeds": "re-issued: 1_speeds.txt",
            "club.tops": "club.speeds is stale",
            "club.leads": "club.tops is stale; club.speeds is stale",
        }
    }


def test_the_same_bytes_again_change_nothing(made: World) -> None:
    made.arrive_match(1)
    assert made.planned() == {}


def test_a_re_issue_that_is_taken_back_leaves_nothing_to_do(made: World) -> None:
    made.arrive(1, "squad", "1,Ada")
    assert set(made.planned()) == {match(1)}
    made.arrive(1, "squad", "1,Ada\n1,Bo")
    assert made.planned() == {}


def test_going_back_to_older_bytes_after_a_run_is_stale_again(made: World) -> None:
    made.arrive(1, "squad", "1,Ada\n1,Bo\n1,Cy")
    made.run()
    made.arrive(1, "squad", "1,Ada\n1,Bo")
    assert made.planned()[match(1)]["club.squad"] == "re-issued: 1_squad.txt"


def test_a_missing_file_is_named_and_nothing_is_planned(made: World) -> None:
    made.arrive(3, "squad", "3,Cy")
    (plan,) = planner.plan(PIPELINE, made.ledger)
    assert (plan.partition, plan.steps, plan.missing) == (match(3), (), ("speeds",))


def test_a_partition_of_which_nothing_arrived_lacks_everything(world: World) -> None:
    (plan,) = planner.plan(PIPELINE, world.ledger, parts=[match(9)])
    assert (plan.steps, plan.missing) == ((), ("squad", "speeds"))


# --- steps --------------------------------------------------------------------------------------


def test_a_changed_rule_makes_its_step_stale_and_what_reads_it(made: World) -> None:
    assert told(made, with_step(replace(TOPS_STEP, rule=FastRule(25.0)))) == {
        "club.tops": "rule changed",
        "club.leads": "club.tops is stale",
    }


def test_changed_sql_makes_its_step_stale(made: World) -> None:
    changed = replace(TOPS_STEP, call=Sql("tops.sql", TOPS_SQL.replace("max", "min")))
    assert told(made, with_step(changed))["club.tops"] == "sql changed"


def test_a_raised_version_makes_its_step_stale(made: World) -> None:
    assert told(made, with_step(replace(SQUAD_STEP, version=2)))["club.squad"] == "version changed"


def test_a_changed_contract_makes_its_step_stale(made: World) -> None:
    wider = replace(TOPS, columns=(*TOPS.columns, Column("shirt", "int", "Number")))
    assert told(made, with_step(replace(TOPS_STEP, makes=wider)))["club.tops"] == "contract changed"


def test_a_changed_gate_makes_its_step_stale(made: World) -> None:
    stricter = replace(TOPS, rules=(Within("top_kmh", 0, 38),))
    assert told(made, with_step(replace(TOPS_STEP, makes=stricter)))["club.tops"] == "gate changed"


def test_a_better_definition_makes_nothing_stale(made: World) -> None:
    described = replace(SPEEDS.columns[3], definition="Speed, said better", unit="km per h")
    renamed = replace(SPEEDS, columns=(*SPEEDS.columns[:3], described))
    assert told(made, with_step(replace(SPEEDS_STEP, makes=renamed))) == {}


def test_several_changes_are_all_told(made: World) -> None:
    changed = replace(TOPS_STEP, rule=FastRule(25.0), version=2)
    assert told(made, with_step(changed))["club.tops"] == "version changed; rule changed"


def test_a_changed_shared_value_makes_its_readers_stale(made: World) -> None:
    pipeline = replace(PIPELINE, shared=(replace(MEAN, version=2),))
    assert told(made, pipeline) == {"club.leads": "club.mean_kmh changed"}


def test_a_step_that_reads_less_than_before_is_stale(made: World) -> None:
    fewer = replace(LEADS_STEP, reads=("club.tops",))
    assert told(made, with_step(fewer)) == {"club.leads": "club.mean_kmh is no longer read"}


# --- other publishes ----------------------------------------------------------------------------


def published(world: World, changed: Publish) -> None:
    with (
        world.ledger.claim("club", [changed.partition]) as claims,
        world.ledger.publishing(claims, [changed]) as done,
    ):
        done(changed.table, "snapshot")


def test_a_table_that_was_made_again_upstream_makes_its_readers_stale(made: World) -> None:
    made.arrive(1, "speeds", "1,Ada,33.0")
    made.run(only="silver")
    assert made.planned() == {
        match(1): {
            "club.tops": "club.speeds was published again",
            "club.leads": "club.tops is stale; club.mean_kmh changed",
        }
    }


def test_after_a_rollback_the_table_is_fresh_and_what_lies_downstream_is_stale(
    made: World,
) -> None:
    made.arrive(1, "speeds", "1,Ada,33.0")
    made.run()
    now, before = made.ledger.history("club.speeds", match(1))
    again = replace(
        before,
        commit_id="rollback",
        derivation=now.derivation,
        made_from=now.made_from,
        kind="rollback",
    )
    published(made, again)
    assert made.planned() == {
        match(1): {
            "club.tops": "club.speeds was published again",
            "club.leads": "club.tops is stale; club.mean_kmh changed",
        }
    }
    made.run()
    assert made.planned() == {}
    assert made.current("club.speeds")["kind"] == "rollback"


def test_a_table_written_anew_with_the_same_content_makes_nothing_stale(made: World) -> None:
    now = made.ledger.current(["club.speeds"])["club.speeds"][match(1)]
    published(made, replace(now, commit_id="compact", kind="compact"))
    assert made.planned() == {}


# --- parts of the pipeline ----------------------------------------------------------------------


def test_only_one_layer_is_planned_and_others_count_as_they_are(made: World) -> None:
    made.arrive(1, "speeds", "1,Ada,33.0")
    assert made.planned(only="silver") == {match(1): {"club.speeds": "re-issued: 1_speeds.txt"}}
    assert made.planned(only="gold") == {}
    assert made.planned(only="bronze") == {}


def test_a_layer_whose_inputs_were_never_made_lacks_them(world: World) -> None:
    (plan,) = planner.plan(PIPELINE, world.ledger, parts=[match(1)], only="gold")
    assert (plan.steps, plan.missing) == ((), ("club.speeds", "club.squad"))


def test_force_plans_what_is_fresh_and_says_so(made: World) -> None:
    assert made.planned(force=True, parts=[match(2)]) == {match(2): dict.fromkeys(TABLES, "forced")}
    gold = dict.fromkeys(TABLES[2:], "forced")
    assert made.planned(force=True, only="gold") == {match(1): gold, match(2): gold}


def test_what_was_forced_is_fresh_and_counts_as_another_content(made: World) -> None:
    heads = made.ledger.heads(TABLES)
    made.run(force=True)
    assert made.planned() == {}
    for table in TABLES:
        before, after = heads[table], made.ledger.heads([table])[table]
        assert all(after[part][1] != before[part][1] for part in before)


def test_what_lies_downstream_of_a_forced_table_is_stale(made: World) -> None:
    made.run(force=True, only="silver")
    again = "club.speeds was published again; club.squad was published again"
    assert {part: tables["club.tops"] for part, tables in made.planned().items()} == {
        match(1): again,
        match(2): again,
    }
