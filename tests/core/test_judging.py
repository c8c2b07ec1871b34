"""What a run publishes is held to the baseline: which past counts, and what a verdict does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from small_pipeline import PIPELINE, SPEEDS_STEP, World, decoded, error, relation, with_step
from small_pipeline import match as match_of

from touchline.core import checks, landing
from touchline.core.baseline import Baseline
from touchline.core.contracts import Column, Contract
from touchline.core.diff import tried
from touchline.core.memory import MemoryLedger
from touchline.core.pipeline import Bronze, Job, Outcome, Pipeline, Step, rejected_contract
from touchline.core.pipeline.drive import Done, run
from touchline.core.pipeline.judging import judged
from touchline.core.pipeline.settling import settle
from touchline.core.ports import PublishKind, Staged
from touchline.core.rollback import rollback
from touchline.errors import QualityError

VISITS = Contract(
    "shop.visits",
    "one row per reading",
    (
        Column("visit_date", "string", "Day", null=False),
        Column("reading", "long", "Which", null=False),
        Column("kind", "string", "What was done", null=False),
    ),
    key=("reading",),
    replace_by=("visit_date",),
    partition_by=("visit_date",),
    layer="silver",
)
FIRST = date(2025, 1, 6)  # a Monday


def visits(bronze_visits: pl.DataFrame) -> pl.DataFrame:
    odd = pl.when(pl.col("kind") == "odd").then(pl.lit("odd"))
    return bronze_visits.select("visit_date", "kind", reading="line", _line="line", _reject=odd)


BRONZE = Bronze(
    "shop.bronze_visits", "visits", partial(decoded, columns=("visit_date", "kind")), relation
)
VISITS_STEP = Step(VISITS, ("shop.bronze_visits",), visits, profile=("kind",))
WARNING, FAILING = Baseline("warn"), Baseline("fail")
SHOP = Pipeline("shop", (BRONZE,), (VISITS_STEP,), max_rejected=0.2, baseline=WARNING)


def at(number: int) -> date:
    """A day by its number, the first being a Monday."""
    return FIRST + timedelta(number)


def part(number: int) -> str:
    return f"visit_date={at(number)}"


def arrive(world: World, number: int, rows: int, login: float = 0.5, more: str = "") -> None:
    """A day with so many visits, a share of them logins."""
    logins = round(rows * login)
    kinds = ["login"] * logins + ["view"] * (rows - logins) + ([more] if more else [])
    file = world.folder / f"{number}.txt"
    file.write_text("\n".join(f"{at(number)},{kind}" for kind in kinds))
    arrival = landing.Arrival("shop", part(number), "visits", file, file.name)
    list(landing.land([arrival], objects=world.objects, ledger=world.ledger, now=world.clock()))


def usual(number: int) -> int:
    """How many visits there are on a day; at weekends a fifth."""
    return 50 if at(number).weekday() < 5 else 10


def with_days(world: World, days: int) -> World:
    """So many usual days have arrived and are published."""
    for number in range(days):
        arrive(world, number, usual(number))
    assert not any(done.error for done in world.run().values())
    return world


@pytest.fixture
def shop(tmp_path: Path) -> World:
    """Five usual weeks; the next day is a Monday, number 35."""
    return with_days(World(tmp_path, SHOP), 35)


def failing(world: World, **more: Any) -> None:
    """From now on what is unusual is refused."""
    world.pipeline = replace(SHOP, baseline=replace(FAILING, **more))


def said(done: Done) -> dict[str, tuple[bool, str]]:
    """What the baseline's rules saw, as the run's report has it, and whether they passed."""
    assert done.run is not None
    rules = done.run.report["steps"][0]["rules"]
    return {r["rule"]: (r["passed"], r["seen"]) for r in rules if r["rule"].startswith("baseline")}


def rows_of(world: World, number: int) -> int:
    return sum(row["visit_date"] == str(at(number)) for row in world.rows(VISITS))


# --- which past counts --------------------------------------------------------------------------


def test_a_weekend_with_a_fifth_of_the_visits_of_a_friday_is_as_usual(shop: World) -> None:
    failing(shop)
    for number in range(35, 42):
        arrive(shop, number, usual(number))
    ended = shop.run()
    assert [done.error for done in ended.values()] == [None] * 7
    seen = said(ended[part(40)])["baseline rows"]
    assert seen == (True, "10 rows, median of 5 comparable Saturdays 10 (+0 %)")


def test_a_friday_with_the_visits_of_a_saturday_is_not(shop: World) -> None:
    arrive(shop, 39, 10)
    done = shop.run()[part(39)]
    assert said(done)["baseline rows"] == (
        False,
        "10 rows, median of 5 comparable Fridays 50 (-80 %)",
    )


def test_match_days_compare_with_match_days(tmp_path: Path) -> None:
    numbers = (2, 8, 15, 21, 30, 36)  # no weekday twice in a row
    kinds = {"match days": frozenset(map(at, numbers))}
    shop = World(tmp_path, replace(SHOP, baseline=replace(WARNING, kinds=kinds)))
    for number in range(36):
        arrive(shop, number, 200 if number in numbers else usual(number))
    shop.run()
    arrive(shop, 36, 190)
    seen = said(shop.run()[part(36)])["baseline rows"]
    assert seen == (True, "190 rows, median of 5 comparable match days 200 (-5 %)")
    arrive(shop, 42, 200)
    seen = said(shop.run()[part(42)])["baseline rows"]
    assert seen == (False, "200 rows, median of 5 comparable Mondays 50 (+300 %)")


def test_a_day_with_an_incident_is_neither_judged_nor_compared_with(shop: World) -> None:
    failing(shop, incidents=frozenset([at(35), at(28)]))
    arrive(shop, 35, 1, more="new")
    done = shop.run()[part(35)]
    assert (done.error, said(done)) == (None, {"baseline": (True, "an incident")})
    arrive(shop, 42, 50)
    seen = said(shop.run()[part(42)])["baseline rows"]
    assert seen == (True, "50 rows, median of 4 comparable Mondays 50 (+0 %)")


def test_a_refused_run_does_not_count_and_what_was_published_before_it_does(shop: World) -> None:
    failing(shop)
    for number in (28, 35):
        arrive(shop, number, 900)
        assert isinstance(error(shop.run()[part(number)]), QualityError)
    arrive(shop, 42, 50)
    seen = said(shop.run()[part(42)])["baseline rows"]
    assert seen == (True, "50 rows, median of 5 comparable Mondays 50 (+0 %)")


def test_an_old_day_that_is_run_again_compares_with_earlier_days_alone(shop: World) -> None:
    arrive(shop, 35, 900)
    shop.run()
    done = shop.run(parts=[part(28)], force=True)[part(28)]
    seen = said(done)["baseline rows"]
    assert seen == (True, "50 rows, median of 4 comparable Mondays 50 (+0 %)")
    done = shop.run(parts=[part(21)], force=True)[part(21)]
    assert said(done) == {"baseline": (True, "no baseline yet: 3 comparable Mondays")}


def test_no_more_past_days_count_than_are_asked_for(shop: World) -> None:
    shop.pipeline = replace(SHOP, baseline=replace(WARNING, days=4))
    arrive(shop, 35, 50)
    assert "median of 4 comparable Mondays" in said(shop.run()[part(35)])["baseline rows"][1]


def test_after_a_rollback_what_was_gone_back_to_counts(tmp_path: Path) -> None:
    shop = with_days(World(tmp_path, SHOP), 28)
    for number in (0, 7, 14, 21):
        arrive(shop, number, 200, login=1.0)
    shop.run()
    for number in (0, 7, 14, 21):
        rollback(shop.pipeline, VISITS, part(number), platform=shop.platform())
    arrive(shop, 28, 50)
    assert said(shop.run()[part(28)]) == {
        "baseline rows": (True, "50 rows, median of 4 comparable Mondays 50 (+0 %)"),
        "baseline kind": (True, "login 50 %, usually 50 %"),
    }


@pytest.mark.parametrize("kind", ["retire", "withdraw"])
def test_an_emptied_day_does_not_count(shop: World, kind: PublishKind) -> None:
    (claims, now) = shop.ledger.claim("shop", [part(28)]), shop.ledger.current([VISITS.table])
    gone = replace(now[VISITS.table][part(28)], commit_id="gone", kind=kind, pieces=(), rows=0)
    with claims as held, shop.ledger.publishing(held, [gone]) as done:
        done(VISITS.table, "1")
    arrive(shop, 35, 50)
    seen = said(shop.run(parts=[part(35)])[part(35)])["baseline rows"]
    assert seen == (True, "50 rows, median of 4 comparable Mondays 50 (+0 %)")


def test_of_days_that_an_older_version_made_the_rows_count_alone(tmp_path: Path) -> None:
    older = replace(SHOP, steps=(replace(VISITS_STEP, profile=None),))
    shop = with_days(World(tmp_path, older), 28)
    shop.pipeline = SHOP
    assert shop.planned() == {}
    arrive(shop, 28, 10, login=1.0)
    assert said(shop.run()[part(28)]) == {
        "baseline rows": (False, "10 rows, median of 4 comparable Mondays 50 (-80 %)"),
        "baseline kind": (True, "no baseline yet: 0 comparable Mondays"),
    }


def test_where_partitions_are_no_days_the_newest_published_ones_compare(tmp_path: Path) -> None:
    profiled = with_step(replace(SPEEDS_STEP, profile=("player",)))
    world = World(tmp_path, replace(profiled, baseline=replace(WARNING, days=4)))
    for number in (9, 3, 8, 5, 4):
        world.arrive_match(number, [("Ada", 20.0)] * (number * 10), ["Ada"])
        world.run()
    world.arrive_match(6, [("Bo", 20.0)] * 10, ["Bo"])
    done = world.run()[match_of(6)]
    assert done.run is not None
    rules = {r["rule"]: r["seen"] for r in done.run.report["steps"][1]["rules"]}
    assert rules == {
        "baseline rows": "10 rows, median of 4 comparable partitions 45 (-78 %)",
        "baseline player": "Ada 0 %, usually 100 %",
    }
    again = world.run(parts=[match_of(6)], force=True)[match_of(6)]
    assert again.run is not None
    assert again.run.message == done.run.message


# --- several at once ----------------------------------------------------------------------------


class Backwards:
    """An engine whose jobs end in the opposite order."""

    def map(self, task: Any, jobs: Sequence[Job]) -> Iterator[Outcome]:
        return map(task, reversed(jobs))


def test_the_days_of_a_batch_are_judged_in_their_order_whichever_ended_first(
    tmp_path: Path,
) -> None:
    verdicts: list[Mapping[str, Any]] = []
    for engine in (None, Backwards()):
        shop = World(tmp_path / str(engine is None), SHOP)
        shop.folder.mkdir()
        numbers = range(0, 70, 7)
        for number in numbers:
            arrive(shop, number, 400 if number == 35 else 50)
        platform = shop.platform()
        platform = replace(platform, engine=engine) if engine else platform
        ended = {d.partition: d for d in run(shop.pipeline, platform)}
        verdicts.append({p: said(ended[p]) for p in map(part, numbers)})
    assert verdicts[0] == verdicts[1]
    assert verdicts[0][part(21)] == {"baseline": (True, "no baseline yet: 3 comparable Mondays")}
    assert verdicts[0][part(35)]["baseline rows"] == (
        False,
        "400 rows, median of 5 comparable Mondays 50 (+700 %)",
    )
    assert "median of 8 comparable" in verdicts[0][part(63)]["baseline rows"][1]


def test_a_day_of_the_batch_that_is_refused_is_compared_with_by_none_behind_it(
    tmp_path: Path,
) -> None:
    shop = World(tmp_path, SHOP)
    failing(shop)
    for number in range(0, 49, 7):
        arrive(shop, number, 400 if number == 28 else 50)
    ended = shop.run()
    assert [p for p, done in ended.items() if done.error] == [part(28)]
    assert "median of 5 comparable Mondays 50" in said(ended[part(42)])["baseline rows"][1]


def test_with_pause_nothing_is_published_that_ended_behind_an_unusual_day(shop: World) -> None:
    failing(shop)
    for number in (35, 36, 37, 38):
        arrive(shop, number, 900 if number == 36 else 50)
    ends = run(shop.pipeline, shop.platform(), pause=True)
    assert [next(ends).error is None, next(ends).error is None] == [True, False]
    ends.close()  # type: ignore[attr-defined]
    assert [rows_of(shop, number) for number in (35, 36, 37, 38)] == [50, 0, 0, 0]
    assert shop.ledger.last("shop")[part(36)].status == "refused"
    assert part(37) not in shop.ledger.last("shop")


# --- what a verdict does ------------------------------------------------------------------------


def test_an_unusual_day_is_refused_and_its_old_rows_stay(shop: World) -> None:
    failing(shop)
    arrive(shop, 28, 50, login=0.9, more="odd")
    done = shop.run()[part(28)]
    refused = error(done)
    assert (type(refused), refused.exit_code) == (QualityError, 3)
    assert str(refused) == (
        f"shop.visits {part(28)}: baseline kind: login 90 %, usually 50 %,"
        " expected within 10 points and 30 % of the usual share"
    )
    assert "shop.baseline.incidents" in refused.hint
    assert "shop.baseline.severity" in refused.hint
    assert rows_of(shop, 28) == 50
    logins = [row["kind"] for row in shop.rows(VISITS) if row["visit_date"] == str(at(28))]
    assert logins.count("login") == 25
    assert [row["reason"] for row in shop.rows(rejected_contract(VISITS))] == ["odd"]
    assert done.run is not None
    assert (done.run.status, done.run.report["failures"][0]["hint"]) == ("refused", refused.hint)


def test_the_ways_out_of_a_hint_lead_out(shop: World) -> None:
    failing(shop)
    arrive(shop, 35, 900)
    assert error(shop.run()[part(35)])
    failing(shop, incidents=frozenset([at(35)]))
    assert shop.run()[part(35)].error is None
    arrive(shop, 36, 900)
    failing(shop)
    assert error(shop.run()[part(36)])
    shop.pipeline = SHOP
    assert shop.run()[part(36)].error is None
    failing(shop)
    assert shop.run() == {}


def test_a_day_that_the_gate_refuses_tells_the_baseline_too(shop: World) -> None:
    failing(shop)
    arrive(shop, 35, 5, more="odd")
    shop.pipeline = replace(shop.pipeline, max_rejected=0.1)
    done = shop.run()[part(35)]
    assert "1 of 6 rows rejected" in str(error(done))
    assert done.run is not None
    assert [f["error"] for f in done.run.report["failures"]] == ["QualityError"] * 2
    assert "baseline rows: 5 rows" in done.run.report["failures"][1]["message"]


def test_a_warning_is_published_and_told_until_it_is_known_or_made_again(shop: World) -> None:
    arrive(shop, 35, 10)
    done = shop.run()[part(35)]
    assert (done.error, rows_of(shop, 35)) == (None, 10)
    expected = (
        "warned: shop.visits: baseline rows: 10 rows, median of 5 comparable Mondays 50 (-80 %),"
        " expected within 50 % of it"
    )
    assert done.run is not None
    assert (done.run.status, done.run.message) == ("published", expected)

    def found(pipeline: Pipeline, after_s: float = 0, days: int = 7) -> list[checks.Finding]:
        now = shop.clock.forward(after_s)
        return list(checks.of_warnings(pipeline, shop.ledger, now=now, days=days))

    assert found(SHOP) == [checks.Finding("shop", part(35), "warning", expected, 0)]
    known = replace(SHOP, baseline=replace(WARNING, incidents=frozenset([at(35)])))
    assert found(known) == []
    assert found(SHOP, 8 * 86_400.0) == []
    assert found(SHOP, days=9) != []
    arrive(shop, 35, 50)
    shop.run()
    assert found(SHOP, days=9) == []


def test_a_warning_outlives_a_kill_behind_the_last_table(shop: World) -> None:
    arrive(shop, 35, 10)
    done = shop.run()[part(35)]
    assert done.run is not None
    (publish,) = (p for p in shop.ledger.history(VISITS.table, part(35)))
    killed = MemoryLedger(beside=shop.ledger, clock=shop.clock)
    killed.record([replace(done.run, status="running", message="")])
    again = replace(publish, commit_id="c1", derivation="other")
    with killed.claim("shop", [part(35)]) as claims, killed.publishing(claims, [again]):
        staged = Staged(VISITS.table, part(35), again.rows, again.pieces)
        shop.tables.publish(VISITS, [staged], commit_id="c1", properties={})
        killed.close()
    settle(SHOP, shop.platform())
    over = shop.ledger.last("shop")[part(35)]
    assert (over.status, over.message) == ("published", done.run.message)


def test_neither_the_profile_nor_the_baseline_makes_anything_stale(shop: World) -> None:
    shop.pipeline = replace(SHOP, baseline=Baseline("fail", 0.0, 0.0, 0.0, days=4))
    assert shop.planned() == {}
    unprofiled = replace(VISITS_STEP, profile=None)
    assert (unprofiled.parts, unprofiled.digest) == (VISITS_STEP.parts, VISITS_STEP.digest)


def test_what_has_no_profile_or_a_baseline_that_is_off_asks_nothing_of_the_ledger() -> None:
    outcome = Outcome(Job("r", "club", match_of(1), World(Path()).clock(), (), {}, {}))
    nothing: Any = None
    always = replace(PIPELINE, baseline=WARNING)
    off = replace(SHOP, baseline=Baseline())
    assert judged(always, nothing, [outcome]) == judged(off, nothing, [outcome]) == [outcome]


class Counting(MemoryLedger):
    """A ledger that counts what it is asked."""

    asked: int = 0

    def current(self, *of: Any, **more: Any) -> Any:
        self.asked += 1
        return super().current(*of, **more)

    def runs(self, **more: Any) -> Any:
        self.asked += 1
        return super().runs(**more)


def test_a_batch_asks_once_what_is_current_and_once_of_each_past_day(shop: World) -> None:
    outcomes = []

    def task(job: Job) -> Outcome:
        outcomes.append(shop.work(job))
        return outcomes[-1]

    for number in (35, 36, 42):
        arrive(shop, number, 50)
    list(run(shop.pipeline, shop.platform(task)))
    ledger = Counting(beside=shop.ledger, clock=shop.clock)
    judged(shop.pipeline, ledger, outcomes)
    assert ledger.asked == 1 + 5 + 5


# --- a dry run ----------------------------------------------------------------------------------


def test_a_dry_run_tells_the_verdict_and_is_refused_as_a_run_would_be(shop: World) -> None:
    arrive(shop, 28, 10)
    found = tried(shop.pipeline, VISITS, part(28), platform=shop.platform())
    assert found.warned.startswith("warned: shop.visits: baseline rows: 10 rows")
    failing(shop)
    with pytest.raises(QualityError, match="baseline rows: 10 rows"):
        tried(shop.pipeline, VISITS, part(28), platform=shop.platform())
    arrive(shop, 28, 50)
    assert tried(shop.pipeline, VISITS, part(28), platform=shop.platform()).warned == ""
