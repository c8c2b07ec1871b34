"""A full disk, a limit on files, a folder that cannot be written: exit 7, and nothing is half done."""

import pytest
from small_disk import SmallDisk
from stored import disagreeing, missing, orphans
from world import World, files

STAGING = [0.02, 0.6]
PUBLISHING = [0.05, 0.3, 0.5, 0.7]


@pytest.fixture(scope="module")
def versions(disk: SmallDisk) -> dict[int, dict[str, tuple[int, str]]]:
    """What each of two versions of match 1 holds, with room enough; version 1 is current."""
    found = {}
    for version in (1, 2, 1):
        disk.world.publish(files(1, version=version))
        found[version] = disk.world.contents()
    assert found[1] != found[2]
    disk.world.well("maintain")
    return found


@pytest.fixture(scope="module")
def needed(disk: SmallDisk, versions: object) -> tuple[int, str]:
    """How many bytes a run of version 2 stages, and how many it takes in all."""
    world = disk.world
    world.ingest(files(1, version=2))
    before, held = disk.free, parquet_bytes(world)
    world.well("run")
    staged, taken = parquet_bytes(world) - held, before - disk.free
    world.publish(files(1))
    assert 0 < staged < taken
    return staged, taken


def parquet_bytes(world: World) -> int:
    return sum(f.stat().st_size for f in (world.data / "warehouse").rglob("*.parquet"))


@pytest.mark.parametrize("room_kb", [0, 100, 1200])
def test_a_full_disk_while_landing_records_nothing_of_the_match(
    disk: SmallDisk, versions: object, room_kb: int
) -> None:
    world, other = disk.world, 1000 + room_kb
    before = world.everything()

    with disk.with_only(room_kb << 10):
        ended = world.do("ingest", "tracking", world.put(files(other), other))
    receipts = world.asked("SELECT * FROM receipts WHERE partition = ?", f"match_id={other}")

    assert (ended.code, receipts) == (7, []), ended.err
    assert "Traceback" not in ended.err
    assert "make room" in ended.hint
    after = world.everything()
    strange = {name for name in set(after) - set(before) if "landing/" not in name}
    assert all("/objects/objects/" in f"/{name}" and ".staged-" not in name for name in strange)
    assert world.ingest(files(other), other).rows[0]["new"] == 4
    world.do("run", "--partition", f"match_id={other}")


@pytest.mark.parametrize(
    ("phase", "share"),
    [*(("staging", s) for s in STAGING), *(("publishing", s) for s in PUBLISHING)],
)
def test_a_full_disk_while_running_publishes_nothing(
    disk: SmallDisk,
    versions: dict[int, dict[str, tuple[int, str]]],
    needed: tuple[int, str],
    phase: str,
    share: float,
) -> None:
    world, (staged, taken) = disk.world, needed
    world.publish(files(1))
    world.well("maintain")
    world.ingest(files(1, version=2))
    heads, old = world.heads(), world.contents(1)
    room = staged * share if phase == "staging" else staged + (taken - staged) * share

    with disk.with_only(int(room)):
        ended = world.do("run")
        seen = world.do("query", "SELECT sum(max_xthreat) AS seen FROM tracking.player_metrics")

    assert ended.code == 7, ended.err
    assert "Traceback" not in ended.err + seen.err
    assert "make room" in ended.hint
    assert seen.code in {0, 7}
    assert world.contents(1) == old
    assert world.heads() == heads

    world.well("run")
    assert world.contents(1) == {t: versions[2][t] for t in old}
    world.well("maintain")
    assert orphans(world) == []
    assert missing(world) == []
    assert disagreeing(world) == {}
