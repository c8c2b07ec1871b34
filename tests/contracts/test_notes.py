"""What every ledger promises of incidents, the outbox, checkpoints and retired partitions."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from made_up import publish, receipt
from under_test import Clock, Ledgers

from touchline.core.ports import Alert, Incident, Key, Ledger
from touchline.errors import ConfigError

ONE, TWO = "match_id=1", "match_id=2"
NOON = Clock().now


def incident(key: str = "tracking match_id=1 run", *, at: datetime = NOON) -> Incident:
    return Incident(key, "tracking", ONE, "refused: 3 of 4 rows", 3, at)


def alert(id_: str = "a1") -> Alert:
    return Alert(id_, "opened", "tracking match_id=1 is refused", "3 of 4 rows", NOON)


# --- incidents ----------------------------------------------------------------------------------


def test_an_incident_is_open_until_it_is_noted_as_closed(ledger: Ledger) -> None:
    first, second = incident(), incident("activity input")
    ledger.notes.note([first, second])
    assert ledger.notes.incidents() == [second, first]
    closed = replace(first, closed_at=NOON + timedelta(hours=1))
    ledger.notes.note([closed])
    assert ledger.notes.incidents() == [second]
    assert ledger.notes.incidents(since=NOON) == [second, closed]
    assert ledger.notes.incidents(since=NOON + timedelta(hours=2)) == [second]


def test_an_incident_may_open_again_and_both_are_remembered(ledger: Ledger) -> None:
    again = incident(at=NOON + timedelta(hours=2))
    ledger.notes.note([replace(incident(), closed_at=NOON)])
    ledger.notes.note([again])
    assert ledger.notes.incidents() == [again]
    assert len(ledger.notes.incidents(since=NOON)) == 2


def test_a_later_word_on_an_open_incident_replaces_the_earlier(ledger: Ledger) -> None:
    ledger.notes.note([incident()])
    ledger.notes.note([replace(incident(), what="failed: no room", code=7)])
    (found,) = ledger.notes.incidents()
    assert (found.what, found.code) == ("failed: no room", 7)


def test_what_is_long_over_is_forgotten_and_nothing_else(ledger: Ledger) -> None:
    old, open_ = incident("old"), incident("open")
    ledger.notes.note([replace(old, closed_at=NOON), open_])
    ledger.notes.enqueue([alert("sent"), alert("given up"), alert("waiting")], ["mail"])
    sent, given_up, waiting = ledger.notes.outbox()
    ledger.notes.told(replace(sent, sent_at=NOON))
    ledger.notes.told(replace(given_up, next_at=None))
    ledger.notes.forget(NOON)
    assert len(ledger.notes.incidents(since=NOON)) == 2
    ledger.notes.forget(NOON + timedelta(seconds=1))
    assert ledger.notes.incidents(since=NOON) == [open_]
    assert ledger.notes.outbox() == [waiting]
    ledger.notes.enqueue([alert("sent")], ["mail"])
    assert len(ledger.notes.outbox()) == 2


# --- the outbox ---------------------------------------------------------------------------------


def test_an_alert_is_queued_once_for_each_target_however_often_it_is_enqueued(
    ledger: Ledger,
) -> None:
    for _ in range(2):
        ledger.notes.enqueue([alert("a1"), alert("a2")], ["mail", "chat"])
    queued = [(d.alert, d.target, d.attempts, d.next_at) for d in ledger.notes.outbox()]
    assert queued == [
        (alert("a1"), "mail", 0, NOON),
        (alert("a1"), "chat", 0, NOON),
        (alert("a2"), "mail", 0, NOON),
        (alert("a2"), "chat", 0, NOON),
    ]


def test_an_alert_that_was_sent_or_given_up_is_not_queued_again(ledger: Ledger) -> None:
    ledger.notes.enqueue([alert()], ["mail", "chat", "log"])
    mail, chat, log = ledger.notes.outbox()
    later = NOON + timedelta(minutes=1)
    ledger.notes.told(replace(mail, attempts=1, sent_at=later))
    ledger.notes.told(replace(chat, attempts=9, next_at=None, error="refused"))
    waiting = replace(log, attempts=1, next_at=later, error="no answer")
    ledger.notes.told(waiting)
    ledger.notes.enqueue([alert()], ["mail", "chat", "log"])
    assert ledger.notes.outbox() == [waiting]


def test_nobody_notes_anything_within_alone_of_another_owner(ledgers: Ledgers) -> None:
    one, two = ledgers.open(), ledgers.open()
    with one.alone():
        if not one.notes.incidents():
            one.notes.note([incident()])
            one.notes.enqueue([alert()], ["mail"])
    assert [i.key for i in two.notes.incidents()] == [incident().key]
    assert [d.target for d in two.notes.outbox()] == ["mail"]


# --- checkpoints --------------------------------------------------------------------------------


def test_a_reader_is_where_it_said_last(ledgers: Ledgers) -> None:
    one, two = ledgers.open(), ledgers.open()
    assert one.notes.checkpoint("schedule morning") is None
    one.notes.advance("schedule morning", "2025-01-01")
    one.notes.advance("schedule morning", "2025-01-02")
    one.notes.advance("other", "x")
    assert two.notes.checkpoint("schedule morning") == "2025-01-02"


# --- bronze -------------------------------------------------------------------------------------


def test_retired_receipts_are_forgotten_and_the_partition_is_remembered(ledger: Ledger) -> None:
    ledger.receive([receipt("a", sha256="1"), receipt("a", sha256="2", part=TWO)])
    ledger.retire("tracking", [ONE])
    assert list(ledger.contents("tracking")) == [TWO]
    assert list(ledger.arrivals("tracking")) == [TWO]
    assert ledger.retired("tracking") == {ONE}
    assert ledger.retired("activity") == frozenset()
    ledger.receive([receipt("a", sha256="3")])
    assert ledger.contents("tracking")[ONE] == {"a": "3"}
    assert ledger.retired("tracking") == {ONE}


def test_receipts_follow_what_they_name_to_another_place(ledger: Ledger) -> None:
    first, second = receipt("a", sha256="1"), receipt("b", sha256="2")
    ledger.receive([first, second, replace(first, partition=TWO)])
    ledger.moved({first.path: "packs/p1"})
    found = ledger.arrivals("tracking")
    assert {found[ONE]["a"].path, found[TWO]["a"].path} == {"packs/p1"}
    assert ledger.paths() == {"packs/p1", second.path}


# --- the clock ----------------------------------------------------------------------------------


def test_publishes_after_the_clock_was_set_back_are_not_before_those_made_earlier(
    ledgers: Ledgers,
) -> None:
    ledger = ledgers.open()
    for commit, seconds in (("c1", 0.0), ("c2", -3600.0)):
        ledgers.clock.forward(seconds)
        made = publish(commit, commit=commit)
        with ledger.claim("tracking", [ONE]) as claims, ledger.publishing(claims, [made]) as done:
            done(made.table, f"snapshot {commit}")
    newest, older = ledger.history(publish("x").table, ONE)
    assert (newest.commit_id, older.commit_id) == ("c2", "c1")
    assert newest.published_at is not None
    assert older.published_at is not None
    assert newest.published_at >= older.published_at
    as_of = ledger.current([newest.table], as_of=newest.published_at)
    assert as_of[newest.table][ONE].commit_id == "c2"


# --- keys ---------------------------------------------------------------------------------------


def test_keys_are_kept_in_the_order_in_which_they_were_made(ledgers: Ledgers) -> None:
    first = Key("feed", "d1", ("read", "write"), NOON, 2.5)
    second = Key("app", "d0", ("read",), NOON)
    notes = ledgers.open().notes
    notes.put_key(first)
    notes.put_key(second)
    assert ledgers.open().notes.all_keys() == [first, second]


def test_a_key_that_was_revoked_stays_known_and_its_name_is_free(ledger: Ledger) -> None:
    key = Key("feed", "d1", ("read",), NOON)
    ledger.notes.put_key(key)
    with pytest.raises(ConfigError, match="there is a key 'feed'"):
        ledger.notes.put_key(replace(key, digest="d2"))
    revoked = replace(key, revoked_at=NOON)
    ledger.notes.put_key(revoked)
    again = replace(key, digest="d2")
    ledger.notes.put_key(again)
    ledger.notes.put_key(revoked)
    assert ledger.notes.all_keys() == [revoked, again]
