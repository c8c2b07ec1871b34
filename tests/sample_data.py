"""Where the sample data of real matches and events are, for the tests that need them."""

import os
from pathlib import Path

import pytest

BESIDE = Path(__file__).parents[2] / "shared"


def sample(path: str) -> Path:
    """That file or folder of the sample data; without it the test is skipped, and fails where CI is true."""
    found = Path(os.environ.get("TOUCHLINE_SHARED") or BESIDE) / "data" / path
    if not found.exists():
        refuse = pytest.fail if os.environ.get("CI", "").lower() in {"true", "1"} else pytest.skip
        refuse(f"sample data absent: {found}; set TOUCHLINE_SHARED to the folder that holds data/")
    return found.resolve()
