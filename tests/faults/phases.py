"""How far a run has come, seen from outside: by the ledger's rows and the files on the disk."""

import itertools
import random
import sqlite3
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from stored import metadata_of, plain
from world import World

PHASES = ("starting", "working", "staging", "publishing", "recording")
"""In order; a run that is past them has ended."""

LOOK_S = 0.003
PATIENCE_S = 120.0


def phase(world: World, before: Mapping[str, int]) -> str:
    """What the newest run is at, given how many runs had ended and publishes were done before."""
    runs = world.asked("SELECT run_id, status FROM runs ORDER BY started_at DESC, run_id DESC")
    if len(runs) == before["runs"]:
        return "starting"
    run_id, status = runs[0]
    if status != "running":
        return "ended"
    announced, done = world.asked(
        "SELECT count(*), count(published_at) FROM publishes WHERE run_id = ?", run_id
    )[0]
    if announced:
        return "recording" if done == announced else "publishing"
    staged = (world.data / "warehouse").rglob(f"{run_id}.parquet")
    return "staging" if next(staged, None) else "working"


def marks(world: World) -> dict[str, int]:
    """How many runs there are."""
    return {"runs": world.asked("SELECT count(*) FROM runs")[0][0]}


def lasting(
    world: World, process: subprocess.Popen[str], before: Mapping[str, int]
) -> dict[str, float]:
    """How long an undisturbed run is in each phase, in seconds."""
    began: dict[str, float] = {"starting": time.perf_counter()}
    while process.poll() is None:
        began.setdefault(phase(world, before), time.perf_counter())
        time.sleep(LOOK_S)
    began["ended"] = time.perf_counter()
    names = [name for name in (*PHASES, "ended") if name in began]
    return {a: began[b] - began[a] for a, b in itertools.pairwise(names)}


def reached(
    world: World, process: subprocess.Popen[str], before: Mapping[str, int], wanted: str
) -> None:
    """Return when the run is at that phase, or past it."""
    order = (*PHASES, "ended")
    until = time.perf_counter() + PATIENCE_S
    while process.poll() is None and order.index(phase(world, before)) < order.index(wanted):
        assert time.perf_counter() < until, wanted
        time.sleep(LOOK_S)


def committed_tables(world: World, run_id: str) -> int:
    """How many tables of Iceberg have a snapshot of that run."""
    return sum(
        f'"touchline.run-id":"{run_id}"' in plain(at).read_text().replace(" ", "")
        for at in metadata_of(world).values()
    )


@dataclass
class Tally:
    """Where kills hit, to be printed."""

    hits: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counted = {name: self.hits.count(name) for name in dict.fromkeys(sorted(self.hits))}
        return ", ".join(f"{name}: {n}" for name, n in counted.items())


@dataclass(frozen=True)
class Moment:
    """When a process is killed: so long after a phase of its run began."""

    phase: str
    delay_s: float


def moments(count: int, durations: Mapping[str, float], seed: int) -> Sequence[Moment]:
    """Random moments, spread over the phases so that none is missed by luck."""
    rng = random.Random(seed)
    names = [name for name in PHASES if name in durations]
    drawn = [names[i % len(names)] for i in range(count)]
    rng.shuffle(drawn)
    return [Moment(name, rng.uniform(0.0, durations[name])) for name in drawn]


def children(pid: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    found = [int(child) for child in listed]
    return found + [grandchild for child in found for grandchild in children(child)]


def running(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def gone(pids: Sequence[int], within_s: float = 20.0) -> bool:
    """Whether all these processes end within that time."""
    until = time.perf_counter() + within_s
    while any(running(pid) for pid in pids):
        if time.perf_counter() > until:
            return False
        time.sleep(0.05)
    return True


def claims(world: World) -> list[tuple[object, ...]]:
    """The claims that the ledger has; whoever holds it meanwhile, as after a kill, is waited for."""
    url = f"file:{world.ledger}?mode=ro"
    with closing(sqlite3.connect(url, uri=True, timeout=PATIENCE_S)) as db:
        return db.execute("SELECT pipeline, partition, owner FROM claims").fetchall()
