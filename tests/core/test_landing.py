"""Arrivals become bronze: bytes once, every receipt, a partition's files together."""

import hashlib
import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from touchline.core.landing import Arrival, land
from touchline.core.memory import MemoryLedger, MemoryObjects
from touchline.core.ports import Receipt
from touchline.errors import MissingInputError, StorageError

NOW = datetime(2025, 4, 5, 12, 30, tzinfo=UTC)
ONE, TWO = "match_id=1", "match_id=2"


class Landing:
    """A folder of files, and bronze in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects = MemoryObjects()
        self.ledger = MemoryLedger()

    def file(self, text: str, *, name: str = "tracking", part: str = ONE) -> Arrival:
        path = self.folder / f"{part}_{name}.json"
        path.write_text(text)
        return Arrival("tracking", part, name, path, f"/landing/{path.name}")

    def land(self, *arrivals: Arrival, now: datetime = NOW) -> list[Receipt]:
        return list(land(arrivals, objects=self.objects, ledger=self.ledger, now=now))

    def current(self, part: str = ONE) -> dict[str, str]:
        """The text that counts, by logical name."""
        receipts = self.ledger.arrivals("tracking").get(part, {})
        return {name: self.objects.read(r.path).decode() for name, r in receipts.items()}


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path)


def test_bytes_lie_under_their_hash_and_the_receipt_says_whose_they_are(landing: Landing) -> None:
    arrival = landing.file("frames")
    (receipt,) = landing.land(arrival)
    digest = hashlib.sha256(b"frames").hexdigest()
    assert receipt == Receipt(
        domain="tracking",
        partition=ONE,
        name="tracking",
        sha256=digest,
        size=6,
        source=arrival.source,
        received_at=NOW,
        path=f"objects/{digest[:2]}/{digest}",
    )
    assert landing.objects.read(receipt.path) == b"frames"
    assert landing.current() == {"tracking": "frames"}


def test_a_manifest_of_the_partition_lies_beside_the_bytes(landing: Landing) -> None:
    landing.land(landing.file("a"), landing.file("b", name="events"))
    (path,) = landing.objects.list("manifests/")
    assert path.startswith(f"manifests/tracking/{ONE}/20250405T123000.000000Z-")
    told = json.loads(landing.objects.read(path))
    assert [(r["name"], r["source"], r["size"]) for r in told] == [
        ("tracking", f"/landing/{ONE}_tracking.json", 1),
        ("events", f"/landing/{ONE}_events.json", 1),
    ]
    assert [r["sha256"] for r in told] == [hashlib.sha256(t).hexdigest() for t in (b"a", b"b")]


def test_the_same_bytes_are_stored_once_and_received_each_time(landing: Landing) -> None:
    landing.land(landing.file("same"), landing.file("same", name="events"))
    landing.land(landing.file("same"), now=NOW.replace(minute=31))
    assert len(list(landing.objects.list("objects/"))) == 1
    assert len(list(landing.objects.list("manifests/"))) == 2
    received = landing.ledger.arrivals("tracking")[ONE]["tracking"]
    assert received.received_at == NOW.replace(minute=31)


def test_of_re_issues_all_bytes_stay_and_the_latest_receipt_counts(landing: Landing) -> None:
    for minute, text in enumerate(["first", "second", "first"]):
        landing.land(landing.file(text), now=NOW.replace(minute=minute))
        assert landing.current() == {"tracking": text}
    stored = [landing.objects.read(p) for p in landing.objects.list("objects/")]
    assert sorted(stored) == [b"first", b"second"]


def test_landing_the_same_at_the_same_instant_again_is_no_error(landing: Landing) -> None:
    assert landing.land(landing.file("a")) == landing.land(landing.file("a"))
    assert landing.current() == {"tracking": "a"}


def test_without_room_nothing_of_the_partition_is_recorded(landing: Landing) -> None:
    first = landing.file("one", part=ONE)
    small, large = landing.file("two", part=TWO), landing.file("x" * 2000, name="big", part=TWO)
    landing.objects.room_bytes = 1500
    with pytest.raises(StorageError):
        landing.land(first, small, large)
    assert set(landing.ledger.arrivals("tracking")) == {ONE}
    landing.objects.room_bytes = None
    landing.land(small, large)
    assert set(landing.current(TWO)) == {"tracking", "big"}


def test_receipts_are_told_only_once_their_partition_is_durable(landing: Landing) -> None:
    arrivals = [landing.file("a"), landing.file("b", name="events"), landing.file("c", part=TWO)]
    told = land(arrivals, objects=landing.objects, ledger=landing.ledger, now=NOW)
    assert dict(landing.ledger.arrivals("tracking")) == {}
    assert next(told).name == "tracking"
    assert set(landing.ledger.arrivals("tracking")) == {ONE}
    assert set(landing.current()) == {"tracking", "events"}
    assert [r.partition for r in told] == [ONE, TWO]


def test_no_arrivals_leave_nothing(landing: Landing) -> None:
    assert landing.land() == []
    assert list(landing.objects.list("")) == []


def test_a_file_that_cannot_be_read_is_a_storage_error_with_its_path(landing: Landing) -> None:
    arrival = landing.file("a")
    arrival.path.unlink()
    with pytest.raises(StorageError, match=r"match_id=1_tracking\.json"):
        landing.land(arrival)
    assert dict(landing.ledger.arrivals("tracking")) == {}


def test_a_file_that_is_still_being_written_is_not_landed(landing: Landing) -> None:
    arrival = landing.file("x")
    os.truncate(arrival.path, 50_000_000)  # a hole, which takes no room and some time to read
    begun, stop = threading.Event(), threading.Event()

    def writer() -> None:
        with arrival.path.open("a") as file:
            while not stop.is_set():
                file.write("more")
                file.flush()
                begun.set()

    thread = threading.Thread(target=writer)
    thread.start()
    begun.wait(30)
    try:
        with pytest.raises(MissingInputError, match="changed while"):
            landing.land(arrival)
    finally:
        stop.set()
        thread.join()
    assert list(landing.objects.list("objects/")) == []
    assert dict(landing.ledger.arrivals("tracking")) == {}
    (receipt,) = landing.land(arrival)
    assert hashlib.sha256(landing.objects.read(receipt.path)).hexdigest() == receipt.sha256
