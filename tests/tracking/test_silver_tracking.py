"""Frames and ball from lines that are written by hand."""

from typing import Any

import polars as pl
import pytest
from bronze_lines import AWAY, HOME, KEEPER, OTHER, STRIKER, line, lines, matches, players, spot
from hypothesis import given, settings
from hypothesis import strategies as st

from touchline.core.contracts import enforce
from touchline.errors import ContractError
from touchline.tracking.contracts.silver import BALL, FRAMES
from touchline.tracking.silver import FrameRule, ball, frames

RULE = FrameRule()


def rows(found: pl.DataFrame, *names: str) -> list[tuple[Any, ...]]:
    return found.select(names).rows()


def rejected(found: pl.DataFrame) -> list[tuple[int, str]]:
    return found.filter(pl.col("_reject").is_not_null()).select("_line", "_reject").rows()


# --- frames -------------------------------------------------------------------------------------


def test_each_position_is_a_row_with_its_team_in_the_order_of_players_and_frames() -> None:
    given_lines = lines(
        line(1, 9, period=None),
        line(2, 10, spot(STRIKER, 1.5, -2.5), spot(KEEPER, -48.0, 0.25, seen=False)),
        line(3, 11),
        line(4, 200, spot(KEEPER, -47.5, 0.5), spot(STRIKER, 3.0, 4.0), period=2),
    )

    found = frames(given_lines, players(), matches(), rule=RULE)

    names = ("player_id", "frame", "period", "team_id", "x_m", "y_m", "is_detected", "_line")
    assert rows(found, *names) == [
        (KEEPER, 10, 1, AWAY, -48.0, 0.25, False, 2),
        (KEEPER, 200, 2, AWAY, -47.5, 0.5, True, 4),
        (STRIKER, 10, 1, HOME, 1.5, -2.5, True, 2),
        (STRIKER, 200, 2, HOME, 3.0, 4.0, True, 4),
    ]
    assert set(rows(found, "partition_date", "competition_id", "match_id")) == {
        ("2024-11-02", "aus1", 7)
    }
    assert "_reject" not in found.columns
    assert enforce(found, FRAMES).rows.schema == pl.Schema(FRAMES.polars_schema())


def test_no_lines_give_no_frames_of_the_right_types() -> None:
    found = frames(lines(), players(), matches(), rule=RULE)

    assert enforce(found, FRAMES).rows.rows() == []
    assert enforce(found, FRAMES).rows.schema == pl.Schema(FRAMES.polars_schema())


def test_lines_without_positions_give_no_frames() -> None:
    missing = lines(line(1, 10), {**line(2, 11), "player_data": None})

    assert frames(missing, players(), matches(), rule=RULE).is_empty()


def test_players_of_neither_squad_keep_their_place_and_are_rejected() -> None:
    given_lines = lines(
        line(1, 10, spot(4), spot(STRIKER), spot(1), spot(KEEPER), spot(88), spot(OTHER)),
        line(2, 11, spot(88), spot(4), spot(KEEPER), spot(None)),
    )

    found = frames(given_lines, players(), matches(), rule=RULE)

    unknown = found.filter(pl.col("team_id").is_null())
    assert sorted(rows(unknown.drop_nulls("player_id"), "player_id", "_line", "_reject")) == [
        (1, 1, "player is in no squad of the match"),
        (4, 1, "player is in no squad of the match"),
        (4, 2, "player is in no squad of the match"),
        (88, 1, "player is in no squad of the match"),
        (88, 2, "player is in no squad of the match"),
    ]
    kept = enforce(found, FRAMES)
    assert rows(kept.rows, "player_id", "team_id", "frame") == [
        (KEEPER, AWAY, 10),
        (KEEPER, AWAY, 11),
        (OTHER, HOME, 10),
        (STRIKER, HOME, 10),
    ]
    assert sorted(kept.rejected["reason"].to_list())[0] == "player is in no squad of the match"
    assert kept.rejected.filter(pl.col("reason") == "player_id is null").height == 1


def test_a_file_whose_players_nobody_knows_is_of_another_match() -> None:
    with pytest.raises(ContractError) as refused:
        frames(lines(line(1, 10, spot(71), spot(70))), players(), matches(), rule=RULE)

    assert str(refused.value) == (
        "tracking_extrapolated.jsonl: none of its 2 players (70, 71) is in a squad of match 7"
    )


def test_nobody_is_known_where_the_squads_are_empty() -> None:
    nobody = players().clear()

    with pytest.raises(ContractError, match=r"none of its 1 player \(3\)"):
        frames(lines(line(1, 10, spot(KEEPER))), nobody, matches(), rule=RULE)


@pytest.mark.parametrize(
    ("x", "y", "out"),
    [
        (100.0, 80.0, False),
        (-100.0, -80.0, False),
        (100.01, 0.0, True),
        (0.0, -80.01, True),
        (float("nan"), 0.0, True),
        (0.0, float("-inf"), True),
    ],
)
def test_a_position_is_rejected_that_lies_more_than_50_m_outside(
    x: float, y: float, *, out: bool
) -> None:
    found = frames(
        lines(line(1, 10, spot(KEEPER)), line(2, 11, spot(KEEPER, x, y))),
        players(),
        matches(),
        rule=RULE,
    )

    said = rejected(found) if "_reject" in found.columns else []
    assert said == ([(2, "position more than 50 m outside the pitch")] if out else [])


def test_the_rule_says_how_far_outside_is_too_far() -> None:
    found = frames(
        lines(line(1, 10, spot(KEEPER, x=61.0))), players(), matches(), rule=FrameRule(10.0)
    )

    assert rejected(found) == [(1, "position more than 10 m outside the pitch")]


@pytest.mark.parametrize(
    ("frame", "period", "out"),
    [
        (10, 1, False),
        (99, 1, False),
        (200, 2, False),
        (9, 1, True),
        (100, 1, True),
        (150, None, True),
        (50, 2, True),
        (50, 3, True),
        (50, 7, True),
    ],
)
def test_positions_are_rejected_in_frames_outside_the_periods_of_match_json(
    frame: int, period: int | None, *, out: bool
) -> None:
    given_lines = lines(line(1, 20, spot(KEEPER)), line(2, frame, spot(KEEPER), period=period))

    found = frames(given_lines, players(), matches(), rule=RULE)

    said = rejected(found) if "_reject" in found.columns else []
    assert said == ([(2, "positions in a frame outside the match's periods")] if out else [])


def test_extra_time_counts_where_the_match_has_it() -> None:
    late = matches(period_3_start_frame=400, period_3_end_frame=410)
    given_lines = lines(line(1, 405, spot(KEEPER), period=3))

    assert "_reject" not in frames(given_lines, players(), late, rule=RULE).columns


def test_of_a_frame_that_comes_twice_the_first_line_comes_first() -> None:
    given_lines = lines(
        line(1, 11, spot(KEEPER, 1.0)),
        line(2, 10, spot(KEEPER, 2.0)),
        line(3, 11, spot(KEEPER, 3.0)),
    )

    found = enforce(frames(given_lines, players(), matches(), rule=RULE), FRAMES)

    assert rows(found.rows, "frame", "x_m") == [(10, 2.0), (11, 1.0)]
    assert found.rejected.select("reason", "line").rows() == [
        ("repeats the key (match_id, player_id, frame)", 3)
    ]


def _expected(said: list[dict[str, Any]], team_of: dict[int, int]) -> list[tuple[Any, ...]]:
    """Frames of known players by loops and lists alone."""
    found = []
    for at in sorted(said, key=lambda one: one["frame"]):
        found += [
            (s["player_id"], at["frame"], team_of[s["player_id"]], s["x"], s["is_detected"], at["line"])
            for s in at["player_data"]
            if s["player_id"] in team_of
        ]  # fmt: skip
    return sorted(found, key=lambda row: row[0])


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(10, 99), st.sets(st.integers(0, 40), max_size=6)), max_size=12),
    st.sets(st.integers(0, 40), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_any_lines_give_what_loops_and_lists_give_in_any_order(
    given_frames: list[tuple[int, set[int]]], squad: set[int], chance: Any
) -> None:
    said = [
        line(n, frame, *(spot(p, x=n + p / 100, seen=p % 2 == 0) for p in chance.sample(sorted(ids), len(ids))))
        for n, (frame, ids) in enumerate(given_frames, start=1)
    ]  # fmt: skip
    team_of = {p: HOME if p % 3 else AWAY for p in squad}
    known = players(*chance.sample(sorted(team_of.items()), len(team_of)))
    spots = [s for at in said for s in at["player_data"]]
    if spots and not any(s["player_id"] in squad for s in spots):
        return
    shuffled = sorted(said, key=lambda one: (chance.random(), one["line"]))

    found = frames(lines(*said), known, matches(), rule=RULE)
    again = frames(
        lines(*sorted(shuffled, key=lambda one: one["frame"])), known, matches(), rule=RULE
    )

    names = ("player_id", "frame", "team_id", "x_m", "is_detected", "_line")
    kept = found.filter(pl.col("team_id").is_not_null())
    assert rows(kept, *names) == _expected(said, team_of)
    assert sorted(rows(again, *names), key=str) == sorted(rows(found, *names), key=str)


# --- ball ---------------------------------------------------------------------------------------


def test_the_ball_has_a_row_per_frame_of_a_period() -> None:
    unseen = {"x": None, "y": None, "z": None, "is_detected": None}
    given_lines = lines(
        line(3, 12),
        line(1, 9, period=None),
        {**line(2, 10), "ball_data": unseen, "possession": {"player_id": None, "group": None}},
    )

    found = ball(given_lines, matches())

    names = ("frame", "period", "clock", "x_m", "y_m", "z_m", "is_detected")
    assert rows(found, *names, "possession_player_id", "possession_group", "_line") == [
        (10, 1, "00:00:01.00", None, None, None, None, None, None, 2),
        (12, 1, "00:00:01.20", 1.2, -1.0, 0.5, True, STRIKER, "home team", 3),
    ]
    assert enforce(found, BALL).rows.schema == pl.Schema(BALL.polars_schema())


def test_no_lines_give_no_ball() -> None:
    assert enforce(ball(lines(), matches()), BALL).rows.rows() == []


def test_the_order_of_lines_does_not_matter_to_the_ball() -> None:
    said = [line(n, frame) for n, frame in enumerate((30, 10, 20), start=1)]

    assert ball(lines(*said), matches()).equals(ball(lines(*said[::-1]), matches()))
