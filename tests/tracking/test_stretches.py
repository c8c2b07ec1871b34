"""Stretches of rows, and the phases of play that frames lie in."""

from resource import RUSAGE_SELF, getrusage

import polars as pl
import pytest
from positions import AWAY, HOME, phase, phases, straight_run
from provider_files import phases as provider_phases

from touchline.tracking.gold.kinematics import kinematics
from touchline.tracking.gold.phases import (
    DEAD_BALL,
    IN_POSSESSION,
    OUT_OF_POSSESSION,
    phase_rows,
    play_states,
)
from touchline.tracking.gold.stretches import bouts, rows_of, stretches, without


def pairs(found: pl.DataFrame) -> list[tuple[int, ...]]:
    return found.select("first_row", "last_row").rows()


def found_at(*rows: tuple[int, int]) -> pl.DataFrame:
    return pl.DataFrame(
        list(rows), schema={"first_row": pl.UInt32, "last_row": pl.UInt32}, orient="row"
    )


def test_a_stretch_ends_where_rows_are_not_joined() -> None:
    satisfied = pl.Series([True, True, False, True, True, True, None, True])
    joined = pl.Series([False, True, True, True, False, True, True, True])
    assert pairs(stretches(satisfied, joined)) == [(0, 1), (3, 3), (4, 5), (7, 7)]


def test_nothing_satisfied_gives_no_stretch() -> None:
    nothing = pl.Series([False, False])
    assert pairs(stretches(nothing, nothing)) == []
    assert pairs(stretches(nothing.clear(), nothing.clear())) == []
    assert rows_of(found_at()).rows() == []


def test_a_bout_counts_both_of_its_end_frames() -> None:
    motion = kinematics(straight_run(27, 0.7))
    fast = pl.col("speed_kmh") >= 25
    assert pairs(bouts(motion, fast, 0.7)) == [(0, 6)]
    assert pairs(bouts(motion, fast, 0.8)) == []


def test_a_stretch_that_holds_a_stronger_one_is_left_out() -> None:
    outer, inner = found_at((0, 9), (20, 29), (40, 49)), found_at((22, 24), (26, 29))
    assert pairs(without(outer, inner)) == [(0, 9), (40, 49)]
    assert pairs(without(outer, found_at())) == pairs(outer)
    assert pairs(without(found_at(), found_at())) == []


def test_the_border_frame_belongs_to_the_later_phase() -> None:
    known = pl.concat([phase(10, 20), phase(20, 25, index=1), phase(30, 31, index=2)])
    asked = pl.Series([9, 10, 19, 20, 24, 25, 30, 31])
    assert phase_rows(known, asked).to_list() == [None, 0, 0, 1, 1, None, 2, None]


def test_the_order_of_the_phases_does_not_matter() -> None:
    known = pl.concat([phase(10, 25), phase(20, 30, index=1)])
    asked = pl.Series(range(40))
    names = known["phase_index"].gather(phase_rows(known, asked)).to_list()
    turned = known.reverse()
    assert turned["phase_index"].gather(phase_rows(turned, asked)).to_list() == names
    assert names[20:25] == [1] * 5


def test_where_phases_overlap_the_later_start_holds_the_frame() -> None:
    known = pl.concat(
        [phase(10, 40), phase(20, 30, index=1), phase(25, 28, index=2), phase(25, 27, index=3)]
    )
    asked = pl.Series([9, 10, 19, 20, 24, 25, 26, 27, 28, 29, 30, 39, 40])
    expected = [None, 0, 0, 1, 1, 3, 3, 2, 1, 1, 0, 0, None]
    assert phase_rows(known, asked).to_list() == expected


def test_the_length_of_a_phase_costs_nothing() -> None:
    known = pl.concat([phase(-5, 2_000_000_000), phase(20, 30, index=1)])
    asked = pl.Series([-6, -5, 20, 30, 1_999_999_999, 2_000_000_000])
    before = getrusage(RUSAGE_SELF).ru_maxrss
    assert phase_rows(known, asked).to_list() == [None, 0, 1, 0, 0, None]
    assert getrusage(RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize("match_id", [2017461, 2011166, 1886347])
def test_real_frames_lie_in_the_phase_that_a_plain_search_finds(match_id: int) -> None:
    known = provider_phases(match_id)
    ends = known.select("frame_start", "frame_end").rows()
    asked = pl.Series(range(0, 75_000, 7))
    expected = [next((i for i, (a, b) in enumerate(ends) if a <= f < b), None) for f in asked]
    assert phase_rows(known, asked).to_list() == expected


def test_without_phases_all_is_dead_ball() -> None:
    assert phase_rows(phases(), pl.Series([0, 7])).to_list() == [None, None]
    assert phase_rows(phases(), pl.Series([], dtype=pl.Int32)).to_list() == []
    assert play_states(phases(), pl.Series([7]), pl.Series([HOME])).to_list() == [DEAD_BALL]


def test_each_team_has_its_own_state_of_play() -> None:
    known = pl.concat([phase(10, 20), phase(20, 30, index=1, team_id=AWAY)])
    asked = pl.Series([5, 15, 25])
    expected = [DEAD_BALL, IN_POSSESSION, OUT_OF_POSSESSION]
    assert play_states(known, asked, pl.Series([HOME] * 3)).to_list() == expected
    assert play_states(known, asked, pl.Series([AWAY] * 3)).to_list() == [0, 2, 1]
    assert play_states(known, asked, pl.Series([99] * 3)).to_list() == [0, 0, 0]
