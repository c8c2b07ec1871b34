"""One alert for each incident, however often it is met, and one when it is over."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alerted import BAD, People, finding, seen
from small_pipeline import World, match

from touchline.activity.pipeline import Rules, pipeline
from touchline.core import alerts
from touchline.core.due import Due
from touchline.core.memory import MemoryLedger
from touchline.core.ports import Lag, Receipt
from touchline.core.quarantine.mends import name_of

ACTIVITY = pipeline(Rules())
DAILY = Due("0 6 * * *", grace_minutes=60)


@pytest.fixture
def people(tmp_path: Path) -> People:
    return People(World(tmp_path))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def came(people: People, *days: str) -> None:
    for day in days:
        part = f"ingestion_date={day}"
        name = "events/app/e.json"
        now = people.world.clock.now
        people.world.ledger.receive([Receipt("activity", part, name, "aa", 1, "e", now, "p")])


# --- runs ---------------------------------------------------------------------------------------


def test_a_partition_that_is_refused_again_and_again_is_told_once_and_once_when_mended(
    people: People,
) -> None:
    people.world.arrive_match(1, readings=BAD)
    for _ in range(3):
        people.run()
        people.check()
    assert people.told == [("opened", "club match_id=1: refused")]
    people.world.arrive_match(1)
    people.run()
    people.check()
    assert people.told[1:] == [("recovered", "club match_id=1: it is well again")]
    assert people.open == []


def test_a_fault_that_comes_back_is_another_incident(people: People) -> None:
    for readings in (BAD, (("Ada", 30.0),), BAD):
        people.world.arrive_match(1, readings=readings)
        people.run()
    assert [kind for kind, _ in people.told] == ["opened", "recovered", "opened"]
    assert len({alert.id for _, alert in people.notifier.sent}) == 3


def test_a_fault_that_comes_back_at_the_same_instant_is_another_incident(people: People) -> None:
    for _ in range(3):
        people.alerting.saw(seen(finding()))
        people.alerting.saw(seen(ended=lambda _: "well"))
    people.alerting.deliver()
    assert [kind for kind, _ in people.told] == ["opened", "recovered"] * 3
    assert len({alert.id for _, alert in people.notifier.sent}) == 6


def test_a_match_that_waits_for_a_file_is_told_once_and_says_so_however_it_is_met(
    people: People,
) -> None:
    people.world.arrive(1, "squad", "1,Ada")
    people.run()
    (met_by_a_run,) = people.open
    people.check()
    assert people.open == [met_by_a_run]
    assert (met_by_a_run.what, met_by_a_run.code) == ("waits for speeds", 4)
    assert people.told == [("opened", "club match_id=1: waits for input")]


def test_a_refused_match_is_the_same_incident_to_a_check_as_to_the_run(people: People) -> None:
    people.world.arrive_match(1, readings=BAD)
    people.run()
    before = people.open
    people.check()
    assert people.open == before
    assert before[0].key == "club match_id=1 run"
    assert before[0].what.startswith("refused: club.tops match_id=1")


def test_an_incident_whose_text_changes_is_told_no_further(people: People) -> None:
    people.alerting.saw(seen(finding(what="waits for a", code=4)))
    people.alerting.saw(seen(finding(what="refused: 3 of 4", code=3)))
    people.alerting.deliver()
    assert [(i.what, i.code) for i in people.open] == [("refused: 3 of 4", 3)]
    assert len(people.told) == 1


def test_a_look_at_one_pipeline_ends_no_incident_of_another(people: People) -> None:
    other = replace(finding(), pipeline="activity")
    people.alerting.saw(seen(other))
    people.check()
    assert [i.key for i in people.open] == [other.key]


def test_decoding_only_does_not_end_the_incident_of_a_refused_match(people: People) -> None:
    people.world.arrive_match(1, readings=BAD)
    people.run()
    people.run(only="bronze")
    assert len(people.open) == 1


def test_a_held_partition_opens_no_incident_and_ends_none(people: People) -> None:
    people.world.arrive_match(1, readings=BAD)
    people.run()
    other = MemoryLedger(beside=people.world.ledger, clock=lambda: people.world.clock.now)
    people.world.arrive_match(2)
    with other.claim("club", [match(1), match(2)]):
        people.run()
    assert [i.where for i in people.open] == [match(1)]


def test_several_findings_about_one_thing_are_one_incident(people: People) -> None:
    people.alerting.saw(seen(finding(what="a is gone"), finding(what="b is gone")))
    assert [i.what for i in people.open] == ["a is gone (and 1 more)"]


def test_the_message_says_what_to_do_and_how_long_it_lasted(people: People) -> None:
    people.world.arrive_match(1, readings=BAD)
    people.run()
    people.world.clock.forward(7500)
    people.world.arrive_match(1)
    people.run()
    (_, opened), (_, over) = people.notifier.sent
    assert "touchline show RUN" in opened.body
    assert "It lasted 2 h 5 min, from 2025-04-05 12:0" in over.body
    assert "refused: club.tops match_id=1" in over.body


def test_the_same_observation_again_writes_nothing(people: People) -> None:
    people.world.arrive_match(1, readings=BAD)
    people.run()

    def refuse() -> None:
        raise AssertionError("a write transaction")

    people.world.ledger.alone = refuse
    people.check()
    people.alerting.saw(seen(finding(people.open[0].where, people.open[0].what)))


def test_what_others_did_since_the_look_is_looked_at_again(people: People) -> None:
    """A match is refused, and seen to be; before that is noted it is mended and published."""
    people.world.arrive_match(1, readings=BAD)
    people.world.run()
    stale = alerts.of_pipeline(
        people.world.pipeline, None, people.world.ledger, now=people.world.clock.now
    )
    people.world.arrive_match(1)
    people.run()
    people.alerting.saw(stale)
    assert people.open == []


def test_without_targets_incidents_are_recorded_and_nothing_is_queued(people: People) -> None:
    people.targets = ()
    people.world.arrive_match(1, readings=BAD)
    people.run()
    assert len(people.open) == 1
    assert people.world.ledger.notes.outbox() == []


def test_a_clock_that_is_set_back_does_not_let_an_incident_end_before_it_began(
    people: People,
) -> None:
    people.world.arrive_match(1, readings=BAD)
    people.run()
    (before,) = people.open
    people.world.clock.forward(-3600)
    people.world.arrive_match(1)
    people.run()
    (after,) = people.world.ledger.notes.incidents(since=before.opened_at)
    assert after.closed_at == before.opened_at
    assert [kind for kind, _ in people.told] == ["opened", "recovered"]


# --- notices ------------------------------------------------------------------------------------


def test_each_published_run_is_told_once_where_that_is_wanted(people: People) -> None:
    people.completed = True
    people.world.arrive_match(1)
    (done,) = people.world.run().values()
    for _ in range(2):
        people.alerting.ran(done)
        people.alerting.deliver()
    assert people.told == [("completed", "club: completed for 1")]
    ((_, notice),) = people.notifier.sent
    assert done.run is not None
    assert notice.id == f"completed {done.run.run_id}"
    assert "4 tables, 9 rows, 0 rejected" in notice.body


def test_a_run_that_rules_warn_of_is_told_once_although_nothing_is_amiss(people: People) -> None:
    people.world.arrive_match(1)
    (done,) = people.world.run().values()
    assert done.run is not None
    warning = replace(done.run, message="warned: club.tops: half the rows")
    warned = replace(done, run=warning)
    people.world.ledger.record([warning])
    for _ in range(2):
        people.alerting.ran(warned)
        people.alerting.deliver()
    assert people.told == [("warned", "club match_id=1: published with warnings")]
    assert people.open == []
    ((_, notice),) = people.notifier.sent
    assert "half the rows" in notice.body


def test_no_notice_is_given_unless_it_is_wanted_nor_of_a_refused_run(people: People) -> None:
    people.world.arrive_match(1)
    people.run()
    people.completed = True
    people.world.arrive_match(2, readings=BAD)
    people.run()
    assert [kind for kind, _ in people.told] == ["opened"]


# --- input --------------------------------------------------------------------------------------


def test_a_day_that_does_not_come_is_told_once_and_once_when_it_has_come(people: People) -> None:
    people.world.clock.now = at("2025-01-05T08:00")
    came(people, "2025-01-02", "2025-01-04")
    for _ in range(3):
        people.check(DAILY, ACTIVITY)
    where = "activity ingestion_date=2025-01-03"
    assert people.told == [("opened", f"{where}: input is missing")]
    came(people, "2025-01-03")
    for _ in range(2):
        people.check(DAILY, ACTIVITY)
    assert people.told[1:] == [("recovered", f"{where}: its input has come")]


def test_a_missing_day_is_not_over_because_something_was_said_of_lines(people: People) -> None:
    people.world.clock.now = at("2025-01-05T08:00")
    came(people, "2025-01-02", "2025-01-04")
    people.check(DAILY, ACTIVITY)
    now, part = people.world.clock.now, "ingestion_date=2025-01-03"
    out = Receipt("activity", part, "events/app/e.json", "aa", 1, "e", now, "p", withdrawn="a test")
    people.world.ledger.receive([out, replace(out, name=name_of("aa"), withdrawn="")])
    people.check(DAILY, ACTIVITY)
    assert [i.where for i in people.open] == [part]


def test_a_missing_day_is_not_over_because_a_look_goes_less_far_back(people: People) -> None:
    people.world.clock.now = at("2025-01-05T08:00")
    came(people, "2025-01-02", "2025-01-04")
    people.check(DAILY, ACTIVITY)
    people.check(DAILY, ACTIVITY, days=1)
    people.world.clock.now = at("2025-01-20T08:00")
    people.check(DAILY, ACTIVITY)
    assert "activity ingestion_date=2025-01-03 input" in [i.key for i in people.open]


@pytest.mark.parametrize("why", ["retired", "due never", "due on other days", "before the first"])
def test_a_day_that_is_expected_no_more_is_over(people: People, why: str) -> None:
    people.world.clock.now = at("2025-01-05T08:00")  # a Sunday
    came(people, *([] if why == "before the first" else ["2025-01-02", "2025-01-03"]))
    due: Due | None = replace(DAILY, day="same")
    people.check(replace(DAILY, day="previous"), ACTIVITY)
    assert [i.where for i in people.open] == ["ingestion_date=2025-01-04"]
    if why == "retired":
        people.world.ledger.retire("activity", ["ingestion_date=2025-01-04"])
    elif why == "due never":
        due = None
    elif why == "due on other days":
        due = Due("0 6 * * MON-FRI", grace_minutes=60, day="same")
    else:
        came(people, "2025-01-05")
    people.check(due, ACTIVITY, days=1)
    over = [s for kind, s in people.told if kind == "recovered"]
    assert over == ["activity ingestion_date=2025-01-04: its input is no longer expected"]


def test_where_partitions_are_no_days_missing_input_is_over_when_something_came(
    people: People,
) -> None:
    people.world.clock.now = at("2025-01-04T09:00")
    people.world.arrive_match(1)
    people.run()
    people.world.clock.now = at("2025-01-06T12:00")
    people.check(DAILY)
    people.world.clock.now = at("2025-01-07T12:00")
    people.check(DAILY)
    assert people.told == [("opened", "club: input is missing")]
    assert [i.key for i in people.open] == ["club input"]
    people.world.arrive_match(2)
    people.run()
    people.check(DAILY)
    assert people.told[1:] == [("recovered", "club: its input has come")]


def test_missing_input_of_a_weekly_firing_is_not_over_because_no_firing_is_in_view(
    people: People,
) -> None:
    weekly = Due("0 6 * * MON", grace_minutes=60)
    people.world.clock.now = at("2024-12-20T09:00")
    people.world.arrive_match(1)
    people.run()
    people.world.clock.now = at("2025-01-07T12:00")  # a Tuesday
    people.check(weekly)
    people.world.clock.now += timedelta(days=2)
    people.check(weekly, days=1)
    assert [i.key for i in people.open] == ["club input"]
    people.world.arrive_match(2)
    people.run()
    people.check(weekly, days=1)
    assert people.open == []


# --- the live path ------------------------------------------------------------------------------


def test_a_live_path_that_lags_is_told_once_and_when_it_has_caught_up(people: People) -> None:
    now = people.world.clock.now
    well = [Lag(0), Lag(3, now - timedelta(seconds=60))]
    late = Lag(5, now - timedelta(seconds=61))

    def subjects() -> list[str]:
        return [d.alert.subject for d in people.world.ledger.notes.outbox()]

    def saw(lag: Lag) -> None:
        people.alerting.saw(alerts.of_stream("matches", lag, now=now, max_lag_s=60))

    for lag in (*well, late, late):
        saw(lag)
    assert subjects() == ["matches: the live path lags"]
    (incident,) = people.world.ledger.notes.incidents()
    assert "5 events are not served yet" in incident.what
    assert "touchline up" in alerts.to_do(incident)
    saw(well[1])
    assert subjects()[1:] == ["matches: what came is served again"]
