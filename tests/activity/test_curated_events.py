"""Rows of all files of a day -> curated events."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from event_lines import event, events, text
from hypothesis import given, settings
from hypothesis import strategies as st

from touchline.activity.contracts import CURATED_EVENTS
from touchline.activity.silver import curated_events
from touchline.activity.source import decode
from touchline.core.contracts import Enforced, enforce


def bronze(folder: Path, *files: list[Any]) -> pl.DataFrame:
    """The rows as a run has them: each with its file, in the order of arrival."""
    parts = []
    for at, lines in enumerate(files):
        place = folder / f"{at}.json"
        place.write_text(text(lines))
        parts.append(decode(place).rows.with_columns(_file=pl.lit(f"events/app/{at}.json")))
    return pl.concat(parts).with_columns(ingestion_date=pl.lit("2025-01-01"))


def curated(folder: Path, *files: list[Any]) -> Enforced:
    return enforce(curated_events(bronze(folder, *files)).collect(), CURATED_EVENTS)


def test_an_event_is_typed_and_keeps_what_came(tmp_path: Path) -> None:
    bought = event(1, event_type="purchase", amount=9.5, event_ts="2025-01-01T10:00:00.250+02:00")
    (row,) = curated(tmp_path, [bought]).rows.to_dicts()
    assert row.pop("event_at").isoformat() == "2025-01-01T08:00:00.250000+00:00"
    assert row == {
        "ingestion_date": "2025-01-01",
        "source_system": "app",
        "event_id": "e1",
        "user_id": "u1",
        "event_type": "purchase",
        "amount": 9.5,
        "more": None,
    }


def test_of_one_id_the_first_arrival_stays_and_within_a_file_the_earliest(tmp_path: Path) -> None:
    later, sooner = event(50, event_id="x", user_id="a"), event(20, event_id="x", user_id="b")
    first_file = [later, sooner]
    second_file = [event(1, event_id="x", user_id="c")]
    assert curated(tmp_path, first_file, second_file).rows["user_id"].to_list() == ["b"]
    assert curated(tmp_path, second_file, first_file).rows["user_id"].to_list() == ["c"]


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ({"event_ts": "yesterday"}, "event_ts is not an instant"),
        ({"event_ts": "2025-01-01 10:00:00"}, "event_ts is not an instant"),
        ({"event_ts": None}, "event_at is null"),
        ({"event_id": None}, "event_id is null"),
        ({"event_type": None}, "event_type is null"),
        ({"event_type": "logout"}, "event_type is not an allowed value"),
    ],
)
def test_a_row_that_is_none_is_rejected_with_its_line_as_it_arrived(
    tmp_path: Path, odd: dict[str, Any], reason: str
) -> None:
    got = curated(tmp_path, events(2), [event(8), event(9, **odd)])
    assert got.rows.height == 3
    (bad,) = got.rejected.to_dicts()
    assert (bad["reason"], bad["line"], bad["_file"]) == (reason, 2, "events/app/1.json")
    assert bad["row"] == text([event(9, **odd)]).strip()


def test_a_row_that_is_rejected_never_stands_in_for_a_good_one(tmp_path: Path) -> None:
    odd = [event(1, event_id="x", event_type="logout"), event(2, event_id="x", event_ts="never")]
    got = curated(tmp_path, odd, [event(3, event_id="x")])
    assert got.rows["event_id"].to_list() == ["x"]
    assert got.rejected.height == 2


def test_no_events_give_no_rows(tmp_path: Path) -> None:
    got = curated(tmp_path, [])
    assert (got.rows.height, got.rejected.height) == (0, 0)


@settings(deadline=None, max_examples=40)
@given(ids=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 59)), max_size=40), data=st.data())
def test_the_order_of_lines_does_not_matter_and_no_id_is_lost(
    ids: list[tuple[int, int]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("lines")
    lines = [event(at, event_id=f"e{number}", user_id=f"u{at}") for number, at in ids]
    one = curated(folder, lines).rows
    other = curated(folder, data.draw(st.permutations(lines))).rows
    assert one.equals(other)
    assert set(one["event_id"]) == {f"e{number}" for number, _ in ids}
    assert one.height == len(set(one["event_id"]))
