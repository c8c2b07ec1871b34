"""What the pages show is run: the commands for newcomers, the example queries, the example file."""

from pathlib import Path

import pytest
from console import Command, commands

from touchline import config
from touchline.views import rows_of
from touchline.wiring import Touchline

ROOT = Path(__file__).parents[2]
QUERIES = sorted((ROOT / "examples").glob("*.sql"))


def test_a_newcomer_can_follow_the_page_to_its_end(walked: Path) -> None:
    assert (walked / "match-900001.html").stat().st_size > 10_000
    assert (walked / "data" / "ledger.db").exists()


@pytest.mark.parametrize("query", QUERIES, ids=lambda f: f.name)
def test_an_example_query_runs_on_what_the_page_made(walked: Path, query: Path) -> None:
    here = Touchline(config.Config(folder=str(walked)))
    found = rows_of(here, query.read_text(encoding="utf-8"))
    assert found.num_columns >= 4


def test_the_example_file_states_every_default() -> None:
    given = config.load(ROOT / "examples" / "touchline.toml")
    assert given == config.Config(folder=str(ROOT / "examples"))


def test_commands_are_read_with_what_they_print() -> None:
    page = "```console\n$ a b\nx\n$ c  # exits 4\n```\n```sh\nd\n```\n"
    first, second = commands(page)
    assert (first.text, first.output, first.code) == ("a b", ["x"], 0)
    assert (second.text, second.output, second.code) == ("c  # exits 4", [], 4)


@pytest.mark.parametrize(
    ("said", "printed", "fits"),
    [
        (["a  b", "..."], "a b\nc d\n", True),
        (["a  b"], "a b\nc d\n", False),
        (["n", "... 22"], "n\n 31  22", True),
        (["n", "... 22"], "n\n 31  23", False),
        ([], "anything", True),
    ],
)
def test_what_is_printed_is_compared(said: list[str], printed: str, fits: bool) -> None:
    assert Command("a", said).fits(printed) is fits
