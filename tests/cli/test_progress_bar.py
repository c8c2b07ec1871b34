"""The bar on a terminal: what is told while it runs stands on lines of its own."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest
from world import MATCH, PHASES, World, broken, files, with_json


def screen(world: World, width: int, *words: str) -> list[str]:
    """What is left on a terminal of that width, which keeps to the codes that a bar uses."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    command = [sys.executable, "-m", "touchline.cli", *words]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=world.folder,
        env={**env, "TERM": "xterm"},
    ):  # fmt: skip
        os.close(theirs)
        seen = b"".join(iter(lambda: read(ours), b""))
    os.close(ours)
    return drawn(seen.decode(), width)


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def drawn(codes: str, width: int) -> list[str]:
    lines, row, column = [""], 0, 0
    for code in re.findall(r"\x1b\[[?\d;]*[A-Za-z]|[^\x1b]", codes):
        if code == "\r":
            column = 0
        elif code == "\n" or (len(code) == 1 and column == width):
            row, column = row + 1, 0
            lines += [""] * (row == len(lines))
        elif code == "\x1b[1A":
            row -= 1
        elif code == "\x1b[2K":
            lines[row] = ""
        if len(code) == 1 and code not in "\r\n":
            line = lines[row].ljust(column)
            lines[row] = line[:column] + code + line[column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]


def shown_whole(lines: list[str], text: str, width: int) -> bool:
    """Whether the text begins a line, goes on over as many as it takes, and nothing is beside it."""
    parts = [text[n : n + width].rstrip() for n in range(0, len(text), width)]
    return any(lines[n : n + len(parts)] == parts for n in range(len(lines)))


@pytest.mark.parametrize("width", [60, 80])
def test_an_error_does_not_mix_with_the_bar(empty: World, width: int) -> None:
    short = with_json(lambda document: document.update(pitch_length=9))
    empty.ingest(broken(files(1), MATCH, short), 1)
    incomplete = files(2)
    del incomplete[PHASES]
    empty.ingest(incomplete, 2)

    lines = screen(empty, width, "run")

    expected = empty.do("run")
    for line in expected.err.splitlines():
        if line.startswith(("error: ", "hint: ")) and " --run " not in line:  # another run's id
            assert shown_whole(lines, line, width), lines
    assert sum(line.startswith("hint: ") for line in lines) == 2
    assert sum(line.startswith("error: ") for line in lines) == 2
    assert not [line for line in lines if "━" in line]


@pytest.mark.parametrize("width", [60, 80])
def test_the_bar_takes_one_line(empty: World, width: int) -> None:
    empty.put(files(1000000000001), 1000000000001)

    lines = screen(empty, width, "ingest", "tracking", "landing")

    assert lines[0].startswith("partition")
    assert not [line for line in lines if "━" in line]
