"""Ten rules over 1.39 million rows."""

from functools import partial
from pathlib import Path

import inputs
from runs import Sample, Seen, cpu, interleaved, ours
from table import Row

from figures.frames import landed

FIGURE = "gate: ten rules over a table of frames"
ROUNDS = 5
AT_MOST_S = 0.1


def rows() -> list[Row]:
    """The first time in a process, and again."""
    again = interleaved({"gate": partial(ours, "gate.py", longer())}, ROUNDS)["gate"]
    first = Seen(tuple(Sample(**s.facts["first"], peak_mb=s.peak_mb) for s in again.samples))
    height = again.samples[0].facts["rows"]
    return [_row(f"{height} rows, {name}", seen) for name, seen in _named(first, again)]


def _named(first: Seen, again: Seen) -> list[tuple[str, Seen]]:
    return [("the first time in a process", first), ("again", again)]


def _row(what: str, seen: Seen) -> Row:
    return Row(
        FIGURE,
        f"{what}: wall",
        seen.wall_s,
        " s",
        at_most=AT_MOST_S,
        cpu_s=seen.cpu_s,
        least_cpu_s=seen.least(cpu),
        wall_s=seen.wall_s,
        peak_mb=seen.peak_mb,
    )


def longer() -> Path:
    """A frames file of 1.39 million rows, made once."""
    place = inputs.WORK / "longer.parquet"
    if not place.exists():
        _, ready = landed(next(iter(inputs.whole_matches().values())))
        ours("longer.py", ready, place)
    return place
