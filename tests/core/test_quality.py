"""Rules of the gate: each by hand, at its border, on no rows, and against a count row by row."""

import math
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from touchline.core.quality import (
    Allowed,
    Fresh,
    NotNull,
    Ratio,
    Result,
    RowPer,
    Rows,
    Rule,
    Unique,
    Within,
    measure,
)

NOW = datetime(2025, 4, 5, 12, tzinfo=UTC)
SCHEMA = {"player": pl.String, "match": pl.Int64, "speed": pl.Float64}


def speeds(*rows: tuple[str | None, int | None, float | None]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=SCHEMA, orient="row")


def measured(frame: pl.DataFrame, rule: Rule, **more: Any) -> Result:
    (result,) = measure(frame, [rule], **more)
    return result


FOUR = speeds(("Ada", 1, 31.0), (None, 1, 45.0), ("Bo", 2, None), ("Bo", 2, math.nan))


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        (NotNull("player"), "1 of 4 null (25 %)"),
        (NotNull("speed"), "1 of 4 null (25 %)"),
        (Allowed("player", ("Bo",)), "1 of 4 outside Bo (25 %)"),
        (Within("speed", 0, 40), "2 of 4 outside [0, 40] (50 %)"),
        (Within("speed", high=40), "2 of 4 outside [-inf, 40] (50 %)"),
        (Within("speed", low=0), "1 of 4 outside [0, inf] (25 %)"),
        (Within("match", 1, 1), "2 of 4 outside [1, 1] (50 %)"),
        (Unique(("match",)), "2 of 4 repeated (50 %)"),
        (Unique(("player", "match")), "1 of 4 repeated (25 %)"),
    ],
)
def test_a_rule_counts_the_rows_that_break_it(rule: Rule, seen: str) -> None:
    result = measured(FOUR, rule)
    assert (result.seen, result.passed, result.failed) == (seen, False, True)
    assert result.expected == "at most 0 %"


def test_both_ends_of_a_range_are_inside() -> None:
    frame = speeds(("Ada", 1, 0.0), ("Bo", 1, 40.0))
    assert measured(frame, Within("speed", 0, 40)).passed
    assert not measured(frame, Within("speed", 0, 39.999999)).passed
    assert not measured(frame, Within("speed", 1e-9, 40)).passed


def test_infinity_is_outside_every_range_with_that_end() -> None:
    frame = speeds(("Ada", 1, math.inf), ("Bo", 1, -math.inf))
    assert measured(frame, Within("speed", high=1e300)).seen.startswith("1 of 2")
    assert measured(frame, Within("speed", low=-1e300)).seen.startswith("1 of 2")


@pytest.mark.parametrize(
    ("bad", "rows", "most"),
    [(3, 100, 0.03), (29, 100, 0.29), (7, 100, 0.07), (15, 22, 15 / 22), (1, 3, 1 / 3)],
)
def test_exactly_the_threshold_passes_and_one_row_more_fails(
    bad: int, rows: int, most: float
) -> None:
    def result(nulls: int) -> Result:
        names = [None] * nulls + ["Ada"] * (rows - nulls)
        return measured(speeds(*((n, 1, 1.0) for n in names)), NotNull("player", max_ratio=most))

    assert result(bad).passed
    assert not result(bad + 1).passed


def test_a_warning_that_fails_does_not_refuse() -> None:
    result = measured(FOUR, NotNull("player", severity="warn"))
    assert (result.passed, result.failed, result.severity) == (False, False, "warn")


def test_row_counts_have_a_floor_and_a_ceiling() -> None:
    assert [measured(FOUR, Rows(at_least=n)).passed for n in (4, 5)] == [True, False]
    assert [measured(FOUR, Rows(1, at_most=n)).passed for n in (4, 3)] == [True, False]
    none_at_all = measured(FOUR, Rows(0, at_most=0))
    assert (none_at_all.seen, none_at_all.expected) == ("4", "at least 0, at most 0")


def test_a_ratio_is_the_share_of_rows_that_a_predicate_holds_for() -> None:
    fast = measured(FOUR, Ratio("fast players", "speed > 30 AND player = 'Ada'", at_least=0.25))
    assert (fast.rule, fast.seen, fast.passed) == ("ratio fast players", "25 %", True)
    assert not measured(FOUR, Ratio("named", "player IS NOT NULL", at_most=0.74)).passed
    assert not measured(FOUR, Ratio("fast", "speed > 30", at_least=0.76)).passed


def test_a_row_whose_predicate_is_unknown_does_not_satisfy_it() -> None:
    assert measured(FOUR, Ratio("fast", "speed < 50", at_least=0.5)).seen == "50 %"


def test_the_newest_value_may_be_just_as_old_as_allowed() -> None:
    frame = pl.DataFrame({"at": [NOW - timedelta(seconds=s) for s in (7200, 3600)]})
    fresh = measured(frame, Fresh("at", max_age_s=3600), now=NOW)
    assert (fresh.seen, fresh.passed) == ("3600 s old", True)
    late = NOW + timedelta(microseconds=1)
    assert not measured(frame, Fresh("at", max_age_s=3600), now=late).passed


def test_a_date_is_as_old_as_its_beginning() -> None:
    frame = pl.DataFrame({"day": [NOW.date() - timedelta(days=1), NOW.date()]})
    since_s = (NOW - datetime.combine(NOW.date(), time(), UTC)).total_seconds()
    assert measured(frame, Fresh("day", since_s), now=NOW).passed
    assert not measured(frame, Fresh("day", since_s - 1), now=NOW).passed


def test_without_values_nothing_is_fresh_and_without_a_clock_nobody_can_say() -> None:
    frame = pl.DataFrame({"at": [None]}, schema={"at": pl.Datetime("us", "UTC")})
    assert not measured(frame, Fresh("at", 1e9), now=NOW).passed
    with pytest.raises(ValueError, match="start"):
        measured(frame, Fresh("at", 1e9))


SQUAD = pl.DataFrame({"player": ["Ada", "Bo", "Cy", "Di"], "started": [True, True, True, False]})


def test_a_row_per_input_row_names_one_that_is_missing() -> None:
    result = measured(
        FOUR, RowPer("squad", ("player",), "started"), inputs={"squad": SQUAD, "other": FOUR}
    )
    assert result.seen == "1 of 3 missing, such as {'player': 'Cy'}"
    assert (result.rule, result.passed) == ("a row per squad where started", False)


def test_rows_that_nobody_asked_for_do_not_break_a_row_per() -> None:
    squad = SQUAD.head(2)
    assert measured(FOUR, RowPer("squad", ("player",)), inputs={"squad": squad}).passed
    nobody = measured(FOUR, RowPer("squad", ("player",)), inputs={"squad": squad.clear()})
    assert (nobody.seen, nobody.passed) == ("0 of 0 missing", True)


def test_no_rows_break_only_rules_that_ask_for_rows() -> None:
    rules: list[Rule] = [
        NotNull("player"),
        Allowed("player", ()),
        Within("speed", 1, 2),
        Unique(("player",)),
        Ratio("any", "speed > 0", at_least=1.0),
        Rows(0),
        Rows(1),
        RowPer("squad", ("player",)),
    ]
    results = measure(speeds(), rules, inputs={"squad": SQUAD}, now=NOW)
    assert [r.passed for r in results] == [True] * 6 + [False] * 2


def test_no_rules_have_no_results() -> None:
    assert measure(FOUR, []) == []


def test_results_come_in_the_order_of_the_rules() -> None:
    rules: list[Rule] = [Rows(), Unique(("match",)), NotNull("player"), Rows(9)]
    found = [r.rule for r in measure(FOUR, rules)]
    assert found == ["row count", "unique match", "not null player", "row count"]


# --- against a count row by row -----------------------------------------------------------------

ROW = st.tuples(
    st.sampled_from([None, "Ada", "Bo", "Cy"]),
    st.sampled_from([None, 1, 2, 3]),
    st.sampled_from([None, math.nan, math.inf, -1.0, 0.0, 39.9, 40.0, 41.0]),
)
LIMIT = st.sampled_from(["0", "0.01", "0.29", "0.5", "0.07", "1"])


def naive(rows: list[tuple[Any, ...]]) -> list[int]:
    """How many rows break each of the rules of the test below, one row after the other."""
    bad, seen = [0] * 4, set()
    for player, match, speed in rows:
        bad[0] += player is None
        bad[1] += player is not None and player not in ("Ada", "Bo")
        bad[2] += speed is not None and not 0 <= speed <= 40
        bad[3] += (player, match) in seen
        seen.add((player, match))
    return bad


@settings(max_examples=150, deadline=None)
@given(st.lists(ROW, max_size=30), st.tuples(LIMIT, LIMIT, LIMIT, LIMIT), st.booleans())
def test_every_rule_sees_what_a_count_row_by_row_sees(
    rows: list[Any], limits: tuple[str, ...], in_order: bool
) -> None:
    if in_order:
        rows = sorted(rows, key=str)
    a, b, c, d = (float(limit) for limit in limits)
    rules: list[Rule] = [
        NotNull("player", a),
        Allowed("player", ("Ada", "Bo"), b),
        Within("speed", 0, 40, c),
        Unique(("player", "match"), d),
    ]
    results = measure(speeds(*rows), rules)
    counts = naive(rows)
    assert [int(r.seen.split()[0]) for r in results] == counts
    for result, bad, limit in zip(results, counts, limits, strict=True):
        assert result.passed is (Fraction(bad, len(rows) or 1) <= Fraction(limit))


@settings(max_examples=40, deadline=None)
@given(st.lists(ROW, max_size=12), st.randoms())
def test_the_order_of_rows_does_not_matter(rows: list[Any], chance: Any) -> None:
    rules: list[Rule] = [
        NotNull("player"),
        Within("speed", 0, 40),
        Unique(("match", "speed")),
        Rows(),
    ]
    mixed = list(rows)
    chance.shuffle(mixed)
    assert measure(speeds(*rows), rules) == measure(speeds(*mixed), rules)
