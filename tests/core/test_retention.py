"""Retention: what is past its days, what is left of it, and how it comes back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from small_pipeline import (
    LEADS,
    PIPELINE,
    SPEEDS,
    SQUAD,
    TOPS,
    TOPS_STEP,
    Clock,
    FastRule,
    World,
    match,
    with_step,
)

from touchline.core import checks, diff
from touchline.core.maintenance import Kept, maintain, maintain_bronze
from touchline.core.memory import MemoryLedger, MemoryObjects
from touchline.core.packing import PackRule
from touchline.core.pipeline import rejected_contract
from touchline.core.quarantine import mending, rejected
from touchline.core.retention import BRONZE, Days, past, retain, retired, unplanned
from touchline.core.rollback import rollback
from touchline.core.sweep import swept
from touchline.errors import StorageError

DAY_S = 86_400
DAYS = {1: date(2025, 3, 1), 2: date(2025, 4, 1), 3: date(2025, 3, 1)}
DATED = replace(
    PIPELINE, dated=("squad", lambda path: DAYS[int(path.read_text().partition(",")[0])])
)
TABLES = tuple(c.table for c in (SQUAD, SPEEDS, TOPS, LEADS))
ALL = Days(dict.fromkeys(TABLES, 30))
"""Match 1, of 35 days ago, is past them; match 2, of four days ago, is not."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two matches, of a month and of some days ago, have arrived today and were made."""
    clock = Clock()
    found = World(tmp_path, pipeline=DATED, clock=clock, objects=MemoryObjects(clock=clock))
    for number in (1, 2):
        found.arrive_match(number)
    found.run()
    return found


def would_go(world: World, days: Days) -> list[tuple[str, str]]:
    found = past(
        world.pipeline, days, ledger=world.ledger, objects=world.objects, now=world.clock.now
    )
    return [(each.what, each.partition) for each in found]


def go(world: World, days: Days) -> list[Any]:
    """What is past its days goes; the errors of what did not."""
    found = past(
        world.pipeline, days, ledger=world.ledger, objects=world.objects, now=world.clock.now
    )
    return [error for _, error in retain(world.pipeline, world.platform(), found) if error]


def matches(world: World) -> list[set[int]]:
    """Of which matches each of the four tables has rows."""
    return [{row["match_id"] for row in rows} for rows in world.everything()]


# --- what is past its days ----------------------------------------------------------------------


def test_what_is_kept_for_ever_never_goes(world: World) -> None:
    world.clock.forward(10_000 * DAY_S)
    assert would_go(world, Days()) == []


def test_a_partition_is_kept_for_its_days_and_no_longer(world: World) -> None:
    age = (world.clock.now.date() - DAYS[1]).days
    assert would_go(world, Days({"club.tops": age})) == []
    assert would_go(world, Days({"club.tops": age - 1})) == [("club.tops", match(1))]
    assert would_go(world, Days(bronze=age)) == []
    assert would_go(world, Days(bronze=age - 1)) == [(BRONZE, match(1))]


def test_looking_changes_nothing(world: World) -> None:
    before = world.everything(), world.ledger.contents("club")
    (found,) = past(
        DATED, Days({TOPS.table: 30}), ledger=world.ledger, objects=world.objects,
        now=world.clock.now,
    )  # fmt: skip
    assert (found.day, found.count) == (DAYS[1], 2)
    assert (world.everything(), world.ledger.contents("club")) == before


def test_without_a_day_of_its_own_a_partition_is_as_old_as_its_arrival(world: World) -> None:
    world.pipeline = PIPELINE
    assert would_go(world, Days({TOPS.table: 30}, bronze=30)) == []
    world.clock.forward(31 * DAY_S)
    assert len(would_go(world, Days({TOPS.table: 30}, bronze=30))) == 4


def test_once_its_files_are_gone_a_partition_is_as_old_as_its_oldest_publish(world: World) -> None:
    go(world, Days(bronze=30))
    assert would_go(world, Days({TOPS.table: 30})) == []
    world.clock.forward(31 * DAY_S)
    assert (TOPS.table, match(1)) in would_go(world, Days({TOPS.table: 30}))


# --- tables -------------------------------------------------------------------------------------


def test_readers_see_nothing_of_a_retired_partition_and_all_of_the_others(world: World) -> None:
    assert go(world, ALL) == []
    assert matches(world) == [{2}] * 4
    assert would_go(world, ALL) == []
    assert retired(DATED, world.ledger) == {match(1)}


def test_all_that_goes_goes_in_one_commit_and_is_told_among_the_runs(world: World) -> None:
    go(world, ALL)
    now = [world.current(table) for table in TABLES]
    assert len({publish["commit_id"] for publish in now}) == 1
    assert {publish["kind"] for publish in now} == {"retire"}
    (run,) = [r for r in world.ledger.runs() if r.status == "retired"]
    assert run.run_id == now[0]["run_id"]
    assert "club.tops" in run.message


def test_rejected_rows_go_with_their_table(world: World) -> None:
    world.arrive(1, "speeds", "1,Ada,30\n1,Stranger,9\n" + "1,Ada,20\n" * 200)
    world.run()
    aside = rejected_contract(SPEEDS)
    assert len(world.rows(aside)) == 1
    go(world, Days({SPEEDS.table: 30}))
    assert world.rows(aside) == []
    assert would_go(world, Days({SPEEDS.table: 30})) == []


def test_what_was_retired_is_not_planned_whatever_changes(world: World) -> None:
    go(world, ALL)
    assert world.planned() == {}
    world.arrive(1, "speeds", "1,Bo,15")
    assert world.planned() == {}
    world.pipeline = replace(DATED, steps=with_step(replace(TOPS_STEP, version=2)).steps)
    assert set(world.planned()) == {match(2)}
    assert unplanned(world.pipeline, world.ledger) == {match(1)}


def test_check_does_not_complain_of_what_was_retired(world: World) -> None:
    world.arrive(1, "speeds", "not,a\nline")
    world.run()
    assert [f.code for f in checks.of_runs(DATED, world.ledger)] == [3]
    go(world, ALL)
    assert list(checks.of_runs(DATED, world.ledger)) == []


def test_rejected_rows_of_a_partition_that_was_never_made_go_too(world: World) -> None:
    world.arrive(1, "speeds", "1,Ada,30\n1,Stranger,9")
    world.arrive(3, "squad", "3,Ada")
    world.arrive(3, "speeds", "3,Ada,30\n3,Stranger,9")
    world.run()
    aside = rejected_contract(SPEEDS)
    assert {r["match_id"] for r in world.rows(aside)} == {1, 3}
    assert (SPEEDS.table, match(3)) in would_go(world, ALL)
    assert go(world, ALL) == []
    assert world.rows(aside) == []
    assert would_go(world, ALL) == []
    assert SPEEDS.table not in world.planned()[match(3)]
    world.run()
    go(world, ALL)
    assert match(3) not in world.run()


def test_what_is_made_of_a_retired_table_stays_and_is_not_planned(world: World) -> None:
    go(world, Days({SPEEDS.table: 30}))
    assert matches(world) == [{1, 2}, {2}, {1, 2}, {1, 2}]
    assert world.planned() == {}
    assert retired(DATED, world.ledger) == frozenset()
    faster = replace(TOPS_STEP, rule=FastRule(min_kmh=25.0))
    world.pipeline = replace(DATED, steps=with_step(faster).steps)
    assert set(world.planned()) == {match(2)}
    world.run()
    assert world.planned() == {}
    assert {r["player"] for r in world.rows(TOPS) if r["match_id"] == 1} == {"Ada", "Bo"}


def test_what_can_be_made_without_the_retired_table_is_planned(world: World) -> None:
    go(world, Days({TOPS.table: 30}))
    world.arrive(1, "speeds", "1,Bo,15")
    assert list(world.planned()[match(1)]) == [SPEEDS.table]
    world.run()
    assert [r["kmh"] for r in world.rows(SPEEDS) if r["match_id"] == 1] == [15.0]
    assert world.planned() == {}


def test_a_table_that_was_never_made_is_not_made_of_a_retired_one(world: World) -> None:
    steps = DATED.steps
    world.pipeline = replace(DATED, steps=steps[:3])
    world.arrive_match(1, readings=(("Ada", 31.0),))
    world.run()
    go(world, Days({TOPS.table: 30}))
    renamed = replace(steps[3], makes=replace(LEADS, table="club.more"))
    world.pipeline = replace(DATED, steps=(*steps[:3], renamed))
    assert set(world.planned()) == {match(2)}


def test_by_force_what_was_retired_is_made_again(world: World) -> None:
    before = world.everything()
    go(world, ALL)
    world.run(parts=[match(1)], force=True)
    assert world.everything() == before
    assert world.planned() == {}
    assert len(would_go(world, ALL)) == 4


def test_force_of_one_layer_makes_nothing_of_what_was_retired(world: World) -> None:
    before = world.rows(TOPS)
    go(world, Days({SPEEDS.table: 30}))
    world.run(parts=[match(1)], only="gold", force=True)
    assert world.rows(TOPS) == before


def test_a_retired_partition_is_seen_as_of_an_earlier_instant(world: World) -> None:
    at = world.clock.now
    world.clock.forward(60)
    go(world, ALL)
    then = world.ledger.current([TOPS.table], as_of=at)[TOPS.table][match(1)]
    assert world.tables.read(TOPS, then.pieces).num_rows == 2


def test_rolling_a_retired_partition_back_brings_its_rows_and_its_plans(world: World) -> None:
    before = world.rows(TOPS)
    go(world, Days({TOPS.table: 30}))
    rollback(DATED, TOPS, match(1), platform=world.platform())
    assert world.rows(TOPS) == before
    assert world.planned() == {}
    world.arrive(1, "speeds", "1,Bo,15")
    assert TOPS.table in world.planned()[match(1)]


def test_a_rollback_never_goes_back_to_a_retirement(world: World) -> None:
    old = world.current(TOPS.table)["run_id"]
    go(world, Days({TOPS.table: 30}))
    world.arrive(1, "speeds", "1,Bo,15")
    world.run(parts=[match(1)], force=True)
    now = rollback(DATED, TOPS, match(1), platform=world.platform())
    assert (now.run_id, now.rows) == (old, 2)


def test_a_diff_shows_what_retention_took_away(world: World) -> None:
    go(world, Days({TOPS.table: 30}))
    found = diff.published(TOPS, match(1), platform=world.platform())
    assert (found.removed, found.added, found.counts) == (2, 0, (2, 0))
    rollback(DATED, TOPS, match(1), platform=world.platform())
    found = diff.published(TOPS, match(1), platform=world.platform())
    assert (found.removed, found.added) == (0, 2)


def test_files_of_what_was_retired_go_with_maintain_once_its_days_are_over(world: World) -> None:
    go(world, Days({TOPS.table: 30}))
    kept = Kept(publishes=5, days=7)
    maintain(DATED, world.platform(), kept=kept)
    assert len(world.ledger.history(TOPS.table, match(1))) == 2
    world.clock.forward(8 * DAY_S)
    (tops,) = [u for u in maintain(DATED, world.platform(), kept=kept) if u.table == TOPS.table]
    assert (tops.forgotten, tops.files) == (1, 1)
    assert [p.retired for p in world.ledger.history(TOPS.table, match(1))] == [True]
    assert len(world.ledger.history(TOPS.table, match(2))) == 1
    assert world.planned() == {}


def test_what_another_run_holds_is_told_and_the_rest_goes(world: World) -> None:
    world.arrive_match(3)
    world.run()
    other = MemoryLedger(beside=world.ledger, clock=world.clock)
    with other.claim("club", [match(1)]):
        errors = go(world, ALL)
    assert {error.exit_code for error in errors} == {6}
    assert matches(world) == [{1, 2}] * 4


def test_a_commit_that_fails_half_way_retires_nothing_and_the_next_goes_on(world: World) -> None:
    whole, publish = world.everything(), world.tables.publish

    def failing(contract: Any, *given: Any, **more: Any) -> str:
        if contract is TOPS:
            raise StorageError("no room")
        return str(publish(contract, *given, **more))

    world.tables.publish = failing
    with pytest.raises(StorageError):
        go(world, ALL)
    world.tables.publish = publish
    world.run()
    assert world.everything() == whole
    assert go(world, ALL) == []
    assert matches(world) == [{2}] * 4


# --- bronze -------------------------------------------------------------------------------------


def bronze(world: World) -> list[str]:
    """What lies in bronze, an hour on, once it was swept."""
    now = world.clock.forward(3_700)
    swept(world.objects, world.ledger, now=now)
    return list(world.objects.list("objects/"))


def test_files_past_their_days_are_forgotten_and_swept_and_tables_stay(world: World) -> None:
    rows = world.everything()
    assert go(world, Days(bronze=30)) == []
    assert set(world.ledger.contents("club")) == {match(2)}
    theirs = {r.path for r in world.ledger.arrivals("club")[match(2)].values()}
    assert set(bronze(world)) == theirs
    assert world.everything() == rows
    assert world.planned() == {}
    assert would_go(world, Days(bronze=30)) == []
    assert retired(DATED, world.ledger) == frozenset()
    assert unplanned(DATED, world.ledger) == {match(1)}


def test_bytes_that_another_partition_has_too_stay(world: World) -> None:
    world.arrive(1, "speeds", "1,Ada,1")
    world.arrive(3, "speeds", "1,Ada,1")
    go(world, Days(bronze=30))
    (shared,) = {r.path for r in world.ledger.arrivals("club")[match(3)].values()}
    assert shared in bronze(world)


def test_manifests_go_and_reports_stay(world: World) -> None:
    go(world, Days(bronze=30))
    world.clock.forward(3_700)
    maintain_bronze([DATED], world.platform(), rule=PackRule())
    left = {path.split("/")[2] for path in world.objects.list("manifests/")}
    assert left == {match(2)}
    assert any(match(1) in path for path in world.objects.list("metrics/"))


def test_what_was_said_of_a_file_goes_with_it(world: World) -> None:
    world.arrive(1, "speeds", "1,Ada,30\n1,Stranger,9\n" + "1,Ada,20\n" * 200)
    world.run()
    rows = rejected.rejected(world.pipeline, world.platform())
    mending.mend(rows, mending.discarded, DATED, platform=world.platform(), because="a guest")
    assert any(name.startswith("mend/") for name in world.ledger.contents("club")[match(1)])
    go(world, Days(bronze=30))
    assert len(bronze(world)) == 2


def test_a_file_that_comes_again_is_not_planned_and_goes_again(world: World) -> None:
    go(world, Days(bronze=30))
    world.arrive_match(1, readings=(("Ada", 33.0),))
    assert world.planned() == {}
    assert world.run() == {}
    assert would_go(world, Days(bronze=10_000)) == [(BRONZE, match(1))]
    world.run(parts=[match(1)], force=True)
    assert [r["kmh"] for r in world.rows(SPEEDS) if r["match_id"] == 1] == [33.0]
    assert go(world, Days(bronze=10_000)) == []
    assert set(world.ledger.contents("club")) == {match(2)}


def test_nothing_of_nothing_goes(tmp_path: Path) -> None:
    assert go(World(tmp_path, pipeline=DATED), replace(ALL, bronze=1)) == []


@dataclass
class Stops:
    """A ledger that stops its owner once, before or after the receipts are forgotten."""

    ledger: MemoryLedger
    when: str
    stopped: bool = field(default=False)

    def retire(self, domain: str, parts: Any) -> None:
        if self.when == "after":
            self.ledger.retire(domain, parts)
        raise KeyboardInterrupt

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)


@contextmanager
def stopping(world: World, when: str) -> Iterator[None]:
    whole = world.ledger
    world.ledger = Stops(whole, when)
    with pytest.raises(KeyboardInterrupt):
        yield
    world.ledger = whole


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_retirement_that_was_stopped_is_ended_by_the_next(world: World, when: str) -> None:
    everything = replace(ALL, bronze=30)
    with stopping(world, when):
        go(world, everything)
    assert matches(world) == [{2}] * 4
    assert (match(1) in world.ledger.contents("club")) == (when == "before")
    assert go(world, everything) == []
    assert would_go(world, everything) == []
    assert len(bronze(world)) == 2
    world.clock.now = datetime(2025, 4, 6, tzinfo=UTC)
    go(world, everything)
    assert {path.split("/")[2] for path in world.objects.list("manifests/")} == {match(2)}
