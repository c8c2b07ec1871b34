"""Output that cannot be written, and Ctrl-C before there is a command: told in a line, no traceback."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from world import World

COMMANDS = [("--help",), ("define", "player_metrics"), ("define", "player_metrics", "--json"),
            ("query", "SELECT * FROM range(9)", "--format", "csv")]  # fmt: skip

STOPPED_AT = """
import sys

wanted, sys.argv = sys.argv[1], ["touchline", "status"]

class Stopped:
    def find_spec(self, name, path=None, target=None):
        if name == wanted:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Stopped())
from touchline.cli import main
main()
"""


def unheard(world: World, words: tuple[str, ...], **given: object) -> tuple[int, str]:
    """How a command ends whose output nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    with world.process(*words, **{"stdout": writer, **given}) as process:
        os.close(writer)
        _, err = process.communicate(timeout=60)
    return process.returncode, err or ""


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_output_that_finds_no_room_is_told(empty: World, words: tuple[str, ...]) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full")
    with full.open("w") as out:
        ended = empty.apart(*words, stdout=out)

    assert (ended.code, "Traceback" in ended.err) == (7, False), ended.err
    assert ended.error == f"standard output: {os.strerror(errno.ENOSPC)}"
    assert ended.hint


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_output_that_nobody_reads_ends_the_command_quietly(
    empty: World, words: tuple[str, ...]
) -> None:
    assert unheard(empty, words) == (141, "")


def test_complaints_that_nobody_reads_end_the_command_quietly(empty: World) -> None:
    assert unheard(empty, ("plan", "chess"), stderr=subprocess.STDOUT) == (141, "")


def test_output_that_is_closed_is_left_out(empty: World) -> None:
    ended = empty.apart("define", "player_metrics", preexec_fn=lambda: os.close(1))

    assert (ended.code, ended.err) == (0, "")


def test_a_character_that_the_output_cannot_show_is_a_question_mark(empty: World) -> None:
    western = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    ended = empty.apart("query", "SELECT chr(10003) AS x", env=western)

    assert (ended.code, ended.out.split()) == (0, ["x", "?"]), ended.err


@pytest.mark.parametrize(
    "module", ["click", "touchline.cli.output", "touchline.cli.history", "touchline.wiring"]
)
def test_ctrl_c_while_modules_are_imported_is_no_traceback(empty: World, module: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", STOPPED_AT, module],
        capture_output=True, text=True, cwd=empty.folder, check=False,
    )  # fmt: skip

    assert (ended.returncode, "Traceback" in ended.stderr) == (130, False), ended.stderr
    assert ended.stderr.split() == ["error:", "stopped"]
