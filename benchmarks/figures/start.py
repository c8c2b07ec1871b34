"""How long a command takes to say what it does."""

import re
import subprocess
from functools import partial

import inputs
from runs import TOUCHLINE, Seen, command, cpu, interleaved
from table import Row

FIGURE = "start: the help of every command"
ROUNDS = 5
AT_MOST_S = 0.2


def rows() -> list[Row]:
    """The slowest and the plain one; each is the median of its rounds."""
    place = inputs.folder("start")
    cases = {"touchline --help": partial(command, "--help", cwd=place)}
    cases |= {
        f"touchline {name} --help": partial(command, name, "--help", cwd=place)
        for name in _commands()
    }
    for case in cases.values():
        case()
    seen = interleaved(cases, ROUNDS)
    slowest = max(seen, key=lambda name: seen[name].wall_s)
    return [
        _row("touchline --help, wall", seen["touchline --help"]),
        _row(f"the slowest of {len(seen)}: {slowest}, wall", seen[slowest]),
    ]


def _commands() -> list[str]:
    said = subprocess.run([TOUCHLINE, "--help"], capture_output=True, text=True, check=True)
    return re.findall(r"^  ([a-z-]+)  ", said.stdout.partition("Commands:")[2], re.MULTILINE)


def _row(what: str, seen: Seen) -> Row:
    return Row(
        FIGURE,
        what,
        seen.wall_s,
        " s",
        at_most=AT_MOST_S,
        cpu_s=seen.cpu_s,
        least_cpu_s=seen.least(cpu),
        wall_s=seen.wall_s,
        peak_mb=seen.peak_mb,
    )
