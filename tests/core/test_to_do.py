"""What an incident asks of whoever reads of it."""

from datetime import UTC, datetime

import pytest

from touchline.core.alerts import messages, to_do
from touchline.core.checks import About
from touchline.core.ports import Incident

NOW = datetime(2025, 1, 2, tzinfo=UTC)


def incident(about: About, code: int, where: str = "match_id=1") -> Incident:
    return Incident(" ".join(filter(None, ("club", where, about))), "club", where, "x", code, NOW)


@pytest.mark.parametrize("code", [4, 5, 6, 7, -9, 143])
def test_a_command_that_may_yet_succeed_is_tried_again_without_anybody(code: int) -> None:
    said = to_do(incident("command", code, "nightly"))
    assert "tries it 6 times in all" in said
    assert "landed" not in said


@pytest.mark.parametrize("code", [1, 2, 3])
def test_a_command_that_cannot_succeed_as_it_is_waits_for_its_next_time(code: int) -> None:
    assert to_do(incident("command", code, "nightly")).startswith("Put right what it says")


def test_a_refused_file_is_not_said_to_have_a_run() -> None:
    assert "Mend the file" in to_do(incident("file", 3, "/landing/a.json"))
    assert "by itself" in to_do(incident("file", 7, ""))


def test_damaged_bronze_is_ingested_again() -> None:
    assert "Ingest it again" in to_do(incident("bronze", 7))


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 7])
def test_a_run_has_something_to_do_for_each_code(code: int) -> None:
    assert to_do(incident("run", code))


def test_a_refused_run_of_any_pipeline_leads_to_what_can_be_done_there() -> None:
    said = to_do(incident("run", 3))
    assert "touchline show RUN" in said
    assert "withdraw" not in said


def test_the_alert_says_what_to_do() -> None:
    opened = incident("run", 3)
    assert to_do(opened) in messages.opened(opened, NOW).body


def test_what_nobody_knows_of_asks_nothing() -> None:
    assert to_do(incident("run", 99)) == ""
