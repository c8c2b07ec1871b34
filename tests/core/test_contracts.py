"""Contracts: what they refuse to be, and how a frame is split by one."""

import json
import math
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from touchline.core.contracts import Column, Contract, conformed, enforce
from touchline.errors import ContractError

SPEEDS = Contract(
    "club.speeds",
    "one row per player and match",
    (
        Column("match_id", "long", "Match", null=False),
        Column("player", "string", "Name", null=False),
        Column("side", "string", "Where", allowed=("left", "right")),
        Column("speed", "double", "Fastest", within=(0.0, 40.0)),
        Column("shirt", "int", "Number on the back"),
        Column("born_date", "date", "Birthday"),
        Column("seen_at", "instant", "When"),
        Column("starts", "bool", "From the start"),
    ),
    key=("match_id", "player"),
    replace_by=("match_id",),
    partition_by=("match_id",),
)
ADA: dict[str, Any] = {
    "match_id": 1,
    "player": "Ada",
    "side": "left",
    "speed": 31.5,
    "shirt": 9,
    "born_date": date(2000, 1, 2),
    "seen_at": datetime(2025, 4, 5, 12, 0, 0, 250000, tzinfo=UTC),
    "starts": True,
}


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SPEEDS.polars_schema())


def reasons(found: pl.DataFrame) -> list[str]:
    return found.get_column("reason").to_list()


def test_rows_that_keep_the_contract_are_all_kept() -> None:
    rows = frame(ADA, {**ADA, "player": "Bo"})
    found = enforce(rows, SPEEDS)
    assert found.rows.equals(rows)
    assert found.rejected.is_empty()
    assert found.rejected.schema == {"reason": pl.String, "line": pl.Int64, "row": pl.String}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"player": None}, "player is null"),
        ({"side": "middle"}, "side is not an allowed value"),
        ({"speed": 40.01}, "speed outside [0, 40]"),
        ({"speed": -0.01}, "speed outside [0, 40]"),
        ({"speed": math.nan}, "speed outside [0, 40]"),
    ],
)
def test_a_row_that_breaks_the_contract_is_rejected_with_its_reason(
    change: dict[str, Any], reason: str
) -> None:
    found = enforce(frame(ADA, {**ADA, "player": "Bo", **change}), SPEEDS)
    assert found.rows.to_dicts() == [ADA]
    assert reasons(found.rejected) == [reason]


@pytest.mark.parametrize("name", ["side", "speed", "shirt", "born_date", "seen_at", "starts"])
def test_null_is_kept_where_it_is_allowed(name: str) -> None:
    assert enforce(frame({**ADA, name: None}), SPEEDS).rejected.is_empty()


def test_of_rows_with_one_key_the_first_good_one_stays() -> None:
    bad_first = {**ADA, "speed": 99.0}
    found = enforce(frame(bad_first, ADA, {**ADA, "speed": 1.0}), SPEEDS)
    assert found.rows.to_dicts() == [ADA]
    assert reasons(found.rejected) == [
        "speed outside [0, 40]",
        "repeats the key (match_id, player)",
    ]


def test_a_rejected_row_is_kept_as_json_with_its_line() -> None:
    rows = frame(ADA, {**ADA, "speed": 99.0}).with_columns(_line=pl.Series([7, 8]))
    (rejected,) = enforce(rows, SPEEDS).rejected.to_dicts()
    assert rejected["line"] == 8
    told = json.loads(rejected["row"])
    assert (told["player"], told["speed"], told["starts"]) == ("Ada", 99.0, True)
    assert told["born_date"] == "2000-01-02"
    assert told["seen_at"].startswith("2025-04-05")


def test_a_step_may_name_a_reason_that_goes_before_all_others() -> None:
    rows = frame(ADA, {**ADA, "player": None}, {**ADA, "player": "Cy"}).with_columns(
        _reject=pl.Series([None, "not in the line-up", "not in the line-up"])
    )
    found = enforce(rows, SPEEDS)
    assert found.rows.to_dicts() == [ADA]
    assert reasons(found.rejected) == ["not in the line-up"] * 2
    assert "_reject" not in found.rows.columns


def test_no_rows_give_no_rows_in_the_contracts_columns() -> None:
    found = enforce(frame().with_columns(_reject=pl.lit(None), _line=pl.lit(None)), SPEEDS)
    assert found.rows.schema == SPEEDS.polars_schema()
    assert found.rejected.is_empty()


def test_columns_are_put_in_order_and_others_left_out() -> None:
    mixed = frame(ADA).select(*reversed(SPEEDS.names), extra=pl.lit(1))
    assert conformed(mixed, SPEEDS).columns == list(SPEEDS.names)


def test_values_are_cast_where_nothing_is_lost_and_refused_where_it_is() -> None:
    wide = frame(ADA).with_columns(shirt=pl.lit(9, dtype=pl.Int64))
    assert conformed(wide, SPEEDS).schema == SPEEDS.polars_schema()
    with pytest.raises(ContractError, match=r"club\.speeds"):
        conformed(wide.with_columns(shirt=pl.lit(2**40)), SPEEDS)
    with pytest.raises(ContractError, match=r"club\.speeds"):
        conformed(wide.with_columns(match_id=pl.lit("many")), SPEEDS)


DAY_AND_TIME = datetime(2000, 1, 2, 23, 59)
LOSSES: dict[str, tuple[str, list[Any], str]] = {
    "a fraction": ("shirt", [9.0, 1.9, 2.5], "shirt: 2 of 3 .* such as 1.9; seen Float64, expected int"),
    "a time of day": ("born_date", [DAY_AND_TIME], "born_date: 1 of 1 .* 23:59:00; .* expected date"),
    "a number that is no truth": ("starts", [0, 1, 7], "starts: 1 of 3 .* such as 7; .* bool"),
    "NaN as a truth": ("starts", [math.nan], "starts: 1 of 1 .* such as nan"),
    "a number too long for a double": ("speed", [2**53, 2**53 + 1], "speed: 1 of 2 .* 9007199254740993;"),
    "the greatest number": ("speed", [2**63 - 1], "speed: 1 of 1 .* 9223372036854775807;"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "values", "said"), LOSSES.values(), ids=LOSSES)
def test_values_that_a_cast_would_change_are_refused_with_one_of_them(
    name: str, values: list[Any], said: str
) -> None:
    rows = frame(*[ADA] * len(values)).with_columns(pl.Series(name, values, strict=False))
    with pytest.raises(ContractError, match=rf"club\.speeds: {said}") as caught:
        conformed(rows, SPEEDS)
    assert caught.value.facts == {"table": "club.speeds"}
    assert "the step must round" in caught.value.hint


def test_nanoseconds_that_an_instant_cannot_hold_are_refused() -> None:
    at = pl.Series("seen_at", [1_700_000_000_000_000_001]).cast(pl.Datetime("ns", "UTC"))
    with pytest.raises(ContractError, match=r"seen_at: 1 of 1 .* expected instant"):
        conformed(frame(ADA).with_columns(at), SPEEDS)


def test_every_column_that_loses_values_is_named() -> None:
    rows = frame(ADA).with_columns(shirt=pl.lit(1.9), starts=pl.lit(7))
    with pytest.raises(ContractError, match=r"shirt: 1 of 1 .*; starts: 1 of 1 "):
        conformed(rows, SPEEDS)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("shirt", [9.0, None], [9, None]),
        ("shirt", ["007"], [7]),
        ("speed", [31, None], [31.0, None]),
        ("speed", ["31.50"], [31.5]),
        ("starts", [0, 1], [False, True]),
        ("player", [7], ["7"]),
        ("born_date", [datetime(2000, 1, 2)], [date(2000, 1, 2)]),
        ("seen_at", [date(2000, 1, 2)], [datetime(2000, 1, 2, tzinfo=UTC)]),
        ("speed", pl.Series([1.5, math.nan], dtype=pl.Float32), [1.5, math.nan]),
        ("side", pl.Series(["left"], dtype=pl.Categorical), ["left"]),
        ("speed", [None], [None]),
    ],
)
def test_values_that_stay_what_they_are_in_another_type_are_cast(
    name: str, values: Any, expected: list[Any]
) -> None:
    rows = frame(*[ADA] * len(values)).with_columns(pl.Series(name, values))
    found = conformed(rows, SPEEDS).get_column(name)
    assert found.equals(pl.Series(name, expected, dtype=SPEEDS.polars_schema()[name]))


def test_a_missing_column_is_refused_by_name() -> None:
    with pytest.raises(ContractError, match="missing columns \\['speed'\\]") as caught:
        enforce(frame(ADA).drop("speed"), SPEEDS)
    assert caught.value.facts == {"table": "club.speeds"}


def test_types_are_the_same_in_polars_and_in_arrow() -> None:
    arrow = frame(ADA).to_arrow().cast(SPEEDS.arrow_schema())
    assert arrow.to_pylist() == [ADA]
    assert [f.nullable for f in SPEEDS.arrow_schema()] == [False, False, *[True] * 6]
    assert pa.types.is_timestamp(SPEEDS.arrow_schema().field("seen_at").type)


UNKNOWN: Any = "float"


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": ("nobody",)},
        {"replace_by": ("nobody",)},
        {"partition_by": ("nobody",)},
        {"columns": (*SPEEDS.columns, Column("speed", "double", "Again"))},
        {"columns": (*SPEEDS.columns, Column("size", UNKNOWN, "Of no type"))},
    ],
)
def test_a_contract_that_contradicts_itself_cannot_be_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"club\.speeds"):
        Contract(**{**SPEEDS.__dict__, **wrong})


def test_a_column_is_found_by_name_or_not_at_all() -> None:
    assert SPEEDS.column("speed").within == (0.0, 40.0)
    with pytest.raises(KeyError):
        SPEEDS.column("nobody")


# --- properties ---------------------------------------------------------------------------------

ROW = st.fixed_dictionaries(
    {
        "match_id": st.sampled_from([None, 1, 2]),
        "player": st.sampled_from([None, "Ada", "Bo"]),
        "side": st.sampled_from([None, "left", "middle"]),
        "speed": st.sampled_from([None, math.nan, -1.0, 0.0, 40.0, 41.0]),
        "_reject": st.sampled_from([None, None, None, "named by the step"]),
    }
)


def table(rows: list[dict[str, Any]], *, named: bool) -> pl.DataFrame:
    names = ("match_id", "player", "side", "speed")
    blank = frame().clear(len(rows))
    whole = pl.DataFrame(
        [{n: r[n] for n in names} for r in rows],
        schema={n: SPEEDS.polars_schema()[n] for n in names},
    )
    found = blank.with_columns(whole, _line=pl.int_range(1, len(rows) + 1, eager=True))
    reasons_ = pl.Series("_reject", [r["_reject"] for r in rows], dtype=pl.String)
    return found.with_columns(reasons_) if named else found


def kept_one_by_one(rows: list[dict[str, Any]], *, named: bool) -> list[int]:
    """The lines that stay, found one row after the other."""
    keys, lines = set(), []
    for line, r in enumerate(rows, start=1):
        good = r["match_id"] is not None and r["player"] is not None
        good &= r["side"] != "middle"
        good &= r["speed"] is None or 0 <= r["speed"] <= 40
        good &= not (named and r["_reject"])
        if good and (r["match_id"], r["player"]) not in keys:
            keys.add((r["match_id"], r["player"]))
            lines.append(line)
    return lines


@settings(max_examples=150, deadline=None)
@given(st.lists(ROW, max_size=25), st.booleans())
def test_every_row_is_either_kept_or_rejected_with_a_reason(
    rows: list[dict[str, Any]], named: bool
) -> None:
    whole = table(rows, named=named)
    found = enforce(whole, SPEEDS)
    kept = kept_one_by_one(rows, named=named)
    rejected = found.rejected.get_column("line").to_list()
    assert sorted([*kept, *rejected]) == list(range(1, len(rows) + 1))
    assert found.rejected.get_column("reason").null_count() == 0
    expected = whole.filter(pl.col("_line").is_in(kept)).select(SPEEDS.names)
    assert found.rows.equals(expected)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, max_size=25), st.booleans())
def test_enforcing_twice_is_enforcing_once(rows: list[dict[str, Any]], named: bool) -> None:
    once = enforce(table(rows, named=named), SPEEDS)
    twice = enforce(once.rows, SPEEDS)
    assert twice.rows.equals(once.rows)
    assert twice.rejected.is_empty()
