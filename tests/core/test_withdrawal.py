"""Withdrawal: what counts no more, what becomes of its tables, and how it comes back."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from small_pipeline import LEADS, SPEEDS, SQUAD, TOPS, World, error, match

from touchline.core import checks, diff, planner, withdrawal
from touchline.core.alerts import of_withdrawn
from touchline.core.alerts.incidents import observe
from touchline.core.health import states
from touchline.core.landing import MANIFESTS
from touchline.core.packing import PackRule, pack
from touchline.core.pipeline import rejected_contract
from touchline.core.quarantine import mending, rejected
from touchline.core.quarantine.mends import PREFIX
from touchline.core.retention import BRONZE, Days, past
from touchline.core.rollback import rollback
from touchline.core.sweep import swept
from touchline.core.withdrawal import Told, files_of, withdraw, withdrawn
from touchline.errors import ConfigError, ConflictError, MissingInputError

ONE, TWO = match(1), match(2)
TABLES = tuple(c.table for c in (SQUAD, SPEEDS, TOPS, LEADS))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two matches have arrived and were made."""
    found = World(tmp_path)
    for number in (1, 2):
        found.arrive_match(number)
    found.run()
    return found


def out(world: World, *names: str, because: str = "a test", number: int = 1) -> Told:
    return withdraw(
        world.pipeline, match(number), names, platform=world.platform(), because=because
    )


def back(world: World, *names: str) -> Told:
    return out(world, *names, because="")


def of_matches(world: World) -> list[set[int]]:
    """Of which matches each of the four tables has rows."""
    return [{row["match_id"] for row in rows} for rows in world.everything()]


def reasons(world: World) -> dict[str, str]:
    """Why each file of match 1 does not count."""
    return {n: r.withdrawn for n, r in files_of(world.pipeline, ONE, world.ledger).items()}


# --- one file of several ------------------------------------------------------------------------


def test_a_withdrawn_file_counts_no_more_and_is_kept(world: World) -> None:
    told = out(world, "speeds")
    assert ([r.name for r in told.written], told.counting, told.emptied) == (["speeds"], 1, ())
    assert set(world.ledger.contents("club")[ONE]) == {"squad"}
    assert reasons(world) == {"squad": "", "speeds": "a test"}
    assert of_matches(world) == [{1, 2}] * 4
    assert error(world.run()[ONE]).facts["missing"] == ["speeds"]


def test_a_withdrawal_has_a_manifest_with_its_reason(world: World) -> None:
    before = set(world.objects.list(f"{MANIFESTS}/club/{ONE}"))
    out(world, "speeds")
    (new,) = set(world.objects.list(f"{MANIFESTS}/club/{ONE}")) - before
    assert [(r["name"], r["withdrawn"]) for r in json.loads(world.objects.read(new))] == [
        ("speeds", "a test")
    ]


def test_withdrawn_twice_changes_nothing(world: World) -> None:
    out(world, "speeds")
    before = dict(world.ledger.withdrawn("club"))
    assert out(world, "speeds", because="another reason").written == ()
    assert dict(world.ledger.withdrawn("club")) == before
    assert back(world, "squad").written == ()


def test_the_same_file_again_stays_withdrawn_and_another_counts(world: World) -> None:
    out(world, "speeds")
    world.arrive_match(1)
    assert reasons(world) == {"squad": "", "speeds": "a test"}
    world.arrive(1, "speeds", "1,Ada,31.0")
    assert reasons(world) == {"squad": "", "speeds": ""}
    assert set(world.planned()[ONE]) >= {"club.speeds", "club.tops"}


def test_what_was_put_back_is_fresh_as_if_nothing_had_been(world: World) -> None:
    out(world, "speeds")
    assert [r.name for r in back(world, "speeds").written] == ["speeds"]
    assert reasons(world) == {"squad": "", "speeds": ""}
    assert world.planned() == {}


def test_a_pattern_withdraws_all_that_match_it(world: World) -> None:
    assert [r.name for r in out(world, "s*").written] == ["speeds", "squad"]


# --- all of them --------------------------------------------------------------------------------


def test_with_its_last_file_the_rows_of_a_partition_go_and_their_history_stays(
    world: World,
) -> None:
    world.arrive(1, "speeds", "\n".join([*["1,Ada,30.0"] * 200, "1,Cy,20.0"]))
    world.run()
    told = out(world, "squad", "speeds")
    assert (told.counting, set(told.emptied)) == (0, set(TABLES))
    assert of_matches(world) == [{2}] * 4
    assert all(world.current(table)["rows"] == 0 for table in TABLES)
    assert [p.rows > 0 for p in world.ledger.history("club.tops", ONE)] == [False, True, True]
    aside = rejected_contract(SPEEDS).table
    assert [p.rows for p in world.ledger.history(aside, ONE)] == [0, 1]
    assert set(world.ledger.sizes()) >= set(TABLES)
    assert world.ledger.sizes()["club.tops"].partitions == 1
    (run,) = world.ledger.runs(part=ONE, limit=1)
    assert run.status == "withdrawn"
    assert "a test" in run.message


def test_nothing_is_planned_or_found_amiss_of_what_was_withdrawn_whole(world: World) -> None:
    out(world, "*")
    assert planner.plan(world.pipeline, world.ledger) == []
    assert planner.plan(world.pipeline, world.ledger, parts=[ONE], force=True) == []
    assert world.run() == {}
    assert list(checks.of_runs(world.pipeline, world.ledger)) == []
    assert withdrawn(world.pipeline, world.ledger) == {ONE}
    standing = {s.partition: (s.state, s.published) for s in states(world.pipeline, world.ledger)}
    assert standing == {ONE: ("withdrawn", 0), TWO: ("fresh", 4)}
    with pytest.raises(MissingInputError, match="withdrawn"):
        diff.tried(world.pipeline, TOPS, ONE, platform=world.platform())


def test_what_was_put_back_is_made_again(world: World) -> None:
    before = world.everything()
    out(world, "*")
    back(world, "*")
    assert set(world.planned()[ONE]) == set(TABLES)
    world.run()
    assert world.everything() == before


def test_one_layer_made_after_an_undo_is_not_made_of_the_emptied_tables(world: World) -> None:
    before = world.everything()
    out(world, "*")
    back(world, "*")
    world.run(only="gold")
    world.run()
    assert world.everything() == before


def test_other_files_under_the_names_are_made(world: World) -> None:
    out(world, "*")
    world.arrive_match(1, readings=(("Ada", 33.0),), players=("Ada",))
    world.run()
    assert [row["top_kmh"] for row in world.rows(TOPS) if row["match_id"] == 1] == [33.0]


def test_what_never_was_published_is_over_without_an_empty_version(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.arrive(1, "squad", "1,Ada")
    done = world.run()[ONE]
    findings = list(checks.of_runs(world.pipeline, world.ledger))
    assert error(done).exit_code == 4
    assert [f.where for f in findings] == [ONE]
    assert out(world, "squad").emptied == ()
    assert list(checks.of_runs(world.pipeline, world.ledger)) == []
    assert dict(world.ledger.current(list(TABLES))["club.squad"]) == {}
    assert [s.state for s in states(world.pipeline, world.ledger)] == ["withdrawn"]


def test_its_incidents_end(world: World) -> None:
    finding = checks.Finding("club", ONE, "run", "refused: no rows", 3)
    other = checks.Finding("club", TWO, "run", "refused: no rows", 3)
    seen = of_withdrawn(world.pipeline, ONE)
    looked = type(seen)((finding, other), lambda _: "")
    observe(looked, ledger=world.ledger, targets=[], now=world.clock())
    observe(seen, ledger=world.ledger, targets=[], now=world.clock())
    assert [i.where for i in world.ledger.notes.incidents()] == [TWO]


def test_a_rollback_brings_rows_back_until_something_counts(world: World) -> None:
    out(world, "*")
    rollback(world.pipeline, TOPS, ONE, platform=world.platform())
    assert of_matches(world)[2] == {1, 2}
    assert world.run() == {}
    back(world, "*")
    assert set(out(world, "*").emptied) == {"club.tops"}
    assert of_matches(world)[2] == {2}


# --- bronze -------------------------------------------------------------------------------------


def test_withdrawn_bytes_are_swept_and_packed_no_other_than_those_that_count(world: World) -> None:
    out(world, "*")
    world.clock.forward(timedelta(days=2).total_seconds())
    pack(world.pipeline, world.platform(), rule=PackRule(more_than=0))
    swept(world.objects, world.ledger, now=world.clock.now)
    for receipt in files_of(world.pipeline, ONE, world.ledger).values():
        assert len(world.objects.read(receipt.path)) == receipt.size


def test_withdrawn_files_are_kept_for_no_more_days_than_others(world: World) -> None:
    out(world, "*")
    world.clock.forward(timedelta(days=9).total_seconds())
    found = past(
        world.pipeline,
        Days(bronze=5),
        ledger=world.ledger,
        objects=world.objects,
        now=world.clock.now,
    )
    assert [(each.what, each.partition, each.count) for each in found] == [
        (BRONZE, ONE, 2),
        (BRONZE, TWO, 2),
    ]


def test_what_was_said_of_lines_goes_and_comes_with_their_file(world: World) -> None:
    world.arrive(1, "speeds", "1,Ada,30.0\n1,Cy,20.0")
    world.run()
    rows = rejected.rejected(world.pipeline, world.platform(), rejected.Wanted())
    change = mending.replaced("Cy", "Bo")
    mending.mend(rows, change, world.pipeline, platform=world.platform(), because="a typo")
    assert out(world, "speeds", "squad").counting == 0
    assert withdrawn(world.pipeline, world.ledger) == {ONE}
    back(world, "speeds", "squad")
    assert sum(name.startswith(PREFIX) for name in world.ledger.contents("club")[ONE]) == 1
    world.run()
    assert {r["player"] for r in world.rows(SPEEDS) if r["match_id"] == 1} == {"Ada", "Bo"}


# --- refused ------------------------------------------------------------------------------------


def test_what_is_not_there_is_refused_with_what_is(world: World) -> None:
    with pytest.raises(ConfigError, match="no file 'spedes'; there is: speeds, squad"):
        out(world, "speeds", "spedes")
    with pytest.raises(MissingInputError, match="there are 2, match_id=1 to match_id=2"):
        out(world, "speeds", number=7)
    with pytest.raises(ConfigError, match="no key day"):
        withdraw(world.pipeline, "day=1", ["speeds"], platform=world.platform(), because="a test")
    assert dict(world.ledger.withdrawn("club")) == {}


def test_a_partition_that_a_run_holds_is_left_alone(world: World) -> None:
    with world.ledger.claim("club", [ONE]), pytest.raises(ConflictError):
        out(world, "speeds")
    assert dict(world.ledger.withdrawn("club")) == {}


@pytest.mark.parametrize("names", [["speeds"], ["*"]])
def test_a_file_that_arrives_meanwhile_is_not_withdrawn_unseen(
    world: World, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = withdrawal._with_mends

    def late(chosen: Any, files: Any) -> Any:
        world.arrive(1, "speeds", "1,Ada,31.0")
        return real(chosen, files)

    monkeypatch.setattr(withdrawal, "_with_mends", late)
    with pytest.raises(ConflictError, match="arrived meanwhile"):
        out(world, *names)
    assert reasons(world) == {"squad": "", "speeds": ""}
    assert of_matches(world) == [{1, 2}] * 4
