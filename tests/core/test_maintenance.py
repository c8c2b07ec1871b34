"""Upkeep: what is forgotten, what is written anew, and that neither changes what is current."""

from dataclasses import replace
from pathlib import Path

import pytest
from small_pipeline import PIPELINE, SPEEDS, TABLES, World, match

from touchline.core.maintenance import Kept, maintain
from touchline.core.memory import MemoryLedger
from touchline.core.ports import Incident
from touchline.errors import ConflictError

ONE = match(1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One match has arrived and was made."""
    found = World(tmp_path)
    found.arrive_match(1)
    found.run()
    return found


def in_two_pieces(world: World) -> None:
    """The current speeds of match 1 lie in two files from now on, with the same content."""
    now = world.ledger.current(["club.speeds"])["club.speeds"][ONE]
    rows = world.tables.read(SPEEDS, now.pieces)
    halves = [
        world.tables.stage(SPEEDS, ONE, rows.slice(at, 2), run_id=f"half {at}") for at in (0, 2)
    ]
    both = replace(halves[0], pieces=tuple(p for h in halves for p in h.pieces))
    with (
        world.ledger.claim("club", [ONE]) as claims,
        world.ledger.publishing(claims, [replace(now, commit_id="c", pieces=both.pieces)]) as done,
    ):
        snapshot = world.tables.publish(SPEEDS, [both], commit_id="c", properties={})
        done("club.speeds", snapshot)


def test_only_the_newest_publishes_and_those_of_some_days_are_kept(world: World) -> None:
    for kmh in (11, 12, 13, 14):
        world.clock.forward(86_400)
        world.arrive(1, "speeds", f"1,Bo,{kmh}")
        world.run()
    done = maintain(PIPELINE, world.platform(), kept=Kept(publishes=2, days=3))
    assert {u.table: (u.forgotten, u.files) for u in done if u.table in TABLES} == {
        "club.squad": (0, 0),
        "club.speeds": (2, 2),
        "club.tops": (2, 2),
        "club.leads": (2, 2),
    }
    assert [r["kmh"] for r in world.rows(SPEEDS)] == [14.0]
    kept = world.ledger.history("club.speeds", ONE)
    read = [world.tables.read(SPEEDS, p.pieces)["kmh"].to_pylist() for p in kept]
    assert read == [[14.0], [13.0], [12.0]]
    assert world.planned() == {}


def test_incidents_that_are_long_over_are_forgotten(world: World) -> None:
    begun = world.clock.now
    over = Incident("club run", "club", ONE, "refused", 3, begun, closed_at=begun)
    world.ledger.notes.note([over, replace(over, key="club input", closed_at=None)])
    for days, left in ((89, 2), (2, 1)):
        world.clock.forward(days * 86_400)
        maintain(PIPELINE, world.platform(), kept=Kept())
        assert len(world.ledger.notes.incidents(since=begun)) == left


def test_a_partition_in_several_pieces_is_written_as_one_and_stays_fresh(world: World) -> None:
    in_two_pieces(world)
    before = world.rows(SPEEDS)
    done = {u.table: u for u in maintain(PIPELINE, world.platform(), kept=Kept())}
    assert (done["club.speeds"].compacted, done["club.tops"].compacted) == (1, 0)
    assert len(world.current("club.speeds")["pieces"]) == 1
    assert world.rows(SPEEDS) == before
    assert world.planned() == {}


def test_a_partition_with_a_file_in_each_of_two_folders_is_left_as_it_is(world: World) -> None:
    now = world.ledger.current(["club.speeds"])["club.speeds"][ONE]
    (piece,) = now.pieces
    elsewhere = replace(piece, path=piece.path.replace(ONE, "day=2/match_id=1"))
    with (
        world.ledger.claim("club", [ONE]) as claims,
        world.ledger.publishing(
            claims, [replace(now, commit_id="c", pieces=(piece, elsewhere))]
        ) as done,
    ):
        done("club.speeds", "1")

    upkeep = {u.table: u.compacted for u in maintain(PIPELINE, world.platform(), kept=Kept())}

    assert upkeep["club.speeds"] == 0


def test_two_at_once_do_not_keep_one_pipeline_up(world: World) -> None:
    other = MemoryLedger(beside=world.ledger, clock=world.clock)
    with other.claim("maintain", ["club"]), pytest.raises(ConflictError, match="maintain club"):
        maintain(PIPELINE, world.platform(), kept=Kept())
    assert maintain(PIPELINE, world.platform(), kept=Kept())


def test_writing_anew_does_not_undo_what_a_run_published_meanwhile(world: World) -> None:
    in_two_pieces(world)

    def rerun(other: World) -> None:
        other.arrive(1, "speeds", "1,Bo,15\n1,Bo,16")
        other.run()

    world.overtaken_by(rerun)
    maintain(PIPELINE, world.platform(), kept=Kept())
    assert [r["kmh"] for r in world.rows(SPEEDS)] == [15.0, 16.0]
    assert world.planned() == {}
