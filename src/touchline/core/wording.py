"""Numbers, and words that go with them, as people read them."""

import math


def counted(number: int, what: str, many: str = "") -> str:
    """1 file, 1,000 files; `many` is the word for several, where it is not `what` with an s."""
    return f"{number:,} {what if number == 1 else many or f'{what}s'}"


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


def percent(share: float) -> str:
    """10 %, 2.88 %: two decimals at most, or three digits that count where it is below 0.01."""
    value = share * 100
    told = f"{value:.3g}" if 0 < abs(value) < 0.01 else f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{told} %"
