"""What Iceberg tables promise beyond the port: flat commits, other processes, full disks."""

import multiprocessing
import os
import shutil
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from made_up import SPEEDS, arrow, changed, in_order, match, replaced, sorted_rows, speed, staged
from pyiceberg.catalog import load_catalog
from pyiceberg.table import Table
from under_test import TABLES, Tables, iceberg_settings, no_file_over

from touchline.adapters.iceberg import IcebergTables, catalog, maintenance, places, tables
from touchline.core.contracts import Column, Contract
from touchline.core.ports import Staged
from touchline.errors import ConfigError, StorageError, TransientError

ADA, BO = speed(1, "Ada", 31.5), speed(1, "Bo", 20.0)


@pytest.fixture
def iceberg(tmp_path: Path) -> Tables:
    """Iceberg tables in `tmp_path`."""
    return TABLES["iceberg"](tmp_path)


def as_others_see(folder: Path, contract: Contract = SPEEDS) -> Table:
    return load_catalog("touchline", **iceberg_settings(folder)).load_table(contract.table)


def test_the_table_is_iceberg_v2_partitioned_and_described(iceberg: Tables, tmp_path: Path) -> None:
    iceberg.store.prepare([SPEEDS])
    table = as_others_see(tmp_path)
    assert table.format_version == 2
    assert [f.name for f in table.spec().fields] == ["played_date", "match_id"]
    assert table.schema().find_field("top_speed_kmh").doc == "Fastest [km/h]"
    assert table.schema().find_field("player").required is True


@pytest.mark.parametrize("moved", [True, False])
def test_a_store_that_was_moved_or_copied_is_refused_and_the_original_left_alone(
    tmp_path: Path, *, moved: bool
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    replaced(TABLES["iceberg"](here).store, {match(1): [ADA]}, commit="first")
    (shutil.move if moved else shutil.copytree)(here, there)
    before = sorted(str(f) for f in tmp_path.rglob("*") if f.suffix != ".db-shm")
    copy = TABLES["iceberg"](there).store
    for act in (
        lambda: copy.prepare([SPEEDS]),
        lambda: copy.stage(SPEEDS, match(1), arrow(SPEEDS, [BO]), run_id="r"),
        lambda: copy.maintain(SPEEDS.table, frozenset()),
    ):
        with pytest.raises(ConfigError, match=r"the catalog names tables in .*here") as refused:
            act()
        assert "new catalog and warehouse" in refused.value.hint
    after = sorted(str(f) for f in tmp_path.rglob("*") if f.suffix != ".db-shm")
    assert [f for f in after if not f.endswith("-wal")] == [
        f for f in before if not f.endswith("-wal")
    ]


def test_a_commit_costs_the_same_after_sixty_others(iceberg: Tables, tmp_path: Path) -> None:
    replaced(iceberg.store, {match(n): [speed(n, "Ada", n)] for n in range(20)}, commit="first")
    most = {"snapshots": 0, "manifests": 0, "versions": 0}
    for commit in range(60):
        number = commit % 25
        rows = [speed(number, "Ada", 100.0 + commit)]
        replaced(iceberg.store, {match(number): rows}, commit=f"c{commit}")
        table = as_others_see(tmp_path)
        snapshot = table.current_snapshot()
        assert snapshot is not None
        now = {
            "snapshots": len(table.metadata.snapshots),
            "manifests": len(snapshot.manifests(table.io)),
            "versions": len(table.metadata.metadata_log),
        }
        most = {name: max(most[name], now[name]) for name in most}
    assert most["snapshots"] <= 10
    assert most["manifests"] <= 17
    assert most["versions"] <= 10
    expected = [speed(n, "Ada", 100.0 + (n + 50 if n < 10 else n + 25)) for n in range(25)]
    assert in_order(iceberg.seen(SPEEDS)) == sorted_rows(expected)


def test_the_newest_five_commits_are_known_whatever_was_expired(iceberg: Tables) -> None:
    for commit in range(25):
        replaced(iceberg.store, {match(1): [ADA]}, commit=f"c{commit}")
        recent = [f"c{n}" for n in range(max(0, commit - 4), commit + 1)]
        assert None not in [iceberg.store.committed(SPEEDS.table, c) for c in recent]


def test_after_maintenance_only_named_files_are_left(iceberg: Tables, tmp_path: Path) -> None:
    for commit in range(15):
        replaced(iceberg.store, {match(1): [ADA], match(2): []}, commit=f"c{commit}")
    folder = tmp_path / "warehouse"
    before = [f for f in folder.rglob("*") if f.is_file()]
    counts = iceberg.store.maintain(SPEEDS.table, frozenset())
    after = [f for f in folder.rglob("*") if f.is_file()]
    assert len(before) - len(after) == counts["files"]
    assert sum(f.suffix == ".parquet" for f in after) == 1
    assert not [d for d in folder.rglob("*") if d.is_dir() and not any(d.iterdir())]
    replaced(iceberg.store, {match(1): [BO]}, commit="later")
    assert in_order(iceberg.seen(SPEEDS)) == [BO]


NAMED = Contract(
    "club.names",
    "one row per club",
    (
        Column("match_id", "long", "Match", null=False),
        Column("club", "string", "Name as the provider writes it", null=False),
    ),
    key=("match_id",),
    replace_by=("match_id",),
    partition_by=("club", "match_id"),
)


@pytest.mark.parametrize("club", ["../../../outside", "a/b", "50 % #1?", "Köln", "x=y"])
def test_a_value_with_separators_stays_a_value(iceberg: Tables, tmp_path: Path, club: str) -> None:
    row = {"match_id": 1, "club": club}
    done = replaced(iceberg.store, {match(1): [row]}, commit="c1", contract=NAMED)[match(1)]
    place = Path(done.pieces[0].path.removeprefix("file://"))
    assert place.resolve().is_relative_to(tmp_path / "warehouse" / "club" / "names" / "data")
    assert iceberg.store.read(NAMED, done.pieces).to_pylist() == [row]
    assert iceberg.seen(NAMED).to_pylist() == [row]
    assert iceberg.store.maintain(NAMED.table, frozenset())["files"] == 0


def stage_elsewhere(folder: Path, number: int) -> Staged:
    store = IcebergTables(iceberg_settings(folder))
    rows = arrow(SPEEDS, [speed(number, "Ada", 1.0)])
    return store.stage(SPEEDS, match(number), rows, run_id=f"r{number}")


def test_other_processes_stage_and_this_one_publishes(iceberg: Tables, tmp_path: Path) -> None:
    iceberg.store.prepare([SPEEDS])
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        found = list(pool.map(partial(stage_elsewhere, tmp_path), range(4)))
    assert iceberg.seen(SPEEDS).num_rows == 0
    iceberg.store.publish(SPEEDS, found, commit_id="c1", properties={})
    expected = sorted_rows([speed(n, "Ada", 1.0) for n in range(4)])
    assert in_order(iceberg.seen(SPEEDS)) == expected


def test_of_two_committers_at_once_none_loses_what_the_other_wrote(tmp_path: Path) -> None:
    stores = [IcebergTables(iceberg_settings(tmp_path)) for _ in range(2)]
    stores[0].prepare([SPEEDS])
    together = threading.Barrier(2)

    def committer(which: int) -> None:
        for n in range(8):
            number = 10 * which + n
            piece = staged(stores[which], match(number), [speed(number, "A", 1)], run_id=f"r{n}")
            together.wait(timeout=60)
            while not published(stores[which], piece, f"c{number}"):
                pass

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(committer, (0, 1)))
    seen = TABLES["iceberg"](tmp_path).seen(SPEEDS)
    assert sorted(seen["match_id"].to_pylist()) == [*range(8), *range(10, 18)]


def published(store: IcebergTables, piece: Staged, commit: str) -> bool:
    try:
        store.publish(SPEEDS, [piece], commit_id=commit, properties={})
    except TransientError:
        return False
    return True


def test_a_column_added_by_another_process_does_not_stop_this_one(tmp_path: Path) -> None:
    old, new = (IcebergTables(iceberg_settings(tmp_path)) for _ in range(2))
    replaced(old, {match(1): [ADA]}, commit="c1")
    wider = changed(SPEEDS, Column("load", "double", "Added later"))
    replaced(new, {match(2): [{**speed(2, "Cy", 1.0), "load": 7.5}]}, commit="c2", contract=wider)
    replaced(old, {match(1): [BO]}, commit="c3")
    seen = TABLES["iceberg"](tmp_path).seen(wider)
    assert sorted(zip(seen["player"].to_pylist(), seen["load"].to_pylist(), strict=True)) == [
        ("Bo", None),
        ("Cy", 7.5),
    ]


def test_a_column_that_two_processes_add_at_once_stops_neither(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process widens the table between this one's look at it and its change."""
    first, second = (IcebergTables(iceberg_settings(tmp_path)) for _ in range(2))
    first.prepare([SPEEDS])
    step = catalog._widened

    def beside(*given: Any) -> Table:
        monkeypatch.undo()
        second.prepare([changed(SPEEDS, Column("load", "double", "Added by the other"))])
        return step(*given)

    monkeypatch.setattr(catalog, "_widened", beside)
    first.prepare([changed(SPEEDS, Column("team", "string", "Added by this one"))])

    assert as_others_see(tmp_path).schema().column_names[-2:] == ["load", "team"]


def test_a_required_column_that_left_the_contract_keeps_nobody_from_reading(
    iceberg: Tables, tmp_path: Path
) -> None:
    before = changed(SPEEDS, Column("load", "double", "Needed once", null=False))
    replaced(iceberg.store, {match(1): [{**ADA, "load": 7.5}]}, commit="c1", contract=before)

    replaced(iceberg.store, {match(2): [speed(2, "Cy", 1.0)]}, commit="c2")

    seen = as_others_see(tmp_path).scan().to_arrow()
    assert sorted(zip(seen["player"].to_pylist(), seen["load"].to_pylist(), strict=True)) == [
        ("Ada", 7.5),
        ("Cy", None),
    ]
    assert as_others_see(tmp_path).schema().find_field("player").required is True


# --- files that others take away ----------------------------------------------------------------


@pytest.mark.parametrize("moment", ["the folder is there", "half of the folder is there"])
def test_an_empty_folder_that_maintenance_takes_away_while_staging_is_made_again(
    iceberg: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    iceberg.store.prepare([SPEEDS])
    other = IcebergTables(iceberg_settings(tmp_path))
    write, mkdir = tables.pq.write_table, os.mkdir

    def written_late(*given: Any, **how: Any) -> None:
        monkeypatch.undo()
        other.maintain(SPEEDS.table, frozenset({"r1"}))
        write(*given, **how)

    def made_late(folder: Path, *mode: int) -> None:
        if folder.name == match(1) and folder.parent.exists():
            monkeypatch.undo()
            other.maintain(SPEEDS.table, frozenset({"r1"}))
        mkdir(folder, *mode)

    if moment == "the folder is there":
        monkeypatch.setattr(tables.pq, "write_table", written_late)
    else:
        monkeypatch.setattr(os, "mkdir", made_late)
    piece = staged(iceberg.store, match(1), [ADA], run_id="r1")

    assert tables.pq.write_table is write
    assert os.mkdir is mkdir
    assert in_order(iceberg.store.read(SPEEDS, piece.pieces)) == [ADA]


def test_a_folder_that_is_taken_away_again_and_again_is_to_be_tried_later(
    iceberg: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    iceberg.store.prepare([SPEEDS])
    write = tables.pq.write_table

    def written_late(rows: Any, half: Path, **how: Any) -> None:
        half.parent.rmdir()
        write(rows, half, **how)

    monkeypatch.setattr(tables.pq, "write_table", written_late)
    with pytest.raises(TransientError, match=r"match_id=1: taken away 8 times"):
        staged(iceberg.store, match(1), [ADA], run_id="r1")


def test_maintenance_passes_over_a_folder_that_another_one_takes_away(
    iceberg: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced(iceberg.store, {match(1): [ADA]}, commit="c1")
    empty = Path(as_others_see(tmp_path).location().removeprefix("file://")) / "data" / "empty"
    empty.mkdir()
    scandir = os.scandir

    def scanned_late(folder: Any) -> Any:
        if Path(folder) == empty:
            empty.rmdir()
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", scanned_late)
    counts = iceberg.store.maintain(SPEEDS.table, frozenset())

    assert not empty.exists()
    assert counts["files"] == 0
    assert in_order(iceberg.seen(SPEEDS)) == [ADA]


def test_rows_whose_file_is_gone_can_be_put_back_or_made_again(iceberg: Tables) -> None:
    done = replaced(iceberg.store, {match(1): [ADA]}, commit="c1")[match(1)]
    place = Path(done.pieces[0].path.removeprefix("file://"))
    place.unlink()

    with pytest.raises(StorageError, match="a file of the published table is gone") as caught:
        iceberg.store.read(SPEEDS, done.pieces)

    assert str(place) in str(caught.value)
    assert caught.value.hint == "put its back-up there, or make it again: touchline run --force"


@pytest.mark.parametrize("pattern", ["*.metadata.json", "*.avro"])
def test_metadata_that_are_gone_can_only_be_put_back(tmp_path: Path, pattern: str) -> None:
    replaced(TABLES["iceberg"](tmp_path).store, {match(1): [ADA]}, commit="c1")
    for file in tmp_path.rglob(pattern):
        file.unlink()

    with pytest.raises(StorageError, match="a file of the published table is gone") as caught:
        replaced(TABLES["iceberg"](tmp_path).store, {match(1): [BO]}, commit="c2")

    assert caught.value.hint == "put its back-up there"


def test_a_warehouse_that_cannot_be_made_is_no_file_that_is_gone(tmp_path: Path) -> None:
    store = IcebergTables(places.settings(tmp_path / "catalog.db", Path("/proc/nowhere")))

    with pytest.raises(StorageError, match="/proc/nowhere") as caught:
        store.prepare([SPEEDS])

    assert "grant the right to write" in caught.value.hint
    assert "gone" not in str(caught.value)


@pytest.mark.parametrize("room", [0, 3_000, 7_000])
def test_a_disk_that_is_full_while_publishing_changes_nothing(iceberg: Tables, room: int) -> None:
    """Metadata files fail at the first two sizes, the catalog's database at the third."""
    replaced(iceberg.store, {match(1): [ADA]}, commit="c1")
    piece = staged(iceberg.store, match(1), [BO], run_id="r2")
    with no_file_over(room), pytest.raises(StorageError):
        iceberg.store.publish(SPEEDS, [piece], commit_id="c2", properties={})
    assert in_order(iceberg.seen(SPEEDS)) == [ADA]
    assert iceberg.store.committed(SPEEDS.table, "c2") is None
    iceberg.store.publish(SPEEDS, [piece], commit_id="c3", properties={})
    assert in_order(iceberg.seen(SPEEDS)) == [BO]


WIDER = changed(SPEEDS, Column("load", "double", "Added later"))


@pytest.mark.parametrize("moment", ["_named", "_doomed"])
def test_a_schema_change_while_maintaining_does_not_lose_the_table(
    iceberg: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Another process widens the table once its files are listed, or its metadata are loaded."""
    replaced(iceberg.store, {match(1): [ADA]}, commit="c1")
    step = getattr(maintenance, moment)

    def beside(*given: object) -> object:
        IcebergTables(iceberg_settings(tmp_path)).prepare([WIDER])
        return step(*given)

    monkeypatch.setattr(maintenance, moment, beside)
    iceberg.store.maintain(SPEEDS.table, frozenset())
    monkeypatch.undo()

    assert "load" in as_others_see(tmp_path).schema().column_names
    assert iceberg.seen(WIDER).select(["player"]).to_pylist() == [{"player": "Ada"}]
    replaced(iceberg.store, {match(1): [BO]}, commit="c2")
    assert in_order(iceberg.seen(SPEEDS)) == [BO]


@pytest.mark.parametrize(
    ("version", "minutes_old", "stays"), [(99, 0, True), (99, 11, False), (0, 0, False)]
)
def test_metadata_that_a_commit_may_be_about_to_name_stay(
    iceberg: Tables, tmp_path: Path, version: int, minutes_old: int, stays: bool
) -> None:
    replaced(iceberg.store, {match(1): [ADA]}, commit="c1")
    folder = Path(as_others_see(tmp_path).location().removeprefix("file://")) / "metadata"
    written = folder / f"{version:05d}-another.metadata.json"
    written.write_text("{}")
    at = time.time() - 60 * minutes_old
    os.utime(written, (at, at))

    iceberg.store.maintain(SPEEDS.table, frozenset())

    assert written.exists() is stays


def test_a_catalog_that_is_no_database_is_a_config_error(iceberg: Tables, tmp_path: Path) -> None:
    (tmp_path / "catalog.db").write_text("match_id,player\n" * 100)
    with pytest.raises(ConfigError, match=r"catalog\.db") as caught:
        iceberg.store.prepare([SPEEDS])
    assert "stores.tables.catalog" in caught.value.hint


@pytest.mark.parametrize("name", ["a b", "h#x", "h?x=1&y", "100%", "%41 %23", "Köln", "[ab]*"])
def test_tables_are_kept_in_folders_of_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    (folder / "warehouse").mkdir(parents=True)
    settings = places.settings(folder / "catalog.db", folder / "warehouse")
    store = IcebergTables(settings)
    for commit in ("c1", "c2"):
        done = replaced(store, {match(1): [ADA], match(2): []}, commit=commit)
    seen = load_catalog("touchline", **settings).load_table(SPEEDS.table).scan().to_arrow()

    assert in_order(seen.select(SPEEDS.names)) == [ADA]
    assert in_order(store.read(SPEEDS, done[match(1)].pieces)) == [ADA]
    assert Path(done[match(1)].pieces[0].path.removeprefix("file://")).is_file()
    store.maintain(SPEEDS.table, frozenset())
    assert in_order(IcebergTables(settings).read(SPEEDS, done[match(1)].pieces)) == [ADA]
    assert [f.name for f in tmp_path.iterdir()] == [name]
    assert sum(f.suffix == ".parquet" for f in folder.rglob("*")) == 1
