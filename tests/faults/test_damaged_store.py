"""Stores that were moved, damaged or lost: told for what they are, never answered from wrong data."""

import shutil
from pathlib import Path

import pytest
from limited import without_override
from world import World, files, world

COUNT = ("query", "SELECT count(*) FROM tracking.player_metrics")


@pytest.fixture
def made(tmp_path: Path) -> World:
    found = world(tmp_path / "made")
    found.publish(files(1))
    return found


def parquet(of: World, table: str) -> Path:
    (found,) = (of.data / "warehouse/tracking" / table).rglob("*.parquet")
    return found


@pytest.mark.parametrize("how", ["moved", "copied"])
def test_a_store_that_was_moved_or_copied_answers_nothing(made: World, how: str) -> None:
    there = made.folder.parent / "there"
    (shutil.move if how == "moved" else shutil.copytree)(made.folder, there)
    copy = World(there)
    ended = copy.do(*COUNT)
    assert ended.code == 2
    assert "its files are at" in ended.error
    assert "cannot be moved or copied" in ended.hint
    assert copy.do("run", "--force").code == 2
    copy.configure(
        '[stores]\ntables = { kind = "iceberg", catalog = "sqlite:///data/new.db",'
        ' warehouse = "data/new" }\n'
    )
    copy.well("run", "--force")
    copy.well(*COUNT)


@pytest.mark.parametrize("damage", ["empty", "cut", "closed"])
def test_a_damaged_table_file_is_named_with_the_way_out(made: World, damage: str) -> None:
    file = parquet(made, "player_metrics")
    if damage == "closed":
        file.chmod(0)
    else:
        file.write_bytes(b"" if damage == "empty" else file.read_bytes()[:-500])
    for words in (COUNT, ("report", "match", "1")):
        ended = made.apart(*words, preexec_fn=without_override)
        assert ended.code == 7, ended.err
        assert file.name in ended.error
        assert "touchline run --force" in ended.hint
    if damage != "closed":
        made.well("run", "--force")
        made.well(*COUNT)


def test_a_table_file_that_is_gone_is_told_by_the_page_too(made: World) -> None:
    parquet(made, "player_metrics").unlink()
    ended = made.do("report", "match", "1")
    assert ended.code == 7
    assert "a file of the published table is gone" in ended.error
    assert "touchline run --force" in ended.hint


def test_bronze_that_may_not_be_read_is_no_bug(made: World) -> None:
    stored = [f for f in (made.data / "objects/objects").rglob("*") if f.is_file()]
    for file in stored:
        file.chmod(0)
    ended = made.apart("run", "--force", preexec_fn=without_override)
    assert ended.code == 7, ended.err
    assert "Permission denied" in ended.error
    assert "grant the right to read" in ended.hint


def test_a_query_leaves_out_bronze_of_another_size_and_says_so(made: World) -> None:
    (path,) = made.asked("SELECT path FROM receipts WHERE name LIKE 'tracking%'")
    file = made.data / "objects" / path[0]
    file.chmod(0o644)
    file.write_bytes(file.read_bytes() + b"x\n")
    ended = made.do("query", "SELECT count(*) AS n FROM tracking.bronze_frames", "--json")
    assert "bytes, " in ended.err
    assert "came" in ended.err
    assert ended.rows == [{"n": 0}]


@pytest.fixture
def lost(made: World) -> World:
    for file in made.data.glob("ledger.db*"):
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    return made


@pytest.mark.parametrize("words", [("status",), COUNT, ("maintain",), ("run",)], ids=lambda w: w[0])
def test_no_new_ledger_is_begun_over_what_another_has_received(
    lost: World, words: tuple[str, ...]
) -> None:
    ended = lost.do(*words)
    assert ended.code == 2
    assert "no ledger" in ended.error
    assert not lost.ledger.exists()
