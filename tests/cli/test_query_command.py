"""query: design 000's question word for word, every table under its alias, and what is refused."""

import csv
import io
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from stored import iceberg_files
from world import MATCH, TABLES, World, broken, files, with_json, world

ASKED = """SELECT
  player_short_name,
  position_group,
  AVG(sprints_per_90) AS avg_sprints,
  AVG(threat_per_90) AS avg_threat
FROM traits_etl.player_metrics
WHERE partition_date BETWEEN '2024-11-01' AND '2024-11-30'
  AND competition_id = 'aus1'
  AND minutes_played >= 45
GROUP BY player_short_name, position_group
ORDER BY avg_threat DESC
LIMIT 10;"""
"""Design 000, section 5.3, word for word."""

BRONZE = ("bronze_matches", "bronze_frames", "bronze_events", "bronze_phases")


def full_length(day: str, competition: int = 61) -> Any:
    """Match.json as of a whole match: its players in their places, half of them past 45 minutes.

    The same names stand for the same players in every match.
    """

    def change(document: dict[str, Any]) -> None:
        document["date_time"] = f"{day}T09:30:00Z"
        document["competition_edition"]["competition"]["id"] = competition
        for at, player in enumerate(document["players"]):
            player["short_name"] = f"P. Layer{at % 16}"
            if total := player["playing_time"]["total"]:
                total["minutes_played"] = (90.5, 44.99, 45.0, 61.25)[at % 4]

    return with_json(change)


PLAYED = {
    1: ("2024-11-01", 61),
    2: ("2024-11-30", 61),
    3: ("2024-12-01", 61),
    4: ("2024-11-15", 70),
}
"""Two matches that the question is about, one a day too late, one of another competition."""


@pytest.fixture(scope="module")
def november(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = world(tmp_path_factory.mktemp("november"))
    for match_id, (day, competition) in PLAYED.items():
        changed = broken(files(match_id), MATCH, full_length(day, competition))
        made.ingest(changed, match_id)
    made.well("run")
    return made


def expected_rows(world: World) -> list[dict[str, Any]]:
    """The answer, computed from the Parquet files in plain Python."""
    rows = [
        {**row, **dict(part.split("=") for part in file.parent.parts if "=" in part)}
        for file in iceberg_files(world, "player_metrics")
        for row in pq.ParquetFile(file).read().to_pylist()
    ]
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        of_november = "2024-11-01" <= row["partition_date"] <= "2024-11-30"
        if of_november and row["competition_id"] == "aus1" and row["minutes_played"] >= 45:
            groups[row["player_short_name"], row["position_group"]].append(row)
    found = [
        {
            "player_short_name": name,
            "position_group": group,
            "avg_sprints": mean([row["sprints_per_90"] for row in played]),
            "avg_threat": mean([row["threat_per_90"] for row in played]),
        }
        for (name, group), played in groups.items()
    ]
    return sorted(found, key=lambda r: (r["avg_threat"] is None, -(r["avg_threat"] or 0.0)))[:10]


def mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def test_the_question_of_design_000_is_answered_word_for_word(november: World) -> None:
    seen = november.well("query", ASKED, "--json").rows

    expected = expected_rows(november)
    assert len(seen) == len(expected) == 10
    assert [row["avg_threat"] for row in seen] == pytest.approx([r["avg_threat"] for r in expected])
    by_name = {(r["player_short_name"], r["position_group"]): r for r in expected}
    for row in seen:
        twin = by_name[row["player_short_name"], row["position_group"]]
        assert row == pytest.approx(twin, nan_ok=False) or row["avg_sprints"] is None
        assert row["avg_sprints"] == pytest.approx(twin["avg_sprints"])
    assert seen[0]["avg_threat"] > 0
    assert list(seen[0]) == ["player_short_name", "position_group", "avg_sprints", "avg_threat"]


def test_the_question_leaves_out_other_months_competitions_and_short_spells(
    november: World,
) -> None:
    counted = november.query(
        "SELECT match_id, count(*) AS n FROM traits_etl.player_metrics"
        " WHERE partition_date BETWEEN '2024-11-01' AND '2024-11-30' AND competition_id = 'aus1'"
        " GROUP BY match_id ORDER BY 1"
    ).to_pylist()
    codes = november.query("SELECT DISTINCT competition_id FROM tracking.matches ORDER BY 1")

    assert [row["match_id"] for row in counted] == [1, 2]
    assert codes.column(0).to_pylist() == ["70", "aus1"]
    short = "SELECT count(*) FROM traits_etl.player_metrics WHERE minutes_played < 45"
    assert november.one(short) > 0


@pytest.mark.parametrize("name", [*TABLES, *(f"{t}_rejected" for t in TABLES), *BRONZE])
def test_every_table_answers_to_its_alias(november: World, name: str) -> None:
    counted = "SELECT count(*) AS n, count(match_id) AS m FROM {}.{}"

    (own,) = november.query(counted.format("tracking", name)).to_pylist()
    (other,) = november.query(counted.format("traits_etl", name)).to_pylist()

    assert own == other
    assert own["n"] == own["m"]
    assert (own["n"] > 0) == (not name.endswith("_rejected"))


def test_bronze_is_what_came(november: World) -> None:
    counts = november.query(
        "SELECT match_id, count(*) AS n FROM tracking.bronze_events GROUP BY 1 ORDER BY 1"
    ).to_pylist()
    came = {i: len(files(i)["dynamic_events.csv"].splitlines()) - 1 for i in PLAYED}

    assert {int(row["match_id"]): row["n"] for row in counts} == came
    frames = november.one("SELECT count(*) FROM tracking.bronze_frames WHERE match_id = 1")
    assert frames == len(files(1)["tracking_extrapolated.jsonl"].splitlines())
    length = november.one("SELECT pitch_length FROM tracking.bronze_matches WHERE match_id = 1")
    assert length == json.loads(files(1)[MATCH])["pitch_length"]


def test_tables_of_two_layers_can_be_joined(november: World) -> None:
    sql = (
        "SELECT count(*) FROM tracking.player_metrics AS m JOIN tracking.players AS p"
        " USING (match_id, player_id) JOIN traits_etl.matches AS g USING (match_id)"
        " WHERE p.started AND m.kick_off_at = g.kick_off_at"
    )
    assert november.one(sql) == 22 * len(PLAYED)


# --- how rows are printed


def test_rows_come_as_a_table_json_or_csv(november: World) -> None:
    sql = "SELECT match_id, kick_off_at, home_score FROM tracking.matches ORDER BY match_id"

    shown = november.well("query", sql).out
    as_json = november.well("query", sql, "--format", "json")
    as_csv = november.well("query", sql, "--format", "csv").out

    assert as_json.rows == november.well("query", sql, "--json").rows
    assert [row["match_id"] for row in as_json.rows] == [1, 2, 3, 4]
    assert as_json.rows[0]["kick_off_at"] == "2024-11-01T09:30:00+00:00"
    assert "match_id" in shown.splitlines()[0]
    assert [row["match_id"] for row in csv.DictReader(io.StringIO(as_csv))] == list("1234")


def test_an_instant_is_shown_with_the_milliseconds_that_it_has(november: World) -> None:
    sql = "SELECT TIMESTAMPTZ '2025-01-01 10:00:00{}+00' AS at, TIMESTAMP '2025-01-01 10:00:00' AS bare"
    whole, split, fine = (november.well("query", sql.format(s)).out for s in ("", ".25", ".000001"))
    assert whole.splitlines()[1] == "2025-01-01 10:00:00Z  2025-01-01 10:00:00"
    assert split.splitlines()[1] == "2025-01-01 10:00:00.250Z  2025-01-01 10:00:00"
    assert fine.splitlines()[1] == "2025-01-01 10:00:00.000001Z  2025-01-01 10:00:00"


def test_instants_of_one_column_are_shown_to_the_same_digit(november: World) -> None:
    sql = (
        "SELECT unnest([TIMESTAMP '2025-01-01 10:00:00', TIMESTAMP '2025-01-01 10:00:01.5']) AS at"
    )
    rows = november.well("query", sql).out.splitlines()[1:]
    assert rows == ["2025-01-01 10:00:00.000", "2025-01-01 10:00:01.500"]


VALUES = """SELECT TIMESTAMPTZ '2025-01-01 10:00:00.250+00' AS instant, TIMESTAMP '2025-01-01 10:00:00' AS
 bare, TIME '10:00:00' AS hour, DATE '2025-01-01' AS day, '' AS empty, NULL::VARCHAR AS nothing, true AS
 yes, 'a,"b"' AS text, 1.50::DECIMAL(5,2) AS price, (SELECT sum(x) FROM (VALUES (1), (2)) AS v(x)) AS n"""


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_format_has_one_form_on_standard_output_and_in_a_file(
    november: World, tmp_path: Path, kind: str
) -> None:
    out = tmp_path / f"rows.{kind}"
    ended = november.well("query", VALUES, "--out", str(out))
    shown = november.well("query", VALUES, "--format", kind).out
    assert f"1 row -> {out}" in ended.err
    if kind == "json":
        assert json.loads(out.read_text()) == json.loads(shown)
    else:
        assert out.read_text() == shown
        _, line = shown.splitlines()
        instants = "2025-01-01T10:00:00.250Z,2025-01-01T10:00:00,10:00:00,2025-01-01"
        assert line == f'{instants},"",,true,"a,""b""",1.50,3'


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_no_rows_have_one_form_too(november: World, tmp_path: Path, kind: str) -> None:
    sql, out = "SELECT 1 AS one WHERE false", tmp_path / f"rows.{kind}"
    november.well("query", sql, "--out", str(out))
    shown = november.well("query", sql, "--format", kind).out
    assert (out.read_text() == shown) if kind == "csv" else json.loads(out.read_text()) == []


@pytest.mark.parametrize("value", ["INTERVAL 1 DAY", "'ab'::BLOB"])
def test_what_csv_has_no_form_for_is_refused(november: World, value: str) -> None:
    ended = november.do("query", f"SELECT {value} AS odd", "--format", "csv")
    assert (ended.code, "Traceback" in ended.err) == (2, False), ended.err
    assert "odd" in ended.error


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("'nan'::DOUBLE", None),
        ("'inf'::DOUBLE", None),
        ("[1.5, 'nan'::DOUBLE]", [1.5, None]),
        ("1.25::DECIMAL(5,2)", "1.25"),
        ("(SELECT sum(x) FROM (VALUES (1), (2)) AS v(x))", 3),
        ("DATE '2024-11-02'", "2024-11-02"),
        ("{'a': 1}", {"a": 1}),
        ("'\u00e9 \"x\"'", '\u00e9 "x"'),
        ("NULL", None),
    ],
)
def test_json_is_json_whatever_the_value(november: World, value: str, expected: object) -> None:
    ended = november.well("query", f"SELECT {value} AS seen", "--json")

    def never(word: str) -> object:
        raise AssertionError(word)

    assert json.loads(ended.out, parse_constant=never) == [{"seen": expected}]


@pytest.mark.parametrize("ending", [".csv", ".json", ".parquet"])
def test_rows_can_be_written_to_a_file(november: World, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"rows{ending}"

    ended = november.well("query", "SELECT * FROM tracking.players", "--out", str(out))

    assert f"-> {out}" in ended.err
    assert ended.out == ""
    if ending == ".parquet":
        assert pq.ParquetFile(out).metadata.num_rows == november.one(
            "SELECT count(*) FROM tracking.players"
        )
    assert out.stat().st_size > 1000


def test_nested_columns_are_refused_in_csv_and_written_in_the_others(
    november: World, tmp_path: Path
) -> None:
    sql = "SELECT player_data FROM tracking.bronze_frames LIMIT 3"

    to_file = november.do("query", sql, "--out", str(tmp_path / "rows.csv"))
    to_screen = november.do("query", sql, "--format", "csv")

    for ended in (to_file, to_screen):
        assert (ended.code, "Traceback" in ended.err) == (2, False), ended.err
        assert "player_data" in ended.error
        assert "json" in ended.hint
    assert not (tmp_path / "rows.csv").exists()
    november.well("query", sql, "--out", str(tmp_path / "rows.parquet"))
    assert len(november.well("query", sql, "--json").rows) == 3


def test_columns_of_one_name_are_numbered(november: World, tmp_path: Path) -> None:
    sql = (
        "SELECT p.player_id, p.match_id, m.match_id FROM tracking.players AS p"
        " JOIN tracking.matches AS m ON p.match_id = m.match_id LIMIT 1"
    )

    (row,) = november.well("query", sql, "--json").rows
    november.well("query", sql, "--out", str(tmp_path / "rows.csv"))

    assert list(row) == ["player_id", "match_id", "match_id_1"]
    assert (tmp_path / "rows.csv").read_text().startswith("player_id,match_id,match_id_1")


# --- what is refused

REFUSED = {
    "SELECT * FROM tracking.nothing": "nothing",
    "SELECT nothing FROM tracking.players": "nothing",
    "SELECT * FROM elsewhere.players": "elsewhere",
    "SELECT * FROM players": "players",
    "SELEC 1": "syntax error",
    "": "expected one SELECT, seen nothing",
    "SELECT 1; SELECT 2": "expected one SELECT",
    "DELETE FROM tracking.players": "expected one SELECT, seen DELETE",
    "DROP TABLE tracking.players": "expected one SELECT, seen DROP",
    "CREATE TABLE x AS SELECT 1": "expected one SELECT, seen CREATE",
    "COPY tracking.players TO 'x.csv'": "expected one SELECT, seen COPY",
    "ATTACH 'x.db'": "expected one SELECT, seen ATTACH",
    "INSTALL httpfs": "expected one SELECT",
    "SET enable_external_access = true": "expected one SELECT",
    "SELECT * FROM read_csv('/etc/passwd')": "/etc/passwd",
    "SELECT * FROM '/etc/passwd'": "/etc/passwd",
    "SELECT * FROM read_text('touchline.toml')": "touchline.toml",
    "SELECT * FROM glob('/etc/*')": "disabled",
}


@pytest.mark.parametrize("sql", REFUSED)
def test_what_is_not_one_select_over_known_tables_is_refused(november: World, sql: str) -> None:
    before = november.everything()

    ended = november.do("query", sql)

    assert (ended.code, "Traceback" in ended.err) == (2, False), ended.err
    assert REFUSED[sql].lower() in ended.error.lower()
    assert ended.out == ""
    assert november.everything() == before


def test_no_secret_of_the_environment_can_be_asked_for(
    november: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKILLCORNER_PASSWORD", "s3cret-word")

    ended = november.do("query", "SELECT getenv('SKILLCORNER_PASSWORD') AS seen")

    assert ended.code == 2
    assert "s3cret-word" not in ended.out + ended.err


def test_a_query_that_needs_too_much_memory_is_told_so(november: World) -> None:
    november.configure('[limits]\nmemory = "40MB"\n')

    ended = november.do("query", "SELECT list(a.range) FROM range(40000000) AS a")
    november.configure("")

    assert ended.code == 7
    assert "40MB of memory" in ended.error
    assert "limits.memory" in ended.hint


@pytest.mark.parametrize("out", ["rows.xlsx", "rows"])
def test_an_ending_that_nobody_writes_is_refused(november: World, out: str) -> None:
    ended = november.do("query", "SELECT 1 AS one", "--out", out)

    assert ended.code == 2
    assert ".csv, .parquet, .json" in ended.error
    assert not (november.folder / out).exists()


def test_a_folder_that_is_not_there_is_named(november: World) -> None:
    ended = november.do("query", "SELECT 1 AS one", "--out", "nowhere/rows.csv")

    assert (ended.code, "Traceback" in ended.err) == (2, False), ended.err
    assert "folder nowhere does not exist" in ended.error


@pytest.mark.parametrize(
    "words",
    [
        ("--format", "csv", "--json"),
        ("--json", "--out", "x.csv"),
        ("--format", "table", "--out", "x.json"),
    ],
    ids=" ".join,
)
def test_options_that_contradict_each_other_are_refused(
    november: World, words: tuple[str, ...]
) -> None:
    ended = november.do("query", "SELECT 1 AS one", *words)

    assert (ended.code, ended.out) == (2, "")
    assert "contradict" in ended.error


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("tracking.player", "tracking.players"),
        ("traits_etl.playr_metrics", "traits_etl.player_metrics"),
        ("players", "tracking.players"),
        ("trakcing.players", "tracking.players"),
        ('"tracking"."Player"', "tracking.players"),
    ],
)
def test_a_table_that_is_nearly_right_is_suggested(
    november: World, written: str, meant: str
) -> None:
    ended = november.do("query", f"SELECT * FROM {written}")

    name = written.replace('"', "")
    assert (ended.code, ended.error) == (2, f"no table {name}; did you mean {meant}?")
    assert "tracking.player_metrics" in ended.hint


@pytest.mark.parametrize("sql", ["SHOW TABLES", "-- all\nshow tables", "EXPLAIN SELECT 1"])
def test_who_asks_for_the_tables_is_shown_to_define(november: World, sql: str) -> None:
    ended = november.do("query", sql)

    assert ended.code == 2
    assert "expected one SELECT, seen" in ended.error
    assert "touchline define" in ended.hint


def test_before_anything_was_published_tables_are_empty(empty: World) -> None:
    assert empty.well("query", ASKED, "--json").rows == []
    assert empty.well(
        "query", "SELECT count(*) AS n FROM tracking.bronze_frames", "--json"
    ).rows == [{"n": 0}]


def test_a_reader_that_stops_early_is_no_error(november: World) -> None:
    with november.process("query", "SELECT * FROM tracking.frames", "--json") as process:
        assert process.stdout is not None
        process.stdout.read(100)
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
    assert (process.returncode in (0, 141), err) == (True, "")


WAYS_OUT = {
    "SELEC 1": "DuckDB's",
    "SELECT nope FROM tracking.players": "touchline define TABLE",
    "SELECT CAST('x' AS INT)": "TRY_CAST",
    "SELECT nope(1)": "touchline define",
    "SELECT * FROM read_csv('/etc/hostname')": "touchline define",
}


@pytest.mark.parametrize("sql", WAYS_OUT)
def test_sql_that_does_not_run_is_answered_with_a_way_out(published: World, sql: str) -> None:
    ended = published.do("query", sql)
    assert ended.code == 2
    assert WAYS_OUT[sql] in ended.hint


def test_an_instant_to_come_is_told_to_show_what_is_there_now(published: World) -> None:
    told = "--as-of lies in the future"
    assert told in published.well("query", "SELECT 1", "--as-of", "2999-01-01").err
    sql = "SELECT 1 AS one"
    assert told not in published.do("query", sql, "--as-of", "2020-01-01").err
