"""Every Ledger keeps what came, what ran and what is current, as the port promises."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from dying import leave_running
from made_up import AT, a_run, publish, receipt
from under_test import Ledgers

from touchline.core.ports import Ledger, Publish, Receipt, Run, Size
from touchline.errors import ConfigError

TABLE = "club.speeds"
ONE, TWO = "match_id=1", "match_id=2"


def done(ledger: Ledger, *publishes: Publish, snapshot: str = "s") -> None:
    """All of these published, under a claim of their partitions."""
    parts = sorted({p.partition for p in publishes})
    with (
        ledger.claim("tracking", parts) as claims,
        ledger.publishing(claims, publishes) as say,
    ):
        for table in {p.table for p in publishes}:
            say(table, snapshot)


# --- arrivals -----------------------------------------------------------------------------------


def test_contents_are_those_of_the_latest_receipts(ledger: Ledger) -> None:
    ledger.receive([receipt("match", "a"), receipt("events", "b"), receipt("match", "c", part=TWO)])
    ledger.receive([receipt("match", "d", minute=1)])
    assert ledger.contents("tracking") == {
        ONE: {"match": "d", "events": "b"},
        TWO: {"match": "c"},
    }
    assert ledger.contents("tracking", [TWO]) == {TWO: {"match": "c"}}
    assert ledger.contents("activity") == {}


def test_what_was_received_is_found_by_partition_and_name(ledger: Ledger) -> None:
    frames, events = receipt("tracking", "aa"), receipt("events", "bb")
    other = receipt("tracking", "cc", part=TWO)
    ledger.receive([frames, events, other])
    found = ledger.arrivals("tracking")
    assert {part: set(files) for part, files in found.items()} == {
        ONE: {"tracking", "events"},
        TWO: {"tracking"},
    }
    assert replace(found[ONE]["events"], id=0) == events
    assert dict(ledger.arrivals("activity")) == {}


def test_the_latest_receipt_of_a_name_counts_even_if_it_brings_older_bytes(ledger: Ledger) -> None:
    for content in ("aa", "bb", "aa"):
        ledger.receive([receipt("tracking", content)])
    assert ledger.arrivals("tracking")[ONE]["tracking"].sha256 == "aa"


def test_the_order_of_receiving_decides_not_the_clock(ledger: Ledger) -> None:
    ledger.receive([receipt("tracking", "late", minute=30)])
    ledger.receive([receipt("tracking", "early", minute=5)])
    assert ledger.arrivals("tracking")[ONE]["tracking"].sha256 == "early"


def test_within_one_call_the_last_of_a_name_counts(ledger: Ledger) -> None:
    ledger.receive([receipt("tracking", "aa"), receipt("tracking", "bb")])
    assert ledger.arrivals("tracking")[ONE]["tracking"].sha256 == "bb"


def test_arrivals_may_be_narrowed_to_partitions(ledger: Ledger) -> None:
    parts = [f"match_id={n}" for n in range(2000)]
    ledger.receive([receipt("tracking", "aa", part=p) for p in parts])
    assert set(ledger.arrivals("tracking", [TWO, "match_id=7", "match_id=none"])) == {
        TWO,
        "match_id=7",
    }
    assert dict(ledger.arrivals("tracking", [])) == {}
    assert set(ledger.arrivals("tracking", parts)) == set(parts)


def test_a_name_whose_latest_receipt_is_withdrawn_is_left_out_until_another_comes(
    ledger: Ledger,
) -> None:
    frames, events = receipt("tracking", "aa"), receipt("events", "bb")
    ledger.receive([frames, events, receipt("match", "cc", part=TWO)])
    assert dict(ledger.withdrawn("tracking")) == {}
    out = replace(frames, withdrawn="a test", said_at=AT + timedelta(days=1))
    ledger.receive([out])
    assert ledger.contents("tracking") == {ONE: {"events": "bb"}, TWO: {"match": "cc"}}
    assert set(ledger.arrivals("tracking", [ONE])[ONE]) == {"events"}
    found = ledger.withdrawn("tracking")
    assert {part: list(files) for part, files in found.items()} == {ONE: ["tracking"]}
    assert replace(found[ONE]["tracking"], id=0) == out
    assert dict(ledger.withdrawn("tracking", [TWO])) == dict(ledger.withdrawn("activity")) == {}
    assert frames.path in ledger.paths()

    ledger.receive([frames])
    assert list(ledger.contents("tracking")[ONE]) == ["tracking", "events"]
    assert dict(ledger.withdrawn("tracking")) == {}


def test_a_partition_whose_names_are_all_withdrawn_has_not_arrived(ledger: Ledger) -> None:
    ledger.receive([replace(receipt("match", "aa"), withdrawn="a test")])
    assert dict(ledger.arrivals("tracking")) == dict(ledger.contents("tracking")) == {}
    ledger.retire("tracking", [ONE])
    assert dict(ledger.withdrawn("tracking")) == {}


def test_receiving_is_all_or_none(ledgers: Ledgers) -> None:
    ledger, other = ledgers.open(), ledgers.open()

    def cut_off() -> Iterator[Receipt]:
        yield receipt("tracking", "aa")
        yield receipt("events", "bb")
        raise RuntimeError("the power failed")

    with pytest.raises(RuntimeError):
        ledger.receive(cut_off())  # type: ignore[arg-type]
    assert dict(other.arrivals("tracking")) == {}
    ledger.receive([receipt("match", "cc")])
    assert set(other.arrivals("tracking")[ONE]) == {"match"}


def test_what_one_owner_wrote_another_reads(ledgers: Ledgers) -> None:
    ledger, other = ledgers.open(), ledgers.open()
    ledger.receive([receipt("tracking", "aa")])
    ledger.record([a_run("r1", "published")])
    done(ledger, publish("a"))
    assert other.arrivals("tracking")[ONE]["tracking"].sha256 == "aa"
    assert [r.run_id for r in other.runs()] == ["r1"]
    assert other.heads([TABLE]) == {TABLE: {ONE: ("from a", "a")}}


# --- what is current ----------------------------------------------------------------------------


def test_sizes_are_of_what_is_current_and_not_emptied(ledgers: Ledgers) -> None:
    ledger = ledgers.open()
    assert dict(ledger.sizes()) == {}
    done(ledger, replace(publish("a"), rows=5, rejected=1))
    at = ledgers.clock.forward(60)
    done(ledger, replace(publish("b"), rows=7, rejected=2))
    done(ledger, replace(publish("c", part=TWO), rows=10, rejected=0))
    done(ledger, replace(publish("d"), table="club.tops", rows=1, rejected=0))
    assert ledger.sizes() == {
        TABLE: Size(2, 17, 2, at),
        "club.tops": Size(1, 1, 0, at),
    }
    done(ledger, replace(publish("e", part=TWO), rows=0, pieces=(), kind="retire"))
    done(ledger, replace(publish("f"), table="club.tops", rows=0, pieces=(), kind="withdraw"))
    assert ledger.sizes() == {TABLE: Size(1, 7, 2, at)}


def test_a_publish_comes_back_as_it_was_with_its_instant_and_snapshot(ledgers: Ledgers) -> None:
    ledger = ledgers.open()
    given = replace(publish("a"), kind="rollback")
    done(ledger, given, snapshot="1234")
    wanted = replace(given, published_at=ledgers.clock.now, snapshot_id="1234")
    assert ledger.current([TABLE])[TABLE] == {ONE: wanted}
    assert list(ledger.history(TABLE, ONE)) == [wanted]


def test_of_each_partition_the_newest_publish_is_current(ledger: Ledger) -> None:
    for content, part in (("a", ONE), ("b", TWO), ("c", ONE)):
        done(ledger, publish(content, part=part))
    current = ledger.current([TABLE, "club.other"])
    assert {part: p.content for part, p in current[TABLE].items()} == {ONE: "c", TWO: "b"}
    assert dict(current["club.other"]) == {}


def test_heads_tell_contents_that_are_their_derivation_and_those_of_force(ledger: Ledger) -> None:
    made, forced = publish("a"), replace(publish("b", part=TWO), content="")
    done(ledger, replace(made, content=made.derivation), forced)
    assert ledger.heads([TABLE]) == {TABLE: {ONE: ("from a", "from a"), TWO: ("from b", "")}}


def test_heads_are_derivation_and_content_of_what_is_current(ledger: Ledger) -> None:
    done(ledger, publish("a"))
    done(ledger, replace(publish("b"), derivation="from elsewhere"))
    assert ledger.heads([TABLE, "club.other"]) == {
        TABLE: {ONE: ("from elsewhere", "b")},
        "club.other": {},
    }


def test_current_may_be_narrowed_to_partitions(ledger: Ledger) -> None:
    done(ledger, *(publish(f"c{n}", part=f"match_id={n}", commit="c") for n in range(5)))
    found = ledger.current([TABLE], ["match_id=3", "match_id=9"])
    assert set(found[TABLE]) == {"match_id=3"}
    assert dict(ledger.current([TABLE], [])[TABLE]) == {}


def test_as_of_gives_what_was_current_at_an_instant(ledgers: Ledgers) -> None:
    ledger = ledgers.open()
    start = ledgers.clock.now
    done(ledger, publish("a"))
    second = ledgers.clock.forward(60)
    done(ledger, publish("b"), publish("x", part=TWO))
    ledgers.clock.forward(60)
    done(ledger, publish("c"))

    def then(at: object) -> dict[str, str]:
        found = ledger.current([TABLE], as_of=at)[TABLE]  # type: ignore[arg-type]
        return {part: p.content for part, p in found.items()}

    assert then(start - timedelta(seconds=1)) == {}
    assert then(start) == {ONE: "a"}
    assert then(second - timedelta(microseconds=1)) == {ONE: "a"}
    assert then(second) == {ONE: "b", TWO: "x"}
    assert then(second + timedelta(days=1)) == {ONE: "c", TWO: "x"}
    narrowed = ledger.current([TABLE], [TWO], as_of=second)[TABLE]
    assert set(narrowed) == {TWO}


def test_all_tables_of_a_commit_are_published_at_one_instant(ledgers: Ledgers) -> None:
    ledger = ledgers.open()
    ledgers.clock.at_every_look = timedelta(milliseconds=1)
    tables = [TABLE, "club.other", "club.third"]
    several = [publish("a", table=t, commit="c") for t in tables]
    with ledger.claim("club", [ONE]) as claims, ledger.publishing(claims, several) as done_:
        for table in tables:
            done_(table, "1")
    found = ledger.current(tables)
    assert len({found[t][ONE].published_at for t in tables}) == 1


def test_history_is_newest_first_by_partition_or_by_table(ledger: Ledger) -> None:
    for content, part in (("a", ONE), ("b", TWO), ("c", ONE)):
        done(ledger, publish(content, part=part))
    done(ledger, publish("z", table="club.other"))
    assert [p.content for p in ledger.history(TABLE, ONE)] == ["c", "a"]
    assert [p.content for p in ledger.history(TABLE)] == ["c", "b", "a"]
    assert list(ledger.history(TABLE, "match_id=9")) == []


def test_forgetting_never_drops_what_is_current(ledger: Ledger) -> None:
    for content in ("a", "b", "c"):
        done(ledger, publish(content))
    ledger.forget(ledger.history(TABLE, ONE))
    assert [p.content for p in ledger.history(TABLE, ONE)] == ["c"]
    assert ledger.current([TABLE])[TABLE][ONE].content == "c"


def test_forgetting_drops_only_what_is_named(ledger: Ledger) -> None:
    done(ledger, publish("a", commit="c1"), publish("x", part=TWO, commit="c1"))
    done(ledger, publish("b", commit="c2"), publish("y", part=TWO, commit="c2"))
    ledger.forget([p for p in ledger.history(TABLE, ONE) if p.content == "a"])
    assert [p.content for p in ledger.history(TABLE)] == ["y", "b", "x"]


def test_what_was_current_at_an_instant_that_is_forgotten_is_not_guessed(ledgers: Ledgers) -> None:
    ledger = ledgers.open()
    first = ledgers.clock.now
    done(ledger, publish("a"), publish("x", part=TWO))
    second = ledgers.clock.forward(60)
    done(ledger, publish("b"))
    third = ledgers.clock.forward(60)
    done(ledger, publish("c"))
    ledger.forget([p for p in ledger.history(TABLE, ONE) if p.content == "a"])
    with pytest.raises(ConfigError, match=f"{TABLE} {ONE}"):
        ledger.current([TABLE], as_of=first)
    with pytest.raises(ConfigError):
        ledger.current([TABLE], [ONE], as_of=second - timedelta(microseconds=1))
    assert ledger.current([TABLE], [TWO], as_of=first)[TABLE][TWO].content == "x"
    contents = [ledger.current([TABLE], as_of=at)[TABLE][ONE].content for at in (second, third)]
    assert contents == ["b", "c"]
    assert dict(ledger.current(["club.other"], as_of=first)["club.other"]) == {}


# --- runs ---------------------------------------------------------------------------------------


def test_a_run_comes_back_as_it_was(ledger: Ledger) -> None:
    given = a_run("r1", "refused")
    ledger.record([given])
    assert list(ledger.runs()) == [given]


def test_a_later_record_of_a_run_replaces_the_earlier(ledger: Ledger) -> None:
    ledger.record([a_run("r1", "running"), a_run("r2", "running", minute=1)])
    ledger.record([a_run("r1", "published")])
    assert [(r.run_id, r.status) for r in ledger.runs()] == [("r2", "running"), ("r1", "published")]


def test_runs_are_newest_first_and_may_be_narrowed(ledger: Ledger) -> None:
    ledger.record([a_run("r3", "running", minute=3, part="match_id=3")])
    ledger.record([a_run("r4", "failed", minute=4, part="match_id=5")])
    ledger.record([a_run("r5", "published", minute=5, part="match_id=5")])
    ledger.record([a_run("other", "failed", minute=9, pipeline="activity")])
    ledger.record([a_run("r3", "published", minute=3, part="match_id=3")])

    def ids(**wanted: object) -> list[str]:
        return [r.run_id for r in ledger.runs(**wanted)]  # type: ignore[arg-type]

    assert ids() == ["other", "r5", "r4", "r3"]
    assert ids(limit=2) == ["other", "r5"]
    assert ids(pipeline="tracking") == ["r5", "r4", "r3"]
    assert ids(part="match_id=5") == ["r5", "r4"]
    assert ids(pipeline="activity", part="match_id=5") == []


def test_a_run_after_the_clock_was_set_back_is_the_newest(ledger: Ledger) -> None:
    ledger.record([a_run("before", "failed", minute=30)])
    ledger.record([a_run("after", "published", minute=1)])
    assert [r.run_id for r in ledger.runs()] == ["after", "before"]
    assert {r.run_id for r in ledger.last("tracking").values()} == {"after"}


def test_totals_count_ended_runs_and_how_long_their_partitions_were_worked_on(
    ledger: Ledger,
) -> None:
    begun = a_run("a", "published")
    later = begun.started_at + timedelta(hours=1)
    ledger.record([replace(begun, ended_at=later, report={"seconds": 90.0})])
    ledger.record([replace(begun, run_id="b", ended_at=later)])
    ledger.record([replace(begun, run_id="b", ended_at=later, report={"seconds": 30.0})])
    ledger.record([replace(begun, run_id="e", ended_at=later)])
    ledger.record([replace(begun, run_id="c", status="refused", ended_at=begun.started_at)])
    ledger.record([replace(begun, run_id="d", status="running", ended_at=None)])
    found = ledger.totals()
    assert {key: total.runs for key, total in found.items()} == {
        ("tracking", "published"): 3,
        ("tracking", "refused"): 1,
    }
    assert found["tracking", "published"].seconds == 120


def test_a_run_is_found_by_a_beginning_of_its_id(ledger: Ledger) -> None:
    ledger.record([a_run(i, "published") for i in ("20250405-ab12", "20250405-ab13", "2025%4")])
    assert [r.run_id for r in ledger.runs(run_id="20250405-ab13")] == ["20250405-ab13"]
    assert {r.run_id for r in ledger.runs(run_id="20250405-ab")} == {
        "20250405-ab12",
        "20250405-ab13",
    }
    assert [r.run_id for r in ledger.runs(run_id="2025%")] == ["2025%4"]
    assert list(ledger.runs(run_id="ab12")) == []


def test_the_last_ended_run_of_each_partition_is_known(ledger: Ledger) -> None:
    ledger.record(
        [
            a_run("r1", "published", minute=1),
            a_run("r2", "failed", minute=2),
            a_run("r3", "running", minute=3),
            a_run("r4", "waiting", minute=1, part=TWO),
            a_run("r5", "published", minute=9, pipeline="activity"),
        ]
    )
    found = ledger.last("tracking")
    assert {part: (r.run_id, r.status) for part, r in found.items()} == {
        ONE: ("r2", "failed"),
        TWO: ("r4", "waiting"),
    }
    assert found[ONE].started_at == AT.replace(minute=2)
    assert dict(ledger.last("sensors")) == {}


def test_the_run_of_an_owner_that_ended_without_a_word_is_shown_as_failed(ledgers: Ledgers) -> None:
    ledger = ledgers.open()
    ledgers.crash(leave_running)
    (run,) = ledger.runs()
    assert (run.run_id, run.status) == ("dead", "failed")
    assert "without a word" in run.message
    assert ledger.last("tracking")[ONE].status == "failed"


# --- ends ---------------------------------------------------------------------------------------


def ids(found: Mapping[int, Run]) -> list[str]:
    return [run.run_id for run in found.values()]


def test_ends_come_in_the_order_in_which_they_were_recorded_not_in_that_of_beginning(
    ledger: Ledger,
) -> None:
    ledger.record([a_run("early", "running"), a_run("late", "running", minute=5)])
    assert ledger.ends(after=0, limit=9) == {}
    ledger.record([a_run("late", "published", minute=5)])
    ledger.record([a_run("early", "refused")])
    assert ids(ledger.ends(after=0, limit=9)) == ["late", "early"]
    assert ledger.ends(after=0, limit=9)[min(ledger.ends(after=0, limit=9))].report["steps"]


def test_a_reader_of_ends_goes_on_where_it_was(ledger: Ledger) -> None:
    for number in range(5):
        ledger.record([a_run(f"r{number}", "published", minute=9 - number)])
    first = ledger.ends(after=0, limit=2)
    rest = ledger.ends(after=max(first), limit=9)
    assert ids(first) == ["r0", "r1"]
    assert ids(rest) == ["r2", "r3", "r4"]
    assert min(first) >= 1
    assert ledger.ends(after=max(rest), limit=9) == {}


def test_an_end_that_is_recorded_again_has_the_later_number_alone(ledger: Ledger) -> None:
    ledger.record([a_run("one", "failed"), a_run("two", "published")])
    seen = max(ledger.ends(after=0, limit=9))
    ledger.record([a_run("one", "published")])
    again = ledger.ends(after=seen, limit=9)
    assert [(run.run_id, run.status) for run in again.values()] == [("one", "published")]
    assert ids(ledger.ends(after=0, limit=9)) == ["two", "one"]


def test_ends_are_seen_by_other_owners(ledgers: Ledgers) -> None:
    one, two = ledgers.open(), ledgers.open()
    one.record([a_run("a", "published")])
    two.record([a_run("b", "published")])
    assert ids(one.ends(after=0, limit=9)) == ids(two.ends(after=0, limit=9)) == ["a", "b"]
