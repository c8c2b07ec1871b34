import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pyarrow as pa
import pytest

from touchline.core.sql import Limits, rule_row, select, text
from touchline.errors import ContractError, StorageError

SHIRTS = pl.DataFrame({"player_id": [1, 2, 3], "shirt": [9, None, 4]})


def test_a_select_reads_frames_and_arrow_tables_by_name() -> None:
    names = pa.table({"player_id": [1, 3], "name": ["Ada", "Bo"]})
    found = select(
        "SELECT n.name, s.shirt FROM shirts AS s "
        "INNER JOIN names AS n ON n.player_id = s.player_id ORDER BY s.shirt",
        {"shirts": SHIRTS, "names": names},
    )
    assert found.to_pylist() == [{"name": "Bo", "shirt": 4}, {"name": "Ada", "shirt": 9}]


def test_no_rows_keep_their_columns_and_types() -> None:
    found = select("SELECT * FROM shirts", {"shirts": SHIRTS.clear()})
    assert found.num_rows == 0
    assert found.schema == pa.schema([("player_id", pa.int64()), ("shirt", pa.int64())])


def test_instants_come_back_in_utc() -> None:
    kick_off = datetime(2025, 5, 17, 19, 35, tzinfo=timezone(timedelta(hours=10)))
    column = pa.array([kick_off], pa.timestamp("us", tz="Australia/Melbourne"))
    found = select(
        "SELECT kick_off_at FROM matches", {"matches": pa.table({"kick_off_at": column})}
    )
    assert found.schema.field(0).type == pa.timestamp("us", tz="UTC")
    assert found.to_pylist() == [{"kick_off_at": datetime(2025, 5, 17, 9, 35, tzinfo=UTC)}]


def test_a_call_does_not_see_the_tables_of_another() -> None:
    select("SELECT * FROM shirts", {"shirts": SHIRTS})
    with pytest.raises(ContractError, match="Table with name shirts does not exist"):
        select("SELECT * FROM shirts", {})


def test_a_variable_of_the_program_is_not_a_table() -> None:
    shirts = SHIRTS.to_arrow()
    with pytest.raises(ContractError, match="does not exist"):
        select("SELECT * FROM shirts", {})
    assert shirts.num_rows == 3


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/hostname')",
        "SELECT * FROM '/etc/hostname.parquet'",
        "SELECT * FROM glob('/*')",
    ],
)
def test_files_are_out_of_reach(sql: str) -> None:
    with pytest.raises(ContractError, match="file system operations are disabled"):
        select(sql, {})


@pytest.mark.parametrize(
    ("sql", "seen"),
    [
        ("", "nothing"),
        ("-- only a comment", "nothing"),
        ("SELECT 1 AS a; SELECT 2 AS a", "SELECT, SELECT"),
        ("CREATE TABLE kept AS SELECT 1 AS a", "CREATE"),
        ("SET threads = 1", "SET"),
        ("COPY (SELECT 1 AS a) TO '/tmp/out.csv'", "COPY"),
    ],
)
def test_anything_but_one_select_is_refused(sql: str, seen: str) -> None:
    with pytest.raises(ContractError, match=f"gold.sql: expected one SELECT, seen {seen}"):
        select(sql, {}, name="gold.sql")


def test_an_error_names_the_sql_and_what_the_engine_said() -> None:
    with pytest.raises(ContractError, match=r"gold.sql: Binder Error: .*shrt") as caught:
        select("SELECT shrt FROM shirts", {"shirts": SHIRTS}, name="gold.sql")
    assert caught.value.facts["sql"] == "gold.sql"
    assert "Candidate bindings" in str(caught.value.facts["said"])
    assert "\n" not in str(caught.value)


def test_a_value_that_does_not_fit_is_a_broken_contract() -> None:
    with pytest.raises(ContractError, match="Conversion Error"):
        select("SELECT CAST('x' AS DOUBLE) AS a FROM shirts", {"shirts": SHIRTS})


def test_a_result_over_the_memory_limit_says_so() -> None:
    wide = "SELECT LIST(i) AS all_of_them FROM RANGE(20000000) AS r(i)"
    with pytest.raises(StorageError, match="needs more than 64 MiB") as caught:
        select(wide, {}, limits=Limits(threads=1, memory_mib=64))
    assert caught.value.exit_code == 7


def test_threads_may_select_at_once() -> None:
    seen: dict[int, int] = {}

    def count(n: int) -> None:
        rows = pl.DataFrame({"a": range(n)})
        seen[n] = select("SELECT COUNT(*) AS n FROM t", {"t": rows}).to_pylist()[0]["n"]

    threads = [threading.Thread(target=count, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {n: n for n in range(8)}


def test_the_settings_cannot_be_changed_by_a_select() -> None:
    settings = "SELECT name, value FROM duckdb_settings() WHERE name IN ('enable_external_access', 'lock_configuration', 'TimeZone') ORDER BY name"
    found = select(settings, {})
    assert [row["value"] for row in found.to_pylist()] == ["UTC", "false", "true"]


@dataclass(frozen=True)
class ShirtRule:
    lowest: int = 1
    highest: float = 99.5
    side: str = "home"


def test_a_rule_is_a_table_of_one_row() -> None:
    row = rule_row(ShirtRule(lowest=5))
    assert row.to_dicts() == [{"lowest": 5, "highest": 99.5, "side": "home"}]
    found = select(
        "SELECT s.player_id FROM shirts AS s CROSS JOIN rule WHERE s.shirt >= rule.lowest",
        {"shirts": SHIRTS, "rule": row},
    )
    assert found.to_pylist() == [{"player_id": 1}]


def test_text_is_the_file_beside_the_module() -> None:
    assert "FROM players" in text("touchline.tracking.gold", "player_runs.sql")
