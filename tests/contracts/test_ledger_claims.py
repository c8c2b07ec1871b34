"""Every Ledger lets one run at a time publish a partition, and knows how each publish ended."""

import threading
from contextlib import ExitStack

import pytest
from dying import ONE, OTHER, TABLE, Scenario, announce, announce_and_commit, hold, leave_running
from made_up import a_run, publish
from under_test import Ledgers

from touchline.core.ports import Claims, Ledger, Publish
from touchline.errors import ConflictError, TransientError

TWO, THREE = "match_id=2", "match_id=3"


def contents(ledger: Ledger, table: str = TABLE) -> dict[str, str]:
    return {part: p.content for part, p in ledger.current([table])[table].items()}


def commit(ledger: Ledger, claims: Claims, *publishes: Publish) -> None:
    with ledger.publishing(claims, publishes) as say:
        for table in {p.table for p in publishes}:
            say(table, f"snapshot of {table}")


# --- claims -------------------------------------------------------------------------------------


def test_of_two_owners_one_holds_a_partition_and_the_other_is_told_who(ledgers: Ledgers) -> None:
    first, second = ledgers.open(), ledgers.open()
    with first.claim("tracking", [ONE, TWO]) as mine, second.claim("tracking", [TWO, THREE]) as its:
        assert (mine.held, dict(mine.refused)) == ((ONE, TWO), {})
        assert (its.held, set(its.refused)) == ((THREE,), {TWO})
        assert its.refused[TWO]


def test_an_owner_does_not_get_twice_what_it_holds(ledger: Ledger) -> None:
    with ledger.claim("tracking", [ONE]), ledger.claim("tracking", [ONE]) as again:
        assert (again.held, set(again.refused)) == ((), {ONE})


def test_claims_of_another_pipeline_are_others(ledgers: Ledgers) -> None:
    first, second = ledgers.open(), ledgers.open()
    with first.claim("tracking", [ONE]), second.claim("activity", [ONE]) as claims:
        assert claims.held == (ONE,)


def test_a_claim_is_free_when_its_context_ends_well_or_badly(ledgers: Ledgers) -> None:
    first, second = ledgers.open(), ledgers.open()
    with pytest.raises(ZeroDivisionError), first.claim("tracking", [ONE]):
        1 / 0  # noqa: B018
    with second.claim("tracking", [ONE]) as claims:
        assert claims.held == (ONE,)
    with first.claim("tracking", [ONE]) as claims:
        assert claims.held == (ONE,)


def test_of_many_owners_at_once_each_partition_has_exactly_one(ledgers: Ledgers) -> None:
    parts = [f"match_id={n}" for n in range(12)]
    owners = [ledgers.open() for _ in range(4)]
    held: list[str] = []
    start, all_took = threading.Barrier(4), threading.Barrier(4)

    def take(owner: Ledger) -> None:
        start.wait(60)
        with owner.claim("tracking", parts) as claims:
            held.extend(claims.held)
            all_took.wait(60)

    threads = [threading.Thread(target=take, args=(owner,)) for owner in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(held) == sorted(parts)


def test_the_claim_of_a_killed_owner_is_free_at_once(ledgers: Ledgers) -> None:
    ledger = ledgers.open()
    ledgers.crash(hold)
    with ledger.claim("tracking", [ONE]) as claims:
        assert claims.held == (ONE,)


def test_an_expired_claim_is_taken_over_and_the_stale_owner_publishes_nothing(
    ledgers: Ledgers,
) -> None:
    stale, ledger = ledgers.open(), ledgers.open()
    with stale.claim("tracking", [ONE]) as lost:
        ledgers.clock.forward(59)
        with ledger.claim("tracking", [ONE]) as refused:
            assert refused.held == ()
        ledgers.clock.forward(2)
        with ledger.claim("tracking", [ONE]) as taken:
            assert taken.held == (ONE,)
            assert taken.token != lost.token
            with pytest.raises(ConflictError, match=ONE):
                commit(stale, lost, publish("stale"))
            assert contents(ledger) == {}
            commit(ledger, taken, publish("mine"))
    assert contents(ledger) == {ONE: "mine"}
    assert [p.content for p in ledger.history(TABLE, ONE)] == ["mine"]
    assert list(ledger.unsettled()) == []


def test_a_stale_owner_that_ends_does_not_free_the_claim_of_the_next(ledgers: Ledgers) -> None:
    stale, ledger, third = ledgers.open(), ledgers.open(), ledgers.open()
    with ExitStack() as held:
        with stale.claim("tracking", [ONE]):
            ledgers.clock.forward(61)
            held.enter_context(ledger.claim("tracking", [ONE]))
        with third.claim("tracking", [ONE]) as claims:
            assert claims.held == ()


# --- publishing ---------------------------------------------------------------------------------


def test_what_is_not_claimed_cannot_be_published(ledger: Ledger) -> None:
    with ledger.claim("tracking", [ONE]) as claims:
        with pytest.raises(ConflictError):
            commit(ledger, claims, publish("a"), publish("b", part=TWO))
        assert contents(ledger) == {}
        assert list(ledger.unsettled()) == []


def test_nothing_is_current_before_its_table_is_done(ledgers: Ledgers) -> None:
    ledger, reader = ledgers.open(), ledgers.open()
    with ledger.claim("tracking", [ONE]) as claims:
        commit(ledger, claims, publish("a"))
        with ledger.publishing(claims, [publish("b")]) as say:
            assert contents(reader) == {ONE: "a"}
            assert [p.content for p in reader.history(TABLE, ONE)] == ["a"]
            assert list(reader.unsettled()) == []
            say(TABLE, "s2")
    assert contents(reader) == {ONE: "b"}


def test_tables_that_were_not_done_are_forgotten(ledger: Ledger) -> None:
    both = [publish("a", commit="c"), publish("x", table=OTHER, commit="c")]
    with (
        ledger.claim("tracking", [ONE]) as claims,
        ledger.publishing(claims, both) as say,
    ):
        say(TABLE, "s1")
    assert (contents(ledger), contents(ledger, OTHER)) == ({ONE: "a"}, {})
    assert list(ledger.unsettled()) == []
    assert list(ledger.history(OTHER, ONE)) == []


def half_done(ledger: Ledger, claims: Claims, publishes: list[Publish]) -> None:
    with ledger.publishing(claims, publishes) as say:
        say(TABLE, "s1")
        raise TransientError("the second table's commit failed")


def test_after_an_error_no_table_is_current_and_all_that_was_announced_is_unsettled(
    ledger: Ledger,
) -> None:
    both = [publish("a", commit="c"), publish("x", table=OTHER, commit="c")]
    with ledger.claim("tracking", [ONE]) as claims:
        with pytest.raises(TransientError):
            half_done(ledger, claims, both)
        assert (contents(ledger), contents(ledger, OTHER)) == ({}, {})
        assert {p.table for p in ledger.unsettled()} == {TABLE, OTHER}
        with ledger.alone():
            ledger.settle("c", TABLE, None)
            ledger.settle("c", OTHER, None)
        assert list(ledger.unsettled()) == []
        commit(ledger, claims, publish("b", commit="c2"))
    assert (contents(ledger), contents(ledger, OTHER)) == ({ONE: "b"}, {})


def test_what_is_settled_within_alone_becomes_current_at_once(ledgers: Ledgers) -> None:
    first, second = ledgers.open(), ledgers.open()
    both = [publish("a", commit="c"), publish("x", table=OTHER, commit="c")]
    with first.claim("tracking", [ONE]) as claims:
        with pytest.raises(TransientError):
            half_done(first, claims, both)
        with first.alone():
            first.settle("c", TABLE, "s1")
            first.settle("c", OTHER, "s2")
    assert (contents(second), contents(second, OTHER)) == ({ONE: "a"}, {ONE: "x"})


def test_an_error_of_the_body_reaches_the_caller(ledger: Ledger) -> None:
    with ledger.claim("tracking", [ONE]) as claims:
        with pytest.raises(ZeroDivisionError), ledger.publishing(claims, [publish("a")]):
            1 / 0  # noqa: B018
        assert contents(ledger) == {}


def test_one_commit_of_many_partitions_is_current_in_all_of_them(ledger: Ledger) -> None:
    parts = [ONE, TWO, THREE]
    with ledger.claim("tracking", parts) as claims:
        commit(ledger, claims, *(publish(f"of {p}", part=p, commit="c") for p in parts))
    assert contents(ledger) == {p: f"of {p}" for p in parts}


def test_while_one_owner_publishes_no_other_does(ledgers: Ledgers) -> None:
    first, second = ledgers.open(), ledgers.open()
    order: list[str] = []

    def wait_and_publish(claims: Claims) -> None:
        with second.publishing(claims, [publish("b", part=TWO)]) as say:
            order.append("second is in")
            say(TABLE, "s2")

    with first.claim("tracking", [ONE]) as mine, second.claim("tracking", [TWO]) as its:
        waiting = threading.Thread(target=wait_and_publish, args=(its,))
        with first.publishing(mine, [publish("a")]) as say:
            waiting.start()
            waiting.join(0.3)
            order.append("first is out")
            say(TABLE, "s1")
        waiting.join(60)
    assert order == ["first is out", "second is in"]
    assert contents(first) == {ONE: "a", TWO: "b"}


def test_nobody_publishes_while_one_is_alone(ledgers: Ledgers) -> None:
    ledger, other = ledgers.open(), ledgers.open()
    other.record([a_run("alive", "running"), a_run("over", "published")])
    ledgers.crash(leave_running)
    order: list[str] = []

    def wait_and_publish(claims: Claims) -> None:
        with other.publishing(claims, [publish("b")]) as say:
            order.append("published")
            say(TABLE, "s")

    with other.claim("tracking", [ONE]) as claims:
        waiting = threading.Thread(target=wait_and_publish, args=(claims,))
        with ledger.alone() as alive:
            assert alive == {"alive"}
            waiting.start()
            waiting.join(0.3)
            order.append("no longer alone")
        waiting.join(60)
    assert order == ["no longer alone", "published"]


# --- after a crash ------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", [announce, announce_and_commit])
def test_what_a_killed_owner_announced_is_unsettled_until_settled_either_way(
    ledgers: Ledgers, scenario: Scenario
) -> None:
    ledger = ledgers.open()
    ledgers.crash(scenario)
    left = ledger.unsettled()
    assert sorted((p.table, p.content) for p in left) == [(OTHER, "x"), (TABLE, "a")]
    assert [p.published_at for p in left] == [None, None]
    assert contents(ledger) == {}
    ledger.settle("c1", TABLE, "s1")
    ledger.settle("c1", OTHER, None)
    assert list(ledger.unsettled()) == []
    assert (contents(ledger), contents(ledger, OTHER)) == ({ONE: "a"}, {})
    (kept,) = ledger.history(TABLE, ONE)
    assert (kept.snapshot_id, kept.published_at) == ("s1", ledgers.clock.now)
    assert list(ledger.history(OTHER, ONE)) == []


def test_settling_again_changes_nothing(ledgers: Ledgers) -> None:
    ledger = ledgers.open()
    ledgers.crash(announce)
    ledger.settle("c1", TABLE, "s1")
    ledger.settle("c1", TABLE, None)
    ledger.settle("c1", TABLE, "s2")
    assert [p.snapshot_id for p in ledger.history(TABLE, ONE)] == ["s1"]
    assert contents(ledger) == {ONE: "a"}


def test_a_publish_that_is_settled_late_does_not_cover_a_newer_one(ledgers: Ledgers) -> None:
    ledger = ledgers.open()
    ledgers.crash(announce)
    with ledger.claim("tracking", [ONE]) as claims:
        commit(ledger, claims, publish("b", commit="c2"))
    ledger.settle("c1", TABLE, "s1")
    assert contents(ledger) == {ONE: "b"}
    assert ledger.heads([TABLE])[TABLE] == {ONE: ("from b", "b")}
    assert [p.content for p in ledger.history(TABLE, ONE)] == ["b", "a"]
