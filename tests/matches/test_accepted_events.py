"""What may go into the log: an event as it is posted, checked field by field."""

from datetime import timedelta
from typing import Any

import pytest
from feeds import NOW, Event, amend, cancel, event

from touchline.errors import ContractError
from touchline.matches.live import MOST_EVENT_BYTES, EventRule, accepted


def take(said: Any, **rule: Any) -> Any:
    return accepted(said, EventRule(**rule), NOW)


def refusal(said: Any, **rule: Any) -> ContractError:
    with pytest.raises(ContractError) as raised:
        take(said, **rule)
    return raised.value


def test_the_payload_of_the_design_is_taken() -> None:
    said = {
        "match_id": "match123",
        "event_type": "goal",
        "player_id": "player456",
        "team_id": "team789",
        "timestamp": "2023-06-15T14:30:00Z",
    }
    found = take(said)
    assert (found.match_id, found.action) == ("match123", "insert")
    assert b'"player_id":"player456"' in found.value


def test_an_event_without_an_id_gets_one_of_its_own() -> None:
    said = event()
    del said["event_id"]
    first, second = take(said), take(said)
    assert first.event_id != second.event_id
    assert first.event_id.encode() in first.value


def test_ids_may_be_numbers_and_are_kept_as_text() -> None:
    found = take(event(match_id=2057954, player_id=101590, team_id=14358, event_id=258612104))
    assert found.match_id == "2057954"
    assert found.event_id == "258612104"
    assert b'"player_id":"101590"' in found.value


def test_fields_that_nobody_knows_are_kept() -> None:
    assert b'"xg":0.31' in take(event(xg=0.31)).value


def test_the_same_in_another_order_of_keys_is_the_same() -> None:
    said = event(x=1, deep={"b": 1, "a": 2})
    turned = dict(reversed(said.items())) | {"deep": {"a": 2, "b": 1}}
    assert take(said).digest == take(turned).digest
    assert take(said).digest != take(event(x=2, deep={"b": 1, "a": 2})).digest


def test_what_is_served_of_an_event_may_be_posted_again() -> None:
    served = event() | {"season": "2024/2025", "event_at": "x", "event_type_timestamp": "y"}
    assert take(served).digest == take(event()).digest


def test_types_are_small_letters_with_underscores() -> None:
    assert b'"event_type":"free_kick"' in take(event(event_type=" Free Kick ")).value


def test_an_unknown_type_is_kept_or_refused_as_configured() -> None:
    assert b'"event_type":"nutmeg"' in take(event(event_type="nutmeg")).value
    found = refusal(event(event_type="nutmeg"), unknown_types="refuse")
    assert found.facts == {"field": "$.event_type"}
    assert "own_goal" in str(found)
    assert take(event(event_type="goal"), unknown_types="refuse")


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ([], "$"),
        ("goal", "$"),
        (None, "$"),
        ({}, "$"),
        (event(match_id=""), "$.match_id"),
        (event(match_id="../etc"), "$.match_id"),
        (event(match_id="a/b"), "$.match_id"),
        (event(match_id="m" * 129), "$.match_id"),
        (event(match_id=None), "$.match_id"),
        (event(match_id=1.5), "$.match_id"),
        (event(match_id=["m1"]), "$.match_id"),
        (event(event_id=""), "$.event_id"),
        (event(event_id="a\nb"), "$.event_id"),
        (event(event_id={"a": 1}), "$.event_id"),
        (event(player_id=True), "$.player_id"),
        (event(team_id="t" * 129), "$.team_id"),
        (event(event_type=None), "$.event_type"),
        (event(event_type=""), "$.event_type"),
        (event(event_type="<script>"), "$.event_type"),
        (event(event_type=7), "$.event_type"),
        (event(timestamp=None), "$.timestamp"),
        (event(timestamp=1686839400), "$.timestamp"),
        (event(timestamp="2025-04-05T12:00:00"), "$.timestamp"),
        (event(timestamp="2025-04-05"), "$.timestamp"),
        (event(timestamp="2025-04-05T24:00:00Z"), "$.timestamp"),
        (event(timestamp="2025-02-29T12:00:00Z"), "$.timestamp"),
        (event(timestamp="0001-01-01T00:00:00+14:00"), "$.timestamp"),
        (event(timestamp="12:00"), "$.timestamp"),
        (event(sequence=1.5), "$.sequence"),
        (event(status="maybe"), "$.status"),
        (event(action="delete"), "$.action"),
        (amend("") | {"event_id": None}, "$.event_id"),
    ],
)
def test_what_is_wrong_is_told_by_field(said: Any, place: str) -> None:
    found = refusal(said)
    assert str(found).startswith(place)
    assert found.hint


def test_an_event_that_is_yet_to_come_is_refused() -> None:
    soon, later = NOW + timedelta(seconds=299), NOW + timedelta(seconds=301)
    assert take(event(timestamp=soon.isoformat()))
    assert "expected not after" in str(refusal(event(timestamp=later.isoformat())))
    assert take(event(timestamp=later.isoformat()), max_ahead_s=None)


def test_a_correction_by_the_clock_is_not_of_what_is_yet_to_come_either() -> None:
    far = {"timestamp": None, "kick_off_at": "2999-01-01T00:00:00Z"}
    for said in (amend(**far), amend(**far, period=1, minute=1)):
        assert "expected not after" in str(refusal(said))
        assert take(said, max_ahead_s=None)
    assert take(amend(timestamp=None, kick_off_at="2025-04-05T12:00:00Z", period=1, minute=1))


def clock(period: Any, minute: Any, second: Any = 0, **more: Any) -> Event:
    said = event(period=period, minute=minute, second=second, kick_off_at="2025-04-05T12:00:00Z")
    del said["timestamp"]
    return said | more


def test_the_clock_of_a_period_does_in_the_place_of_a_timestamp() -> None:
    assert take(clock(1, 45, 30.5))
    assert take(clock(2, 45, 0))


@pytest.mark.parametrize(
    ("said", "place"),
    [
        (clock(2, 44), "$.minute"),
        (clock(1, 61), "$.minute"),
        (clock(1, -1), "$.minute"),
        (clock(6, 0), "$.period"),
        (clock(1, 3, 60), "$.second"),
        (clock(1, 3, kick_off_at=None), "$.timestamp"),
        (clock(1, 3, kick_off_at="12:00"), "$.kick_off_at"),
        (clock(1, None), "$.timestamp"),
    ],
)
def test_a_clock_that_no_scoreboard_shows_is_refused(said: Event, place: str) -> None:
    assert str(refusal(said)).startswith(place)


def test_a_correction_needs_no_more_than_what_it_corrects() -> None:
    assert take(amend("e1", player_id="p2")).action == "amend"
    assert take(cancel("e1")).action == "cancel"


def test_an_id_may_be_any_text_that_can_be_printed() -> None:
    odd = "'; DROP TABLE events; -- <script>é"
    assert take(event(event_id=odd, player_id=odd)).event_id == odd


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (None, "$: seen null, expected a JSON object"),
        (event(action="delete"), "$.action: seen 'delete', expected insert, amend or cancel"),
        (event(action=5), "$.action: seen a number, expected insert, amend or cancel"),
        (
            event(status="maybe"),
            "$.status: seen 'maybe', expected confirmed, provisional or cancelled",
        ),
        (event(minute="3"), "$.minute: Expected `int | null`, got `str`"),
        (event(timestamp=None), "$.timestamp: seen none, and no period, minute, kick_off_at"),
        (clock(1, None), "$.timestamp: seen none, and no minute, expected an instant such as"),
        (event(event_type=None), "$.event_type: seen nothing, expected the type of the event"),
    ],
)
def test_what_was_seen_and_what_is_expected_is_told(said: Any, told: str) -> None:
    assert str(refusal(said)).startswith(told)
    assert refusal(said).hint.startswith("/openapi.json lists the fields")


def test_an_event_has_a_size_that_every_store_holds() -> None:
    empty = len(take(event(text="")).value)
    fits = event(text="x" * (MOST_EVENT_BYTES - empty))
    assert len(take(fits).value) == MOST_EVENT_BYTES
    found = refusal(fits | {"text": fits["text"] + "x"})
    assert str(found) == "$: seen 190,001 bytes, expected at most 190,000"
    assert found.facts["field"] == "$"
