"""Event files: which they are, of which day, and what their lines say."""

import gzip
import json
from pathlib import Path

import pytest
from event_lines import event, events, text

from touchline.activity.source import decode, found
from touchline.errors import ContractError, MissingInputError


def put(folder: Path, name: str, data: str = "") -> Path:
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(data)
    return place


def test_a_file_belongs_to_the_day_and_the_system_of_its_folders(tmp_path: Path) -> None:
    put(tmp_path, "raw/source_system=web/ingestion_date=2025-01-02/part-1.jsonl.gz")
    put(tmp_path, "raw/source_system=app/ingestion_date=2025-01-01/events.json")
    put(tmp_path, "raw/ingestion_date=2025-01-01/late.ndjson")
    put(tmp_path, "raw/source_system=app/ingestion_date=2025-01-01/_SUCCESS")
    seen = found([tmp_path], tmp_path)
    assert [(a.domain, a.partition, a.name) for a in seen.arrivals] == [
        ("activity", "ingestion_date=2025-01-01", "events/app/events.json"),
        ("activity", "ingestion_date=2025-01-01", "events/app/late.ndjson"),
        ("activity", "ingestion_date=2025-01-02", "events/web/part-1.jsonl.gz"),
    ]
    assert [Path(other).name for other in seen.others] == ["_SUCCESS"]
    assert list(seen.bad) == []


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("events_2025-01-03.json", "events_2025-01-03.json"),
        ("ingestion_date=2025-01-03.json", "2025-01-03.json"),
        ("ingestion_date=2025-01-03.jsonl.gz", "2025-01-03.jsonl.gz"),
    ],
)
def test_a_day_may_be_in_the_name_alone(tmp_path: Path, given: str, name: str) -> None:
    (arrival,) = found([put(tmp_path, given)], tmp_path).arrivals
    assert (arrival.partition, arrival.name) == ("ingestion_date=2025-01-03", f"events/app/{name}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("events.json", "no ingestion date in its folders or its name"),
        ("ingestion_date=2025-02-30/events.json", "'2025-02-30' is not a day"),
        ("ingestion_date=2025-02-30.json", "'2025-02-30' is not a day"),
        ("ingestion_date=..%2F/events.json", "is not a day"),
        ("source_system=a b/ingestion_date=2025-01-01/events.json", "source_system"),
        ("ingestion_date=2025-01-01/ev ents.json", "'ev ents.json' is not an id"),
    ],
)
def test_a_file_whose_day_or_system_is_none_is_told_and_keeps_no_other_out(
    tmp_path: Path, name: str, said: str
) -> None:
    put(tmp_path, name)
    put(tmp_path, "ingestion_date=2025-01-01/good.json")
    seen = found([tmp_path], tmp_path)
    assert [a.path.name for a in seen.arrivals] == ["good.json"]
    (bad,) = seen.bad
    assert said in str(bad)


def test_two_files_of_one_name_and_day_are_told_and_the_first_is_taken(tmp_path: Path) -> None:
    one = put(tmp_path, "a/ingestion_date=2025-01-01/events.json", "1")
    put(tmp_path, "b/ingestion_date=2025-01-01/events.json", "2")
    put(tmp_path, "c/ingestion_date=2025-01-01/events.json", "1")
    seen = found([tmp_path], tmp_path)
    assert [a.path for a in seen.arrivals] == [one]
    (bad,) = seen.bad
    assert "two files are events/app/events.json and differ" in str(bad)


def test_a_folder_without_event_files_is_missing_input(tmp_path: Path) -> None:
    put(tmp_path, "readme.txt")
    with pytest.raises(MissingInputError, match="no event file among 1 file"):
        found([tmp_path], tmp_path)


# --- lines --------------------------------------------------------------------------------------


def test_each_line_is_a_row_with_its_number_and_itself(tmp_path: Path) -> None:
    line = json.dumps(event(1, event_type="purchase", amount=12))
    got = decode(put(tmp_path, "a.json", "\n" + line + "\r\n"))
    assert got.rows.to_dicts() == [
        {
            "event_id": "e1",
            "user_id": "u1",
            "event_type": "purchase",
            "event_ts": "2025-01-01T00:00:01Z",
            "amount": 12.0,
            "more": None,
            "line": 2,
            "_row": line,
        }
    ]
    assert (got.lines, got.notes) == (1, ())


def test_packed_files_and_byte_order_marks_are_read(tmp_path: Path) -> None:
    place = tmp_path / "a.json.gz"
    place.write_bytes(gzip.compress(b"\xef\xbb\xbf" + text(events(3)).encode()))
    assert decode(place).rows.height == 3


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"event_id": "e1", "user', "malformed line"),
        ("[1]", "not a JSON object"),
        ("7", "not a JSON object"),
        (json.dumps(event(1, amount="12")), "amount is text, expected number"),
        (json.dumps(event(1, amount=True)), "amount is boolean, expected number"),
        (json.dumps(event(1, event_id=5)), "event_id is number, expected text"),
        (json.dumps(event(1, user_id={"id": 1})), "user_id is object, expected text"),
    ],
)
def test_a_line_that_is_no_event_is_rejected_as_it_arrived(
    tmp_path: Path, line: str, reason: str
) -> None:
    got = decode(put(tmp_path, "a.json", text([*events(3), line, event(9)])))
    assert got.rows.height == 4
    (bad,) = got.rejected.to_dicts()
    assert bad["reason"].startswith(reason)
    assert (bad["line"], bad["row"], got.lines) == (4, line, 5)


def test_bytes_that_are_not_utf_8_are_rejected_line_by_line(tmp_path: Path) -> None:
    place = tmp_path / "a.json"
    place.write_bytes(text(events(2)).encode() + b'{"event_id": "\xff"}\n')
    got = decode(place)
    assert got.rows.height == 2
    assert got.rejected["line"].to_list() == [3]
    assert "\\xff" in got.rejected["row"][0]


def test_an_added_field_is_taken_up_and_noted(tmp_path: Path) -> None:
    got = decode(put(tmp_path, "a.json", text([event(1), event(2, campaign={"id": 7}, ab="x")])))
    assert got.rows["more"].to_list() == [None, '{"campaign":{"id":7},"ab":"x"}']
    assert got.notes == ("added fields ab, campaign, kept in the column more",)


def test_a_field_that_one_event_lacks_is_null(tmp_path: Path) -> None:
    short = {k: v for k, v in event(2).items() if k != "amount"}
    got = decode(put(tmp_path, "a.json", text([event(1, amount=3.5), short])))
    assert got.rows["amount"].to_list() == [3.5, None]


def test_a_field_that_is_gone_or_of_another_type_throughout_is_refused_with_the_difference(
    tmp_path: Path,
) -> None:
    changed = [
        {("user" if k == "user_id" else k): v for k, v in event(n, amount="5").items()}
        for n in range(5)
    ]
    with pytest.raises(ContractError) as refused:
        decode(put(tmp_path, "a.json", text(changed)))
    assert str(refused.value) == (
        "fields differ from version 1 of the contract: user_id (text) is gone;"
        " amount: number -> text; user (text) is new"
    )


def test_an_empty_file_gives_no_rows_and_a_note(tmp_path: Path) -> None:
    got = decode(put(tmp_path, "a.json"))
    assert (got.rows.height, got.lines, got.notes) == (0, 0, ("the file is empty",))


def test_an_array_of_events_is_told_for_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="a JSON array, expected one object a line"):
        decode(put(tmp_path, "a.json", json.dumps(events(2))))


def test_a_packed_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "a.json.gz"
    place.write_bytes(gzip.compress(text(events(500)).encode())[:-30])
    with pytest.raises(ContractError, match="gzip cut off or damaged"):
        decode(place)
