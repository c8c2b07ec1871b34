"""Every TableStore keeps the promises of the port."""

import random
from dataclasses import replace

import pytest
from made_up import (
    DAY,
    NEXT_DAY,
    SPEEDS,
    Row,
    arrow,
    changed,
    in_order,
    match,
    replaced,
    sorted_rows,
    speed,
    staged,
)
from under_test import Tables

from touchline.core.contracts import Column, Contract
from touchline.core.ports import Piece
from touchline.errors import ContractError, StorageError, TouchlineError

ADA, BO = speed(1, "Ada", 31.5), speed(1, "Bo", None)
CY = speed(2, "Cy", 28.0)


def test_staged_rows_are_seen_by_nobody(tables: Tables) -> None:
    tables.store.prepare([SPEEDS])
    staged(tables.store, match(1), [ADA, BO], run_id="r1")
    assert in_order(tables.seen(SPEEDS)) == []


def test_published_rows_are_seen_and_read_with_every_type_intact(tables: Tables) -> None:
    done = replaced(tables.store, {match(1): [ADA, BO], match(2): [CY]}, commit="c1")
    assert in_order(tables.seen(SPEEDS)) == sorted_rows([ADA, BO, CY])
    assert in_order(tables.store.read(SPEEDS, done[match(1)].pieces)) == sorted_rows([ADA, BO])
    assert tables.store.read(SPEEDS, done[match(1)].pieces).schema.equals(SPEEDS.arrow_schema())


def test_a_staged_partition_counts_its_rows_and_its_bytes(tables: Tables) -> None:
    tables.store.prepare([SPEEDS])
    found = staged(tables.store, match(1), [ADA, BO], run_id="r1")
    assert (found.table, found.partition, found.rows) == ("club.speeds", match(1), 2)
    assert sum(p.rows for p in found.pieces) == 2
    assert all(p.bytes > 0 for p in found.pieces)


def test_reading_no_pieces_gives_no_rows_in_the_contracts_columns(tables: Tables) -> None:
    found = tables.store.read(SPEEDS, [])
    assert found.num_rows == 0
    assert found.schema.equals(SPEEDS.arrow_schema())


def test_publishing_replaces_exactly_the_staged_partitions(tables: Tables) -> None:
    first = {match(n): [speed(n, "Ada", 20.0 + n), speed(n, "Bo", 1.0)] for n in (1, 2, 3, 12)}
    replaced(tables.store, first, commit="c1")
    replaced(tables.store, {match(2): [speed(2, "Cy", 9.0)], match(3): [ADA3]}, commit="c2")
    expected = [*first[match(1)], *first[match(12)], speed(2, "Cy", 9.0), ADA3]
    assert in_order(tables.seen(SPEEDS)) == sorted_rows(expected)


ADA3 = speed(3, "Ada", 33.0)


def test_the_same_rows_again_change_nothing(tables: Tables) -> None:
    replaced(tables.store, {match(1): [ADA, BO]}, commit="c1")
    replaced(tables.store, {match(1): [ADA, BO]}, commit="c2")
    assert in_order(tables.seen(SPEEDS)) == sorted_rows([ADA, BO])


def test_one_publish_is_one_snapshot_with_its_properties(tables: Tables) -> None:
    tables.store.prepare([SPEEDS])
    both = [
        staged(tables.store, match(1), [ADA], run_id="r1"),
        staged(tables.store, match(2), [CY], run_id="r1"),
    ]
    given = {"touchline.run-id": "r1", "touchline.inputs-digest": "abc,def"}
    tables.store.publish(SPEEDS, both, commit_id="c1", properties=given)
    (seen,) = tables.snapshots(SPEEDS.table)
    assert {name: seen[name] for name in given} == given


def test_a_staged_partition_without_pieces_leaves_it_empty(tables: Tables) -> None:
    replaced(tables.store, {match(1): [ADA, BO], match(2): [CY]}, commit="c1")
    nothing = staged(tables.store, match(1), [], run_id="r2")
    assert (nothing.rows, nothing.pieces) == (0, ())
    tables.store.publish(SPEEDS, [nothing], commit_id="c2", properties={})
    assert in_order(tables.seen(SPEEDS)) == sorted_rows([CY])


def test_a_partition_that_never_was_can_be_published_empty(tables: Tables) -> None:
    replaced(tables.store, {match(1): []}, commit="c1")
    assert in_order(tables.seen(SPEEDS)) == []


def test_a_match_that_moved_to_another_day_leaves_no_twin(tables: Tables) -> None:
    replaced(tables.store, {match(1): [ADA, BO], match(2): [CY]}, commit="c1")
    moved = [speed(1, "Ada", 31.5, day=NEXT_DAY), speed(1, "Bo", None, day=NEXT_DAY)]
    replaced(tables.store, {match(1): moved}, commit="c2")
    assert in_order(tables.seen(SPEEDS)) == sorted_rows([*moved, CY])


def test_a_partition_may_lie_in_several_places(tables: Tables) -> None:
    rows = [ADA, speed(1, "Bo", 2.0, day=NEXT_DAY), speed(1, "Cy", 3.0)]
    done = replaced(tables.store, {match(1): rows}, commit="c1")
    assert in_order(tables.seen(SPEEDS)) == sorted_rows(rows)
    assert in_order(tables.store.read(SPEEDS, done[match(1)].pieces)) == sorted_rows(rows)
    replaced(tables.store, {match(1): [BO]}, commit="c2")
    assert in_order(tables.seen(SPEEDS)) == sorted_rows([BO])


def test_earlier_pieces_can_be_read_and_published_again(tables: Tables) -> None:
    first = replaced(tables.store, {match(1): [ADA]}, commit="c1")[match(1)]
    replaced(tables.store, {match(1): [BO]}, commit="c2")
    assert in_order(tables.store.read(SPEEDS, first.pieces)) == sorted_rows([ADA])
    tables.store.publish(SPEEDS, [first], commit_id="c3", properties={})
    assert in_order(tables.seen(SPEEDS)) == sorted_rows([ADA])


def by(*names: str) -> Contract:
    return replace(SPEEDS, table=f"club.by_{'_'.join(names)}", replace_by=names, partition_by=names)


def test_a_table_may_be_replaced_by_the_day(tables: Tables) -> None:
    daily = by("played_date")
    today = [speed(1, "Ada", 1.0), speed(2, "Ada", 2.0)]
    tomorrow = [speed(3, "Ada", 3.0, day=NEXT_DAY)]
    first = {f"played_date={DAY}": today, f"played_date={NEXT_DAY}": tomorrow}
    replaced(tables.store, first, commit="c1", contract=daily)
    replaced(tables.store, {f"played_date={DAY}": [CY]}, commit="c2", contract=daily)
    assert in_order(tables.seen(daily)) == sorted_rows([CY, *tomorrow])


def test_a_table_may_be_replaced_by_the_instant(tables: Tables) -> None:
    hourly = by("kick_off_at")
    today, tomorrow = speed(1, "Ada", 1.0), speed(2, "Ada", 2.0, day=NEXT_DAY)
    parts = [f"kick_off_at={d}T15:30:00.123456+00:00" for d in (DAY, NEXT_DAY)]
    first = {parts[0]: [today], parts[1]: [tomorrow]}
    replaced(tables.store, first, commit="c1", contract=hourly)
    replaced(tables.store, {parts[0]: [ADA]}, commit="c2", contract=hourly)
    assert in_order(tables.seen(hourly)) == sorted_rows([ADA, tomorrow])


def test_a_table_may_be_replaced_by_two_columns_together(tables: Tables) -> None:
    both = by("match_id", "player")
    rows = {f"match_id={r['match_id']}/player={r['player']}": [r] for r in (ADA, BO, CY)}
    replaced(tables.store, rows, commit="c1", contract=both)
    again = {"match_id=1/player=Ada": [ADA_SLOW], "match_id=2/player=Bo": []}
    replaced(tables.store, again, commit="c2", contract=both)
    assert in_order(tables.seen(both)) == sorted_rows([ADA_SLOW, BO, CY])


ADA_SLOW = speed(1, "Ada", 12.0)


def test_a_commit_is_known_by_its_id_and_others_never_happened(tables: Tables) -> None:
    assert tables.store.committed(SPEEDS.table, "c1") is None
    tables.store.prepare([SPEEDS])
    piece = staged(tables.store, match(1), [ADA], run_id="r1")
    assert tables.store.committed(SPEEDS.table, "c1") is None
    ids = {
        commit: tables.store.publish(SPEEDS, [piece], commit_id=commit, properties={})
        for commit in ("c1", "c2")
    }
    assert {c: tables.store.committed(SPEEDS.table, c) for c in ids} == ids
    assert len(set(ids.values())) == 2
    assert tables.store.committed(SPEEDS.table, "c3") is None


def test_preparing_again_keeps_the_rows(tables: Tables) -> None:
    replaced(tables.store, {match(1): [ADA]}, commit="c1")
    tables.store.prepare([SPEEDS])
    assert in_order(tables.seen(SPEEDS)) == sorted_rows([ADA])


WIDER = changed(SPEEDS, Column("load", "double", "Added later", null=False))


def test_a_column_that_older_pieces_lack_is_null_in_them(tables: Tables) -> None:
    old = replaced(tables.store, {match(1): [ADA]}, commit="c1")[match(1)]
    loaded: Row = {**CY, "load": 7.5}
    new = replaced(tables.store, {match(2): [loaded]}, commit="c2", contract=WIDER)[match(2)]
    expected = sorted_rows([{**ADA, "load": None}, loaded])
    assert in_order(tables.seen(WIDER)) == expected
    assert in_order(tables.store.read(WIDER, [*old.pieces, *new.pieces])) == expected
    narrow = tables.store.read(SPEEDS, [*old.pieces, *new.pieces])
    assert in_order(narrow) == sorted_rows([ADA, CY])


def test_a_column_that_may_be_null_from_now_on_holds_nulls(tables: Tables) -> None:
    replaced(tables.store, {match(1): [ADA]}, commit="c1")
    relaxed = changed(SPEEDS, Column("player", "string", "Name"))
    nameless: Row = {**CY, "player": None}
    replaced(tables.store, {match(2): [nameless]}, commit="c2", contract=relaxed)
    assert in_order(tables.seen(relaxed)) == sorted_rows([ADA, nameless])


def test_a_column_of_another_type_is_refused_and_the_table_is_as_it_was(tables: Tables) -> None:
    replaced(tables.store, {match(1): [ADA]}, commit="c1")
    retyped = changed(WIDER, Column("sprints", "string", "Now in words"))
    with pytest.raises(ContractError, match=r"club\.speeds\.sprints"):
        tables.store.prepare([retyped])
    replaced(tables.store, {match(2): [CY]}, commit="c2")
    assert in_order(tables.seen(SPEEDS)) == sorted_rows([ADA, CY])
    assert "load" not in tables.seen(WIDER).column_names or tables.seen(WIDER)["load"].null_count


def readable(tables: Tables, pieces: tuple[Piece, ...]) -> bool:
    try:
        return bool(tables.store.read(SPEEDS, pieces).num_rows)
    except TouchlineError:
        return False


def test_maintaining_keeps_what_is_current_or_kept_and_deletes_the_rest(tables: Tables) -> None:
    forgotten = replaced(tables.store, {match(1): [ADA]}, commit="c1")[match(1)]
    remembered = replaced(tables.store, {match(1): [ADA, BO]}, commit="c2")[match(1)]
    current = replaced(tables.store, {match(1): [BO], match(2): [CY]}, commit="c3")
    dead = staged(tables.store, match(3), [ADA3], run_id="dead")
    alive = staged(tables.store, match(3), [ADA3], run_id="alive")
    keep = frozenset({"alive", *(p.path for p in remembered.pieces)})
    counts = tables.store.maintain(SPEEDS.table, keep)
    assert counts["snapshots"] == 2
    assert len(tables.snapshots(SPEEDS.table)) == 1
    wanted = [remembered, alive, *current.values()]
    assert [readable(tables, s.pieces) for s in wanted] == [True] * 4
    assert [readable(tables, s.pieces) for s in (forgotten, dead)] == [False] * 2
    assert in_order(tables.seen(SPEEDS)) == sorted_rows([BO, CY])
    tables.store.publish(SPEEDS, [alive], commit_id="c4", properties={})
    tables.store.publish(SPEEDS, [remembered], commit_id="c5", properties={})
    assert in_order(tables.seen(SPEEDS)) == sorted_rows([ADA, BO, CY, ADA3])


def test_maintaining_twice_finds_nothing_more(tables: Tables) -> None:
    replaced(tables.store, {match(1): [ADA]}, commit="c1")
    replaced(tables.store, {match(1): [BO]}, commit="c2")
    assert tables.store.maintain(SPEEDS.table, frozenset())["files"] > 0
    again = tables.store.maintain(SPEEDS.table, frozenset())
    assert dict(again) == {"snapshots": 0, "files": 0, "bytes": 0}
    assert in_order(tables.seen(SPEEDS)) == sorted_rows([BO])


def test_maintaining_a_table_that_is_not_there_does_nothing(tables: Tables) -> None:
    found = tables.store.maintain("club.nothing", frozenset())
    assert dict(found) == {"snapshots": 0, "files": 0, "bytes": 0}


def test_without_room_nothing_is_staged(tables: Tables) -> None:
    replaced(tables.store, {match(1): [ADA]}, commit="c1")
    noise = random.Random(1)
    rows = [speed(2, f"{noise.getrandbits(256):064x}", noise.random()) for _ in range(4000)]
    with tables.full(), pytest.raises(StorageError):
        staged(tables.store, match(2), rows, run_id="r2")
    assert tables.store.maintain(SPEEDS.table, frozenset())["files"] == 0
    done = staged(tables.store, match(2), rows, run_id="r2")
    tables.store.publish(SPEEDS, [done], commit_id="c2", properties={})
    assert tables.seen(SPEEDS).num_rows == 4001


def test_rows_of_another_shape_are_refused(tables: Tables) -> None:
    tables.store.prepare([SPEEDS])
    text = arrow(changed(SPEEDS, Column("sprints", "string", "")), [{**ADA, "sprints": "many"}])
    with pytest.raises(ContractError):
        tables.store.stage(SPEEDS, match(1), text, run_id="r1")


@pytest.mark.parametrize("seed", range(3))
def test_what_readers_see_is_what_the_current_pieces_hold(tables: Tables, seed: int) -> None:
    chance = random.Random(seed)
    current: dict[str, tuple[Piece, ...]] = {}
    for commit in range(8):
        days = {n: chance.choice([DAY, NEXT_DAY]) for n in chance.sample(range(1, 5), 2)}
        parts = {
            match(n): [
                speed(n, f"player {i}", chance.random(), day=day)
                for i in range(chance.randrange(4))
            ]
            for n, day in days.items()
        }
        done = replaced(tables.store, parts, commit=f"c{commit}")
        current |= {part: s.pieces for part, s in done.items()}
        pieces = [p for held in current.values() for p in held]
        assert in_order(tables.seen(SPEEDS)) == in_order(tables.store.read(SPEEDS, pieces))
