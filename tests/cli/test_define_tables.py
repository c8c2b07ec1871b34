"""define lists tables, of all domains or of one, and tells what bronze holds."""

import pytest
from world import TABLES, World, files


@pytest.mark.parametrize("words", [(), ("tracking",), ("traits_etl",)], ids=str)
def test_tables_are_listed(empty: World, words: tuple[str, ...]) -> None:
    rows = {row["table"]: row for row in empty.well("define", *words, "--json").rows}

    assert {f"tracking.{name}" for name in TABLES} < rows.keys()
    assert rows["tracking.bronze_events"]["layer"] == "bronze"
    assert rows["tracking.players"]["rows are"].startswith("one row per player")
    assert rows["tracking.players"]["columns"] == len(
        empty.well("define", "players", "--json").rows
    )


def test_a_bronze_table_tells_its_columns_once_a_file_has_come(empty: World) -> None:
    before = empty.well("define", "bronze_events").out
    empty.ingest(files(1))
    shown = empty.well("define", "tracking.bronze_events").out
    rows = empty.well("define", "bronze_events", "--json").rows

    assert "none has arrived yet" in before
    assert "the latest dynamic_events.csv of each match" in shown
    assert [row["column"] for row in rows][:3] == ["match_id", "sha256", "source"]
    assert "event_type" in {row["column"] for row in rows}


def test_a_table_without_a_key_speaks_of_none(empty: World) -> None:
    assert "key" not in empty.well("define", "players_rejected").out.splitlines()[0]
