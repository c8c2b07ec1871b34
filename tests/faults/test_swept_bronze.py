"""Bronze is swept while files arrive, and retention is killed: nothing that counts is lost."""

import multiprocessing
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from phases import gone
from stored import disagreeing, orphans
from world import World, files

from touchline import config
from touchline.adapters.local import LocalObjects
from touchline.adapters.sqlite import SqliteLedger
from touchline.core.landing import Arrival, land
from touchline.core.sweep import swept
from touchline.wiring import Touchline

SEED, TIMES = 11, 150
PART = "ingestion_date=2025-01-01"


def sweep_on(folder: Path, until: Path) -> None:
    """Sweep again and again, whatever nobody names, however young it is."""
    objects, ledger = LocalObjects(folder / "objects"), SqliteLedger(folder / "ledger.db")
    while not until.exists():
        swept(objects, ledger, now=datetime.now(UTC) + timedelta(hours=2))


def test_bytes_that_arrive_while_they_are_swept_are_there_in_the_end(tmp_path: Path) -> None:
    objects, ledger = LocalObjects(tmp_path / "objects"), SqliteLedger(tmp_path / "ledger.db")
    arrivals = []
    for n in range(3):
        file = tmp_path / f"{n}.json"
        file.write_bytes(str(n).encode() * 50_000)
        arrivals.append(Arrival("activity", PART, file.name, file, file.name))
    stop = tmp_path / "stop"
    sweeper = multiprocessing.get_context("spawn").Process(target=sweep_on, args=(tmp_path, stop))
    sweeper.start()
    lost, deleted = [], 0
    try:
        while not deleted or len(lost) < TIMES:
            receipts = list(land(arrivals, objects=objects, ledger=ledger, now=datetime.now(UTC)))
            lost.append(objects.lost(receipt.path for receipt in receipts))
            ledger.retire("activity", [PART])
            deleted += len(objects.lost(receipt.path for receipt in receipts))
    finally:
        stop.touch()
        sweeper.join(60)
    assert sweeper.exitcode == 0
    assert set(lost) == {frozenset()}


def retained_at_random_moments(world: World, count: int) -> set[str]:
    """Kill one `retain` after another, of a match that was made again before each; where it hit."""
    rng, hit = random.Random(SEED), set()
    began = time.perf_counter()
    assert world.apart("retain").code == 0
    whole_s = time.perf_counter() - began
    for _ in range(count):
        world.well("run", "--force", "--partition", "match_id=1")
        with world.process("retain") as process:
            time.sleep(whole_s * (0.4 + 0.6 * rng.random()))
            process.kill()
            process.communicate()
        assert gone([process.pid])
        rows = {
            table: world.one(f"SELECT count(*) FROM tracking.{table}")
            for table in ("frames", "players")
        }
        assert len({bool(n) for n in rows.values()}) == 1, rows
        hit.add("before" if rows["frames"] else "after")
        world.well("retain")
        world.well("maintain")
        assert world.one("SELECT count(*) FROM tracking.frames") == 0
        assert world.well("plan", "--json").rows == []
        assert disagreeing(world) == {}
        assert [f for f in orphans(world) if "objects" not in f.parts] == []
    return hit


def test_a_retirement_killed_at_some_moments_is_ended_by_the_next(empty: World) -> None:
    empty.publish(files(1, day="2020-01-01"))
    tables = '{ "tracking.frames" = 700, "tracking.players" = 700 }'
    empty.configure(f"[retention]\ntables = {tables}\n")
    assert retained_at_random_moments(empty, 5) <= {"before", "after"}
    here = Touchline(config.load(empty.folder / "touchline.toml"))
    assert here.ledger.unsettled() == []
