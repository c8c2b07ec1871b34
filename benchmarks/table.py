"""What was measured, as rows: on the terminal, as JSON, and between the markers of README.md."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_HEAD = ("what", "target", "measured", "CPU s (least)", "wall s", "peak MB")


@dataclass(frozen=True)
class Row:
    """One measured thing; `at_most` or `at_least` make it a target that can be missed."""

    figure: str
    what: str
    measured: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    cpu_s: float | None = None
    least_cpu_s: float | None = None
    wall_s: float | None = None
    peak_mb: float | None = None

    @property
    def missed(self) -> bool:
        """Whether there is a target, and it is not reached."""
        over = self.at_most is not None and self.measured > self.at_most
        return over or (self.at_least is not None and self.measured < self.at_least)

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        target = ""
        if self.at_most is not None:
            target = f"<= {self.at_most:g}{self.unit}"
        if self.at_least is not None:
            target = f">= {self.at_least:g}{self.unit}"
        least = f" ({self.least_cpu_s:.2f})" if self.least_cpu_s is not None else ""
        return (
            self.what,
            target,
            f"{_short(self.measured)}{self.unit}" + (" MISSED" if self.missed else ""),
            "" if self.cpu_s is None else f"{_short(self.cpu_s)}{least}",
            "" if self.wall_s is None else _short(self.wall_s),
            "" if self.peak_mb is None else f"{self.peak_mb:.0f}",
        )


def _short(value: float) -> str:
    if value >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def machine() -> str:
    """The machine in one line."""
    cpus = Path("/proc/cpuinfo").read_text()
    model = cpus.partition("model name")[2].partition(":")[2].partition("\n")[0].strip()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return (
        f"{os.cpu_count()} cores ({model or platform.machine()}), {pages / 2**30:.0f} GiB,"
        f" {platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def markdown(rows: Sequence[Row]) -> str:
    """A table per figure."""
    parts = []
    for figure in dict.fromkeys(r.figure for r in rows):
        lines = [_HEAD, ("---",) * len(_HEAD), *(r.cells for r in rows if r.figure == figure)]
        parts.append(f"### {figure}\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines))
    return "\n\n".join(parts)


def plain(rows: Sequence[Row]) -> str:
    """The rows of one figure for a terminal, in columns."""
    table = [_HEAD, *(r.cells for r in rows)]
    widths = [max(len(line[at]) for line in table) for at in range(len(_HEAD))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in table]
    return "\n".join([f"\n{rows[0].figure}", *(f"  {line}".rstrip() for line in lines)])


def verdict(rows: Sequence[Row]) -> str:
    """How many targets were reached, and which were not."""
    missed = [r for r in rows if r.missed]
    targets = [r for r in rows if r.at_most is not None or r.at_least is not None]
    said = [f"MISSED  {r.figure}: {r.what}: {', '.join(r.cells[1:3])}" for r in missed]
    return "\n".join(["", *said, f"{len(targets) - len(missed)} of {len(targets)} targets reached"])


def as_json(rows: Sequence[Row]) -> str:
    """Machine and rows, for programs."""
    listed = [{**asdict(r), "missed": r.missed} for r in rows]
    return json.dumps({"machine": machine(), "rows": listed}, indent=2)


def written(readme: Path, rows: Sequence[Row], note: str) -> None:
    """Put the tables between the markers of the file."""
    begin, end = "<!-- measured: begin -->", "<!-- measured: end -->"
    before, _, rest = readme.read_text().partition(begin)
    after = rest.partition(end)[2]
    readme.write_text(f"{before}{begin}\n{note}\n\n{markdown(rows)}\n{end}{after}")
