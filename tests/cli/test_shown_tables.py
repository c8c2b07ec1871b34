"""How tables are laid out: on terminals of several widths, and whole where they are piped."""

import os
import pty
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_rejected_rows import run_line, set_in
from world import EVENTS, MATCH, World, broken, files, with_json, world

from touchline import config
from touchline.cli.layout import laid_out
from touchline.core.ports import Incident
from touchline.wiring import Touchline

ALL = "SELECT * FROM tracking.players LIMIT {}"


def on_terminal(world: World, width: int, *words: str) -> list[str]:
    """The lines that a command prints on a terminal of that width."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "COLUMNS": str(width), "TERM": "xterm"}
    command = [sys.executable, "-m", "touchline.cli", *words]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=world.folder, env=env
    ):
        os.close(theirs)
        seen = b""
        while chunk := read(ours):
            seen += chunk
    os.close(ours)
    return re.sub(r"\x1b\[\d*m", "", seen.decode()).splitlines()


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Matches 1 to 3, published, and 4, whose pitch is too short."""
    made = world(tmp_path_factory.mktemp("refused"))
    for match_id in (1, 2, 3):
        made.ingest(files(match_id), match_id)
    short = with_json(lambda document: document.update(pitch_length=9))
    made.ingest(broken(files(4), MATCH, short), 4)
    assert made.do("run").code == 3
    return made


@pytest.mark.parametrize("width", [60, 80])
def test_many_rows_show_as_many_whole_columns_as_fit(published: World, width: int) -> None:
    note, header, *rows = on_terminal(published, width, "query", ALL.format(8))

    names = published.query(ALL.format(1)).column_names
    shown = header.split()
    left = len(names) - len(shown)
    assert shown == names[: len(shown)]
    assert note == f"not shown: {left} columns; use --format csv, --json or name columns"
    assert len(rows) == 8
    assert all(row.startswith("2024-11-0") for row in rows)
    assert max(map(len, [header, *rows])) <= width


def test_few_rows_that_do_not_fit_are_shown_a_column_a_line(published: World) -> None:
    lines = on_terminal(published, 60, "query", ALL.format(1))
    assert [line.split()[0] for line in lines] == published.query(ALL.format(1)).column_names


@pytest.mark.parametrize("words", [("status",), ("runs",)], ids=" ".join)
def test_run_ids_and_partitions_stay_whole_on_a_narrow_terminal(
    published: World, words: tuple[str, ...]
) -> None:
    shown = "\n".join(on_terminal(published, 60, *words))
    told = published.well(*words, "--json").rows

    for row in told:
        assert row.get("run", row.get("last run")) in shown
        assert row["partition"] in shown


WANTED = {
    ("define", "player_metrics"): ["column", "definition"],
    ("status",): ["pipeline", "partition", "state", "last run"],
    ("runs",): ["run", "partition", "status"],
}


@pytest.mark.parametrize("words", WANTED, ids=" ".join)
def test_the_columns_that_are_wanted_most_fit_80_characters(
    refused: World, words: tuple[str, ...]
) -> None:
    lines = on_terminal(refused, 80, *words)

    header = next(line for line in lines if line.startswith(WANTED[words][0] + " "))
    assert set(WANTED[words]) <= set(re.split(" {2,}", header))
    assert max(map(len, lines[1:])) <= 80


@pytest.mark.parametrize("width", [60, 80])
def test_what_a_rule_expected_fits_a_narrow_terminal(refused: World, width: int) -> None:
    run = refused.well("runs", "--json").rows[-1]["run"]

    lines = on_terminal(refused, width, "show", run)

    rules = lines[lines.index("rules") + 1 :]
    assert re.split(" {2,}", rules[0]) == ["table", "rule", "passed", "seen", "expected"]
    assert max(map(len, rules)) <= width


def test_what_is_not_shown_is_said_before_the_rows(refused: World) -> None:
    first, *_ = on_terminal(refused, 60, "runs")
    assert first == "not shown: 2 columns; use --json, or touchline show RUN"


@pytest.mark.parametrize("words", [("status",), ("runs",)], ids=" ".join)
def test_a_long_message_stands_below_its_row_and_squeezes_no_column(
    refused: World, words: tuple[str, ...]
) -> None:
    lines = on_terminal(refused, 80, *words)

    (row,) = [n for n, line in enumerate(lines) if "refused" in line]
    (told,) = [r["message"] for r in refused.well(*words, "--json").rows if r["message"]]
    below = [line for line in lines[row + 1 :] if line.startswith("    ")]
    assert told.startswith(" ".join(line.strip() for line in below).removesuffix("…"))
    assert 1 <= len(below) <= 2
    assert max(map(len, lines)) <= 80


def test_a_message_that_is_cut_says_how_to_see_it_whole() -> None:
    row = {"run": "r1", "state": "refused", "message": "one two three " * 20}
    rows = [row, {**row, "message": None}, {**row, "message": "x" * 70}, row]

    note, header, *lines = laid_out(rows, 40, "touchline show RUN", below="message")

    assert note == "cut: message; touchline show RUN"
    assert header.split() == ["run", "state"]
    assert [line[:4] for line in lines] == ["r1  ", "    ", "    ", "r1  ", "r1  ", "    ", "    ", "r1  ", "    ", "    "]  # fmt: skip
    assert lines[2].endswith("…")
    assert "".join(line.strip() for line in lines[5:7]) == "x" * 70
    assert max(map(len, [note, header, *lines])) <= 40


def test_a_column_that_is_to_stay_whole_is_not_folded() -> None:
    row = {"what": "activity.curated_events", "day": "2025-01-01", "rows": 3}
    _, header, *lines = laid_out([row] * 4, 33, "more", least=("day",), whole=("what",))
    assert header.split() == ["what", "rows"]
    assert len(lines) == 4


def test_text_is_folded_before_a_column_is_left_out() -> None:
    row = {"name": "clean_minutes_of_the_second_half", "unit": "metres per minute and man"}
    shown = laid_out([{**row, "meaning": "one two three " * 5}] * 4, 60, "more")

    assert re.split(" {2,}", shown[0]) == ["name", "unit", "meaning"]
    assert max(map(len, shown)) <= 60
    first = [line.split("  ")[0] for line in shown[1:3]]
    assert "".join(first) == row["name"]


def test_columns_called_least_are_left_out_first() -> None:
    row = {"first": "a" * 16, "second": "b" * 16, "third": "c" * 16, "fourth": "d" * 16}

    note, header, *_ = laid_out([row] * 4, 40, "use --json", least=("second", "first"))

    assert note == "not shown: first, second; use --json"
    assert header.split() == ["third", "fourth"]


def test_an_instant_is_shown_in_utc_and_says_so() -> None:
    perth = datetime.fromisoformat("2026-11-28T08:45:19.5+08:00")
    assert laid_out([{"ended": perth}], None, "")[1] == "2026-11-28 00:45:19Z"
    assert laid_out([{"ended": datetime(2026, 11, 28)}], None, "")[1] == "2026-11-28 00:00:00"


def test_piped_tables_are_whole_and_one_line_a_row(published: World) -> None:
    header, *rows = published.well("query", ALL.format(8)).out.splitlines()
    names = published.query(ALL.format(1)).column_names

    assert re.split(" {2,}", header) == names
    assert [len(re.split(" {2,}", row.strip())) for row in rows] == [len(names)] * 8


def test_text_is_folded_between_words_only() -> None:
    rows = [{"id": "20250518T120000-abcdef01", "said": "one two three " * 6} for _ in range(4)]

    lines = laid_out(rows, 60, "")

    assert max(map(len, lines)) <= 60
    assert {w for line in lines[1:] for w in line.split()} == {rows[0]["id"], "one", "two", "three"}


def test_a_long_path_is_folded_at_its_slashes() -> None:
    rows = [{"reason": f"re-issued: {'folder/' * 12}x.csv"}] * 4
    lines = laid_out(rows, 40, "")
    assert max(map(len, lines)) <= 40
    assert all(line.endswith(("/", "x.csv", ":")) for line in lines[1:])


def test_a_line_end_or_an_escape_in_a_value_breaks_no_row() -> None:
    assert laid_out([{"a": "x\ny\x1b[2J"}], None, "") == ["a", r"x\ny\x1b[2J"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.04, "0.04"),
        (0.002, "0.002"),
        (0.0123456, "0.0123"),
        (0.9999, "1.00"),
        (0.0, "0.00"),
        (-0.0, "0.00"),
        (-1.005e3, "-1005.00"),
        (12.3456, "12.35"),
        (1e300, "1e+300"),
        (1.5e15, "1.5e+15"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (10**20, "1" + "0" * 20),
        (True, "yes"),
        (None, "-"),
    ],
)
def test_a_number_shows_the_digits_that_count(value: object, shown: str) -> None:
    assert laid_out([{"n": value}], None, "")[1] == shown


def test_numbers_stand_under_each_other_at_the_right() -> None:
    assert laid_out([{"n": 1.0, "t": "a"}, {"n": 100.0, "t": "b"}], None, "") == [
        "     n  t",
        "  1.00  a",
        "100.00  b",
    ]


def test_rows_of_which_no_column_may_be_left_out_become_lists() -> None:
    row = {"where": "match_id=1", "what": "refused by the gate", "to_do": "run it again"}
    lines = laid_out([row] * 5, 24, "more", least=("to_do",), every=True)
    assert [line.split()[0] for line in lines if line][:3] == ["where", "what", "to_do"]
    assert sum(line.startswith("to_do") for line in lines) == 5
    assert not any("not shown" in line for line in lines)


def test_alerts_keep_every_column_at_80_characters(tmp_path: Path) -> None:
    made = world(tmp_path)
    opened = datetime(2025, 1, 4, tzinfo=UTC)
    said = "not null user_id: 40 of 302 null (13.25 %), expected at most 3 %; see the report"
    here = Touchline(config.load(made.folder / "touchline.toml"))
    days = [f"ingestion_date=2025-01-0{n}" for n in range(1, 6)]
    here.ledger.notes.note([Incident(f"activity {d} run", "activity", d, said, 3, opened) for d in days])  # fmt: skip

    lines = on_terminal(made, 80, "alerts")

    assert "not shown" not in "\n".join(lines)
    for name in ("pipeline", "where", "since", "what", "to_do"):
        assert sum(line.startswith(f"{name} ") for line in lines) == 5
    assert max(map(len, lines)) <= 80


def test_rejected_rows_are_told_with_their_counts_on_a_narrow_terminal(tmp_path: Path) -> None:
    made = world(tmp_path)
    for match_id in (1, 2, 3, 4):
        bad = broken(files(match_id), EVENTS, set_in(run_line(), event_subtype="moonwalk"))
        made.ingest(bad, match_id)
    made.do("run")

    lines = on_terminal(made, 60, "quarantine", "list")

    for name in ("table", "partition", "reason", "file", "run", "rows", "open"):
        assert sum(line.startswith(f"{name} ") for line in lines) == 4
    assert max(map(len, lines)) <= 60


def test_the_players_of_a_demo_fit_80_characters(tmp_path: Path) -> None:
    made = world(tmp_path)

    lines = on_terminal(made, 80, "demo", "new", "--matches", "1", "--minutes", "2")

    (header,) = [n for n, line in enumerate(lines) if line.startswith("player ")]
    names = ["player", "team", "min", "km", "sprints", "top km/h", "runs", "threat", "presses"]
    assert re.split(" {2,}", lines[header]) == names
    assert "not shown" not in "\n".join(lines)
    assert max(map(len, lines[header : lines.index("next:")])) <= 80


def test_a_run_that_is_shown_is_folded_between_words(refused: World) -> None:
    run = refused.well("runs", "--json").rows[0]

    lines = on_terminal(refused, 80, "show", run["run"])

    head = lines[: lines.index("inputs")]
    assert max(map(len, head)) <= 80
    assert len(head) > 2
    assert set(run["message"].split()) <= set(" ".join(head).split())


def test_the_tables_of_rules_stay_whole_on_a_narrow_terminal(refused: World) -> None:
    run = refused.well("runs", "--json").rows[-1]["run"]

    lines = on_terminal(refused, 80, "show", run)

    rules = lines[lines.index("rules") + 2 :]
    assert any(line.startswith("player_physical  ") for line in rules)
    assert not any(line.startswith(("player_ ", "physical ")) for line in rules)


def test_counts_have_their_thousands_set_apart_and_other_whole_numbers_are_as_they_are() -> None:
    row = {"rows": 96118, "sum": 22464.0}
    assert laid_out([row], None, "", counts=True)[1].split() == ["96,118", "22,464.00"]
    assert laid_out([row], None, "")[1].split() == ["96118", "22464.00"]
