"""The provider's CSV files as rows of text."""

import gzip
from pathlib import Path
from typing import Any

import pytest
import small_match as small
from provider_files import csv_rows
from provider_files import file as provider_file

from touchline.core.pipeline import Decoded
from touchline.errors import ContractError
from touchline.tracking.silver import EVENT_COLUMNS, PHASE_COLUMNS
from touchline.tracking.source import headers, tables

COLUMNS = {"who": "player", "where_m": "x"}
PLAIN = b"match_id,x,noise,player\n7,1.5,a,9\n7,,b,10\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "object"


def decoded(file: Path, data: bytes, columns: dict[str, str] = COLUMNS) -> Decoded:
    file.write_bytes(data)
    return tables.decode(file, columns=columns)


def rows(found: Decoded) -> list[tuple[Any, ...]]:
    return found.rows.select("line", "match_id", "player", "x").rows()


def refusal(file: Path, data: bytes) -> str:
    with pytest.raises(ContractError) as refused:
        decoded(file, data)
    assert refused.value.hint
    return str(refused.value)


# --- rows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        gzip.compress(PLAIN),
        b"\xef\xbb\xbf" + PLAIN,
        PLAIN.replace(b"\n", b"\r\n"),
        b'"match_id","x","noise","player"\n"7","1.5","a, b","9"\n7,"","b","10"\n',
        b"player,x,match_id\n9,1.5,7\n10,,7\n",
    ],
)
def test_the_required_columns_are_text_in_any_order_and_dress(file: Path, data: bytes) -> None:
    found = decoded(file, data)

    assert rows(found) == [(2, "7", "9", "1.5"), (3, "7", "10", None)]
    assert (found.lines, found.rejected.height, found.notes) == (2, 0, ())


def test_blank_lines_are_no_rows_and_keep_the_count_of_lines(file: Path) -> None:
    found = decoded(file, b"\n" + PLAIN.replace(b"\n7,,", b"\n\n \r\n7,,") + b"\n")

    assert rows(found) == [(3, "7", "9", "1.5"), (6, "7", "10", None)]
    assert (found.lines, found.rejected.height) == (2, 0)


def test_malformed_lines_are_rejected_with_their_number_and_text(file: Path) -> None:
    found = decoded(file, PLAIN + b"\n7,1\n7,1,2,3,4\r\n7,5,c,12\n")

    assert found.rejected.rows() == [
        ("malformed line: 2 fields, expected 4", 5, "7,1"),
        ("malformed line: 5 fields, expected 4", 6, "7,1,2,3,4"),
    ]
    assert rows(found)[-1] == (7, "7", "12", "5")
    assert found.lines == 5


def test_a_quote_that_is_left_open_swallows_no_other_line(file: Path) -> None:
    found = decoded(file, PLAIN + b'7,"1.5,a,11\n7,2.5,a,12\n7,"3.5,a,13\n7,"4,5",a,14\n')

    assert found.rejected.rows() == [
        ("malformed line: a quote is left open", 4, '7,"1.5,a,11'),
        ("malformed line: a quote is left open", 6, '7,"3.5,a,13'),
    ]
    assert rows(found)[2:] == [(5, "7", "12", "2.5"), (7, "7", "14", "4,5")]
    assert found.lines == 6


def test_a_last_line_without_an_end_is_read_and_noted(file: Path) -> None:
    found = decoded(file, PLAIN.rstrip())

    assert len(rows(found)) == 2
    assert found.notes == ("the last line has no line end",)


def test_columns_in_another_order_give_the_same_rows(file: Path) -> None:
    plain = small.files()[small.EVENTS]
    columns = dict(EVENT_COLUMNS)

    there = decoded(file, plain, columns).rows
    back = decoded(file, small.in_reverse(plain), columns).rows

    assert back.equals(there)


# --- notes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "columns"), [(small.EVENTS, EVENT_COLUMNS), (small.PHASES, PHASE_COLUMNS)]
)
def test_columns_that_the_provider_never_had_are_noted(
    file: Path, name: str, columns: dict[str, str]
) -> None:
    more = small.with_column(lambda row: row.update(b="1", a="2"), "b", "a")

    assert decoded(file, small.files()[name], columns).notes == ()
    assert decoded(file, more(small.files()[name]), columns).notes == ("added columns a, b",)


@pytest.mark.parametrize("match_id", [2017461, 2011166])
@pytest.mark.parametrize(
    ("name", "columns", "header"),
    [
        (small.EVENTS, EVENT_COLUMNS, headers.EVENT_COLUMNS),
        (small.PHASES, PHASE_COLUMNS, headers.PHASE_COLUMNS),
    ],
)
def test_a_real_file_is_read_whole_and_has_the_known_header(
    match_id: int, name: str, columns: dict[str, str], header: tuple[str, ...]
) -> None:
    said = csv_rows(match_id, name)

    found = tables.decode(provider_file(match_id, name), columns=columns)

    assert tuple(said[0]) == header
    assert (found.rows.height, found.lines) == (len(said), len(said))
    assert (found.rejected.height, found.notes) == (0, ())
    assert found.rows["line"].to_list() == list(range(2, len(said) + 2))
    for column in columns.values():
        assert found.rows[column].to_list() == [row[column] or None for row in said], column


# --- refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "header: missing columns match_id, player, x (seen 0 columns: )"),
        (b"match_id,x\n7,1\n", "header: missing columns player (seen 2 columns: match_id, x)"),
        (b"a;b;c\n1;2;3\n", "header: missing columns match_id, player, x (seen 1 column: a;b;c)"),
        (b"match_id,x,x,player\n7,1,2,9\n", "header: columns given twice: x"),
        (b"match_id,x,noise,player\n", "none of 0 lines below the header can be read"),
        (b"match_id,x,noise,player", "none of 0 lines below the header can be read"),
        (
            b"match_id,x,noise,player\n7,1\n7,2\n",
            "none of 2 lines below the header can be read; first: line 2: malformed line: 2 fields",
        ),
        (PLAIN + b"7,2.5,", "line 4: cut off at the end of the file: malformed line: 3 fields"),
        (PLAIN + b'7,"2.5', "line 4: cut off at the end of the file: malformed line: a quote"),
        (PLAIN.replace(b"b,10", b"\xe9,10"), "line 3: not UTF-8: 0xe9 at byte 4"),
        (PLAIN.decode().encode("utf-16"), "line 1: not UTF-8: 0xff at byte 1"),
        (PLAIN.decode().encode("utf-16-le"), "line 1: not UTF-8: 0x00 at byte 2"),
        (gzip.compress(PLAIN)[:-9], "gzip cut off or damaged"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"match_id,x\r7,1\r", "header: new-line character seen in unquoted field"),
        (b"x" * 200_000 + b"\n1\n", "header: field larger than field limit"),
    ],
)
def test_what_is_no_whole_file_with_the_required_columns_is_refused(
    file: Path, data: bytes, said: str
) -> None:
    assert said in refusal(file, data)


def test_a_long_list_of_missing_columns_is_cut_short(file: Path) -> None:
    file.write_bytes(PLAIN)

    with pytest.raises(ContractError) as refused:
        tables.decode(file, columns=dict(EVENT_COLUMNS))

    assert "header: missing columns event_id, " in str(refused.value)
    assert "and 71 more (seen 4 columns: match_id, x, noise, player)" in str(refused.value)
