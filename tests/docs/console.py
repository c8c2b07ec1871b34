"""Blocks of documentation that are run.

In a fenced block marked `console` a line that begins with `$ ` is a command for a shell. It must
end with 0, or with N where it ends with `# exits N`. What follows it is what it prints, if anything
is given at all: blanks count as one, and `...` stands for anything.
"""

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Command:
    """A command of a page, and the lines that it is said to print."""

    text: str
    output: list[str] = field(default_factory=list)

    @property
    def code(self) -> int:
        """The exit code that it is said to end with."""
        said = re.search(r"# exits (\d+)$", self.text)
        return int(said[1]) if said else 0

    def fits(self, printed: str) -> bool:
        """Whether it printed what the page says."""
        if not self.output:
            return True
        wanted = re.escape(" ".join(" ".join(self.output).split())).replace(r"\.\.\.", ".*")
        return re.fullmatch(wanted, " ".join(printed.split()), re.DOTALL) is not None


def commands(page: str) -> list[Command]:
    """The commands of a page, in order."""
    found: list[Command] = []
    for block in BLOCK.findall(page):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Command(line.removeprefix("$ ")))
            else:
                found[-1].output.append(line)
    return found


def run(command: Command, folder: Path, programs: Path) -> subprocess.CompletedProcess[str]:
    """The command's end, in this folder, with `touchline` being this source's."""
    return subprocess.run(
        ["/bin/bash", "-c", command.text],
        cwd=folder,
        env={"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
    )


def touchline_in(folder: Path) -> Path:
    """The folder, with a program `touchline` in it."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "touchline"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m touchline.cli "$@"\n')
    program.chmod(0o755)
    return folder
