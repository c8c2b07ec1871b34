"""Marks: whatever a partition or a run can be has one."""

from datetime import UTC, datetime
from typing import get_args

import pytest

from touchline.core.health import STATES
from touchline.core.ports import Run, RunStatus
from touchline.server.parts import MARKS, mark, status
from touchline.server.run_page import _tables


def test_every_state_has_a_mark_of_its_own() -> None:
    assert set(MARKS) == set(STATES)
    assert len({letter for letter, _ in MARKS.values()}) == len(MARKS)
    for state in STATES:
        assert MARKS[state][0] in mark(state).text


@pytest.mark.parametrize("how", get_args(RunStatus))
def test_every_end_of_a_run_has_a_mark(how: RunStatus) -> None:
    run = Run("r1", "club", "match_id=1", how, datetime(2025, 1, 1, tzinfo=UTC))
    assert how in status(run).text


def test_a_run_that_was_rolled_back_is_not_marked_as_stale() -> None:
    run = Run("r1", "club", "match_id=1", "rolled back", datetime(2025, 1, 1, tzinfo=UTC))
    letters = {letter for letter, _ in MARKS.values()}
    assert not any(f">{letter}<" in status(run).text for letter in letters)


def test_a_run_that_put_tables_back_is_not_said_to_have_left_them() -> None:
    at = datetime(2025, 1, 1, tzinfo=UTC)
    said = {
        how: _tables(Run("r1", "club", "match_id=1", how, at), [], {}).text
        for how in get_args(RunStatus)
    }
    assert "Put back as an earlier run made them" in said["rolled back"]
    assert {how for how, text in said.items() if "what was there before stays" in text} == (
        set(said) - {"published", "rolled back"}
    )
