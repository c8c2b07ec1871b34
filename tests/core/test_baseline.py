"""What is usual: which days compare, and how far a day may be from them."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchline.core.baseline import Baseline, Profile, comparable, profiled, verdict
from touchline.core.quality import Result

RULE = Baseline("fail")
USUAL = [Profile(n, {"kind": {"login": 0.4, "view": 0.6}}) for n in (980, 1010, 990, 1030, 1020)]


def day(of: str) -> str:
    return f"visit_date={of}"


def judged(seen: Profile, past: Any = USUAL, rule: Baseline = RULE, **more: Any) -> list[Result]:
    return verdict(seen, past, rule, **more)


def failed(seen: Profile, past: Any = USUAL, rule: Baseline = RULE) -> list[str]:
    return [r.rule for r in judged(seen, past, rule) if r.failed]


# --- what is measured ---------------------------------------------------------------------------


def test_a_profile_is_the_rows_and_the_share_of_each_value() -> None:
    rows = pl.DataFrame({"kind": ["login", "view", "view", None], "size": [1, 1, 2, 3]})
    assert profiled(rows, ["kind", "size"]) == (
        Profile(
            4,
            {
                "kind": {"view": 0.5, "(null)": 0.25, "login": 0.25},
                "size": {"1": 0.5, "2": 0.25, "3": 0.25},
            },
        ),
        (),
    )


def test_a_profile_of_no_columns_is_the_rows_alone() -> None:
    assert profiled(pl.DataFrame({"kind": ["login"]}), []) == (Profile(1), ())


def test_a_profile_of_no_rows_has_no_shares() -> None:
    rows = pl.DataFrame({"kind": []}, schema={"kind": pl.String})
    assert profiled(rows, ["kind"]) == (Profile(0, {"kind": {}}), ())


def test_of_very_many_values_the_most_frequent_fifty_are_kept_and_that_is_said() -> None:
    rows = pl.DataFrame({"kind": [f"k{n:02}" for n in range(60) for _ in range(60 - n)]})
    profile, notes = profiled(rows, ["kind"])
    assert list(profile.shares["kind"]) == [f"k{n:02}" for n in range(50)]
    assert notes == ("kind: shares of 50 of 60 values are kept",)


# --- which days compare -------------------------------------------------------------------------


def test_a_day_compares_with_the_same_weekday_of_the_weeks_before_it() -> None:
    found = comparable(day("2025-02-14"), Baseline(within_days=30))
    assert (found.what, found.parts) == (
        "Fridays",
        (day("2025-02-07"), day("2025-01-31"), day("2025-01-24"), day("2025-01-17")),
    )


def test_a_day_of_the_calendar_compares_with_others_of_it_whatever_their_weekday() -> None:
    special = frozenset(map(date.fromisoformat, ["2025-02-14", "2025-02-05", "2025-01-31"]))
    rule = Baseline(kinds={"match days": special}, within_days=30)
    found = comparable(day("2025-02-14"), rule)
    assert (found.what, found.parts) == ("match days", (day("2025-02-05"), day("2025-01-31")))
    friday = comparable(day("2025-02-21"), rule).parts
    assert friday == (day("2025-02-07"), day("2025-01-24"))


def test_days_with_an_incident_are_compared_with_by_no_day() -> None:
    rule = Baseline(incidents=frozenset([date(2025, 2, 7)]), within_days=14)
    assert comparable(day("2025-02-14"), rule).parts == (day("2025-01-31"),)


def test_the_first_days_of_the_calendar_have_none_before_them() -> None:
    assert comparable(day("0001-01-03"), RULE).parts == ()
    assert comparable(day("0001-01-08"), RULE).parts == (day("0001-01-01"),)


def test_a_day_of_one_game_compares_with_days_of_that_game() -> None:
    found = comparable("game=chess/visit_date=2025-02-14", Baseline(within_days=7))
    assert found.parts == ("game=chess/visit_date=2025-02-07",)


@pytest.mark.parametrize("part", ["match_id=20250214", "match_id=2025-02-14", "visit_date=today"])
def test_what_is_no_day_compares_with_all_others(part: str) -> None:
    found = comparable(part, RULE)
    assert (found.what, found.parts) == ("partitions", None)


# --- the verdict --------------------------------------------------------------------------------


def test_a_day_as_usual_passes_and_says_what_is_usual() -> None:
    rows, kind = judged(Profile(1111, {"kind": {"login": 0.45, "view": 0.55}}), what="Fridays")
    assert (rows.rule, rows.passed, kind.rule, kind.passed) == (
        "baseline rows",
        True,
        "baseline kind",
        True,
    )
    assert rows.seen == "1,111 rows, median of 5 comparable Fridays 1,010 (+10 %)"
    assert rows.expected == "within 50 % of it"
    assert rows.value == pytest.approx(0.1)
    assert kind.seen == "login 45 %, usually 40 %"
    assert kind.expected == "within 10 points and 30 % of the usual share"


def test_rows_far_above_or_below_the_usual_are_flagged() -> None:
    assert failed(Profile(1930)) == ["baseline rows"]
    assert failed(Profile(480)) == ["baseline rows"]


def test_exactly_as_far_as_is_allowed_passes() -> None:
    assert failed(Profile(505)) == []
    assert failed(Profile(1515)) == []
    assert failed(Profile(504)) == ["baseline rows"]
    rule = Baseline("fail", max_rows_change=0.29)
    assert failed(Profile(129), [Profile(100)] * 4, rule) == []


@pytest.mark.parametrize(
    ("login", "rule"),
    [(0.4, Baseline("fail", max_relative_change=1.0)), (0.39, Baseline("fail"))],
    ids=["in points", "of the usual"],
)
def test_a_share_exactly_as_far_as_is_allowed_passes(login: float, rule: Baseline) -> None:
    past = [Profile(100_000, {"kind": {"login": 0.3, "view": 0.7}})] * 4

    def seen(share: float) -> Profile:
        return Profile(100_000, {"kind": {"login": share, "view": 1 - share}})

    assert failed(seen(login), past, rule) == []
    assert failed(seen(login + 0.001), past, rule) == ["baseline kind"]


def test_half_of_a_rare_value_missing_is_flagged_although_it_is_few_points() -> None:
    past = [Profile(1000, {"kind": {"buy": 0.1, "login": 0.4, "view": 0.5}})] * 4
    seen = Profile(950, {"kind": {"buy": 50 / 950, "login": 400 / 950, "view": 500 / 950}})
    _, kind = judged(seen, past)
    assert (kind.failed, kind.seen) == (True, "buy 5.26 %, usually 10 %")


def test_what_chance_explains_in_a_small_day_is_not_flagged() -> None:
    few, many = ([Profile(n, {"kind": {"login": 0.4, "view": 0.6}})] * 4 for n in (10, 1000))
    shifted = {"kind": {"login": 0.7, "view": 0.3}}
    assert failed(Profile(10, shifted), few) == []
    assert failed(Profile(1000, shifted), many) == ["baseline kind"]


def test_the_value_whose_share_moved_farthest_is_named() -> None:
    past = [Profile(1000, {"kind": {"buy": 0.1, "login": 0.413, "view": 0.487}})] * 4
    seen = Profile(1000, {"kind": {"buy": 0.2, "login": 0.12, "view": 0.68}})
    rows, kind = judged(seen, past)
    assert (rows.passed, kind.failed) == (True, True)
    assert kind.seen == "login 12 %, usually 41.3 %"
    assert kind.value == pytest.approx(-0.293)


def test_a_value_that_vanished_or_is_new_counts_as_nothing_on_the_other_side() -> None:
    gone, new = Profile(1000, {"kind": {"view": 1.0}}), Profile(1000, {"kind": {"buy": 1.0}})
    assert judged(gone)[1].seen == "login 0 %, usually 40 %"
    assert judged(new)[1].seen == "buy 100 %, usually 0 %"
    assert failed(gone) == failed(new) == ["baseline kind"]


def test_fewer_than_four_days_are_no_baseline_yet() -> None:
    (result,) = judged(Profile(1), USUAL[:3], what="Fridays")
    assert (result.passed, result.seen, result.expected) == (
        True,
        "no baseline yet: 3 comparable Fridays",
        "at least 4",
    )
    assert failed(Profile(1), USUAL[:4]) == ["baseline rows"]


def test_days_whose_shares_nobody_measured_have_rows_alone() -> None:
    past = [*USUAL[:2], Profile(1000), Profile(1000), Profile(0, {"kind": {}})]
    rows, kind = judged(Profile(1930, {"kind": {"buy": 1.0}}), past)
    assert rows.failed
    assert (kind.passed, kind.seen) == (True, "no baseline yet: 2 comparable partitions")


def test_one_odd_day_in_the_past_does_not_move_what_is_usual() -> None:
    odd = Profile(90_000, {"kind": {"buy": 1.0}})
    assert failed(Profile(1000, {"kind": {"login": 0.4, "view": 0.6}}), [*USUAL, odd]) == []


def test_a_day_without_rows_has_no_shares_to_judge() -> None:
    assert [r.rule for r in judged(Profile(0, {"kind": {}}))] == ["baseline rows"]


def test_where_there_are_usually_no_rows_any_are_too_many() -> None:
    empty = [Profile(0)] * 4
    assert failed(Profile(0), empty) == []
    (rows,) = judged(Profile(5), empty)
    assert (rows.failed, rows.value) == (True, None)
    assert rows.seen == "5 rows, median of 4 comparable partitions 0"


def test_a_baseline_that_warns_fails_nothing_and_one_that_is_off_judges_nothing() -> None:
    (rows,) = judged(Profile(5), rule=Baseline("warn"))
    assert (rows.severity, rows.passed, rows.failed) == ("warn", False, False)
    assert judged(Profile(5), rule=Baseline("off")) == []


shares = st.dictionaries(st.sampled_from("abcd"), st.floats(0, 1), min_size=1, max_size=4)
profiles = st.builds(Profile, st.integers(0, 10**9), st.fixed_dictionaries({"kind": shares}))


@given(
    profiles,
    st.lists(profiles, max_size=9).flatmap(lambda p: st.tuples(st.just(p), st.permutations(p))),
)
def test_the_order_of_past_days_does_not_matter(
    seen: Profile, past: tuple[list[Profile], list[Profile]]
) -> None:
    assert judged(seen, past[0]) == judged(seen, past[1])


@given(profiles, st.integers(4, 9))
def test_a_day_like_all_before_it_passes(seen: Profile, count: int) -> None:
    assert failed(seen, [seen] * count, Baseline("fail", 0.0, 0.0, 0.0)) == []


@given(st.dates(date(1, 1, 1), date(9999, 12, 31)), st.integers(1, 200))
def test_no_day_compares_with_itself_or_a_later_one(of: date, within: int) -> None:
    parts = comparable(day(of.isoformat()), Baseline(within_days=within)).parts
    assert parts is not None
    found = [date.fromisoformat(p.partition("=")[2]) for p in parts]
    assert all(d < of and (of - d) <= timedelta(within) for d in found)
    assert all(d.weekday() == of.weekday() for d in found)
