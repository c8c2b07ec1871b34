"""Numbers, and words that go with them or without, as people read them."""

import math
import re

_BYTE = re.compile(r" \(byte \d+\)$")
_MOST_DIGITS = 12


def counted(number: int, what: str, many: str = "") -> str:
    """1 file, 1,000 files; `many` is the word for several, where it is not `what` with an s."""
    return f"{number:,} {what if number == 1 else many or f'{what}s'}"


def without_byte(reason: str) -> str:
    """Why a line was rejected, without the byte where that was met: so lines of one fault count together."""
    return _BYTE.sub("", reason)


def number(value: float) -> str:
    """A whole number; else two decimals, or three digits that count where it is below 1.

    Thousands are set apart, and huge numbers are powers of ten.
    """
    if isinstance(value, int):
        return f"{value:,}"
    size = abs(value)
    if size >= 1e15 or math.isnan(value):
        return f"{value:.3g}"
    return f"{value + 0.0:,.2f}" if size == 0 or round(size, 3) >= 1 else f"{value:.3g}"


def percent(share: float, limit: float | None = None) -> str:
    """10 %, 2.88 %: two decimals at most, or three digits that count where it is below 0.01.

    As many more as it takes to tell it from the limit that it is held to.
    """
    value, digits = share * 100, 2
    while limit not in (None, share) and round(value, digits) == round((limit or 0) * 100, digits):
        if digits == _MOST_DIGITS:
            break
        digits += 1
    is_small = digits == 2 and 0 < abs(value) < 0.01
    told = f"{value:.3g}" if is_small else f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return f"{told} %"
