"""Stores in odd places: folders of any name work; places that cannot be are told, without traceback."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from world import World, files, world


def _stores(place: str) -> dict[str, str]:
    """Configurations in which one store is at that place, and what the complaint names."""
    return {
        "objects": f"objects = {{ kind = 'local', root = '{place}' }}",
        "warehouse": f"tables = {{ kind = 'iceberg', warehouse = '{place}' }}",
        "catalog": f"tables = {{ kind = 'iceberg', catalog = 'sqlite:///{place}/catalog.db' }}",
        "ledger": f"ledger = {{ kind = 'sqlite', path = '{place}/ledger.db' }}",
        "log": f"log = {{ kind = 'sqlite', path = '{place}/log.db' }}",
        "serving": f"serving = {{ kind = 'sqlite', path = '{place}/serving.db' }}",
    }


@pytest.mark.parametrize("name", ["a b", "h#x", "h?x", "50% %41"])
def test_everything_works_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    odd = world(tmp_path / name)
    odd.publish(files(1))
    odd.publish(files(1, version=2))

    assert odd.one("SELECT count(*) FROM tracking.player_metrics") > 0
    assert odd.one("SELECT count(*) FROM tracking.bronze_frames") > 0
    odd.well("report", "match", "1")
    odd.well("rollback", "tracking.player_metrics", "match_id=1")
    odd.well("maintain")
    assert odd.one("SELECT count(*) FROM tracking.player_metrics") > 0
    assert odd.well("plan", "--json").rows == []
    assert [f.name for f in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("place", ["afile", "afile/below"])
@pytest.mark.parametrize("store", _stores(""))
def test_a_store_at_or_under_a_file_is_told(empty: World, store: str, place: str) -> None:
    (empty.folder / "afile").write_text("something else")
    usual = empty.put(files(1))
    if store in {"warehouse", "catalog"}:
        empty.well("ingest", "tracking", usual)
    empty.configure("[stores]\n" + _stores(place)[store] + "\n")

    for words in (("ingest", "tracking", usual), *LOOKS):
        ended = empty.do(*words)
        assert "Traceback" not in ended.err, (words, ended.err)
        assert ended.code == 2, (words, ended.err)
        assert "afile" in ended.error, words
        assert "[stores]" in ended.hint, words
    assert (empty.folder / "afile").read_text() == "something else"


LOOKS = (
    ("run",),
    ("plan",),
    ("status",),
    ("check",),
    ("query", "SELECT * FROM tracking.players"),
    ("maintain",),
    ("keys", "list"),
)


def test_a_ledger_that_another_process_holds_is_to_be_tried_again(
    empty: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("touchline.adapters.sqlite.schema._PATIENCE_S", 0.05)
    empty.ingest(files(1))
    with closing(sqlite3.connect(empty.ledger, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ended = empty.do("run")

    assert (ended.code, "Traceback" in ended.err) == (5, False), ended.err
    assert "ledger.db: database is locked" in ended.error
    assert "run again" in ended.hint
    empty.well("run")
