"""simulate, define, report and demo, and how anything is shown on a terminal or off one."""

import json
import os
import pty
import subprocess
import sys

import pytest
from world import EVENTS, MATCH, PHASES, TRACKING, World, files

NAMES = {MATCH, TRACKING, EVENTS, PHASES}


# --- simulate


def simulate(world: World, out: str, *words: str) -> set[str]:
    """Simulate two-minute matches; the names of the provider's files under `out`."""
    world.well("simulate", "tracking", out, "--minutes", "2", *words)
    folder = world.folder / out
    found = (f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file())
    return {name for name in found if not name.startswith("truth/")}


def test_simulated_matches_lie_as_the_provider_or_the_landing_lays_them(empty: World) -> None:
    by_provider = simulate(empty, "a", "--matches", "2", "--first-id", "7")
    by_day = simulate(empty, "b", "--layout", "landing", "--date", "2024-11-09", "--gzip")

    assert by_provider == {f"matches/{i}/{i}_{name}" for i in (7, 8) for name in NAMES}
    place = "partition_date=2024-11-09/match_id=900001"
    packed = {f"{name}.gz" if name == TRACKING else name for name in NAMES}
    assert by_day == {f"{place}/{name}" for name in packed}


def test_the_same_seed_makes_the_same_bytes_and_a_reissue_others(empty: World) -> None:
    for out, words in {"a": (), "b": (), "c": ("--reissue",), "d": ("--seed", "2")}.items():
        simulate(empty, out, *words)

    def data(out: str, name: str) -> bytes:
        return (empty.folder / out / f"matches/900001/900001_{name}").read_bytes()

    assert all(data("a", name) == data("b", name) for name in NAMES)
    assert {name for name in NAMES if data("a", name) != data("c", name)} == {TRACKING, EVENTS}
    assert data("a", TRACKING) != data("d", TRACKING)


@pytest.mark.parametrize("part", ["match", "tracking", "events", "phases"])
def test_a_file_can_be_left_out(empty: World, part: str) -> None:
    names = {"match": MATCH, "tracking": TRACKING, "events": EVENTS, "phases": PHASES}
    found = simulate(empty, "a", "--missing", part)

    assert found == {f"matches/900001/900001_{n}" for n in NAMES - {names[part]}}


# --- define


def test_a_metric_is_defined_with_unit_version_and_origin(empty: World) -> None:
    shown = empty.well("define", "player_metrics.sprints_per_90").out
    told = empty.well("define", "tracking.player_metrics.sprints_per_90", "--json").rows

    assert told["name"] == "tracking.player_metrics.sprints_per_90"
    assert told["definition"] in shown
    assert told["version"] >= 1
    assert told["origin"] == "derived"
    assert told["unit"] in shown


@pytest.mark.parametrize(
    "name", ["player_metrics", "traits_etl.player_metrics", "tracking.player_metrics"]
)
def test_a_table_lists_the_definition_of_every_column(empty: World, name: str) -> None:
    rows = empty.well("define", name, "--json").rows

    assert len(rows) > 100
    assert all(row["definition"] and row["origin"] in {"provider", "derived"} for row in rows)
    assert {"top_speed_kmh", "threat_per_90"} <= {row["column"] for row in rows}


def test_a_column_that_is_nearly_right_is_suggested(empty: World) -> None:
    ended = empty.do("define", "player_metrics.sprints")

    assert ended.code == 2
    assert "sprints_per_90" in ended.hint


def test_define_writes_nothing(empty: World) -> None:
    before = empty.everything()
    empty.well("define", "player_metrics")
    assert empty.everything() == before


# --- report


def test_a_report_is_one_page_that_needs_no_network(published: World) -> None:
    ended = published.well("report", "match", "1", "--out", "page.html")
    page = (published.folder / "page.html").read_text()

    assert "page.html" in ended.err
    assert page.lstrip().lower().startswith("<!doctype html>")
    for outside in ('src="http', 'href="http', "@import", "url(http"):
        assert outside not in page
    names = published.query("SELECT DISTINCT team_name FROM tracking.players WHERE match_id = 1")
    assert all(name in page for name in names.column(0).to_pylist())


def test_a_report_without_a_place_is_named_after_its_match(published: World) -> None:
    published.well("report", "match", "2")
    assert (published.folder / "match-2.html").stat().st_size > 10_000


def test_a_report_that_cannot_be_written_is_told(published: World) -> None:
    ended = published.do("report", "match", "1", "--out", "nowhere/page.html")

    assert (ended.code, "Traceback" in ended.err) == (2, False), ended.err
    assert "nowhere/page.html" in ended.error


# --- demo


def test_the_demo_ends_in_a_table_of_players_and_a_folder_that_can_be_used(empty: World) -> None:
    ended = empty.well("demo", "here", "--matches", "1", "--minutes", "2")

    header, *rows = ended.out.splitlines()
    assert header.split()[:3] == ["player", "team", "min"]
    assert len(rows) > 20
    again = empty.well("--config", "here/touchline.toml", "status", "--json").rows
    assert [row["state"] for row in again] == ["fresh"]


# --- how it is shown


def test_results_go_to_stdout_and_everything_else_to_stderr(empty: World) -> None:
    landed = empty.ingest(files(1))
    ended = empty.well("run", "--json")

    assert len(landed.rows) == len(ended.rows) == 1
    events = [json.loads(line) for line in ended.err.splitlines()]
    assert events == [
        {"event": "run", "name": "match_id=1", "status": "published", "done": 1, "of": 1}
    ]
    assert len(landed.err.splitlines()) == 4


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("plan",),
        ("runs",),
        ("maintain",),
        ("retain",),
        ("run",),
        ("run", "--only", "bronze"),
        ("backfill", "tracking", "1", "2"),
        ("define", "players"),
        ("query", "SELECT * FROM tracking.players LIMIT 3"),
        ("ingest", "tracking", "landing"),
    ],
    ids=" ".join,
)
def test_json_is_json_on_every_command_that_prints_a_table(
    published: World, words: tuple[str, ...]
) -> None:
    plain = published.well(*words)
    rows = published.well(*words, "--json").rows

    assert isinstance(rows, list)
    assert all(isinstance(row, dict) for row in rows)
    assert plain.out.strip()


def test_names_with_brackets_are_shown_as_they_are(empty: World) -> None:
    shown = empty.well("query", "SELECT '[bold]x[/bold] [red]' AS seen").out
    assert "[bold]x[/bold] [red]" in shown


def test_on_a_terminal_progress_is_a_bar_and_the_table_fits(published: World) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "touchline.cli", "run", "--force"]
    env = {**os.environ, "COLUMNS": "80", "TERM": "xterm"}
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=published.folder, env=env
    ) as process:
        os.close(theirs)
        seen = b""
        while chunk := read(ours):
            seen += chunk
    os.close(ours)

    assert process.returncode == 0
    assert b"match_id=1" in seen
    assert b'"event"' not in seen


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def test_no_command_prints_a_secret_of_the_environment(
    published: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {f"SKILLCORNER_{part}": f"s3cret-{part}" for part in ("PASSWORD", "TOKEN")}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    told = [
        published.do(*words)
        for words in (
            ("status",), ("plan",), ("run",), ("runs",), ("show", "2"), ("maintain",), ("retain",),
            ("query", "SELECT * FROM tracking.matches"), ("define", "players"),
            ("fetch", "skillcorner"), ("report", "match", "1"),
        )
    ]  # fmt: skip

    assert not [e for e in told if any(value in e.out + e.err for value in secrets.values())]
