"""What is posted, held against what is known: what the store has, what came here, what others append."""

from typing import Any

from feeds import NOW, Event, amend, event

from touchline.core.memory import MemoryLog, MemoryServing
from touchline.core.stream import catch_up
from touchline.errors import ContractError
from touchline.matches.live import STREAM, TOPIC, EventRule, accepted
from touchline.matches.serve import intake as module
from touchline.matches.serve.intake import Intake


class World:
    """A log, the store that is made of it, and who takes events for them."""

    def __init__(self) -> None:
        self.log, self.store = MemoryLog(), MemoryServing()
        self.asked: list[str] = []
        self.opened()

    def opened(self) -> None:
        """Events are taken by a process that knows nothing yet."""
        changes = self.store.changes
        end = self.log.end(TOPIC)[0]
        self.intake = Intake(self.store, EventRule(), lambda: NOW, end)

        def asked(view: Any, key: str, **more: Any) -> Any:
            self.asked.append(key)
            return changes(view, key, **more)

        self.store.changes = asked  # type: ignore[method-assign]

    def append(self, *said: Event) -> None:
        """Another process appends them."""
        values = [accepted(each, EventRule(), NOW) for each in said]
        self.log.append(TOPIC, [(each.match_id, each.value) for each in values])

    def serve(self) -> None:
        """The log is read on, to its end."""
        catch_up(STREAM, self.log, self.store)
        self.intake.heard()

    def post(self, *said: Any) -> list[int]:
        """The status of each, once they are durable."""
        taken = self.intake.take(said)
        self.intake.kept(taken, self.log.append(TOPIC, taken.records).result())
        return [result.status for result in taken.told()]


def other(event_id: str, **more: Any) -> Event:
    """Another event under that id."""
    return event(event_id, player_id="somebody else", **more)


def test_what_came_here_is_known_before_it_is_served() -> None:
    world = World()
    assert world.post(event("e1"), event("e2")) == [201, 201]
    assert world.post(event("e1"), other("e1"), amend("e1"), amend("e9")) == [201, 409, 201, 202]
    world.serve()
    assert world.post(event("e1"), other("e1")) == [201, 409]


def test_within_a_batch_the_second_under_an_id_is_a_conflict() -> None:
    world = World()
    assert world.post(event("e1"), other("e1"), event("e1")) == [201, 409, 201]
    assert world.log.end(TOPIC) == {0: 2}


def test_a_match_is_read_once_however_many_of_its_events_are_posted() -> None:
    world = World()
    for n in range(20):
        world.post(event(f"e{n}"))
        world.serve()
    assert world.asked == ["m1"]


def test_after_a_restart_nothing_new_is_certain_until_the_store_has_caught_up() -> None:
    world = World()
    world.post(event("e1"), event("e2"))
    world.serve()
    world.post(event("e3"))
    world.opened()
    assert world.post(event("e1"), other("e1")) == [201, 409]
    assert world.post(event("e3"), other("e3"), event("e4"), amend("e3")) == [202, 202, 202, 202]
    world.serve()
    assert world.post(event("e3"), other("e3"), event("e4"), event("e5")) == [201, 409, 201, 201]


def test_what_was_not_certain_is_what_the_reader_of_the_log_makes_of_it() -> None:
    world = World()
    world.append(event("e1"))
    world.opened()
    assert world.post(other("e1")) == [202]
    catch_up(STREAM, world.log, world.store)
    world.intake.heard()
    assert world.post(other("e1"), event("e1")) == [409, 201]


def test_an_event_is_in_doubt_until_its_own_record_was_read() -> None:
    world = World()
    world.append(event("e0"))
    world.opened()
    assert world.post(event("e1")) == [202]
    records = world.log.read(TOPIC, {}, limit=1)
    changes = STREAM.fold(records, world.store)
    world.store.apply(changes, reader=STREAM.reader, before={}, after={0: 1})
    world.intake.heard()
    assert world.post(event("e2"), event("e1"), other("e1")) == [201, 202, 202]
    world.serve()
    assert world.post(event("e1"), other("e1")) == [201, 409]


def test_what_others_append_is_known_once_it_is_served() -> None:
    world = World()
    world.post(event("e1"))
    world.append(event("e2"))
    world.serve()
    assert world.post(event("e2"), other("e2")) == [201, 409]


def test_what_others_append_in_between_is_seen_by_where_ones_own_records_lie() -> None:
    world = World()
    world.post(event("e1"))
    world.append(event("e2"))
    assert world.post(event("e3")) == [201]
    assert world.post(event("e4"), event("e1"), other("e1")) == [202, 201, 409]
    world.serve()
    assert world.post(other("e2"), event("e5"), other("e3")) == [409, 201, 409]


def test_a_store_that_is_made_anew_is_not_believed_until_it_is_whole(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "_MOST_MATCHES", 1)
    world = World()
    world.post(event("e1", match_id="a"))
    world.serve()
    world.post(event("e1", match_id="b"))
    world.serve()
    world.store.clear(STREAM.reader, STREAM.views)
    world.intake.heard()
    assert world.post(other("e1", match_id="a")) == [202]
    world.serve()
    assert world.post(other("e1", match_id="a"), event("e1", match_id="a")) == [409, 201]


def test_a_match_is_forgotten_only_when_the_store_has_all_that_came_of_it(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "_MOST_MATCHES", 2)
    world = World()
    for name in "abcd":
        world.post(event("e1", match_id=name))
    assert [world.post(other("e1", match_id=name)) for name in "abcd"] == [[409]] * 4
    world.serve()
    world.asked.clear()
    assert [world.post(other("e1", match_id=name)) for name in "abcd"] == [[409]] * 4
    assert world.asked == ["b", "c", "d"]


def test_what_was_lost_is_not_held_against_others() -> None:
    world = World()
    lost = world.intake.take([event("e1"), amend("e2")])
    world.intake.lost(lost)
    assert world.post(other("e1"), amend("e2")) == [201, 202]


def test_what_two_bring_and_one_loses_is_known_by_the_other() -> None:
    world = World()
    first, second = world.intake.take([event("e1")]), world.intake.take([event("e1")])
    world.intake.lost(first)
    assert world.intake.take([other("e1")]).results == [None]
    world.intake.kept(second)
    assert world.post(other("e1"), event("e1")) == [409, 201]


def test_without_a_store_the_reader_of_the_log_tells() -> None:
    intake = Intake(None, EventRule(), lambda: NOW)
    given = [event("e1"), other("e1"), amend("e9"), {}, ContractError("not JSON")]
    taken = intake.take(given)
    assert [result.status for result in taken.told()] == [202, 202, 202, 422, 422]
    assert len(taken.records) == 3


def test_a_batch_of_one_event_again_and_again_takes_no_longer_than_another() -> None:
    world = World()
    many = [event("e1")] * 2000 + [amend("e1", x=n) for n in range(2000)]
    assert world.post(*many) == [201] * 4000
    (known,) = world.intake._known.values()
    assert (known.coming, len(known.digests["e1"].split())) == ({}, 1)
