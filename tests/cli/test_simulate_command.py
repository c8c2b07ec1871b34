"""simulate and demo: what is there already is not written over, and what comes next can be pasted."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from world import World


def simulate(world: World, *words: str) -> tuple[int, str]:
    ended = world.do("simulate", "tracking", "out", "--minutes", "2", *words)
    assert "Traceback" not in ended.err
    return ended.code, ended.error


@pytest.mark.parametrize("words", [(), ("--layout", "landing"), ("--gzip",)], ids=" ".join)
def test_the_same_match_again_is_written_again(empty: World, words: tuple[str, ...]) -> None:
    assert simulate(empty, *words) == (0, "")
    before = empty.everything()

    assert simulate(empty, *words) == (0, "")
    assert empty.everything() == before


@pytest.mark.parametrize(
    ("words", "file"),
    [
        (("--missing", "phases"), "phases_of_play.csv"),
        (("--seed", "2"), "match.json"),
        (("--gzip",), "tracking_extrapolated.jsonl"),
        (("--reissue",), ""),
    ],
)
def test_another_making_of_the_match_is_not_written_over_it(
    empty: World, words: tuple[str, ...], file: str
) -> None:
    assert simulate(empty) == (0, "")
    before = empty.everything()

    code, said = simulate(empty, *words)

    assert code == 2
    assert f"out/matches/900001/900001_{file}" in said
    assert empty.everything() == before


def test_other_matches_may_come_to_lie_beside_it(empty: World) -> None:
    assert simulate(empty) == (0, "")
    assert simulate(empty, "--first-id", "900002", "--missing", "phases") == (0, "")


def test_a_file_in_the_way_is_told(empty: World) -> None:
    (empty.folder / "out").write_text("")

    ended = empty.do("simulate", "tracking", "out/further", "--minutes", "2")

    assert ended.code == 2
    assert "out/further" in ended.error
    assert "give another folder" in ended.hint


def next_commands(world: World, *program: str) -> list[str]:
    """What the demo says to do next, called as this program."""
    ended = subprocess.run(
        [*program, "demo", "here it is/demo", "--matches", "1", "--minutes", "2"],
        cwd=world.folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [line.strip() for line in ended.stderr.splitlines() if " -c " in line]


def test_what_the_demo_says_to_do_next_works_as_it_stands(empty: World) -> None:
    program = empty.folder / "bin" / "touchline"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom touchline.cli import main\nmain()\n")
    program.chmod(0o755)

    said = next_commands(empty, str(program))

    assert len(said) == 4
    assert all(shlex.split(line)[0] == "bin/touchline" for line in said)
    for line in said:
        done = subprocess.run(line, shell=True, cwd=empty.folder, capture_output=True, text=True)
        assert (done.returncode, done.stderr.count("error")) == (0, 0), (line, done.stderr)
    assert (empty.folder / "match-900001.html").exists()


def test_the_demo_of_a_module_says_to_call_the_module(empty: World) -> None:
    first, *_ = next_commands(empty, sys.executable, "-m", "touchline.cli")

    program, *words = shlex.split(first)
    assert Path(empty.folder, program).samefile(sys.executable)
    assert words == ["-m", "touchline.cli", "-c", "here it is/demo/touchline.toml", "status"]
