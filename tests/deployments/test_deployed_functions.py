"""Design 003's own test against the three functions, each behind both gateways."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from deployed import until
from functions_deployed import Deployed, functions
from kafka_broker import Shared

SCRIPT = Path(__file__).parents[1] / "matches" / "end_to_end.py"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, kafka: Shared) -> Iterator[Deployed]:
    """The functions, which all tests here ask."""
    with functions(tmp_path_factory.mktemp("functions"), kafka.broker().bootstrap) as found:
        yield found


@pytest.mark.parametrize("gateway", ["rest", "http"])
def test_the_designs_test_passes_on_functions(here: Deployed, gateway: str) -> None:
    url = getattr(here, gateway)
    words = [sys.executable, str(SCRIPT), "--url", url, "--patience", "120"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{done.stderr} {here.mapping.failure}"
    assert "come back in order, each once" in done.stdout


def test_what_cannot_be_used_is_a_dead_letter_and_holds_up_nobody(here: Deployed) -> None:
    records = [("m7", b"{"), ("m7", b'{"match_id": "m7", "event_id": "e1", "event_type": "goal",'
               b' "timestamp": "2025-04-05T12:00:00Z"}')]  # fmt: skip
    here.mapping.log.append("match-events", records).result(30)

    def goals() -> int:
        answer = httpx.get(f"{here.http}/matches/m7/goals", timeout=60)
        return int(answer.json().get("total_goals", 0))

    until(lambda: goals() == 1, "the goal is served")
    (letter,) = httpx.get(f"{here.http}/dead-letters", timeout=60).json()["dead_letters"]
    assert letter["match_id"] == "m7"
    assert all(said == {"batchItemFailures": []} for said in here.mapping.handed)
