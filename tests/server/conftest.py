import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

TESTS = Path(__file__).parents[1]
sys.path[:0] = [
    str(Path(__file__).parent),
    *(str(TESTS / n) for n in ("cli", "activity", "matches", "tracking")),
]

from live_world import Live, live
from sick_world import Sick, sick_world

CHROMIUM = os.environ.get("TOUCHLINE_CHROMIUM") or shutil.which("chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip


@pytest.fixture(scope="session")
def sick(tmp_path_factory: pytest.TempPathFactory) -> Sick:
    """The world in which things are not well; tests only read it."""
    return sick_world(tmp_path_factory.mktemp("sick"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if not CHROMIUM or sync_playwright is None:
        why = "needs chromium and the package playwright"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(why)
        pytest.skip(why)
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def served_live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A world whose live path is served; each test has matches of its own."""
    with live(tmp_path_factory.mktemp("live")) as found:
        yield found


@pytest.fixture
def client(served_live: Live) -> Iterator[httpx.Client]:
    """Somebody who may post and ask."""
    with served_live.client() as found:
        yield found
