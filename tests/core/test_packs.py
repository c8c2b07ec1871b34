"""Bronze that is swept and packed: what lies where, and that every answer stays what it was."""

import io
import zipfile
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from small_pipeline import PIPELINE, SPEEDS, Clock, World, match

from touchline.core import checks, landing
from touchline.core.memory import MemoryLedger, MemoryObjects
from touchline.core.packing import PackRule, pack
from touchline.core.packs import packed
from touchline.core.sweep import GRACE, swept
from touchline.errors import MissingInputError

HOUR_S = GRACE.total_seconds() + 60
RULE = PackRule(more_than=1, below_bytes=100)
ONE = match(1)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A match has arrived an hour ago and was made."""
    clock = Clock()
    found = World(tmp_path, clock=clock, objects=packed(MemoryObjects(clock=clock)))
    found.arrive_match(1)
    found.run()
    clock.forward(HOUR_S)
    return found


def paths(world: World, number: int = 1) -> dict[str, str]:
    """Where the match's files lie."""
    return {n: r.path for n, r in world.ledger.arrivals("club")[match(number)].items()}


def do_pack(world: World, rule: PackRule = RULE) -> int:
    return pack(world.pipeline, world.platform(), rule=rule)


def sweep(world: World) -> list[str]:
    """What is left of bronze once it was swept, an hour on."""
    swept(world.objects, world.ledger, now=world.clock.forward(HOUR_S))
    return [*world.objects.list("objects/"), *world.objects.list("packs/")]


# --- the sweep ----------------------------------------------------------------------------------


def test_what_a_receipt_names_is_never_swept(world: World) -> None:
    world.arrive(1, "speeds", "1,Ada,1")
    assert len(sweep(world)) == 3


def test_what_no_receipt_names_is_swept_after_an_hour_and_not_before(world: World) -> None:
    stray = world.folder / "stray"
    stray.write_text("stray")
    path = world.objects.keep("objects", stray).path
    assert swept(world.objects, world.ledger, now=world.clock.now).files == 0
    found = swept(world.objects, world.ledger, now=world.clock.forward(HOUR_S))
    assert (found.files, found.bytes) == (1, 5)
    assert path not in list(world.objects.list(""))


def test_reports_and_manifests_are_not_swept(world: World) -> None:
    before = [p for f in ("metrics", "manifests") for p in world.objects.list(f)]
    world.ledger.retire("club", [ONE])
    assert sweep(world) == []
    assert [p for f in ("metrics", "manifests") for p in world.objects.list(f)] == before


def test_what_only_a_manifest_names_stays_as_the_ledger_may_be_an_older_one(world: World) -> None:
    whole, everything = world.ledger, world.everything()
    world.ledger = MemoryLedger(clock=world.clock)  # as a back-up from before the first arrival
    assert len(sweep(world)) == 2
    world.ledger = whole
    do_pack(world)
    sweep(world)
    world.ledger = MemoryLedger(clock=world.clock)
    assert len(sweep(world)) == 1
    world.ledger = whole
    assert len(sweep(world)) == 1
    world.run(force=True)
    assert world.everything() == everything


def test_a_pack_stays_where_an_older_ledger_looks_for_its_files_elsewhere(world: World) -> None:
    older = MemoryLedger(clock=world.clock)
    older.receive(list(world.ledger.arrivals("club")[ONE].values()))
    do_pack(world)
    sweep(world)
    world.ledger = older
    assert [p.partition("/")[0] for p in sweep(world)] == ["packs"]


@dataclass(frozen=True)
class Sweeps:
    """A ledger before whose receipts another process sweeps bronze, as if they had taken an hour."""

    ledger: MemoryLedger
    objects: Any

    def receive(self, receipts: Any) -> None:
        for receipt in receipts:
            self.objects.delete(receipt.path)
        self.ledger.receive(receipts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)


def late(world: World, text: str) -> landing.Arrival:
    file = world.folder / "late.txt"
    file.write_text(text)
    return landing.Arrival("club", match(2), "squad", file, file.name)


def test_bytes_that_are_swept_while_they_land_are_there_in_the_end(world: World) -> None:
    ledger: Any = Sweeps(world.ledger, world.objects)
    given = {"objects": world.objects, "ledger": ledger, "now": world.clock()}
    (receipt,) = landing.land([late(world, "2,Ada")], **given)
    assert world.objects.read(receipt.path) == b"2,Ada"


def test_a_file_that_changed_and_whose_bytes_were_swept_is_refused(world: World) -> None:
    keep, kept = world.objects._objects.keep, []

    def keeping(folder: str, file: Path) -> Any:
        if kept:
            file.write_text("others")
        kept.append(keep(folder, file))
        return kept[-1]

    world.objects._objects.keep = keeping
    ledger: Any = Sweeps(world.ledger, world.objects)
    given = {"objects": world.objects, "ledger": ledger, "now": world.clock()}
    with pytest.raises(MissingInputError, match="changed while it was landed"):
        list(landing.land([late(world, "2,Ada")], **given))


# --- packs --------------------------------------------------------------------------------------


def test_many_small_files_lie_in_one_pack_and_all_else_is_as_it_was(world: World) -> None:
    before, rows = world.ledger.arrivals("club")[ONE], world.everything()
    assert do_pack(world) == 2
    assert world.ledger.arrivals("club")[ONE] == {
        name: replace(receipt, path=paths(world)[name]) for name, receipt in before.items()
    }
    left = sweep(world)
    assert len(left) == 1
    assert left[0].startswith("packs/")
    assert world.planned() == {}
    world.run(force=True)
    assert world.everything() == rows
    assert [f for _, f in checks.of_bronze(PIPELINE, world.ledger, world.objects) if f] == []


def test_what_was_packed_stays_an_hour_for_whoever_reads_it_where_it_was(world: World) -> None:
    old = paths(world)
    do_pack(world)
    assert swept(world.objects, world.ledger, now=world.clock.now).files == 0
    assert world.objects.lost(old.values()) == frozenset()
    sweep(world)
    assert world.objects.lost(old.values()) == set(old.values())


def test_anybody_can_read_a_pack(world: World) -> None:
    do_pack(world)
    (pack_,) = world.objects.list("packs/")
    archive = zipfile.ZipFile(io.BytesIO(world.objects.read(pack_)))
    assert archive.testzip() is None
    assert {sha256(archive.read(name)).hexdigest() for name in archive.namelist()} == set(
        world.ledger.contents("club")[ONE].values()
    )
    assert set(archive.namelist()) == set(world.ledger.contents("club")[ONE].values())


def test_a_member_is_a_file_and_bytes_like_any_other(world: World) -> None:
    do_pack(world)
    path = paths(world)["squad"]
    assert world.objects.read(path) == b"1,Ada\n1,Bo"
    assert world.objects.read(path, (2, 3)) == b"Ada"
    with world.objects.local(path) as file:
        assert file.read_bytes() == b"1,Ada\n1,Bo"
    assert not file.exists()
    (pack_,) = world.objects.list("packs/")
    world.objects.delete(pack_)
    assert world.objects.lost([path, "objects/none"]) == {path, "objects/none"}


def test_few_files_or_large_ones_are_left_alone(world: World) -> None:
    assert do_pack(world, PackRule(more_than=2, below_bytes=100)) == 0
    assert do_pack(world, PackRule(more_than=1, below_bytes=11)) == 0
    assert do_pack(world, PackRule(more_than=0, below_bytes=11)) == 1
    assert do_pack(world, PackRule(more_than=0, below_bytes=11)) == 0


def test_a_pack_is_closed_once_it_is_large(world: World) -> None:
    assert do_pack(world, replace(RULE, pack_bytes=1)) == 2
    assert len(list(world.objects.list("packs/"))) == 2
    world.run(force=True)
    assert len(world.rows(SPEEDS)) == 3


def test_a_file_that_is_issued_again_counts_and_is_packed_with_others_later(world: World) -> None:
    do_pack(world)
    world.arrive(1, "speeds", "1,Bo,15")
    assert list(world.planned()[ONE])
    world.run()
    assert [r["kmh"] for r in world.rows(SPEEDS)] == [15.0]
    assert do_pack(world) == 0
    world.arrive(1, "squad", "1,Bo")
    assert do_pack(world) == 2
    assert len([p for p in sweep(world) if p.startswith("packs/")]) == 2
    world.run()
    assert [r["player"] for r in world.rows(SPEEDS)] == ["Bo"]


def test_the_same_bytes_again_change_nothing(world: World) -> None:
    do_pack(world)
    world.arrive_match(1)
    assert world.planned() == {}
    assert world.run() == {}


def test_what_is_not_as_it_came_is_left_where_it_is(world: World) -> None:
    bad = paths(world)["squad"]
    world.objects.replace(bad, b"?")
    assert do_pack(world) == 1
    assert paths(world)["squad"] == bad
    assert [f.where for _, f in checks.of_bronze(PIPELINE, world.ledger, world.objects) if f] == [
        ONE
    ]


def test_a_partition_that_a_run_holds_is_packed_the_next_time(world: World) -> None:
    other = MemoryLedger(beside=world.ledger, clock=world.clock)
    with other.claim("club", [ONE]):
        assert do_pack(world) == 0
    assert do_pack(world) == 2


def test_a_pack_that_is_gone_before_receipts_name_it_is_not_named(world: World) -> None:
    keep = MemoryObjects.keep
    inner = world.objects._objects

    def kept(folder: str, file: Path) -> Any:
        stored = keep(inner, folder, file)
        inner.delete(stored.path)
        return stored

    inner.keep = kept
    before = paths(world)
    assert do_pack(world) == 0
    assert paths(world) == before


@pytest.fixture
def killed(world: World) -> World:
    """Packing was stopped after the pack was written, before receipts named it."""

    class Stops:
        def moved(self, _: Any) -> None:
            raise KeyboardInterrupt

        def __getattr__(self, name: str) -> Any:
            return getattr(whole, name)

    whole, world.ledger = world.ledger, Stops()
    with pytest.raises(KeyboardInterrupt):
        do_pack(world)
    world.ledger = whole
    return world


def test_packing_that_was_killed_loses_nothing_and_is_done_again(killed: World) -> None:
    rows = killed.everything()
    assert all(path.startswith("objects/") for path in paths(killed).values())
    assert len(list(killed.objects.list("packs/"))) == 1
    assert do_pack(killed) == 2
    assert len(sweep(killed)) == 1
    killed.run(force=True)
    assert killed.everything() == rows


def test_a_pack_that_nobody_names_is_swept(killed: World) -> None:
    assert all(path.startswith("objects/") for path in sweep(killed))
