"""What a measured process says of itself. Standard library only: it runs in every environment."""

import json
import os
import resource
import time
from pathlib import Path

RESULT = "TOUCHLINE_BENCH_RESULT"
STARTED = "TOUCHLINE_BENCH_STARTED"


def cpu_s() -> float:
    """CPU seconds of this process, its threads and its ended children."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usage)


def peak_mb() -> float:
    """The most memory this process has held at once; what its parent held does not count."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def children_peak_mb() -> float:
    """The most memory that one ended child has held at once."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


class Watch:
    """CPU and wall clock since it was made."""

    def __init__(self) -> None:
        self.cpu, self.wall = cpu_s(), time.perf_counter()

    def seen(self) -> dict[str, float]:
        """Both, so far."""
        return {"cpu_s": cpu_s() - self.cpu, "wall_s": time.perf_counter() - self.wall}


def since_start() -> dict[str, float]:
    """CPU and wall clock since the process was started, its interpreter and imports included."""
    return {"cpu_s": cpu_s(), "wall_s": time.time() - float(os.environ[STARTED])}


def tell(**facts: object) -> None:
    """Hand the facts to the process that measures."""
    facts.setdefault("peak_mb", peak_mb())
    Path(os.environ[RESULT]).write_text(json.dumps(facts))
