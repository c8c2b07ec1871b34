"""A whole match from raw files to gold tables: once, again in the same process, and many."""

import shutil
from functools import partial
from pathlib import Path

import inputs
from runs import Sample, Seen, command, cpu, interleaved, ours, wall
from table import Row

FIGURE = "match: four raw files to all silver and gold tables"
ROUNDS, WARM = 3, 4
COLD_S, WARM_S, PEAK_MB = 4.0, 1.5, 900.0
MANY, A_MINUTE = 12, 30.0
FEW_MANY = (10, 100)
SHORT_MINUTES = 10
MB_A_MATCH = 0.5


def rows() -> list[Row]:
    """One match cold and warm, then twelve with two workers, then few against many."""
    return [*_one(), *_many(), *_flat()]


def _one() -> list[Row]:
    match = next(iter(inputs.whole_matches().values()))
    again = inputs.folder("match-again")
    inputs.copies(match, WARM, first_id=8_000_001, into=again, own_bytes=True)
    warm_ones = sorted(again.iterdir())
    cases = {"commands": partial(_commands, match), "process": partial(_process, match, warm_ones)}
    seen = interleaved(cases, ROUNDS)
    shutil.rmtree(again)
    warm = Seen(
        tuple(
            Sample(w["cpu_s"], w["wall_s"], s.peak_mb, {})
            for s in seen["process"].samples
            for w in s.facts["warm"]
        )
    )
    commands, process = seen["commands"], seen["process"]
    cold_peak = max(s.facts["cold_peak_mb"] for s in process.samples)
    return [
        _timed("cold: touchline ingest, then touchline run, two new processes", commands, COLD_S),
        _timed("cold: both in one new process", process, COLD_S, peak_mb=cold_peak),
        _timed("warm: a further match in the same process, landing included", warm, WARM_S),
        Row(
            FIGURE,
            f"peak memory over {1 + WARM} matches",
            max(commands.peak_mb, process.peak_mb),
            " MB",
            at_most=PEAK_MB,
        ),
    ]


def _timed(what: str, seen: Seen, at_most: float, *, peak_mb: float | None = None) -> Row:
    return Row(
        FIGURE,
        what,
        seen.wall_s,
        " s",
        at_most=at_most,
        cpu_s=seen.cpu_s,
        least_cpu_s=seen.least(cpu),
        wall_s=seen.least(wall),
        peak_mb=peak_mb or seen.peak_mb,
    )


def _commands(match: Path) -> Sample:
    store = inputs.folder("match-cold")
    landed = command("ingest", "tracking", match, cwd=store)
    made = command("run", "tracking", cwd=store)
    return Sample(
        landed.cpu_s + made.cpu_s,
        landed.wall_s + made.wall_s,
        max(landed.peak_mb, made.peak_mb),
        {"ingest_s": landed.wall_s, "run_s": made.wall_s},
    )


def _process(match: Path, warm: list[Path]) -> Sample:
    return ours("matches.py", inputs.folder("match-cold"), match, *warm)


def _many() -> list[Row]:
    match = next(iter(inputs.whole_matches().values()))
    landing = inputs.folder("many-landing")
    inputs.copies(match, MANY, first_id=8_000_001, into=landing, own_bytes=True)
    store = inputs.folder("many")
    landed = command("ingest", "tracking", landing, cwd=store)
    made = _backfill(store, MANY, workers=2)
    shutil.rmtree(landing)
    whole = landed.wall_s + made.wall_s
    return [
        Row(
            FIGURE,
            f"{MANY} landed matches, touchline backfill --workers 2, per minute",
            MANY / made.facts["process_wall_s"] * 60,
            "/min",
            at_least=A_MINUTE,
            cpu_s=made.facts["process_cpu_s"],
            wall_s=made.facts["process_wall_s"],
            peak_mb=made.peak_mb,
        ),
        Row(
            FIGURE,
            f"the same with touchline ingest ({landed.wall_s:.1f} s) before it",
            MANY / whole * 60,
            "/min",
            cpu_s=landed.cpu_s + made.facts["process_cpu_s"],
            wall_s=whole,
        ),
    ]


def _flat() -> list[Row]:
    short = inputs.simulated("short", minutes=SHORT_MINUTES)
    long = next(iter(inputs.whole_matches().values()))
    return [
        *_slope(f"{SHORT_MINUTES}-minute matches in one process", short, FEW_MANY, workers=1),
        *_slope("whole matches with two workers", long, FEW_MANY, workers=2),
    ]


def _slope(what: str, match: Path, counts: tuple[int, int], *, workers: int) -> list[Row]:
    """Peak memory after few and after many matches, each in processes of its own."""
    found = {}
    for count in counts:
        landing = inputs.folder("flat-landing")
        inputs.copies(match, count, first_id=8_000_001, into=landing, own_bytes=False)
        store = inputs.folder("flat")
        command("ingest", "tracking", landing, cwd=store)
        found[count] = _backfill(store, count, workers=workers)
        shutil.rmtree(store)
        shutil.rmtree(landing)
    few, many = (found[count] for count in counts)
    said = []
    for who in ("driver_mb",) if workers == 1 else ("driver_mb", "worker_mb"):
        name = {"driver_mb": "the process", "worker_mb": "the larger worker"}[who]
        name = "the driver" if workers > 1 and who == "driver_mb" else name
        low, high = few.facts[who], many.facts[who]
        said.append(
            Row(
                FIGURE,
                f"{what}: {name} holds {low:.0f} MB after {counts[0]}, {high:.0f} after {counts[1]};"
                " growth a match",
                (high - low) / (counts[1] - counts[0]),
                " MB",
                at_most=MB_A_MATCH,
                cpu_s=many.facts["process_cpu_s"],
                wall_s=many.facts["process_wall_s"],
                peak_mb=high,
            )
        )
    return said


def _backfill(store: Path, count: int, *, workers: int) -> Sample:
    last = 8_000_000 + count
    words = ("backfill", "tracking", 8_000_001, last, "--workers", workers)
    return ours("command.py", *words, cwd=store)
