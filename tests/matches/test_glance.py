"""A match at a glance: score, clock, teams, names and counts from its events."""

from typing import Any

import pytest
from feeds import amend, cancel, event, stored

from touchline.matches.serve.glance import Glance, glance, known


def seen(*posted: dict[str, Any], then: tuple[dict[str, Any], ...] = ()) -> Glance:
    """The match of these events and the corrections after them."""
    return glance(known(stored(posted, then) if then else stored(posted), "m1"))


def goal(event_id: str, team: str = "t1", **more: Any) -> dict[str, Any]:
    return event(event_id, **{"event_type": "goal", "team_id": team, **more})


def test_a_goal_is_its_teams_and_an_own_goal_the_other_ones() -> None:
    found = seen(goal("a"), goal("b", "t2"), goal("c", "t2"), goal("d", "t2", event_type="own_goal"))  # fmt: skip
    assert (found.teams, found.score) == (("t1", "t2"), (2, 2))


def test_what_was_cancelled_is_told_and_does_not_count() -> None:
    found = seen(goal("a"), goal("b"), event("c"), then=(cancel("a", reason="offside"),))
    assert found.score == (1,)
    assert found.counts == {"goal": (1,), "pass": (1,)}
    assert [(m.event["event_id"], m.is_cancelled) for m in found.moments] == [("a", True), ("b", False)]  # fmt: skip


def test_an_amended_goal_goes_to_the_team_that_is_named_now() -> None:
    posted = goal("a"), event("b", team_id="t2"), event("c")
    assert seen(*posted).score == (1, 0)
    assert seen(*posted, then=(amend("a", team_id="t2"),)).score == (0, 1)


def test_goals_of_the_shoot_out_are_counted_apart() -> None:
    late = {"period": 5, "minute": 120}
    found = seen(goal("a"), goal("b", "t2", after_min=1), goal("c", after_min=110, **late))
    assert (found.score, found.shoot_out) == ((1, 1), (1, 0))


@pytest.mark.parametrize(
    ("clock", "called", "told"),
    [
        ({"period": 1, "minute": 11, "second": 33.4}, "12'", "11:33"),
        ({"period": 1, "minute": 45}, "45+1'", "45:00"),
        ({"period": 2, "minute": 45}, "46'", "45:00"),
        ({"period": 2, "minute": 93, "second": 5}, "90+4'", "93:05"),
        ({"period": 4, "minute": 121}, "120+2'", "121:00"),
        ({"minute": 70}, "71'", "70:00"),
        ({"period": 9, "minute": 70}, "71'", "70:00"),
        ({"minute": -5}, "1'", "0:00"),
    ],
)
def test_the_clock_is_the_one_on_the_scoreboard(
    clock: dict[str, Any], called: str, told: str
) -> None:
    (timed,) = seen(event("a", **clock)).events
    assert (timed.clock.minute, str(timed.clock)) == (called, told)


def test_without_a_clock_time_runs_from_the_first_event() -> None:
    found = seen(event("a"), event("b", after_min=61.5))
    assert [str(t.clock) for t in found.events] == ["0:00", "61:30"]


def test_an_event_without_a_clock_goes_by_the_one_before() -> None:
    found = seen(event("a", period=2, minute=50), event("b", after_min=2))
    assert (found.events[1].clock.period, str(found.events[1].clock)) == (2, "52:00")


def test_the_two_teams_with_most_events_are_the_match_and_the_home_team_is_first() -> None:
    posted = [event(str(n), n, team_id=team) for n, team in enumerate(["x", "b", "b", "a", "a"])]
    assert seen(*posted).teams == ("a", "b")
    assert seen(*posted, event("h", home_team_id="b")).teams == ("b", "a")


def test_names_are_those_that_were_given_last_else_the_ids() -> None:
    found = seen(
        event("a", team_name="Old", player_name={"no": "text"}),
        event("b", 1, team_name="New"),
        event("c", 2, team_id="t2", player_id=None),
    )
    assert (found.name("t1"), found.name("t2")) == ("New", "t2")
    assert [found.player(t.event) for t in found.events] == ["p1", "p1", ""]


def test_types_that_are_known_come_first() -> None:
    found = seen(event("a", event_type="zonal"), event("b", event_type="another"), event("c"))
    assert list(found.counts) == ["pass", "another", "zonal"]


def test_of_no_events_there_is_nothing() -> None:
    found = glance([])
    assert (found.teams, found.score, found.moments, found.counts) == ((), (), [], {})
