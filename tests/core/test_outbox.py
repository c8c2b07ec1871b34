"""The outbox: retries with back-off, one target beside another, and no alert lost or sent twice."""

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alerted import finding, seen

from touchline.adapters.sqlite import SqliteLedger
from touchline.core.alerts import deliver, observe, waits_for
from touchline.core.alerts.outbox import Taken, wait_after
from touchline.core.memory import MemoryLedger, MemoryNotifier
from touchline.core.ports import Delivery, Ledger, Notes
from touchline.errors import StorageError

NOON = datetime(2025, 4, 5, 12, tzinfo=UTC)
BOTH = ("mail", "chat")


def queued(*wheres: str, into: Ledger | None = None, targets: tuple[str, ...] = BOTH) -> Ledger:
    """A ledger in which an incident was opened at each of these places."""
    ledger = into or MemoryLedger()
    found = [finding(where) for where in wheres or ("match_id=1",)]
    observe(seen(*found), ledger=ledger, targets=targets, now=NOON)
    return ledger


def delivered(
    ledger: Ledger,
    notifier: MemoryNotifier,
    after: float = 0,
    targets: tuple[str, ...] = BOTH,
    *,
    taken: Taken | None = None,
) -> list[Delivery]:
    now = NOON + timedelta(seconds=after)
    return deliver(ledger, notifier, targets=targets, now=now, taken={} if taken is None else taken)


def test_an_alert_goes_to_each_target_once() -> None:
    ledger, notifier = queued(), MemoryNotifier()
    for _ in range(3):
        delivered(ledger, notifier)
    assert [target for target, _ in notifier.sent] == ["mail", "chat"]
    assert ledger.notes.outbox() == []


def test_what_fails_waits_twice_as_long_each_time_up_to_an_hour() -> None:
    waits = [wait_after(n).total_seconds() for n in range(1, 10)]
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert wait_after(10_000) == timedelta(hours=1)


def test_what_failed_is_tried_at_its_time_and_not_before() -> None:
    ledger, notifier = queued(targets=("mail",)), MemoryNotifier(dead={"mail"})
    (failed,) = delivered(ledger, notifier)
    assert (failed.attempts, failed.error) == (1, "Connection refused")
    assert failed.next_at == NOON + timedelta(seconds=30)
    assert delivered(ledger, notifier, after=29) == []
    (again,) = delivered(ledger, notifier, after=30)
    assert (again.attempts, again.next_at) == (2, NOON + timedelta(seconds=90))
    notifier.dead.clear()
    (sent,) = delivered(ledger, notifier, after=90)
    assert (sent.attempts, sent.sent_at) == (3, NOON + timedelta(seconds=90))
    assert [alert.kind for _, alert in notifier.sent] == ["opened"]


def test_a_dead_target_is_tried_once_a_round_and_holds_no_other_up() -> None:
    ledger = queued("match_id=1", "match_id=2", "match_id=3")
    notifier = MemoryNotifier(dead={"mail"})
    delivered(ledger, notifier)
    assert notifier.tried.count("mail") == 1
    assert [target for target, _ in notifier.sent] == ["chat"] * 3
    assert {d.target for d in ledger.notes.outbox()} == {"mail"}


def test_that_it_is_over_is_not_told_before_that_it_began() -> None:
    ledger, notifier = queued(targets=("mail",)), MemoryNotifier(dead={"mail"})
    delivered(ledger, notifier)
    now = NOON + timedelta(seconds=10)
    observe(seen(ended=lambda _: "well"), ledger=ledger, targets=("mail",), now=now)
    notifier.dead.clear()
    assert delivered(ledger, notifier, after=10) == []
    delivered(ledger, notifier, after=30)
    assert [alert.kind for _, alert in notifier.sent] == ["opened", "recovered"]


def test_after_seven_days_it_is_given_up_with_a_last_attempt() -> None:
    ledger, notifier = queued(targets=("mail",)), MemoryNotifier(dead={"mail"})
    delivered(ledger, notifier)
    (last,) = delivered(ledger, notifier, after=7 * 86400 + 1)
    assert (last.next_at, last.attempts) == (None, 2)
    assert ledger.notes.outbox() == []


def test_a_target_that_is_configured_no_more_is_given_up_without_an_attempt() -> None:
    ledger, notifier = queued(), MemoryNotifier()
    delivered(ledger, notifier, targets=("mail",))
    assert notifier.tried == ["mail"]
    assert ledger.notes.outbox() == []


@pytest.mark.parametrize("failed_before", [False, True])
def test_after_the_clock_was_set_back_nothing_waits_for_the_old_time(failed_before: bool) -> None:
    ledger, notifier = queued(targets=("mail",)), MemoryNotifier()
    if failed_before:
        notifier.dead = {"mail"}
        delivered(ledger, notifier)
        notifier.dead = set()
    delivered(ledger, notifier, after=-3600)
    assert len(notifier.sent) == 1


def test_killed_before_it_could_note_it_the_next_tells_it_again_under_the_same_id() -> None:
    class Killed(BaseException): ...

    def die() -> None:
        raise Killed

    ledger, notifier = queued(targets=("mail",)), MemoryNotifier()
    notifier.after = die
    with pytest.raises(Killed):
        delivered(ledger, notifier)
    notifier.after = lambda: None
    assert delivered(ledger, notifier, after=29) == []
    delivered(ledger, notifier, after=30)
    (_, first), (_, second) = notifier.sent
    assert first.id == second.id
    assert ledger.notes.outbox() == []


class Full:
    """A ledger's notes on a disk that has room for so many more words on deliveries."""

    def __init__(self, notes: Notes, room: int) -> None:
        self.notes = notes
        self.room = room

    def __getattr__(self, name: str) -> Any:
        return getattr(self.notes, name)

    def told(self, delivery: Delivery) -> None:
        if not self.room:
            raise StorageError("ledger.db: database or disk is full")
        self.room -= 1
        self.notes.told(delivery)


@pytest.mark.parametrize(("room", "sent"), [(0, 0), (1, 1)])
def test_on_a_full_disk_nobody_is_told_twice(
    room: int, sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, notifier, taken = queued(targets=("mail",)), MemoryNotifier(), dict[Any, Delivery]()
    full = Full(ledger.notes, room)
    monkeypatch.setattr(ledger, "notes", full)
    for after in (0, 30, 60):
        full.room = room if after == 0 else 0
        with suppress(StorageError):
            delivered(ledger, notifier, after, taken=taken)
        assert len(notifier.sent) == sent
    full.room = 9
    delivered(ledger, notifier, 90, taken=taken)
    assert len(notifier.sent) == 1
    assert (ledger.notes.outbox(), taken) == ([], {})


def test_of_two_processes_that_deliver_at_once_one_sends(tmp_path: Path) -> None:
    """The second begins while the first is in the middle of a message; later it finds nothing."""
    one, two = SqliteLedger(tmp_path / "ledger.db"), SqliteLedger(tmp_path / "ledger.db")
    queued("match_id=1", "match_id=2", into=one)
    beside: list[list[Delivery]] = []
    notifier, other = MemoryNotifier(), MemoryNotifier()
    notifier.after = lambda: beside.append(delivered(two, other))
    delivered(one, notifier)
    assert beside == [[]] * 4
    assert delivered(two, other) == []
    assert (len(notifier.sent), other.sent) == (4, [])
    one.close()
    two.close()


def test_however_many_deliver_at_once_each_alert_is_sent_once(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    first = SqliteLedger(path)
    queued(*(f"match_id={n}" for n in range(5)), into=first)
    notifier = MemoryNotifier()

    def work() -> None:
        ledger = SqliteLedger(path)
        delivered(ledger, notifier)
        ledger.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(notifier.sent) == 10
    assert len({(target, alert.id) for target, alert in notifier.sent}) == 10
    first.close()


def test_two_processes_that_see_the_same_open_one_incident(tmp_path: Path) -> None:
    one, two = SqliteLedger(tmp_path / "ledger.db"), SqliteLedger(tmp_path / "ledger.db")
    for ledger, minutes in ((one, 0), (two, 1)):
        now = NOON + timedelta(minutes=minutes)
        observe(seen(finding()), ledger=ledger, targets=BOTH, now=now)
    assert len(one.notes.incidents()) == 1
    assert len(two.notes.outbox()) == 2
    one.close()
    two.close()


def test_an_incident_and_its_alert_are_there_together_or_not_at_all(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.db")

    def fail(*_: object) -> None:
        raise RuntimeError("killed here")

    enqueue = ledger.notes.enqueue
    ledger.notes.enqueue = fail  # type: ignore[method-assign]
    with pytest.raises(RuntimeError, match="killed here"):
        queued(into=ledger)
    assert ledger.notes.incidents() == []
    ledger.notes.enqueue = enqueue  # type: ignore[method-assign]
    queued(into=ledger)
    assert (len(ledger.notes.incidents()), len(ledger.notes.outbox())) == (1, 2)
    ledger.close()


def test_what_is_over_waits_for_the_alert_that_it_began_to_the_same_target() -> None:
    ledger, notifier = queued(targets=("mail",)), MemoryNotifier(dead={"mail"})
    delivered(ledger, notifier)
    observe(seen(ended=lambda _: "well"), ledger=ledger, targets=BOTH, now=NOON)
    outbox = ledger.notes.outbox()
    alerts = {(d.target, d.alert.id): d.alert for d in outbox}
    waiting = {(d.target, d.alert.kind): waits_for(d, alerts) for d in outbox}
    began = waiting.pop(("mail", "recovered"))
    assert began is not None
    assert began.kind == "opened"
    assert waiting == {("mail", "opened"): None, ("chat", "recovered"): None}
