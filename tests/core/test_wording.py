"""Numbers as people read them: one style, wherever they are told."""

import pytest

from touchline.core.wording import counted, number, percent, without_byte


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1000, "1,000"),
        (294_777.0, "294,777.00"),
        (3275.3, "3,275.30"),
        (0.0, "0.00"),
        (-0.0, "0.00"),
        (0.9996, "1.00"),
        (0.12345, "0.123"),
        (0.00001274, "1.27e-05"),
        (-2.5, "-2.50"),
        (1.5e15, "1.5e+15"),
        (float("nan"), "nan"),
    ],
)
def test_thousands_are_set_apart_and_no_number_has_digits_that_nobody_reads(
    value: float, told: str
) -> None:
    assert number(value) == told


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0.1, "10 %"),
        (0.0288, "2.88 %"),
        (0.009901, "0.99 %"),
        (0.0198, "1.98 %"),
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.0000123456, "0.00123 %"),
    ],
)
def test_a_share_has_two_decimals_at_most_and_a_space_before_its_sign(
    share: float, told: str
) -> None:
    assert percent(share) == told


def test_one_is_not_several() -> None:
    assert counted(1, "file") == "1 file"
    assert [counted(n, "file") for n in (0, 2, 1000)] == ["0 files", "2 files", "1,000 files"]
    assert [counted(n, "match", "matches") for n in (1, 2)] == ["1 match", "2 matches"]


def test_the_byte_at_which_a_line_broke_is_no_reason_of_its_own() -> None:
    said = "malformed line: JSON is malformed: trailing characters"
    assert without_byte(f"{said} (byte 15)") == without_byte(said) == said
    assert without_byte("a name (byte 3) of old") == "a name (byte 3) of old"


def test_a_share_beyond_its_limit_does_not_read_as_the_limit() -> None:
    assert (percent(0.03004, 0.03), percent(0.0300001, 0.03)) == ("3.004 %", "3.00001 %")
    assert (percent(0.0301, 0.03), percent(0.03, 0.03), percent(0.5, 0.03)) == (
        "3.01 %",
        "3 %",
        "50 %",
    )
    assert percent(0.03 + 1e-17, 0.03) == "3 %"
