"""What a scheduler's users wait for: small steps, many days, a file that has come."""

import inputs
from runs import Sample, ours
from table import Row

FIGURE = "up: steps, days and arrivals in a warm process"


def rows() -> list[Row]:
    """Thirty days of three steps; what a step costs; from a file's arrival to its run."""
    steps = ours("steps.py", inputs.folder("steps"))
    up = ours("up.py", inputs.folder("up"))
    return [
        _row("30 dates x 3 steps, published, from a warm process", steps.wall_s, " s", 3.0, steps),
        _row(
            "a step with contract, gate and staged file, no commit",
            _step(steps),
            " ms",
            15.0,
            steps,
        ),
        _row("touchline up: from a file's arrival to its run's start", _begun(up), " s", 1.0, up),
        _row("the slowest of them", up.facts["slowest_s"], " s", None, up),
        _row("from its arrival to its publish", up.facts["published_s"], " s", None, up),
        _row(
            "the first file after the start, imports included", up.facts["first_s"], " s", None, up
        ),
    ]


def _step(seen: Sample) -> float:
    return float(seen.facts["a_step_ms"])


def _begun(seen: Sample) -> float:
    return float(seen.facts["begun_s"])


def _row(what: str, measured: float, unit: str, at_most: float | None, seen: Sample) -> Row:
    return Row(
        FIGURE,
        what,
        measured,
        unit,
        at_most=at_most,
        cpu_s=seen.cpu_s,
        wall_s=seen.wall_s,
        peak_mb=seen.peak_mb,
    )
