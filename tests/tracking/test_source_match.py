"""match.json, decoded strictly."""

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import small_match as small
from provider_files import file as provider_file

from touchline.errors import ContractError
from touchline.tracking.source import match

GOOD = small.files()[small.MATCH]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "object"


def refusal(file: Path, data: bytes) -> str:
    file.write_bytes(data)
    with pytest.raises(ContractError) as refused:
        match.decode(file)
    assert refused.value.hint
    return str(refused.value)


def edited(edit: Any) -> bytes:
    return small.with_members(edit)(GOOD)


@pytest.mark.parametrize("data", [GOOD, gzip.compress(GOOD), b"\xef\xbb\xbf" + GOOD])
def test_the_text_is_kept_as_it_came_without_packing(file: Path, data: bytes) -> None:
    file.write_bytes(data)

    found = match.decode(file)

    assert found.rows.rows() == [(GOOD.decode(),)]
    assert (found.lines, found.rejected.height, found.notes) == (1, 0, ())


def test_the_match_knows_its_players_and_periods() -> None:
    found = match.parsed(GOOD.decode())

    assert found.id == small.MATCH_ID
    assert [(p.period, p.start_frame, p.end_frame) for p in found.match_periods] == [
        (1, 10, 159),
        (2, 170, 309),
    ]
    unused = [p.id for p in found.players if p.playing_time.total is None]
    assert tuple(unused) == small.UNUSED


@pytest.mark.parametrize("match_id", [2017461, 2011166, 1886347])
def test_a_real_match_has_nothing_new(match_id: int) -> None:
    path = provider_file(match_id, small.MATCH)

    found = match.decode(path)

    assert found.notes == ()
    assert match.parsed(found.rows.item(0, "json")).id == match_id
    assert len(match.parsed(path.read_text()).players) == 36


def test_new_members_of_the_match_and_of_its_players_are_noted(file: Path) -> None:
    more = edited(lambda m: (m.update(wind=3), m["players"][5].update(height_cm=180)))
    file.write_bytes(more)

    assert match.decode(file).notes == ("added members wind, players.height_cm",)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda m: m.pop("id"), "missing required field `id`"),
        (lambda m: m.update(id="7001"), "Expected `int`, got `str` - at `$.id`"),
        (lambda m: m.update(pitch_length=None), "Expected `float`, got `null` - at `$.pitch_length`"),
        (lambda m: m.update(players={}), "Expected `array`, got `object` - at `$.players`"),
        (lambda m: m["players"][2].pop("team_id"), "missing required field `team_id` - at `$.players[2]`"),
        (lambda m: m["match_periods"][1].pop("end_frame"), "`end_frame` - at `$.match_periods[1]`"),
        (lambda m: m.update(date_time="2 November"), "Invalid RFC3339 encoded datetime - at `$.date_time`"),
        (lambda m: m.update(date_time="2024-11-02T09:30:00"), "timezone component - at `$.date_time`"),
    ],
)  # fmt: skip
def test_a_required_member_that_is_missing_or_of_another_type_is_refused_at_its_place(
    file: Path, edit: Any, said: str
) -> None:
    found = refusal(file, edited(edit))

    assert said in found
    assert found.startswith("match.json: ")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (GOOD[: len(GOOD) // 2], "match.json: not whole UTF-8 JSON: Input data was truncated"),
        (GOOD + b"}", "trailing characters"),
        (b"[1]", "Expected `object`, got `array`"),
        (b"no json", "not whole UTF-8 JSON: JSON is malformed"),
        (GOOD.replace(b"Small Park", b"Sm\xe4ll Park"), "not UTF-8: 0xe4 at byte"),
        (GOOD.decode().encode("utf-16"), "line 1: not UTF-8: 0xff at byte 1"),
        (GOOD.decode().encode("utf-16-le"), "line 1: not UTF-8: 0x00 at byte 2"),
    ],
)
def test_what_is_no_whole_utf8_json_is_refused(file: Path, data: bytes, said: str) -> None:
    assert said in refusal(file, data)


def test_the_day_it_was_played_on_is_the_utc_day_of_its_kick_off(file: Path) -> None:
    file.write_bytes(edited(lambda m: m.update(date_time="2024-11-03T00:30:00+11:00")))

    assert match.played_on(file) == date(2024, 11, 2)


def test_decoding_twice_gives_the_same(file: Path) -> None:
    file.write_bytes(json.dumps(json.loads(GOOD)).encode())

    assert match.decode(file).rows.equals(match.decode(file).rows)
