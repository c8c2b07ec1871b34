"""What is stale among 10,000 matches."""

from functools import partial

import inputs
from runs import Seen, command, cpu, interleaved, ours
from table import Row

FIGURE = "plan: 10,000 matches, 40,000 files, 120,000 published tables"
ROUNDS = 5
AT_MOST_S, RUN_AT_MOST_S = 1.0, 1.5


def rows() -> list[Row]:
    """With nothing stale, and after a hundred re-issues: the planner, and the command."""
    store = inputs.folder("ledger")
    ours("ledger.py", "fill", store)
    fresh = _both("nothing stale", store)
    ours("ledger.py", "reissue", store)
    return [*fresh, *_both("100 stale", store)]


def _both(what: str, store: inputs.Path) -> list[Row]:
    cases = {
        "planner": partial(ours, "ledger.py", "plan", store),
        "command": partial(command, "plan", "tracking", cwd=store),
    }
    if what == "nothing stale":
        cases["run"] = partial(command, "run", "tracking", cwd=store)
    seen = interleaved(cases, ROUNDS)
    stale = seen["planner"].samples[0].facts["stale"]
    return [
        _row(f"{what} ({stale} partitions): planner.plan, wall", seen["planner"], AT_MOST_S),
        _row(f"{what}: touchline plan, a new process, wall", seen["command"], None),
        *(
            _row(f"{what}: touchline run, a new process, wall", one, RUN_AT_MOST_S)
            for name, one in seen.items()
            if name == "run"
        ),
    ]


def _row(what: str, seen: Seen, at_most: float | None) -> Row:
    return Row(
        FIGURE,
        what,
        seen.wall_s,
        " s",
        at_most=at_most,
        cpu_s=seen.cpu_s,
        least_cpu_s=seen.least(cpu),
        wall_s=seen.wall_s,
        peak_mb=seen.peak_mb,
    )
