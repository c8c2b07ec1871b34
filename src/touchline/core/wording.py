"""Words that go with a number, and those that go without."""

import re

_BYTE = re.compile(r" \(byte \d+\)$")


def counted(number: int, what: str, many: str = "") -> str:
    """1 file, 1,000 files; `many` is the word for several, where it is not `what` with an s."""
    return f"{number:,} {what if number == 1 else many or f'{what}s'}"


def without_byte(reason: str) -> str:
    """Why a line was rejected, without the byte where that was met: so lines of one fault count together."""
    return _BYTE.sub("", reason)
