"""The provider's names, and what is new beside them."""

from touchline.tracking.silver import EVENT_COLUMNS, PHASE_COLUMNS
from touchline.tracking.source import headers


def test_every_name_is_there_once() -> None:
    for names, count in ((headers.EVENT_COLUMNS, 294), (headers.PHASE_COLUMNS, 44)):
        assert len(names) == len(set(names)) == count


def test_what_silver_reads_is_among_the_providers_columns() -> None:
    assert set(EVENT_COLUMNS.values()) <= set(headers.EVENT_COLUMNS)
    assert set(PHASE_COLUMNS.values()) <= set(headers.PHASE_COLUMNS)


def test_added_names_come_in_the_order_of_the_alphabet() -> None:
    assert headers.added(["z", "id", "a", "z"], ["id", "name"]) == ["a", "z"]
    assert headers.added([], ["id"]) == []
