"""A claim that cannot be given back, as the disk is full, hides nothing and ends by itself."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from touchline.adapters.sqlite import SqliteLedger, claims

ONE = "match_id=1"


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(claims, "give_back", no_room)


def test_what_went_wrong_meanwhile_is_what_its_owner_hears_of(tmp_path: Path, full: None) -> None:
    with (
        closing(SqliteLedger(tmp_path / "ledger.db")) as ledger,
        pytest.raises(ZeroDivisionError),
        ledger.claim("tracking", [ONE]),
    ):
        1 / 0  # noqa: B018


def test_it_is_free_when_its_lease_is_over(tmp_path: Path, full: None) -> None:
    with closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        now = ledger.clock()
        with ledger.claim("tracking", [ONE]) as held:
            assert held.held == (ONE,)
        with ledger.claim("tracking", [ONE]) as too_soon:
            assert too_soon.held == ()
        ledger.clock = lambda: now + claims.LEASE + timedelta(seconds=1)
        with ledger.claim("tracking", [ONE]) as later:
            assert later.held == (ONE,)
