"""Events as their app sends them, and files of them."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

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


def sample() -> Path:
    """The three days of the sample data; skips the test where they are absent."""
    shared = Path(os.environ.get("TOUCHLINE_SHARED", Path(__file__).parents[2] / "../shared"))
    found = shared / "data/app_events"
    if not found.exists():
        refuse = pytest.fail if os.environ.get("CI") else pytest.skip
        refuse(f"sample data absent: {found}; set TOUCHLINE_SHARED")
    return found.resolve()
