"""Many small files of a day, put into one: every command answers as before."""

import gzip
import json
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from world import World, world

TABLE = "activity.curated_events"
DAY = "2025-01-01"
PART = f"ingestion_date={DAY}"
FILES = 20
BRONZE = "SELECT * EXCLUDE (source) FROM activity.bronze_events ORDER BY event_id, sha256"


def event(number: int, **more: Any) -> str:
    told = {
        "event_id": f"e{number}",
        "user_id": f"u{number % 7}",
        "event_type": "login",
        "event_ts": f"2025-01-01T00:00:{number % 60:02}Z",
        "amount": None,
        **more,
    }
    return json.dumps(told) + "\n"


def put(into: World, at: int, lines: str) -> Path:
    place = into.folder / f"raw/ingestion_date={DAY}/{at:02}.jsonl{'.gz' if at % 5 == 0 else ''}"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(gzip.compress(lines.encode()) if at % 5 == 0 else lines.encode())
    return place


def hours_pass(of: World) -> None:
    """What lies in bronze was written two hours ago."""
    then = time.time() - 7200
    for file in (of.data / "objects").rglob("*"):
        os.utime(file, (then, then))


def packs(of: World) -> list[Path]:
    return [f for f in (of.data / "objects/packs").rglob("*") if f.is_file()]


def objects(of: World) -> list[Path]:
    return [f for f in (of.data / "objects/objects").rglob("*") if f.is_file()]


def landed(into: World) -> World:
    """A day of twenty files, each with ten events, in one of them a line that is none."""
    for at in range(FILES):
        lines = "".join(event(10 * at + n) for n in range(10))
        put(into, at, lines + ("no event\n" if at == 7 else ""))
    into.well("ingest", "activity", into.folder / "raw")
    into.well("run")
    return into


def tidied(into: World) -> World:
    """Packed, and an hour later the files are gone that lay alone."""
    into.well("maintain")
    hours_pass(into)
    into.well("maintain")
    return into


@pytest.fixture
def packed(empty: World) -> World:
    return tidied(landed(empty))


def inputs(of: World) -> list[Any]:
    run = of.well("runs", "--limit", "1", "--json").rows[0]["run"]
    told: list[Any] = json.loads(of.well("show", run, "--json").out)["inputs"]
    return told


ASKED: dict[str, Callable[[World], Any]] = {
    "query bronze": lambda w: w.query(BRONZE).to_pylist(),
    "query": lambda w: w.query(f"SELECT * FROM {TABLE} ORDER BY event_id").to_pylist(),
    "define": lambda w: w.well("define", "activity.bronze_events", "--json").rows,
    "check": lambda w: w.well("check", "--bronze", "--json").rows,
    "plan": lambda w: w.well("plan", "--json").rows,
    "quarantine": lambda w: [
        w.well("quarantine", "show", r["id"]).out.partition("\n")[2]
        for r in w.well("quarantine", "list", "--each", "--json").rows
    ],
    "diff": lambda w: w.well("diff", TABLE, PART, "--dry-run", "--json").rows,
}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], World]:
    """What was answered before the files were packed, and the folder after it."""
    made = landed(world(tmp_path_factory.mktemp("packed")))
    before = {name: ask(made) for name, ask in ASKED.items()}
    before["inputs"] = inputs(made)
    return before, tidied(made)


@pytest.mark.parametrize("name", list(ASKED))
def test_the_command_answers_as_before(both: tuple[dict[str, Any], World], name: str) -> None:
    before, packed = both
    assert ASKED[name](packed) == before[name]


def test_a_forced_run_and_a_backfill_read_the_same_bytes(
    both: tuple[dict[str, Any], World],
) -> None:
    before, packed = both
    for words in (("run", "--force"), ("backfill", "activity", DAY, DAY, "--redo")):
        packed.well(*words)
        assert inputs(packed) == before["inputs"]
        assert ASKED["query"](packed) == before["query"]


def test_the_files_lie_in_one_zip_that_anybody_can_read(packed: World) -> None:
    assert objects(packed) == []
    (pack,) = packs(packed)
    archive = zipfile.ZipFile(pack)
    assert (archive.testzip(), len(archive.namelist())) == (None, FILES)


def test_maintain_says_what_it_packed_and_deleted(empty: World) -> None:
    landed(empty)
    first = {r["table"]: r for r in empty.well("maintain", "--json").rows}["bronze"]
    assert (first["compacted"], first["files deleted"]) == (FILES, 0)
    hours_pass(empty)
    second = {r["table"]: r for r in empty.well("maintain", "--json").rows}["bronze"]
    assert (second["compacted"], second["files deleted"]) == (0, FILES)
    assert "bronze" not in {r["table"] for r in empty.well("maintain", "--json").rows}


def test_a_packed_file_that_is_issued_again_is_taken_as_it_comes(packed: World) -> None:
    packed.well("ingest", "activity", put(packed, 3, event(999)))
    (planned,) = packed.well("plan", "--json").rows
    assert planned["reason"].startswith("re-issued: ")
    packed.well("run")
    assert packed.one(f"SELECT count(*) FROM {TABLE}") == FILES * 10 - 9


def test_a_line_of_a_packed_file_can_be_mended(packed: World) -> None:
    (row,) = packed.well("quarantine", "list", "--each", "--json").rows
    words = ("--row", event(998).strip(), "--because", "asked them")
    packed.well("quarantine", "fix", row["id"], *words)
    packed.well("quarantine", "replay")
    assert packed.one(f"SELECT count(*) FROM {TABLE}") == FILES * 10 + 1


def test_the_same_files_again_change_nothing(packed: World) -> None:
    (row,) = packed.well("ingest", "activity", packed.folder / "raw", "--json").rows
    assert (row["unchanged"], row["new"]) == (FILES, 0)
    assert packed.well("plan", "--json").rows == []


def test_a_damaged_pack_is_told_and_mended_by_the_files(packed: World) -> None:
    (pack,) = packs(packed)
    whole = pack.read_bytes()
    pack.chmod(0o644)
    pack.write_bytes(whole[:1000])
    ended = packed.do("check", "--bronze", "--json")
    assert ended.code == 7
    assert len(ended.rows) > FILES // 2
    assert packed.do("run", "--force").code == 7
    left = packed.well("query", BRONZE, "--json")
    assert "left out of activity.bronze_events" in left.err
    packed.well("ingest", "activity", packed.folder / "raw")
    packed.well("run", "--force")
    assert packed.well("check", "--bronze", "--json").rows == []


def test_nothing_of_it_is_left_among_temporary_files(
    packed: World, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    for ask in ASKED.values():
        ask(packed)
    packed.well("run", "--force")
    assert list(scratch.iterdir()) == []


def test_a_retired_partition_takes_its_pack_along(packed: World) -> None:
    packed.configure("[retention]\nbronze = { activity = 1 }\n")
    hours_pass(packed)
    packed.well("retain")
    assert (objects(packed), packs(packed)) == ([], [])
