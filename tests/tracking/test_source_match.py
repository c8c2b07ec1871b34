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
from touchline.tracking.source import files, match

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
    ("edit", "said"),
    [
        (lambda m: m.update(id=0), "Expected `int` >= 1 - at `$.id`, seen 0"),
        (lambda m: m.update(id=2**70), f"Expected `int` <= {2**63 - 1} - at `$.id`, seen {2**70}"),
        (lambda m: m.update(id=10**200), "Expected `int` <="),
        (lambda m: m["home_team"].update(id=-1), "Expected `int` >= 1 - at `$.home_team.id`, seen -1"),
        (lambda m: m["away_team"].update(id=10), "away_team.id: expected another id than home_team.id, seen 10"),
        (lambda m: m.update(home_team_score=2**31), f"`int` <= {2**31 - 1} - at `$.home_team_score`, seen {2**31}"),
        (lambda m: m.update(away_team_score=-1), "Expected `int` >= 0 - at `$.away_team_score`, seen -1"),
        (lambda m: m["match_periods"][1].update(end_frame=2**31), f"`int` <= 1000000 - at `$.match_periods[1].end_frame`, seen {2**31}"),
        (lambda m: m["match_periods"][1].update(start_frame=-1), "Expected `int` >= 0 - at `$.match_periods[1].start_frame`, seen -1"),
        (lambda m: m["match_periods"][1].update(end_frame=169), "end_frame: expected start_frame 170 or later, seen 169 - at `$.match_periods[1]`"),
        (lambda m: m["match_periods"][0].update(period=2**40), f"Expected `int` <= 99 - at `$.match_periods[0].period`, seen {2**40}"),
        (lambda m: m["players"][3].update(id=2**63), f"at `$.players[3].id`, seen {2**63}"),
        (lambda m: m["players"][3].update(number=2**31), f"at `$.players[3].number`, seen {2**31}"),
        (lambda m: m["players"][3]["playing_time"]["total"].update(end_frame=10**7), "at `$.players[3].playing_time.total.end_frame`, seen 10000000"),
        (lambda m: m["players"][3].update(birthday="0001-01-01"), "birthday: expected a year from 1900 to 2100, seen 0001-01-01 - at `$.players[3]`"),
        (lambda m: m["competition_edition"]["competition"].update(id=2**64), f"at `$.competition_edition.competition.id`, seen {2**64}"),
        (lambda m: m.update(date_time="0001-01-01T00:00:00+05:00"), "date_time: expected a year from 1900 to 2100, seen 0001-01-01T00:00:00+05:00"),
        (lambda m: m.update(date_time="9999-12-31T23:00:00-05:00"), "date_time: expected a year from 1900 to 2100"),
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_refused_with_place_seen_and_expected(
    file: Path, edit: Any, said: str
) -> None:
    found = refusal(file, edited(edit))

    assert said in found
    assert found.startswith("match.json: ")


def test_a_number_of_any_size_is_no_fault_where_nobody_reads_it(file: Path) -> None:
    file.write_bytes(GOOD.replace(b"{", b'{"wind": ' + b"9" * 5000 + b",", 1))

    assert match.decode(file).notes == ("added members wind",)


def test_a_number_too_long_to_be_read_is_refused_at_its_place(file: Path) -> None:
    found = refusal(file, GOOD.replace(b'"pitch_width": 68', b'"pitch_width": ' + b"9" * 5000))

    assert "$.pitch_width" in found
    assert "seen 99999" in found


def test_json_that_is_nested_without_end_is_refused(file: Path) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000

    assert "not whole UTF-8 JSON" in refusal(
        file, GOOD.replace(b"{", b'{"wind": ' + deep + b",", 1)
    )


# --- the folder's day ---------------------------------------------------------------------------


def placed(folder: Path, place: str, data: bytes = GOOD) -> list[files.Recognised]:
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return files.recognised([folder], folder)[0]


def test_a_folder_of_another_day_than_the_kick_off_is_told(tmp_path: Path) -> None:
    found = placed(tmp_path, "partition_date=2024-11-03/match_id=7001/match.json")

    assert match.misplaced(found) == [
        "match_id=7001: in folder partition_date=2024-11-03, but match.json says 2024-11-02:"
        " published under 2024-11-02"
    ]


@pytest.mark.parametrize(
    "place", ["partition_date=2024-11-02/match_id=7001/match.json", "matches/7001_match.json"]
)
def test_a_folder_of_the_kick_offs_day_or_of_none_is_not_told(tmp_path: Path, place: str) -> None:
    assert match.misplaced(placed(tmp_path, place)) == []


def test_the_folder_of_another_file_counts_too_and_is_told_once(tmp_path: Path) -> None:
    placed(tmp_path, "7001_match.json")
    for name in (small.EVENTS, small.PHASES):
        found = placed(tmp_path, f"partition_date=x/match_id=7001/{name}", small.files()[name])

    (told,) = match.misplaced(found)
    assert "partition_date=x" in told


def test_a_match_file_that_cannot_be_read_is_told_later(tmp_path: Path) -> None:
    assert match.misplaced(placed(tmp_path, "partition_date=x/match_id=7/match.json", b"")) == []


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
