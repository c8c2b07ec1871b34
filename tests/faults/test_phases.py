"""What the fault tests look at is there to be seen: an empty answer is no claims, not no ledger."""

import sqlite3

import pytest
from phases import claims
from world import World

from touchline import config
from touchline.wiring import Touchline


def test_claims_of_a_ledger_that_is_not_there_are_an_error(empty: World) -> None:
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        claims(empty)


def test_claims_are_seen_while_they_are_held(empty: World) -> None:
    ledger = Touchline(config.load(empty.folder / "touchline.toml")).ledger

    with ledger.claim("tracking", ["match_id=1"]):
        held = claims(empty)

    assert [row[:2] for row in held] == [("tracking", "match_id=1")]
    assert claims(empty) == []
