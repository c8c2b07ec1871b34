"""--help and --version: there at once, and heavy libraries are not imported for them."""

import json
import subprocess
import sys

import pytest
from test_wrong_use import COMMANDS
from world import World

import touchline

HEAVY = ("polars", "duckdb", "pyarrow", "pyiceberg", "numpy", "matplotlib", "httpx", "sqlalchemy")

ASK = f"""
import io, json, sys
from contextlib import redirect_stdout
from touchline.cli import cli

found = {{}}
for name in [[], *[[c] for c in {COMMANDS!r}]]:
    out = io.StringIO()
    with redirect_stdout(out):
        code = cli([*name, "--help"], standalone_mode=False)
    loaded = sorted(m for m in {HEAVY!r} if m in sys.modules)
    found[" ".join(name)] = [code, out.getvalue(), loaded]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def helps() -> dict[str, tuple[int, str, list[str]]]:
    """Command -> exit code, what it says, and what it imported; all in one process."""
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    found: dict[str, tuple[int, str, list[str]]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_tells_what_a_command_does_and_imports_nothing_heavy(
    helps: dict[str, tuple[int, str, list[str]]], name: str
) -> None:
    code, said, loaded = helps[name]

    assert code == 0
    assert said.startswith("Usage: ")
    assert f" {name} " in said.splitlines()[0].replace("[OPTIONS]", "  ")
    assert len(said.splitlines()) > 5
    assert loaded == []


@pytest.mark.parametrize(
    "name", [c for c in COMMANDS if c not in {"status", "runs", "maintain", "show"}]
)
def test_help_shows_an_example(helps: dict[str, tuple[int, str, list[str]]], name: str) -> None:
    assert f"Example: touchline {name}" in " ".join(helps[name][1].split())


def test_help_lists_every_command_with_a_line_on_it(
    helps: dict[str, tuple[int, str, list[str]]],
) -> None:
    lines = [line.split() for line in helps[""][1].splitlines()]
    listed = {words[0] for words in lines if len(words) > 2 and words[0] in COMMANDS}

    assert listed == set(COMMANDS)


def test_the_version_is_told(empty: World) -> None:
    assert empty.well("--version").out.strip() == f"touchline, version {touchline.__version__}"


def test_without_arguments_the_commands_are_shown(empty: World) -> None:
    ended = empty.do()

    assert ended.code == 2
    assert "Commands:" in ended.err + ended.out
