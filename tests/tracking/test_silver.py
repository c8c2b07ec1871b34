"""The four files of a match down to staged silver tables: what is refused, rejected and accepted."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import small_match as small
from provider_files import file as provider_file
from pyiceberg.catalog import load_catalog
from silver_run import Made, landed, made, touchline
from small_match import (
    EVENTS,
    FIRST_POSITIONS_LINE,
    MATCH,
    MATCH_ID,
    PHASES,
    TRACKING,
    Edit,
    changed,
    with_column,
    with_each_line,
    with_field,
    with_line,
    with_members,
    with_position,
    without_column,
)

from touchline.core.pipeline import drive
from touchline.errors import MissingInputError
from touchline.tracking import contracts
from touchline.wiring import Touchline

SHOWN = FIRST_POSITIONS_LINE + 20
LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Touchline:
    return touchline(tmp_path_factory.mktemp("strict"))


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Touchline:
    """Where one row in ten may be rejected, so that a few bad rows of few refuse nothing."""
    return touchline(tmp_path_factory.mktemp("lenient"), max_rejected=0.1)


# --- a good match -------------------------------------------------------------------------------


def test_a_match_becomes_six_tables_without_a_rejected_row(here: Touchline) -> None:
    good = made(here, small.files())

    assert good.error == ""
    assert {s.table: s.rows for s in good.outcome.staged} == {
        "tracking.matches": 1,
        "tracking.players": 27,
        "tracking.frames": 280 * 22,
        "tracking.ball": 290,
        "tracking.events": 200,
        "tracking.phases": 20,
    }
    assert [s.rejected for s in good.outcome.steps if s.rejected] == []
    assert good.notes() == []


def test_published_tables_have_exactly_the_types_of_their_contracts(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    here = touchline(tmp_path_factory.mktemp("published"))
    landed(here, small.files(), MATCH_ID)
    (done,) = drive.run(here.pipeline("tracking"), here.platform())
    assert done.error is None

    settings = {
        "type": "sql",
        "uri": f"sqlite:///{here.config.place('data/catalog.db')}",
        "warehouse": f"file://{here.config.place('data/warehouse')}",
    }
    catalog = load_catalog("touchline", **settings)
    for contract in contracts.SILVER:
        current = here.ledger.current([contract.table])[contract.table]
        (piece,) = current[f"match_id={MATCH_ID}"].pieces
        path = piece.path.removeprefix("file://")
        plain = pa.schema([f.remove_metadata() for f in pq.read_schema(path)])
        seen = catalog.load_table(contract.table).scan().to_arrow()
        with duckdb.connect() as engine:
            described = engine.sql(
                f"DESCRIBE SELECT * FROM read_parquet('{path}', hive_partitioning = false)"
            ).fetchall()
        assert plain == contract.arrow_schema(), contract.table
        assert _narrow(seen.schema) == contract.arrow_schema(), contract.table
        assert [row[1] for row in described] == [DUCKDB[c.type] for c in contract.columns]
        assert seen.num_rows == current[f"match_id={MATCH_ID}"].rows


DUCKDB = {
    "bool": "BOOLEAN", "int": "INTEGER", "long": "BIGINT", "double": "DOUBLE",
    "string": "VARCHAR", "date": "DATE", "instant": "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip


def _narrow(schema: pa.Schema) -> pa.Schema:
    """Without the reader's choice of long strings, and without field ids."""
    kinds = [pa.string() if pa.types.is_large_string(f.type) else f.type for f in schema]
    return pa.schema([pa.field(f.name, k, f.nullable) for f, k in zip(schema, kinds, strict=True)])


@pytest.mark.parametrize(("match_id", "rows"), [(2017461, (4188, 437)), (2011166, (3966, 429))])
def test_real_events_and_phases_are_typed_without_loss(
    lenient: Touchline, match_id: int, rows: tuple[int, int]
) -> None:
    names = (MATCH, EVENTS, PHASES)
    given = {n: provider_file(match_id, n).read_bytes() for n in names}

    real = made(
        lenient,
        given,
        match_id=match_id,
        makes=tuple(f"tracking.{t}" for t in ("matches", "players", "events", "phases")),
    )

    assert real.error == ""
    assert (real.table("events").height, real.table("phases").height) == rows
    assert real.table("players").height == 36
    assert real.table("players")["started"].sum() == 22
    assert real.notes() == []
    for name in ("events", "phases", "players", "matches"):
        assert real.rejected(name) == []
    columns, said = small.rows_of(given[EVENTS])
    found = real.table("events").sort("event_index")
    for old, new in (("xthreat", "xthreat"), ("frame_start", "frame_start"), ("x_end", "x_end_m")):
        assert found[new].to_list() == [float(r[old]) if r[old] else None for r in said]
    assert found["dangerous"].sum() == sum(r["dangerous"] == "True" for r in said)
    assert len(columns) == 294


def test_real_frames_of_the_provider_are_read_with_true_player_ids(lenient: Touchline) -> None:
    sample = provider_file(1886347, "tracking_extrapolated.sample.jsonl").read_bytes()
    given = {MATCH: provider_file(1886347, MATCH).read_bytes(), TRACKING: sample}

    real = made(
        lenient,
        given,
        match_id=1886347,
        makes=tuple(f"tracking.{t}" for t in ("matches", "players", "ball", "frames")),
    )

    assert real.error == ""
    assert real.notes() == []
    lines = [json.loads(line) for line in sample.splitlines()]
    expected = sorted(
        (p["player_id"], line["frame"], line["period"], p["x"], p["y"], p["is_detected"])
        for line in lines
        for p in line["player_data"]
    )
    found = real.table("frames")
    assert (
        found.select("player_id", "frame", "period", "x_m", "y_m", "is_detected").rows() == expected
    )
    assert real.table("ball")["frame"].to_list() == [line["frame"] for line in lines]
    assert real.rejected("frames") == []


# --- refused ------------------------------------------------------------------------------------


def _cut(share: float) -> Edit:
    return lambda data: data[: int(len(data) * share)]


def _other(edit: Callable[[dict[str, str]], Any]) -> Edit:
    return with_column(edit)


def _utf16(data: bytes) -> bytes:
    return data.decode().encode("utf-16")


REFUSED: dict[str, tuple[dict[str, Edit], tuple[str, ...]]] = {
    **{
        f"{key} is empty": ({key: lambda _: b""}, (name, "the file is empty"))
        for key, name in (("match", MATCH), ("tracking", TRACKING), ("events", EVENTS), ("phases", PHASES))
    },
    **{
        f"{key} is UTF-16": ({key: _utf16}, (name, "line 1: not UTF-8: 0xff at byte 1"))
        for key, name in (("match", MATCH), ("tracking", TRACKING), ("events", EVENTS), ("phases", PHASES))
    },
    **{
        f"{key} is a Git LFS pointer": ({key: lambda _: LFS_POINTER}, (name, "Git LFS pointer"))
        for key, name in (("match", MATCH), ("tracking", TRACKING), ("events", EVENTS), ("phases", PHASES))
    },
    **{
        f"{key} is gzip that is cut off": (
            {key: lambda data: gzip.compress(data)[:-9]}, (name, "gzip cut off or damaged"),
        )
        for key, name in (("match", MATCH), ("tracking", TRACKING), ("events", EVENTS))
    },
    "match.json is of another match": (
        {"match": with_members(lambda m: m.update(id=9))},
        ("tracking.matches", "match_id 9, expected 7001"),
    ),
    "events are of another match": (
        {"events": _other(lambda row: row.update(match_id="9"))},
        (EVENTS, "line 2", "match_id: '9' is another match than 7001", "200 rows"),
    ),
    "phases are of another match": (
        {"phases": _other(lambda row: row.update(match_id="9"))},
        (PHASES, "line 2", "match_id: '9' is another match than 7001", "20 rows"),
    ),
    "tracking is of another match": (
        {"tracking": with_each_line(lambda m: [p.update(player_id=p["player_id"] + 9000) for p in m["player_data"]])},
        (TRACKING, "none of its 23 players (9101, 9102, 9103, ...)", "squad of match 7001"),
    ),
    "tracking is of another match of the same teams": (
        {"tracking": with_each_line(lambda m: m.update(frame=m["frame"] + 25))},
        ("tracking.frames", "outside the match's periods", "expected at most 1 %"),
    ),
    "tracking ends within a line": (
        {"tracking": lambda data: data[:-40]},
        (TRACKING, "line 320: cut off at the end of the file"),
    ),
    "events end within a line": (
        {"events": lambda data: data[:-40] if data.endswith(b"\n") else data},
        (EVENTS, "line 201: cut off at the end of the file", "fields, expected 294"),
    ),
    "match.json ends in the middle": ({"match": _cut(0.5)}, (MATCH, "not whole UTF-8 JSON", "truncated")),
    "a required column is missing": (
        {"phases": without_column("frame_end")},
        (PHASES, "header: missing columns frame_end", "seen 43 columns"),
    ),
    "a required member of match.json is missing": (
        {"match": with_members(lambda m: m.pop("match_periods"))},
        (MATCH, "missing required field `match_periods`"),
    ),
    "a required member of match.json has another type": (
        {"match": with_members(lambda m: m["players"][3].update(id="104"))},
        (MATCH, "Expected `int`, got `str` - at `$.players[3].id`"),
    ),
    "the kick-off has no time zone": (
        {"match": with_members(lambda m: m.update(date_time="2024-11-02T09:30:00"))},
        (MATCH, "timezone", "$.date_time"),
    ),
    "a column holds words in place of numbers": (
        {"events": _other(lambda row: row.update(frame_start="soon"))},
        (EVENTS, "line 2", "frame_start: 'soon' is not int", "200 values"),
    ),
    "positions are words": (
        {"tracking": with_each_line(lambda m: [p.update(x="abc") for p in m["player_data"]])},
        (TRACKING, "none of 320 lines has a player's position", "line 11", "Expected `float`, got `str`", "x`"),
    ),
    "positions are numbers in quotes": (
        {"tracking": with_each_line(lambda m: [p.update(x=str(p["x"])) for p in m["player_data"]])},
        (TRACKING, "line 11", "Expected `float`, got `str`"),
    ),
    "player_data is an object": (
        {"tracking": with_each_line(lambda m: m.update(player_data={}))},
        (TRACKING, "line 1", "Expected `array`, got `object`", "$.player_data"),
    ),
    "lines have no frame": (
        {"tracking": with_each_line(lambda m: m.pop("frame"))},
        (TRACKING, "line 1", "missing required field `frame`"),
    ),
    "lines have no ball": (
        {"tracking": with_each_line(lambda m: m.pop("ball_data"))},
        (TRACKING, "line 1", "missing required field `ball_data`"),
    ),
    "there are no positions": (
        {"tracking": with_each_line(lambda m: m.update(player_data=[]))},
        (TRACKING, "none of 320 lines has a player's position"),
    ),
    "events have a header only": (
        {"events": lambda data: data.split(b"\n")[0] + b"\n"},
        (EVENTS, "none of 0 lines below the header"),
    ),
    "three of 200 events are bad": (
        {"events": _other(lambda row: row["index"] in ("3", "4", "5") and row.update(player_id="1"))},
        ("tracking.events match_id=", ": 3 of 200 rows rejected", "expected at most 1 %", "no squad"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_file_refuses_the_match_and_says_where_and_why(here: Touchline, case: str) -> None:
    edits, said = REFUSED[case]

    refused = made(here, changed(**edits))

    assert refused.outcome.staged == ()
    assert refused.outcome.error is not None
    assert refused.outcome.error.exit_code == 3
    assert refused.outcome.error.hint
    for words in said:
        assert words in refused.error


def test_a_match_without_one_of_its_files_waits_for_it(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    here = touchline(tmp_path_factory.mktemp("waiting"))
    given = {name: data for name, data in small.files().items() if name != PHASES}
    landed(here, given, MATCH_ID)

    (done,) = drive.run(here.pipeline("tracking"), here.platform())

    assert isinstance(done.error, MissingInputError)
    assert f"match_id={MATCH_ID}: missing {PHASES}" in str(done.error)


# --- rejected -----------------------------------------------------------------------------------


def _all(*edits: Edit) -> Edit:
    def change(data: bytes) -> bytes:
        for edit in edits:
            data = edit(data)
        return data

    return change


def _again(number: int) -> Edit:
    """A line of the file given again right behind itself, its positions moved by a metre."""

    def change(data: bytes) -> bytes:
        lines = data.split(b"\n")
        moved = with_members(lambda m: [p.update(x=p["x"] + 1) for p in m["player_data"]])
        return b"\n".join([*lines[:number], moved(lines[number - 1]), *lines[number:]])

    return change


def test_bad_positions_and_lines_are_rejected_with_reason_and_line(lenient: Touchline) -> None:
    bad = _all(
        with_position(SHOWN, player_id=424242),
        with_position(SHOWN + 1, x=-102.51),
        with_position(SHOWN + 2, y=84.01),
        with_line(SHOWN + 3, b'{"frame": 33, "player_data": [{"x"'),
        with_position(SHOWN + 4, x=float("nan")),
        with_position(SHOWN + 5, x=float("inf")),
        with_position(SHOWN + 6, is_detected=None),
        with_line(5, with_members(lambda m: m.update(player_data=[_spot(101)]))),
    )

    found = made(lenient, changed(tracking=bad))

    assert found.error == ""
    outside = "position more than 50 m outside the pitch"
    assert found.rejected("frames") == [
        (reason, line, TRACKING)
        for line, reason in (
            (5, "positions in a frame outside the match's periods"),
            (SHOWN, "player is in no squad of the match"),
            (SHOWN + 1, outside),
            (SHOWN + 2, outside),
            (SHOWN + 3, "malformed line: Input data was truncated"),
            (SHOWN + 4, "malformed line: JSON is malformed: invalid character (byte 252)"),
            (SHOWN + 5, "malformed line: JSON is malformed: invalid character (byte 252)"),
            (SHOWN + 6, "line of another shape: Expected `bool`, got `null` - at `$.player_data[0].is_detected`"),
        )
    ]  # fmt: skip
    assert found.rejected("ball") == []
    assert found.table("frames").height == 280 * 22 - 3 - 4 * 22
    assert found.table("ball").height == 290 - 4


def _spot(player_id: int) -> dict[str, Any]:
    return {"x": 0.0, "y": 0.0, "player_id": player_id, "is_detected": True}


def test_a_position_50_metres_outside_is_still_one(here: Touchline) -> None:
    edge = _all(with_position(SHOWN, x=102.5), with_position(SHOWN, place=1, y=-84.0))

    found = made(here, changed(tracking=edge))

    assert found.rejected("frames") == []
    assert found.table("frames")["x_m"].max() == 102.5


def test_of_a_frame_that_comes_twice_the_first_line_stays(here: Touchline) -> None:
    once, twice = made(here, small.files()), made(here, changed(tracking=_again(SHOWN)))

    assert twice.table("frames").equals(once.table("frames"))
    assert (
        twice.rejected("frames")
        == [("repeats the key (match_id, player_id, frame)", SHOWN + 1, TRACKING)] * 22
    )
    assert twice.rejected("ball") == [("repeats the key (match_id, frame)", SHOWN + 1, TRACKING)]


def test_bad_events_are_rejected_with_reason_and_line(lenient: Touchline) -> None:
    bad = _all(
        with_field(4, event_subtype="moonwalk"),
        with_field(6, player_id="424242"),
        with_field(7, match_id="9"),
        with_field(8, match_id=""),
        with_field(9, frame_start="12x"),
        with_field(10, speed_avg="NaN"),
        with_field(11, x_start="Infinity"),
        with_field(12, xthreat="1.01"),
        with_field(13, event_id="0_0"),
        with_field(14, second_start="1.5"),
        with_field(18, speed_avg="1e30"),
        with_field(19, speed_avg="-1"),
        with_line(15, b"1,2,3"),
        with_line(16, lambda line: line + b",one more"),
        with_line(17, lambda line: line.replace(b",", b',"', 1)),
    )

    found = made(lenient, changed(events=bad))

    assert found.error == ""
    assert [(line, reason) for reason, line, _ in found.rejected("events")] == [
        (4, "event_subtype is not an allowed value"),
        (6, "player is in no squad of the match"),
        (7, "match_id: '9' is another match than 7001"),
        (8, "match_id: '' is another match than 7001"),
        (9, "frame_start: '12x' is not int"),
        (10, "speed_avg: 'NaN' is not double"),
        (11, "x_start: 'Infinity' is not double"),
        (12, "xthreat outside [0, 1]"),
        (13, "repeats the key (match_id, event_id)"),
        (14, "second_start: '1.5' is not int"),
        (15, "malformed line: 3 fields, expected 294"),
        (16, "malformed line: 295 fields, expected 294"),
        (17, "malformed line: a quote is left open"),
        (18, "speed_avg_kmh outside [0, 100]"),
        (19, "speed_avg_kmh outside [0, 100]"),
    ]
    assert found.table("events").height == 200 - 15


def test_a_phase_of_a_team_that_does_not_play_is_rejected(lenient: Touchline) -> None:
    found = made(lenient, changed(phases=with_field(5, team_in_possession_id="30")))

    assert found.error == ""
    assert found.rejected("phases") == [("team does not play in the match", 5, PHASES)]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"frame_start": "-5"}, "frame_start: -5 is not in period 1 of the match"),
        ({"frame_start": "165"}, "frame_start: 165 is not in period 1 of the match"),
        ({"period": "2"}, "frame_start: 55 is not in period 2 of the match"),
        ({"period": "7"}, "frame_start: 55 is not in period 7 of the match"),
        ({"frame_end": "54"}, "frame_end: 54 is before frame_start 55"),
        ({"frame_end": "311"}, "frame_end: 311 is after the match, which ends with frame 309"),
        (
            {"frame_end": "2000000000"},
            "frame_end: 2000000000 is after the match, which ends with frame 309",
        ),
    ],
)
def test_a_phase_of_frames_that_are_none_of_the_matchs_is_rejected_and_the_rest_goes_to_gold(
    lenient: Touchline, values: dict[str, str], reason: str
) -> None:
    every = tuple(s.table for s in lenient.pipeline("tracking").steps)

    found = made(lenient, changed(phases=with_field(5, **values)), makes=every)

    assert found.error == ""
    assert found.rejected("phases") == [(reason, 5, PHASES)]
    assert found.table("phases").height == 19
    assert found.table("player_metrics").height == 23


def test_a_phase_may_end_with_the_match_and_after_its_period(lenient: Touchline) -> None:
    long = _all(with_field(11, frame_end="165"), with_field(21, frame_end="310"))

    found = made(lenient, changed(phases=long))

    assert found.rejected("phases") == []
    assert found.table("phases").height == 20


# --- accepted -----------------------------------------------------------------------------------


def _windows(data: bytes) -> bytes:
    return b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")


SAME: dict[str, dict[str, Edit]] = {
    "another order of columns": {"events": small.in_reverse, "phases": small.in_reverse},
    "another order of members": {
        "match": lambda data: json.dumps(dict(reversed(json.loads(data).items()))).encode(),
        "tracking": lambda data: b"".join(
            json.dumps(dict(reversed(json.loads(line).items()))).encode() + b"\n"
            for line in data.splitlines()
        ),
    },
    "byte order marks and Windows line ends": dict.fromkeys(
        ("match", "tracking", "events", "phases"), _windows
    ),
    "gzip": dict.fromkeys(("match", "tracking", "events", "phases"), gzip.compress),
    "blank lines at the end": dict.fromkeys(("tracking", "events"), lambda data: data + b"\n\n"),
    "whole numbers with a point": {
        "events": with_column(lambda row: row.update(player_id=row["player_id"] + ".0"))
    },
    "lines in another order": {
        "tracking": lambda data: b"\n".join(reversed(data.splitlines())) + b"\n"
    },
}


@pytest.mark.parametrize("case", SAME)
def test_the_same_said_in_another_way_gives_the_same_tables(here: Touchline, case: str) -> None:
    plain, other = made(here, small.files()), made(here, changed(**SAME[case]))

    assert other.error == ""
    for contract in contracts.SILVER:
        name = contract.table.removeprefix("tracking.")
        assert other.table(name).equals(plain.table(name)), name
        assert other.rejected(name) == []
    assert other.notes() == []


ADDED: dict[str, tuple[dict[str, Edit], str]] = {
    "a column of events": (
        {"events": with_column(lambda row: row.update(mood="calm"), "mood")},
        "tracking.bronze_events: added columns mood",
    ),
    "columns of phases": (
        {"phases": with_column(lambda row: row.update(b="1", a="2"), "b", "a")},
        "tracking.bronze_phases: added columns a, b",
    ),
    "members of match.json": (
        {"match": with_members(lambda m: (m.update(weather="rain"), m["players"][0].update(height_cm=180)))},
        "tracking.bronze_matches: added members weather, players.height_cm",
    ),
    "members of tracking": (
        {"tracking": with_each_line(lambda m: (m.update(wind=3), [p.update(z=0.1) for p in m["player_data"]]))},
        "tracking.bronze_frames: added members wind, player_data.z",
    ),
    "no line end": (
        {"phases": bytes.rstrip}, "tracking.bronze_phases: the last line has no line end",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ADDED)
def test_what_is_new_in_a_file_is_noted_and_changes_nothing(here: Touchline, case: str) -> None:
    edits, note = ADDED[case]

    plain, more = made(here, small.files()), made(here, changed(**edits))

    assert more.error == ""
    assert more.notes() == [note]
    assert more.table("events").equals(plain.table("events"))
    assert more.table("frames").equals(plain.table("frames"))


def test_unused_substitutes_are_players_without_minutes(here: Touchline) -> None:
    players = made(here, small.files()).table("players")

    unused = players.filter(~pl.col("played"))
    assert unused["player_id"].to_list() == list(small.UNUSED)
    assert unused["minutes_played"].null_count() == len(small.UNUSED)
    assert players.filter("started")["player_id"].to_list() == list(small.STARTERS)


def test_an_empty_phase_and_a_match_without_a_press_go_through_to_gold(here: Touchline) -> None:
    def no_press(row: dict[str, str]) -> None:
        if row["event_type"] == "on_ball_engagement":
            row.update(event_type="passing_option", event_subtype="")

    every = tuple(step.table for step in here.pipeline("tracking").steps)
    found = made(here, changed(events=with_column(no_press)), makes=every)

    assert found.error == ""
    empty = found.table("phases").filter(pl.col("frame_start") == pl.col("frame_end"))
    assert empty["phase_index"].to_list() == [7]
    assert found.table("player_pressing")["pressing_action_count"].sum() == 0
    assert found.table("player_metrics").height == 23


def test_the_same_files_twice_give_the_same_tables(here: Touchline) -> None:
    first, second = made(here, small.files()), made(here, small.files())

    assert _all_rows(first) == _all_rows(second)


def _all_rows(found: Made) -> dict[str, Any]:
    return {
        c.table: found.table(c.table.removeprefix("tracking.")).rows() for c in contracts.SILVER
    }
