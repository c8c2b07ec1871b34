"""Lines of the tracking file, decoded."""

import gzip
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import small_match as small
from hypothesis import given, settings
from hypothesis import strategies as st
from provider_files import file as provider_file

from touchline.core.pipeline import Decoded
from touchline.errors import ContractError
from touchline.tracking.source import frames

GOOD = small.files()[small.TRACKING]
SHOWN = small.FIRST_POSITIONS_LINE


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "it's an object"


def line(frame: int = 1, **members: Any) -> dict[str, Any]:
    said = {
        "frame": frame,
        "timestamp": "00:00:00.10",
        "period": 1,
        "ball_data": {"x": 1.5, "y": -2.0, "z": 0.0, "is_detected": True},
        "possession": {"player_id": None, "group": "home team"},
        "image_corners_projection": [1.0],
        "player_data": [{"x": frame / 4, "y": 0, "player_id": 9, "is_detected": False}],
    }
    return said | members


def jsonl(*lines: dict[str, Any] | bytes) -> bytes:
    return b"".join(
        (one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in lines
    )


def decoded(file: Path, data: bytes) -> Decoded:
    file.write_bytes(data)
    return frames.decode(file)


def refusal(file: Path, data: bytes) -> str:
    with pytest.raises(ContractError) as refused:
        decoded(file, data)
    assert refused.value.hint
    return str(refused.value)


# --- rows ---------------------------------------------------------------------------------------


def test_a_line_becomes_a_row_with_its_number_and_its_positions_nested(file: Path) -> None:
    empty = line(
        0,
        timestamp=None,
        period=None,
        player_data=[],
        ball_data=dict.fromkeys(("x", "y", "z", "is_detected")),
        possession={"player_id": None, "group": None},
    )

    found = decoded(file, jsonl(empty, line(2)))

    assert found.rows.rows(named=True) == [
        {"line": 1} | {k: v for k, v in empty.items() if k != "image_corners_projection"},
        {"line": 2} | {k: v for k, v in line(2).items() if k != "image_corners_projection"},
    ]
    assert found.rows.schema["player_data"] == pl.List(
        pl.Struct(
            {"x": pl.Float64, "y": pl.Float64, "player_id": pl.Int64, "is_detected": pl.Boolean}
        )
    )
    assert (found.lines, found.rejected.height, found.notes) == (2, 0, ())


@pytest.mark.parametrize(
    "dress",
    [
        gzip.compress,
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        bytes.rstrip,
        lambda data: b"\n \n" + data.replace(b"\n", b"\n\r\n", 3),
    ],
)
def test_the_same_lines_in_another_dress_are_the_same_rows(
    file: Path, dress: Callable[[bytes], bytes]
) -> None:
    plain, other = decoded(file, GOOD), decoded(file, dress(GOOD))

    assert other.rows.equals(plain.rows)
    assert (other.lines, other.rejected.height, other.notes) == (320, 0, ())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.permutations(list(line())), min_size=1, max_size=8))
def test_the_order_of_members_does_not_matter(orders: list[list[str]]) -> None:
    said = [line(n) for n in range(len(orders))]
    other = [{name: one[name] for name in order} for one, order in zip(said, orders, strict=True)]

    with tempfile.TemporaryDirectory() as folder:
        there = decoded(Path(folder) / "a", jsonl(*said)).rows
        back = decoded(Path(folder) / "b", jsonl(*other)).rows

    assert back.equals(there)


def test_new_members_of_lines_and_of_positions_are_noted(file: Path) -> None:
    spot = {"x": 1.0, "y": 2.0, "player_id": 9, "is_detected": True, "z": 0.3}

    found = decoded(file, jsonl(line(1, wind=3, a=1, player_data=[spot]), line(2)))

    assert found.notes == ("added members a, wind, player_data.z",)
    assert found.rows.height == 2


def test_the_real_frames_are_read_as_they_are() -> None:
    path = provider_file(1886347, "tracking_extrapolated.sample.jsonl")
    said = [json.loads(one) for one in path.read_bytes().splitlines()]

    found = frames.decode(path)

    assert (found.lines, found.rejected.height, found.notes) == (200, 0, ())
    for name in ("frame", "timestamp", "period", "ball_data", "possession", "player_data"):
        assert found.rows[name].to_list() == [one[name] for one in said], name


# --- rejected lines -----------------------------------------------------------------------------

BAD = {
    "no JSON": (b"hello", "malformed line: JSON is malformed: invalid character (byte 0)"),
    "half an object": (b'{"frame": 2, "player_data', "malformed line: JSON is malformed: invalid character (byte 25)"),
    "two objects": (json.dumps(line(2)).encode() + b' {"frame": 3}', "malformed line: JSON is malformed: trailing"),
    "a list": (b"[2]", "line of another shape: Expected `object`, got `array`"),
    "null": (b"null", "line of another shape: Expected `object`, got `null`"),
    "no frame": (
        {k: v for k, v in line(2).items() if k != "frame"},
        "line of another shape: Object missing required field `frame`",
    ),
    "no player_data": (
        {k: v for k, v in line(2).items() if k != "player_data"},
        "line of another shape: Object missing required field `player_data`",
    ),
    "player_data null": (line(2, player_data=None), "Expected `array`, got `null` - at `$.player_data`"),
    "player_data an object": (line(2, player_data={}), "Expected `array`, got `object`"),
    "a position that is null": (line(2, player_data=[None]), "Expected `object`, got `null` - at `$.player_data[0]`"),
    "a position without x": (
        line(2, player_data=[{"y": 1, "player_id": 9, "is_detected": True}]),
        "Object missing required field `x` - at `$.player_data[0]`",
    ),
    "a position in words": (
        line(2, player_data=[{"x": "abc", "y": 1, "player_id": 9, "is_detected": True}]),
        "Expected `float`, got `str` - at `$.player_data[0].x`",
    ),
    "a position that is no number": (
        json.dumps(line(2, player_data=[{"x": float("nan"), "y": 1, "player_id": 9, "is_detected": True}])).encode(),
        "malformed line: JSON is malformed: invalid character",
    ),
    "a position without end": (
        json.dumps(line(2)).replace("0.5", "1e999").encode(),
        "line of another shape: Number out of range - at `$.player_data[0].x`",
    ),
    "a ball without end": (
        json.dumps(line(2)).replace("1.5", "-Infinity").encode(),
        "malformed line: JSON is malformed: invalid character",
    ),
    "a frame too large": (line(2**31), "Expected `int` <= 2147483647 - at `$.frame`"),
    "a member twice": (json.dumps(line(2)).replace("{", '{"frame": 7, ', 1).encode(), "a member comes twice"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_line_that_is_not_what_it_should_be_is_rejected_as_it_came(file: Path, case: str) -> None:
    bad, reason = BAD[case]

    found = decoded(file, jsonl(line(1), bad, line(3)))

    ((why, number, row),) = found.rejected.rows()
    assert reason in why
    assert number == 2
    assert row.encode() == jsonl(bad).rstrip(b"\n")
    assert found.rows["frame"].to_list() == [1, 3]
    assert found.rows["line"].to_list() == [1, 3]
    assert found.lines == 3


def test_rejected_lines_keep_their_number_among_lines_that_hold_anything(file: Path) -> None:
    found = decoded(file, b"\n" + jsonl(line(1), b"", b"oops", line(3)))

    assert found.rejected["line"].to_list() == [2]
    assert found.rows["line"].to_list() == [1, 3]


def test_all_bad_lines_are_found_not_only_the_first(file: Path) -> None:
    found = decoded(
        file, jsonl(line(1), b"oops", line(3), b"oops", line(5, player_data={}), line(6))
    )

    assert found.rejected["line"].to_list() == [2, 4, 5]
    assert found.rows["frame"].to_list() == [1, 3, 6]


# --- refused ------------------------------------------------------------------------------------


def each(**members: Any) -> bytes:
    return jsonl(*(line(n) | members for n in range(1, 9)))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "none of 0 lines has a player's position"),
        (each(player_data=[]), "none of 8 lines has a player's position"),
        (
            each(player_data={}),
            "none of 8 lines has a player's position; first: line 1: line of another shape:"
            " Expected `array`, got `object` - at `$.player_data`",
        ),
        (
            each(player_data=[{"x": "1.5", "y": 1, "player_id": 9, "is_detected": True}]),
            "first: line 1: line of another shape: Expected `float`, got `str`",
        ),
        (
            each(player_data=[{"x": True, "y": 1, "player_id": 9, "is_detected": True}]),
            "first: line 1: line of another shape: Expected `float`, got `bool`",
        ),
        (
            each(player_data=[{"x": 1, "y": 1, "player_id": 9.5, "is_detected": True}]),
            "Expected `int`, got `float` - at `$.player_data[0].player_id`",
        ),
        (each(frame=1.5), "first: line 1: line of another shape: Expected `int`, got `float` - at `$.frame`"),
        (each(frame="1"), "first: line 1: line of another shape: Expected `int`, got `str` - at `$.frame`"),
        (each(ball_data={}), "missing required field `x` - at `$.ball_data`"),
        (each(possession=3), "Expected `object | null`, got `int` - at `$.possession`"),
        (GOOD[:-20], "line 320: cut off at the end of the file: Input data was truncated"),
        (jsonl(line(1)) + b'{"fr', "line 2: cut off at the end of the file"),
        (gzip.compress(GOOD)[:-20], "gzip cut off or damaged"),
        (gzip.compress(GOOD)[:-8] + bytes(8), "gzip cut off or damaged: CRC check failed"),
        (GOOD.decode().encode("utf-16"), "line 1: not UTF-8: 0xff at byte 1"),
        (GOOD.decode().encode("utf-16-le"), "line 1: not UTF-8: 0x00 at byte 2"),
        (
            jsonl(line(1), line(2)).replace(b"home team", b"h\xf4me team", 2),
            "line 1: not UTF-8: 0xf4 at byte 167",
        ),
        (b"[" + GOOD.replace(b"\n", b",\n")[:-2] + b"]\n", "none of 320 lines"),
        (json.dumps(line(1), indent=1).encode() + b"\n", "first: line 1: malformed line"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git LFS pointer"),
    ],
)  # fmt: skip
def test_a_file_without_readable_positions_or_cut_off_is_refused(
    file: Path, data: bytes, said: str
) -> None:
    assert said in refusal(file, data)


def test_a_file_that_changes_its_shape_half_way_is_mostly_rejected(file: Path) -> None:
    found = decoded(
        file, each() + each(player_data=[{"x": "a", "y": 1, "player_id": 9, "is_detected": True}])
    )

    assert (found.rows.height, found.rejected.height, found.lines) == (8, 8, 16)
    assert set(found.rejected["line"]) == set(range(9, 17))
