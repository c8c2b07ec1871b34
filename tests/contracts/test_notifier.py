"""What every notifier promises."""

from datetime import UTC, datetime

import pytest
from under_test import People

from touchline.core.ports import Alert, AlertKind
from touchline.errors import TransientError

AT = datetime(2025, 1, 3, 6, tzinfo=UTC)


def alert(kind: AlertKind = "opened") -> Alert:
    return Alert(f"{kind} activity input 2025", kind, "input is missing", "due at 06:00", AT)


@pytest.mark.parametrize("kind", ["opened", "recovered", "completed", "test"])
def test_an_alert_of_every_kind_is_told_with_its_id(people: People, kind: AlertKind) -> None:
    people.notifier.send("well", alert(kind))
    (told,) = people.told()
    for part in ("input is missing", "due at 06:00", f"{kind} activity input 2025"):
        assert part in told


def test_an_alert_that_is_told_again_has_the_same_id(people: People) -> None:
    for _ in range(2):
        people.notifier.send("well", alert())
    first, second = people.told()
    assert first == second


def test_a_target_that_takes_nothing_is_told_by_why_and_without_its_address(
    people: People,
) -> None:
    with pytest.raises(TransientError) as caught:
        people.notifier.send("dead", alert())
    assert len(str(caught.value)) > 5
    assert "s3cret" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)
    assert people.told() == []
