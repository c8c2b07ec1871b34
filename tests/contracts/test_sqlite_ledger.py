"""What the ledger in a file promises beyond the port: versions, leases that renew, full disks."""

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from made_up import AT, a_run, publish, receipt
from under_test import Clock, no_file_over

from touchline.adapters.sqlite import SqliteLedger, rows, schema
from touchline.core.ports import Alert, Incident, Ledger, Total
from touchline.errors import ConfigError, StorageError, TransientError

ONE = "match_id=1"


def test_a_file_of_a_newer_version_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE receipts (from_the_future TEXT)")
        db.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="version 99") as caught:
        SqliteLedger(path)
    assert "upgrade" in caught.value.hint
    assert path.read_bytes() == before


def test_a_file_of_an_older_version_is_migrated_with_all_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    old = sqlite3.connect(path)
    old.executescript(schema.CHANGES[0] + "; PRAGMA user_version = 1")
    columns = rows.RECEIPT.removesuffix(", withdrawn, said_at")
    sql = f"INSERT INTO receipts ({columns}) VALUES ({','.join('?' * 8)})"
    came = [receipt("b", sha256="1"), receipt("a", sha256="2"), receipt("b", sha256="3")]
    old.executemany(sql, [rows.receipt_row(r)[:8] for r in came])
    old.commit()
    old.close()
    ledger = SqliteLedger(path)
    assert list(ledger.contents("tracking")[ONE].items()) == [("b", "3"), ("a", "2")]
    ledger.receive([receipt("a", sha256="4")])
    assert list(ledger.contents("tracking")[ONE].items()) == [("b", "3"), ("a", "4")]
    assert {n: r.sha256 for n, r in ledger.arrivals("tracking")[ONE].items()} == {
        "b": "3",
        "a": "4",
    }


def test_runs_that_an_older_version_recorded_are_no_news(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(";".join(schema.CHANGES[:3]) + "; PRAGMA user_version = 3")
        old.execute(
            f"INSERT INTO runs ({rows.RUN}, owner) VALUES ({','.join('?' * 10)})",
            (*rows.run_row(a_run("before", "published")), "nobody"),
        )
        old.commit()
    with closing(SqliteLedger(path)) as ledger:
        assert [run.run_id for run in ledger.runs()] == ["before"]
        assert ledger.ends(after=0, limit=9) == {}
        ledger.record([a_run("after", "published")])
        assert [run.run_id for run in ledger.ends(after=0, limit=9).values()] == ["after"]


def test_how_long_runs_of_an_older_version_took_is_read_off_their_reports(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(";".join(schema.CHANGES[:6]) + "; PRAGMA user_version = 6")
        told = replace(a_run("before", "published"), report={"seconds": 1.5})
        for run in (told, a_run("silent", "published")):
            old.execute(
                f"INSERT INTO runs ({rows.RUN}, owner) VALUES ({','.join('?' * 10)})",
                (*rows.run_row(run), "nobody"),
            )
        old.commit()
    with closing(SqliteLedger(path)) as ledger:
        assert ledger.totals()["tracking", "published"] == Total(2, 1.5)


def test_nothing_that_an_older_version_received_is_withdrawn(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    old = sqlite3.connect(path)
    old.executescript(";".join(schema.CHANGES[:3]) + "; PRAGMA user_version = 3")
    columns = rows.RECEIPT.removesuffix(", withdrawn, said_at")
    for number, each in enumerate([receipt("b", sha256="1"), receipt("a", sha256="2")], start=1):
        sql = f"INSERT INTO receipts ({columns}) VALUES ({','.join('?' * 8)})"
        old.execute(sql, rows.receipt_row(each)[:8])
        named = (each.domain, each.partition, each.name, number, number, each.sha256)
        old.execute("INSERT INTO latest VALUES (?, ?, ?, ?, ?, ?)", named)
    old.commit()
    old.close()
    with closing(SqliteLedger(path)) as ledger:
        assert list(ledger.contents("tracking")[ONE].items()) == [("b", "1"), ("a", "2")]
        assert {r.withdrawn for r in ledger.arrivals("tracking")[ONE].values()} == {""}
        ledger.receive([replace(receipt("b", sha256="1"), withdrawn="a test")])
        assert list(ledger.contents("tracking")[ONE]) == ["a"]
        assert list(ledger.withdrawn("tracking")[ONE]) == ["b"]
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)


def test_what_is_noted_in_a_transaction_that_fails_is_forgotten_with_it(tmp_path: Path) -> None:
    def fail(ledger: SqliteLedger) -> None:
        with ledger.alone():
            ledger.notes.note([Incident("key", "club", ONE, "refused", 3, AT)])
            ledger.notes.enqueue([Alert("a1", "opened", "refused", "", AT)], ["mail"])
            raise RuntimeError

    with closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        with pytest.raises(RuntimeError):
            fail(ledger)
        assert not ledger.notes.incidents()
        assert not ledger.notes.outbox()


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.db"
    written = SqliteLedger(path)
    written.receive([receipt("a", sha256="1")])
    written.close()
    broken = (*schema.CHANGES, "CREATE TABLE more (a TEXT); CREATE TABLE runs (a TEXT)")
    monkeypatch.setattr(schema, "CHANGES", broken)
    monkeypatch.setattr(schema, "VERSION", len(broken))
    with pytest.raises(StorageError):
        SqliteLedger(path)
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone()[0] == len(broken) - 1
    assert "more" not in {r[0] for r in db.execute("SELECT name FROM sqlite_master")}
    db.close()


def test_what_keeps_a_claim_from_being_renewed_does_not_count_against_it(tmp_path: Path) -> None:
    clock = Clock()
    path = tmp_path / "ledger.db"
    holder, sweeper, other = (SqliteLedger(path, clock=clock) for _ in range(3))
    with holder.claim("club", ["match_id=1"]) as claims:
        with sweeper.alone():
            clock.forward(70)
        with other.claim("club", ["match_id=1"]) as refused:
            assert refused.held == ()
        with holder.publishing(claims, [publish(ONE)]) as done:
            done(publish(ONE).table, "s1")
    clock.forward(70)
    with other.claim("club", ["match_id=1"]) as free:
        assert free.held == ("match_id=1",)


def test_who_only_reads_makes_nothing_and_sees_what_others_make(tmp_path: Path) -> None:
    path = tmp_path / "data" / "ledger.db"
    with closing(SqliteLedger(path)) as reader, closing(SqliteLedger(path)) as writer:
        assert dict(reader.contents("tracking")) == {}
        assert list(tmp_path.iterdir()) == []
        writer.receive([receipt("a", sha256="1")])
        assert dict(reader.contents("tracking")[ONE]) == {"a": "1"}
        assert [m.name for m in (tmp_path / "data" / "ledger.db.owners").iterdir()] == [
            writer._file.owner
        ]


def test_a_file_that_is_no_ledger_is_an_error_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_text("match_id,player\n" * 100)
    with pytest.raises(ConfigError, match=r"ledger\.db: not a ledger") as caught:
        SqliteLedger(path)
    assert "stores.ledger.path" in caught.value.hint
    assert path.read_text() == "match_id,player\n" * 100


def test_every_commit_is_flushed_to_disk(tmp_path: Path) -> None:
    with closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        ledger.receive([])
        settings = [
            ledger._file._db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]
    assert settings == ["wal", 2]


def test_what_was_recorded_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    with closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        ledger.receive([receipt("tracking", "aa")])
        with (
            ledger.claim("tracking", [ONE]) as claims,
            ledger.publishing(claims, [publish("a")]) as say,
        ):
            say("club.speeds", "s1")
    with closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        assert ledger.arrivals("tracking")[ONE]["tracking"].sha256 == "aa"
        assert ledger.heads(["club.speeds"]) == {"club.speeds": {ONE: ("from a", "a")}}


def test_receiving_is_all_or_none_even_if_the_file_refuses_a_row(tmp_path: Path) -> None:
    broken = replace(receipt("events", "bb"), sha256=None)  # type: ignore[arg-type]
    with closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        with pytest.raises(StorageError):
            ledger.receive([receipt("tracking", "aa"), broken])
        assert dict(ledger.arrivals("tracking")) == {}
        ledger.receive([receipt("tracking", "aa")])
        assert set(ledger.arrivals("tracking")[ONE]) == {"tracking"}


def test_a_claim_renews_itself_while_its_owner_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("touchline.adapters.sqlite.claims.LEASE", timedelta(seconds=0.4))
    clock = Clock()
    path = tmp_path / "ledger.db"
    with (
        closing(SqliteLedger(path, clock=clock)) as owner,
        closing(SqliteLedger(path, clock=clock)) as other,
        owner.claim("tracking", [ONE]),
    ):
        for _ in range(5):
            clock.forward(0.3)
            wait_until_renewed(path, clock)
        with other.claim("tracking", [ONE]) as claims:
            assert claims.held == ()


def wait_until_renewed(path: Path, clock: Clock) -> None:
    wanted = clock.now + timedelta(seconds=0.4)
    patience = time.monotonic() + 30
    with closing(sqlite3.connect(path)) as db:
        while db.execute("SELECT expires_at FROM claims").fetchone()[0] != wanted.isoformat(
            timespec="microseconds"
        ):
            assert time.monotonic() < patience
            time.sleep(0.02)


def test_ended_claims_leave_no_thread_and_no_row_behind(tmp_path: Path) -> None:
    threads = threading.active_count()
    with closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        for _ in range(3):
            with ledger.claim("tracking", [ONE]):
                pass
        assert ledger._file._db.execute("SELECT count(*) FROM claims").fetchone() == (0,)
    assert threading.active_count() == threads
    assert list((tmp_path / "ledger.db.owners").iterdir()) == []


def test_a_full_disk_is_a_storage_error_and_the_ledger_goes_on_afterwards(tmp_path: Path) -> None:
    with closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        ledger.receive([receipt("tracking", "aa")])
        with ledger.claim("tracking", [ONE]) as claims:
            with no_file_over(0):
                with pytest.raises(StorageError):
                    ledger.receive([receipt("tracking", "bb")])
                with pytest.raises(StorageError), ledger.publishing(claims, [publish("a")]):
                    raise AssertionError("nothing may be committed")
            assert ledger.arrivals("tracking")[ONE]["tracking"].sha256 == "aa"
            assert dict(ledger.current(["club.speeds"])["club.speeds"]) == {}
            with ledger.publishing(claims, [publish("b")]) as say:
                say("club.speeds", "s1")
        ledger.receive([receipt("tracking", "cc")])
        assert ledger.arrivals("tracking")[ONE]["tracking"].sha256 == "cc"


READS: dict[str, Callable[[Ledger], object]] = {
    "arrivals": lambda ledger: ledger.arrivals("tracking"),
    "arrivals of a match": lambda ledger: ledger.arrivals("tracking", [ONE]),
    "unsettled": lambda ledger: ledger.unsettled(),
    "current": lambda ledger: ledger.current(["club.speeds"]),
    "heads": lambda ledger: ledger.heads(["club.speeds"]),
    "history": lambda ledger: ledger.history("club.speeds"),
    "runs": lambda ledger: ledger.runs(),
    "last": lambda ledger: ledger.last("tracking"),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_damaged_file_is_a_config_error_that_names_it(
    tmp_path: Path, read: Callable[[Ledger], object]
) -> None:
    path = tmp_path / "ledger.db"
    with closing(SqliteLedger(path)) as ledger:
        ledger.receive([receipt("tracking", "aa")])
    header = path.read_bytes()[:100]
    with closing(SqliteLedger(path)) as ledger:
        ledger._file._db.execute("PRAGMA cache_size = 0")
        path.write_bytes(header + b"\xff" * (path.stat().st_size - 100))
        with pytest.raises(ConfigError, match=r"ledger\.db") as caught:
            read(ledger)
    assert "back-up" in caught.value.hint


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_read_of_a_locked_file_is_to_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: Callable[[Ledger], object]
) -> None:
    monkeypatch.setattr("touchline.adapters.sqlite.schema._PATIENCE_S", 0.05)
    path = tmp_path / "ledger.db"
    with closing(SqliteLedger(path)) as ledger:
        ledger.receive([])
        with closing(sqlite3.connect(path, isolation_level=None, timeout=0.05)) as other:
            ledger._file._db.execute("PRAGMA journal_mode = DELETE")
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(TransientError, match=r"ledger\.db"):
                read(ledger)
        read(ledger)


def test_a_ledger_that_another_process_holds_is_to_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("touchline.adapters.sqlite.schema._PATIENCE_S", 0.05)
    path = tmp_path / "ledger.db"
    with closing(SqliteLedger(path)) as ledger:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(TransientError, match=r"ledger\.db") as caught:
                ledger.receive([receipt("tracking", "aa")])
            with pytest.raises(TransientError), ledger.claim("tracking", [ONE]):
                raise AssertionError("nothing may be held")
        assert "another process holds the ledger" in caught.value.hint
        ledger.receive([receipt("tracking", "bb")])
        assert ledger.arrivals("tracking")[ONE]["tracking"].sha256 == "bb"


def test_a_new_ledger_waits_for_whoever_else_opens_it(tmp_path: Path) -> None:
    """SQLite's own patience does not reach the switch to WAL mode."""
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        letting_go = threading.Timer(0.3, other.execute, ["ROLLBACK"])
        letting_go.start()
        with closing(SqliteLedger(path)) as ledger:
            ledger.receive([receipt("tracking", "aa")])
            assert ledger._file._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        letting_go.join()


def test_a_new_ledger_that_is_held_for_too_long_is_to_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("touchline.adapters.sqlite.schema._PATIENCE_S", 0.05)
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TransientError, match=r"ledger\.db") as caught:
            SqliteLedger(path)
    assert "another process holds the ledger" in caught.value.hint
    with closing(SqliteLedger(path)) as ledger:
        assert ledger.runs() == []


def test_a_folder_in_the_place_of_the_file_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").mkdir()
    with pytest.raises(ConfigError, match=r"ledger\.db: a folder, expected a file"):
        SqliteLedger(tmp_path / "ledger.db")
