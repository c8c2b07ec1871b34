"""Running what is measured: each time in a fresh process, several ways in turn."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import meter

ROOT = Path(__file__).absolute().parent.parent
HERE = ROOT / "benchmarks"
OURS = Path(sys.executable)
TOUCHLINE = OURS.parent / "touchline"
VENV = ROOT / "build" / "bench-venv"


@dataclass(frozen=True)
class Sample:
    """One measured process: what it says of itself, else what the system says of it."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """The samples of one thing, in the order of rounds."""

    samples: tuple[Sample, ...]

    def median(self, of: Callable[[Sample], float]) -> float:
        """The middle one."""
        return statistics.median(of(s) for s in self.samples)

    def least(self, of: Callable[[Sample], float]) -> float:
        """The smallest one."""
        return min(of(s) for s in self.samples)

    @property
    def cpu_s(self) -> float:
        """Median CPU seconds."""
        return self.median(lambda s: s.cpu_s)

    @property
    def wall_s(self) -> float:
        """Median wall seconds."""
        return self.median(lambda s: s.wall_s)

    @property
    def peak_mb(self) -> float:
        """The largest peak."""
        return max(s.peak_mb for s in self.samples)


def cpu(sample: Sample) -> float:
    """CPU seconds, as a key."""
    return sample.cpu_s


def wall(sample: Sample) -> float:
    """Wall seconds, as a key."""
    return sample.wall_s


def ratio(one: Seen, other: Seen, of: Callable[[Sample], float] = cpu) -> float:
    """The median of the ratios of runs of the same round."""
    pairs = zip(one.samples, other.samples, strict=False)
    return statistics.median(of(a) / of(b) for a, b in pairs)


def interleaved(
    cases: Mapping[str, Callable[[], Sample]],
    rounds: int,
    *,
    fewer: Mapping[str, int] | None = None,
) -> dict[str, Seen]:
    """Each case once a round, in turn; `fewer` names cases that take part in the first rounds only."""
    samples: dict[str, list[Sample]] = {name: [] for name in cases}
    for at in range(rounds):
        for name, case in cases.items():
            if at < (fewer or {}).get(name, rounds):
                samples[name].append(case())
    return {name: Seen(tuple(found)) for name, found in samples.items()}


def ours(script: str, *arguments: object, cwd: Path | None = None) -> Sample:
    """A script of `ours/` in the project's own environment."""
    return process([OURS, HERE / "ours" / script, *arguments], path=_OWN, cwd=cwd)


def yardstick(script: str, *arguments: object) -> Sample:
    """A script of `yardsticks/` in the environment of yardsticks."""
    return process(
        [VENV / "bin" / "python", HERE / "yardsticks" / script, *arguments], path=str(HERE)
    )


def command(*arguments: object, cwd: Path) -> Sample:
    """The touchline command itself; its output is thrown away."""
    return process([TOUCHLINE, *arguments], path=_OWN, cwd=cwd)


_OWN = f"{HERE}:{ROOT / 'src'}"


def process(arguments: Sequence[object], *, path: str, cwd: Path | None = None) -> Sample:
    """Run it to its end; an unexpected end stops the benchmark with what it said."""
    words = [str(a) for a in arguments]
    with tempfile.TemporaryDirectory(prefix="touchline-bench-") as scratch:
        result, said = Path(scratch, "result.json"), Path(scratch, "said.txt")
        started = time.time()
        env = os.environ | {
            "PYTHONPATH": path,
            meter.RESULT: str(result),
            meter.STARTED: str(started),
        }
        env.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program is compiled once
        with said.open("wb") as out:
            begun = time.perf_counter()
            child = subprocess.Popen(
                words, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
            _, status, usage = os.wait4(child.pid, 0)
            wall_s = time.perf_counter() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"{' '.join(words)}: exit {child.returncode}\n{said.read_text()}")
        facts: dict[str, Any] = json.loads(result.read_text()) if result.exists() else {}
    whole = {"process_cpu_s": usage.ru_utime + usage.ru_stime, "process_wall_s": wall_s}
    return Sample(
        cpu_s=facts.get("cpu_s", whole["process_cpu_s"]),
        wall_s=facts.get("wall_s", wall_s),
        peak_mb=facts.get("peak_mb", usage.ru_maxrss / 1024),
        facts={**whole, **facts},
    )
