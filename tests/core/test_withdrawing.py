"""Withdrawn files: they count no more, nothing is deleted, and they come back only when asked for."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread

import msgspec
import pytest
from alerted import BAD, People
from small_pipeline import (
    LEADS,
    PIPELINE,
    SPEEDS,
    SQUAD,
    SQUAD_STEP,
    TOPS,
    USUAL,
    Clock,
    World,
    error,
    match,
    with_step,
)

from touchline.core import diff, health
from touchline.core.alerts import of_partition
from touchline.core.due import Due, missing
from touchline.core.landing import Arrival, land
from touchline.core.maintenance import maintain_bronze
from touchline.core.memory import MemoryLedger, MemoryObjects
from touchline.core.packing import PackRule
from touchline.core.pipeline import rejected_contract
from touchline.core.ports import WITHDRAWN, Receipt
from touchline.core.quarantine import mending, rejected
from touchline.core.quarantine.mends import PREFIX
from touchline.core.retention import Days, past, retain
from touchline.core.rollback import rollback
from touchline.core.sweep import swept
from touchline.core.withdrawing import received, withdraw
from touchline.errors import ConfigError, MissingInputError

ONE = match(1)
BOTH = ("squad", "speeds")
EVERY = "every file was withdrawn"
TABLES = tuple(c.table for c in (SQUAD, SPEEDS, TOPS, LEADS))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two matches have arrived and were made."""
    clock = Clock()
    found = World(tmp_path, clock=clock, objects=MemoryObjects(clock=clock))
    for number in (1, 2):
        found.arrive_match(number)
    found.run()
    return found


def say(world: World, *names: str, because: str = "a test", number: int = 1) -> Sequence[Receipt]:
    return withdraw(
        "club",
        match(number),
        names or BOTH,
        because=because,
        objects=world.objects,
        ledger=world.ledger,
        now=world.clock(),
    )


def states(world: World) -> dict[str, str]:
    return {s.partition: s.state for s in health.states(world.pipeline, world.ledger)}


def matches(world: World) -> list[set[int]]:
    """Of which matches each of the four tables has rows."""
    return [{row["match_id"] for row in rows} for rows in world.everything()]


# --- what counts --------------------------------------------------------------------------------


def test_a_partition_that_lacks_a_withdrawn_file_waits_and_what_is_published_stays(
    world: World,
) -> None:
    before = world.everything()
    say(world, "speeds")
    assert set(world.ledger.contents("club")[ONE]) == {"squad"}
    assert "speeds" in str(error(world.run()[ONE]))
    assert states(world)[ONE] == "waiting"
    assert world.everything() == before


def test_the_same_content_stays_withdrawn_and_another_counts(world: World) -> None:
    say(world, "speeds")
    world.arrive_match(1)
    assert set(world.ledger.contents("club")[ONE]) == {"squad"}
    assert world.ledger.withdrawn("club")[ONE]["speeds"].withdrawn == "a test"
    world.arrive(1, "speeds", "1,Ada,7.0")
    assert set(world.ledger.contents("club")[ONE]) == {"squad", "speeds"}
    assert world.run()[ONE].error is None
    assert [row["top_kmh"] for row in world.rows(TOPS) if row["match_id"] == 1] == [7.0]


def test_what_is_put_back_before_a_run_leaves_everything_fresh(world: World) -> None:
    say(world)
    assert [r.withdrawn for r in say(world, because="")] == ["", ""]
    assert world.planned() == {}
    assert states(world)[ONE] == "fresh"


def test_to_say_it_again_changes_nothing(world: World) -> None:
    say(world, "speeds")
    before = world.ledger.withdrawn("club"), list(world.objects.list(""))
    assert say(world, "speeds", because="another reason") == []
    assert say(world, "squad", because="") == []
    assert (world.ledger.withdrawn("club"), list(world.objects.list(""))) == before


def test_a_name_under_which_nothing_came_is_refused_with_those_that_there_are(
    world: World,
) -> None:
    with pytest.raises(ConfigError, match=r"nothing has arrived as speed$") as caught:
        say(world, "squad", "speed")
    assert caught.value.hint == "there is: squad, speeds"
    assert dict(world.ledger.withdrawn("club")) == {}


def test_the_manifests_alone_tell_what_counts(world: World) -> None:
    say(world, "speeds")
    world.arrive_match(1)
    say(world, "squad")
    say(world, "squad", because="")
    latest: dict[str, str] = {}
    for path in world.objects.list(f"manifests/club/{ONE}/"):
        latest |= {r["name"]: r["withdrawn"] for r in json.loads(world.objects.read(path))}
    assert latest == {"speeds": "a test", "squad": ""}


def test_what_arrives_meanwhile_is_not_what_was_withdrawn(world: World) -> None:
    beside = replace(world, ledger=MemoryLedger(beside=world.ledger))
    other = Thread(target=beside.arrive, args=(1, "speeds", "1,Ada,7.0"))
    write = world.objects.write

    def landed_meanwhile(path: str, data: bytes) -> bool:
        world.objects.write = write
        other.start()
        other.join(timeout=0.2)
        return write(path, data)

    world.objects.write = landed_meanwhile
    say(world, "speeds")
    other.join()
    assert set(world.ledger.contents("club")[ONE]) == {"squad", "speeds"}


@pytest.mark.parametrize("because", ["a test", ""])
def test_the_same_bytes_that_land_meanwhile_undo_nothing(world: World, because: str) -> None:
    """Whatever lies between: before the word, while it is said, and after it."""
    if not because:
        say(world)
    beside = replace(world, ledger=MemoryLedger(beside=world.ledger))
    other = Thread(target=beside.arrive_match, args=(1,))
    write = world.objects.write

    def landed_meanwhile(path: str, data: bytes) -> bool:
        world.objects.write = write
        other.start()
        other.join(timeout=0.2)
        return write(path, data)

    world.objects.write = landed_meanwhile
    say(world, because=because)
    other.join()
    world.arrive_match(1)
    counting, out = world.ledger.contents("club"), world.ledger.withdrawn("club")
    assert (ONE in counting, ONE in out) == (not because, bool(because))


def told_by_manifests(world: World) -> dict[str, str]:
    """The content that counts of each name of the first match, as manifests in their order say."""
    latest: dict[str, Receipt] = {}
    for path in world.objects.list(f"manifests/club/{ONE}/"):
        receipts = msgspec.json.decode(world.objects.read(path), type=list[Receipt])
        latest |= {receipt.name: receipt for receipt in receipts}
    return {name: r.sha256 for name, r in latest.items() if not r.withdrawn}


def test_manifests_tell_it_though_a_landing_was_begun_before_and_ended_after(world: World) -> None:
    begun, keep = world.clock.now, world.objects.keep

    def slow(*given: object) -> object:
        world.objects.keep = keep
        world.clock.forward(60)
        say(world, "speeds")
        return keep(*given)  # type: ignore[arg-type]

    world.objects.keep = slow
    file = world.folder / "other.csv"
    file.write_text("1,Ada,7.0")
    arrival = Arrival("club", ONE, "speeds", file, "another export")
    (receipt,) = land([arrival], objects=world.objects, ledger=world.ledger, now=begun)
    assert world.ledger.contents("club")[ONE]["speeds"] == receipt.sha256
    assert told_by_manifests(world) == world.ledger.contents("club")[ONE]


def test_manifests_tell_it_though_a_withdrawal_waited_for_a_landing(world: World) -> None:
    asked = world.clock.now
    world.clock.forward(60)
    world.arrive(1, "speeds", "1,Ada,7.0")
    world.clock.now = asked
    say(world, "speeds")
    assert set(world.ledger.contents("club")[ONE]) == {"squad"}
    assert told_by_manifests(world) == world.ledger.contents("club")[ONE]


# --- where nothing is left ----------------------------------------------------------------------


def test_a_partition_without_files_is_planned_and_emptied_and_then_it_is_done(
    world: World,
) -> None:
    say(world, because="wrong day")
    assert world.planned() == {ONE: dict.fromkeys(TABLES, EVERY)}
    assert states(world) == {ONE: "stale", match(2): "fresh"}
    assert matches(world) == [{1, 2}] * 4

    done = world.run()[ONE]

    assert done.error is None
    assert done.run is not None
    assert (done.run.status, done.run.message) == ("withdrawn", f"{EVERY}: wrong day")
    assert matches(world) == [{2}] * 4
    assert world.planned() == {}
    assert world.run(force=True).keys() == {match(2)}
    assert states(world) == {ONE: "withdrawn", match(2): "fresh"}
    assert health.health(world.pipeline, world.ledger).standings[0].state == "withdrawn"
    assert world.ledger.sizes()[TOPS.table].partitions == 1


@pytest.mark.parametrize("how", ["put back", "re-issued"])
def test_an_emptied_partition_is_made_again_once_something_counts(world: World, how: str) -> None:
    before = world.everything()
    say(world)
    world.run()
    if how == "put back":
        say(world, because="")
    else:
        world.arrive_match(1, readings=[("Ada", 8.0)])
        say(world, "squad", because="")
    assert list(world.planned()) == [ONE]
    assert world.run()[ONE].error is None
    assert (world.everything() == before) == (how == "put back")
    assert matches(world) == [{1, 2}] * 4


def test_the_plan_of_what_was_put_back_names_the_files_and_nothing_that_stayed(
    world: World,
) -> None:
    say(world)
    world.run()
    say(world, because="")
    assert world.planned()[ONE] == {
        "club.squad": "put back: 1_squad.txt",
        "club.speeds": "club.squad is stale; put back: 1_speeds.txt",
        "club.tops": "club.speeds is stale; club.squad is stale",
        "club.leads": "club.tops is stale; club.speeds is stale",
    }
    world.pipeline = with_step(replace(SQUAD_STEP, version=9))
    assert world.planned()[ONE]["club.squad"] == "put back: 1_squad.txt; version changed"


def test_the_plan_of_what_was_emptied_tells_what_was_issued_again(world: World) -> None:
    say(world)
    world.run()
    world.arrive_match(1, readings=[("Ada", 8.0)])
    say(world, "squad", because="")
    told = world.planned()[ONE]
    assert told["club.squad"] == "put back: 1_squad.txt"
    assert told["club.speeds"] == "club.squad is stale; re-issued: 1_speeds.txt"


def test_the_plan_of_what_was_emptied_blames_no_step_where_nothing_before_is_kept(
    world: World,
) -> None:
    say(world)
    world.run()
    for table in TABLES:
        world.ledger.forget(world.ledger.history(table, ONE))
    say(world, because="")
    told = world.planned()[ONE]
    assert told["club.squad"] == "put back: 1_squad.txt"
    assert told["club.tops"] == "club.speeds is stale; club.squad is stale"


def test_an_earlier_instant_still_shows_what_was_published(world: World) -> None:
    then = world.clock.now
    before = world.ledger.current([TOPS.table], as_of=then)
    world.clock.forward(60)
    say(world)
    world.run()
    assert world.ledger.current([TOPS.table], as_of=then) == before
    assert world.current(TOPS.table)["kind"] == "withdraw"


def test_with_one_layer_only_that_layer_is_emptied(world: World) -> None:
    say(world)
    world.run(only="bronze")
    assert matches(world) == [{1, 2}] * 4
    world.run(only="gold")
    assert matches(world) == [{1, 2}, {1, 2}, {2}, {2}]


def test_rejected_rows_go_too_even_of_what_was_never_published(world: World) -> None:
    strangers = [("Zoe", 3.0), ("Yan", 4.0)]
    world.arrive_match(3, readings=strangers)
    assert error(world.run()[match(3)]).exit_code == 3
    aside = rejected_contract(SPEEDS)
    assert len(world.rows(aside)) == 2
    part = match(3)
    wanted = rejected.Wanted(partition=part)
    assert len(rejected.rejected(world.pipeline, world.platform(), wanted)) == 2
    assert health.quarantined(world.pipeline, world.ledger, [part]) != []
    say(world, number=3)
    world.run()
    assert world.rows(aside) == []
    assert rejected.rejected(world.pipeline, world.platform(), wanted) == []
    assert health.quarantined(world.pipeline, world.ledger, [part]) == []
    assert world.planned() == {}
    assert states(world)[match(3)] == "withdrawn"


def test_what_was_never_made_needs_no_run(world: World) -> None:
    world.arrive_match(3)
    say(world, number=3)
    assert world.planned() == {}
    assert world.run() == {}
    assert states(world)[match(3)] == "withdrawn"


def test_a_rollback_of_an_emptied_partition_stays(world: World) -> None:
    say(world)
    world.run()
    rollback(world.pipeline, TOPS, ONE, platform=world.platform())
    assert world.planned() == {}
    assert {row["match_id"] for row in world.rows(TOPS)} == {1, 2}


def test_a_rollback_goes_to_what_was_there_and_not_to_what_was_emptied(world: World) -> None:
    first = world.current(TOPS.table)["content"]
    world.arrive_match(1, readings=[("Ada", 8.0)])
    world.run()
    say(world)
    emptied = world.run()[ONE].run
    say(world, because="")
    world.run()
    assert emptied is not None
    with pytest.raises(ConfigError, match="no publish that is kept is of a run"):
        rollback(world.pipeline, TOPS, ONE, platform=world.platform(), to=emptied.run_id)
    assert rollback(world.pipeline, TOPS, ONE, platform=world.platform()).content == first


def test_a_partition_that_another_run_holds_is_emptied_later(world: World) -> None:
    say(world)
    other = MemoryLedger(beside=world.ledger, clock=world.clock)
    with other.claim("club", [ONE]):
        assert error(world.run()[ONE]).exit_code == 6
    assert matches(world) == [{1, 2}] * 4
    world.run()
    assert matches(world) == [{2}] * 4


def test_a_run_that_dies_while_it_empties_leaves_all_tables_or_none(world: World) -> None:
    say(world)
    world.tables.publish = fails_at_second(world.tables.publish)
    with pytest.raises(RuntimeError):
        world.run()
    world.tables.publish = world.tables.publish.__wrapped__
    world.run()
    assert matches(world) == [{2}] * 4
    assert world.planned() == {}


def fails_at_second(publish: object) -> object:
    calls: list[None] = []

    def broken(*args: object, **more: object) -> object:
        calls.append(None)
        if len(calls) == 2:
            raise RuntimeError("the power failed")
        return publish(*args, **more)  # type: ignore[operator]

    broken.__wrapped__ = publish  # type: ignore[attr-defined]
    return broken


def test_a_file_that_is_put_back_while_a_run_begins_keeps_its_rows(world: World) -> None:
    before = world.everything()
    say(world)
    publishing = world.ledger.publishing

    def overtaken(*args: object) -> object:
        world.ledger.publishing = publishing
        say(world, because="")
        return publishing(*args)

    world.ledger.publishing = overtaken
    assert world.run() == {}
    assert world.everything() == before
    assert world.planned() == {}
    assert states(world)[ONE] == "fresh"


def test_what_is_put_back_while_a_run_begins_keeps_no_other_from_being_emptied(
    world: World,
) -> None:
    for number in (1, 2):
        say(world, number=number)
    publishing = world.ledger.publishing

    def overtaken(*args: object) -> object:
        world.ledger.publishing = publishing
        say(world, because="")
        return publishing(*args)

    world.ledger.publishing = overtaken
    assert world.run().keys() == {match(2)}
    assert matches(world) == [{1}] * 4
    assert world.planned() == {}


def test_that_it_was_emptied_is_told_though_its_run_was_killed(world: World) -> None:
    say(world)
    other = MemoryLedger(beside=world.ledger, clock=lambda: world.clock.now)
    record = other.record

    def dies(runs: object) -> None:
        other.close()
        raise RuntimeError("killed")

    other.record = dies  # type: ignore[method-assign, assignment]
    with pytest.raises(RuntimeError):
        replace(world, ledger=other).run()
    other.record = record  # type: ignore[method-assign]
    assert world.run() == {}
    assert matches(world) == [{2}] * 4
    assert world.ledger.runs(part=ONE, limit=1)[0].status == "withdrawn"
    assert states(world)[ONE] == "withdrawn"


def test_what_a_run_would_publish_of_it_is_nothing_to_compare(world: World) -> None:
    say(world)
    with pytest.raises(MissingInputError, match=EVERY):
        diff.tried(world.pipeline, TOPS, ONE, platform=world.platform())


# --- incidents ----------------------------------------------------------------------------------


def test_the_incident_of_a_refused_partition_ends_when_its_files_are_withdrawn(
    tmp_path: Path,
) -> None:
    people = People(World(tmp_path))
    people.world.arrive_match(1, readings=BAD)
    people.run()
    people.check()
    say(people.world)
    people.check()
    assert people.open == []
    assert people.told[1:] == [("recovered", "club match_id=1: its files were withdrawn")]


def test_the_withdrawal_of_one_file_ends_the_incident_where_the_rest_is_published(
    tmp_path: Path,
) -> None:
    people = People(World(tmp_path))
    for readings in (USUAL, BAD):
        people.world.arrive_match(1, readings=readings)
        people.run()
    say(people.world, "speeds")
    people.alerting.saw(of_partition(PIPELINE, ONE, people.world.ledger))
    assert [incident.where for incident in people.open] == [ONE]
    people.world.arrive_match(1)
    people.alerting.saw(of_partition(PIPELINE, match(2), people.world.ledger))
    assert [incident.where for incident in people.open] == [ONE]
    people.alerting.saw(of_partition(PIPELINE, ONE, people.world.ledger))
    assert people.open == []


def test_the_run_that_empties_it_ends_the_incident_too(tmp_path: Path) -> None:
    people = People(World(tmp_path), completed=True)
    people.world.arrive_match(1)
    people.run()
    people.world.arrive_match(1, readings=BAD)
    people.run()
    say(people.world)
    people.run()
    assert people.open == []
    assert [kind for kind, _ in people.told] == ["completed", "opened", "recovered"]


def test_what_arrives_while_the_end_of_an_incident_is_noted_keeps_it_open(tmp_path: Path) -> None:
    people = People(World(tmp_path))
    people.world.arrive_match(1, readings=BAD)
    people.run()
    say(people.world)
    over = of_partition(PIPELINE, ONE, people.world.ledger)
    say(people.world, because="")
    people.alerting.saw(over)
    assert [incident.where for incident in people.open] == [ONE]


# --- what is due --------------------------------------------------------------------------------

DAILY = Due("0 6 * * *")


def lacks(world: World) -> bool:
    return bool(missing(PIPELINE, DAILY, world.ledger, now=world.clock.now))


@pytest.mark.parametrize("undo", [False, True])
def test_whether_something_has_come_is_not_changed_by_what_is_said_of_it(
    world: World, *, undo: bool
) -> None:
    came = {r.received_at for r in received(world.ledger, "club")[ONE].values()}
    for number in (1, 2):
        say(world, number=number)
    assert not lacks(world)
    world.clock.forward(3 * 24 * 3600)
    assert lacks(world)
    for number in (1, 2) if undo else ():
        say(world, number=number, because="")
    assert lacks(world)
    assert {r.received_at for r in received(world.ledger, "club")[ONE].values()} == came


def test_an_incident_of_missing_input_is_not_over_because_something_was_put_back(
    world: World,
) -> None:
    people = People(world)
    say(world)
    world.clock.forward(3 * 24 * 3600)
    people.check(DAILY)
    assert [incident.key for incident in people.open] == ["club input"]
    say(world, because="")
    people.check(DAILY)
    assert [incident.key for incident in people.open] == ["club input"]


# --- mends --------------------------------------------------------------------------------------


def mend_the_stranger(world: World) -> str:
    """A stranger among the readings is made Ada; the name of what was said."""
    world.pipeline = replace(world.pipeline, max_rejected=0.9)
    world.arrive_match(1, readings=[("Ada", 30.0), ("Zoe", 5.0)])
    world.run()
    rows = rejected.rejected(world.pipeline, world.platform(), rejected.Wanted())
    change = mending.replaced("Zoe", "Bo")
    mending.mend(rows, change, world.pipeline, platform=world.platform(), because="a typo")
    (name,) = (n for n in world.ledger.contents("club")[ONE] if n.startswith(PREFIX))
    return name


def players(world: World) -> set[str]:
    return {row["player"] for row in world.rows(TOPS) if row["match_id"] == 1}


def test_what_was_said_of_lines_can_be_withdrawn_and_said_anew(world: World) -> None:
    name = mend_the_stranger(world)
    world.run()
    assert players(world) == {"Ada", "Bo"}
    say(world, name)
    world.run()
    assert players(world) == {"Ada"}
    rows = rejected.rejected(world.pipeline, world.platform(), rejected.Wanted())
    assert [row.state for row in rows] == ["open"]
    mending.mend(
        rows, mending.discarded, world.pipeline, platform=world.platform(), because="a guest"
    )
    world.run()
    assert players(world) == {"Ada"}
    assert world.rows(rejected_contract(SPEEDS)) == []


def test_what_was_said_of_lines_is_no_file_and_holds_when_the_file_is_put_back(
    world: World,
) -> None:
    mend_the_stranger(world)
    world.run()
    say(world)
    assert world.planned() == {ONE: dict.fromkeys(TABLES, EVERY)}
    world.run()
    assert matches(world) == [{2}] * 4
    say(world, because="")
    world.run()
    assert players(world) == {"Ada", "Bo"}


def test_what_was_said_and_withdrawn_with_its_file_comes_back_with_it(world: World) -> None:
    name = mend_the_stranger(world)
    say(world, "speeds", name)
    world.arrive_match(1, readings=[("Ada", 30.0), ("Zoe", 5.0)])
    assert {r.name for r in say(world, "speeds", because="")} == {"speeds", name}
    world.run()
    assert players(world) == {"Ada", "Bo"}


def test_a_word_that_was_taken_back_alone_does_not_come_back_with_the_file(world: World) -> None:
    name = mend_the_stranger(world)
    say(world, name)
    say(world, "speeds")
    assert [r.name for r in say(world, "speeds", because="")] == ["speeds"]


def test_what_was_said_of_an_older_issue_does_not_keep_the_partition(world: World) -> None:
    name = mend_the_stranger(world)
    world.arrive_match(1)
    world.run()
    say(world)
    assert set(world.ledger.contents("club")[ONE]) == {name}
    assert states(world)[ONE] == "stale"
    world.run()
    assert matches(world) == [{2}] * 4
    assert states(world)[ONE] == "withdrawn"


def test_rows_of_a_withdrawn_file_cannot_be_mended(world: World) -> None:
    world.pipeline = replace(world.pipeline, max_rejected=0.9)
    world.arrive_match(1, readings=[("Ada", 30.0), ("Zoe", 5.0)])
    world.run()
    rows = rejected.rejected(world.pipeline, world.platform(), rejected.Wanted())
    say(world, "speeds")
    with pytest.raises(MissingInputError) as caught:
        rejected.origin(rows[0], world.pipeline, world.platform())
    assert "withdrawn" in caught.value.hint


# --- what is kept -------------------------------------------------------------------------------


def test_withdrawn_content_is_kept_as_long_as_its_receipts(world: World) -> None:
    rows = world.everything()
    say(world)
    world.clock.forward(7200)
    swept(world.objects, world.ledger, now=world.clock.now)
    maintain_bronze([world.pipeline], world.platform(), rule=PackRule(more_than=0))
    world.clock.forward(7200)
    swept(world.objects, world.ledger, now=world.clock.now)
    say(world, because="")
    world.run(force=True)
    assert world.everything() == rows


def test_a_packed_file_is_withdrawn_and_put_back_where_it_lies(world: World) -> None:
    rows = world.everything()
    maintain_bronze([world.pipeline], world.platform(), rule=PackRule(more_than=1))
    world.clock.forward(7200)
    swept(world.objects, world.ledger, now=world.clock.now)
    say(world)
    world.clock.forward(7200)
    swept(world.objects, world.ledger, now=world.clock.now)
    say(world, because="")
    world.run(force=True)
    assert world.everything() == rows


def test_withdrawn_files_go_when_they_are_past_their_days(world: World) -> None:
    days = {1: date(2025, 3, 1), 2: date(2025, 4, 1)}
    world.pipeline = replace(
        PIPELINE, dated=("squad", lambda path: days[int(path.read_text().partition(",")[0])])
    )
    say(world)
    world.run()
    now = datetime(2025, 4, 5, 13, tzinfo=UTC)
    found = past(
        world.pipeline, Days(bronze=30), ledger=world.ledger, objects=world.objects, now=now
    )
    assert [(each.what, each.partition, each.count) for each in found] == [("bronze", ONE, 2)]
    assert [e for _, e in retain(world.pipeline, world.platform(), found) if e] == []
    assert set(received(world.ledger, "club")) == {match(2)}
    world.clock.forward(7200)
    swept(world.objects, world.ledger, now=world.clock.now)
    assert len(list(world.objects.list("objects/"))) == 2
    assert world.current(TOPS.table)["content"] == WITHDRAWN


BRONZE = Days(bronze=30)


def gone(world: World) -> list[str]:
    """What retention takes away of bronze, in a year."""
    year = world.clock.now + timedelta(days=365)
    found = past(world.pipeline, BRONZE, ledger=world.ledger, objects=world.objects, now=year)
    assert [e for _, e in retain(world.pipeline, world.platform(), found) if e] == []
    return [each.partition for each in found]


def test_what_is_to_be_emptied_is_not_forgotten_before_it_is(world: World) -> None:
    say(world)
    assert gone(world) == [match(2)]
    world.run()
    assert matches(world) == [{2}] * 4
    assert gone(world) == [ONE]


def test_an_emptied_partition_whose_files_are_past_their_days_is_retired(world: World) -> None:
    say(world)
    world.run()
    gone(world)
    assert states(world) == {ONE: "retired", match(2): "fresh"}
    standings = health.health(world.pipeline, world.ledger).standings
    assert {s.partition: s.state for s in standings} == states(world)


def test_what_came_after_its_days_and_is_withdrawn_leaves_the_tables_as_they_are(
    world: World,
) -> None:
    before = world.everything()
    gone(world)
    world.arrive_match(1, readings=[("Ada", 8.0)])
    say(world)
    assert world.planned() == {}
    assert world.run() == {}
    assert world.everything() == before
    assert gone(world) == [ONE]
