"""Events and phases from the text of the provider's CSV files."""

from typing import Any

import polars as pl
import pytest
from bronze_lines import AWAY, HOME, KEEPER, STRIKER, matches, players

from touchline.core.contracts import enforce
from touchline.errors import ContractError
from touchline.tracking.contracts.silver import EVENTS, PHASES
from touchline.tracking.silver import EVENT_COLUMNS, PHASE_COLUMNS, events, phases

RUN = {
    "event_id": "1_7",
    "index": "7",
    "event_type": "off_ball_run",
    "event_subtype": "behind",
    "period": "1",
    "frame_start": "20",
    "frame_end": "31",
    "duration": "1.1",
    "player_id": str(STRIKER),
    "team_id": str(HOME),
    "xthreat": "0.0372",
    "dangerous": "True",
    "targeted": "False",
    "speed_avg": "21.51",
    "distance_covered": "8.88",
    "n_opponents_overtaken": "-1",
}
PRESS = RUN | {
    "event_id": "9_8", "index": "8", "event_type": "on_ball_engagement", "xthreat": None,
    "event_subtype": "pressing", "player_id": str(KEEPER), "team_id": str(AWAY), "dangerous": None,
    "interplayer_distance_start": "9.77", "angle_of_engagement": "-83.57",
}  # fmt: skip
PHASE = {
    "index": "3",
    "period": "1",
    "frame_start": "20",
    "frame_end": "40",
    "duration": "2.0",
    "team_in_possession_id": str(HOME),
    "attacking_side": "left_to_right",
    "team_in_possession_phase_type": "build_up",
    "team_out_of_possession_phase_type": "high_block",
    "n_player_possessions_in_phase": "4",
    "team_possession_loss_in_phase": "True",
    "team_possession_lead_to_shot": "False",
    "x_start": "-12.25",
    "team_out_of_possession_length_end": "41.9",
}


def bronze_events(*rows: dict[str, Any]) -> pl.DataFrame:
    return _bronze(EVENT_COLUMNS.values(), rows)


def bronze_phases(*rows: dict[str, Any]) -> pl.DataFrame:
    return _bronze(PHASE_COLUMNS.values(), rows)


def _bronze(columns: Any, rows: tuple[dict[str, Any], ...]) -> pl.DataFrame:
    """The rows as text, of match 7, the first being line 2."""
    names = {"match_id", *columns}
    said = [{"match_id": "7", "line": n, **row} for n, row in enumerate(rows, start=2)]
    schema = {**dict.fromkeys(sorted(names), pl.String()), "line": pl.Int64()}
    return pl.DataFrame(said, schema=schema)


def reasons(found: pl.DataFrame) -> list[str | None]:
    return found["_reject"].to_list()


# --- events -------------------------------------------------------------------------------------


def test_an_event_has_typed_values_under_names_with_units() -> None:
    found = events(bronze_events(RUN, PRESS), players(), matches())

    kept = enforce(found, EVENTS)
    assert kept.rejected.is_empty()
    assert kept.rows.schema == pl.Schema(EVENTS.polars_schema())
    run, press = kept.rows.to_dicts()
    expected = {
        "partition_date": "2024-11-02", "competition_id": "aus1", "match_id": 7,
        "event_id": "1_7", "event_index": 7, "event_subtype": "behind", "frame_start": 20,
        "duration_s": 1.1, "player_id": STRIKER, "team_id": HOME, "xthreat": 0.0372,
        "dangerous": True, "targeted": False, "received": None, "speed_avg_kmh": 21.51,
        "distance_covered_m": 8.88, "n_opponents_overtaken": -1, "x_start_m": None,
    }  # fmt: skip
    assert {name: run[name] for name in expected} == expected
    assert (press["interplayer_distance_start_m"], press["angle_of_engagement_deg"]) == (
        9.77,
        -83.57,
    )
    assert press["xthreat"] is None
    assert press["dangerous"] is None


def test_no_events_give_no_rows_of_the_right_types() -> None:
    found = enforce(events(bronze_events(), players(), matches()), EVENTS)

    assert found.rows.rows() == []
    assert found.rows.schema == pl.Schema(EVENTS.polars_schema())


def test_the_order_of_events_does_not_matter() -> None:
    there = events(bronze_events(RUN, PRESS), players(), matches())
    back = events(bronze_events(PRESS, RUN), players(), matches())

    assert back.drop("_line").sort("event_index").equals(there.drop("_line"))


@pytest.mark.parametrize(
    ("text", "value"),
    [("20", 20), ("20.0", 20), ("2e1", 20), ("+20", 20), ("-3", -3), ("2147483647", 2147483647)],
)
def test_a_whole_number_may_be_written_in_several_ways(text: str, value: int) -> None:
    found = events(bronze_events(RUN | {"frame_start": text}), players(), matches())

    assert reasons(found) == [None]
    assert found["frame_start"].to_list() == [value]


def test_a_long_id_keeps_its_last_digit() -> None:
    exact = 9_007_199_254_740_993
    said = RUN | {"player_in_possession_id": str(exact)}

    found = events(bronze_events(said), players(), matches())

    assert found["player_in_possession_id"].to_list() == [exact]


@pytest.mark.parametrize(
    ("column", "text", "kind"),
    [
        ("frame_start", "20.5", "int"),
        ("frame_start", "2147483648", "int"),
        ("frame_start", "twenty", "int"),
        ("player_id", "9x", "long"),
        ("xthreat", "NaN", "double"),
        ("xthreat", "inf", "double"),
        ("speed_avg", "-Infinity", "double"),
        ("speed_avg", "fast", "double"),
        ("dangerous", "maybe", "bool"),
    ],
)
def test_a_value_of_another_type_names_itself(column: str, text: str, kind: str) -> None:
    found = events(bronze_events(RUN, PRESS | {column: text}), players(), matches())

    assert reasons(found) == [None, f"{column}: '{text}' is not {kind}"]
    assert found["_line"].to_list() == [2, 3]


def test_a_player_of_neither_squad_is_named_as_such() -> None:
    found = events(bronze_events(RUN, PRESS | {"player_id": "424242"}), players(), matches())

    assert reasons(found) == [None, "player is in no squad of the match"]


@pytest.mark.parametrize("said", ["8", "", None, "seven"])
def test_a_row_of_another_match_is_named_as_such(said: str | None) -> None:
    found = events(bronze_events(RUN, PRESS | {"match_id": said}), players(), matches())

    assert reasons(found) == [None, f"match_id: '{said or ''}' is another match than 7"]


def test_a_file_of_another_match_is_refused() -> None:
    other = bronze_events(RUN | {"match_id": "8"}, PRESS | {"match_id": "8"})

    with pytest.raises(ContractError) as refused:
        events(other, players(), matches())

    assert str(refused.value) == (
        "dynamic_events.csv: line 2: match_id: '8' is another match than 7, as in all 2 rows"
    )


def test_a_column_of_another_type_throughout_is_refused() -> None:
    words = bronze_events(RUN, PRESS | {"xthreat": "low"}, RUN | {"xthreat": "high"})
    words = words.with_columns(xthreat=pl.when(pl.col("line") > 2).then("xthreat"))

    with pytest.raises(ContractError) as refused:
        events(words, players(), matches())

    assert str(refused.value) == (
        "dynamic_events.csv: line 3: xthreat: 'low' is not double,"
        " nor is any other of the column's 2 values"
    )


# --- phases -------------------------------------------------------------------------------------


def test_a_phase_has_typed_values_and_the_team_without_the_ball() -> None:
    away = PHASE | {"index": "4", "team_in_possession_id": str(AWAY)}

    kept = enforce(phases(bronze_phases(PHASE, away), matches()), PHASES)

    assert kept.rejected.is_empty()
    assert kept.rows.schema == pl.Schema(PHASES.polars_schema())
    expected = {
        "phase_index": 3, "frame_start": 20, "frame_end": 40, "duration_s": 2.0,
        "team_in_possession_id": HOME, "team_out_of_possession_id": AWAY,
        "n_player_possessions": 4, "possession_loss": True, "lead_to_shot": False,
        "lead_to_goal": None, "x_start_m": -12.25, "out_of_possession_length_end_m": 41.9,
    }  # fmt: skip
    first, second = kept.rows.to_dicts()
    assert {name: first[name] for name in expected} == expected
    assert second["team_out_of_possession_id"] == HOME


def test_no_phases_give_no_rows_of_the_right_types() -> None:
    found = enforce(phases(bronze_phases(), matches()), PHASES)

    assert found.rows.rows() == []
    assert found.rows.schema == pl.Schema(PHASES.polars_schema())


def test_an_empty_phase_is_a_phase() -> None:
    found = enforce(phases(bronze_phases(PHASE | {"frame_end": "20"}), matches()), PHASES)

    assert found.rows.select("frame_start", "frame_end").rows() == [(20, 20)]


def test_a_phase_of_a_team_that_does_not_play_is_named_as_such() -> None:
    found = phases(bronze_phases(PHASE, PHASE | {"team_in_possession_id": "30"}), matches())

    assert reasons(found) == [None, "team does not play in the match"]


def test_a_phase_in_a_match_without_periods_is_named_as_such() -> None:
    unknown = {f"period_{n}_{end}_frame": None for n in (1, 2) for end in ("start", "end")}

    found = phases(bronze_phases(PHASE), matches(**unknown))

    assert reasons(found) == ["frame_start: 20 is not in period 1 of the match"]


@pytest.mark.parametrize(
    ("first", "after", "kept"),
    [("10", "10", True), ("9", "20", False), ("99", "300", True), ("99", "301", False)],
)
def test_a_phase_lies_within_the_matchs_frames(first: str, after: str, kept: bool) -> None:
    found = phases(bronze_phases(PHASE | {"frame_start": first, "frame_end": after}), matches())

    assert (reasons(found) == [None]) is kept


def test_phases_made_twice_are_the_same() -> None:
    said = bronze_phases(PHASE, PHASE | {"index": "4"})

    assert phases(said, matches()).equals(phases(said, matches()))
