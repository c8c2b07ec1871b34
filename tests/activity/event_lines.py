"""Events as their app sends them, and files of them."""

import json
from collections.abc import Iterable
from typing import Any

DAYS = ("2025-01-01", "2025-01-02", "2025-01-03")


def event(number: int, **more: Any) -> dict[str, Any]:
    """A login of the first day, with any field changed."""
    return {
        "event_id": f"e{number}",
        "user_id": f"u{number % 7}",
        "event_type": "login",
        "event_ts": f"2025-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z",
        "amount": None,
        **more,
    }


def events(count: int, first: int = 1) -> list[dict[str, Any]]:
    return [event(number) for number in range(first, first + count)]


def text(lines: Iterable[dict[str, Any] | str]) -> str:
    """A line for each event; a text is a line as it is."""
    return "".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines)
