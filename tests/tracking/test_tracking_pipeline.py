"""The steps of tracking: which rule reaches which of them."""

from touchline.tracking.contracts.events import RateRule
from touchline.tracking.pipeline import Rules, pipeline


def digests(rules: Rules) -> dict[str, str]:
    return {step.table: step.digest for step in pipeline(rules).steps}


def test_other_minutes_of_rates_make_each_table_that_states_rates_stale() -> None:
    usual, other = digests(Rules()), digests(Rules(rate=RateRule(per_90_min=96.0)))

    assert {table for table in usual if usual[table] != other[table]} == {
        "tracking.player_sprints",
        "tracking.player_physical",
        "tracking.player_runs",
        "tracking.player_pressing",
    }


def test_the_same_rules_give_the_same_steps() -> None:
    assert digests(Rules()) == digests(Rules())


def test_lines_of_tracking_that_cannot_be_read_belong_to_frames() -> None:
    readers = [s.table for s in pipeline(Rules()).steps if "tracking.bronze_frames" in s.reads]

    assert readers == ["tracking.frames", "tracking.ball"]
