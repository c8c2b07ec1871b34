"""kill -9 between a publish and the note of it: the notice is in the outbox all the same, and once."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from days import lines, put
from going import going
from world import World, world

TARGETS = (
    "alerts = { targets = { chat = { env = 'NOWHERE' } }, completed = true }\nschedules = {}\n"
)
DAY = "2025-01-01"
DIES = "def dies(*_, **__): os.kill(os.getpid(), signal.SIGKILL)"
MOMENTS = {
    "published, and not noted": (
        "from touchline.core.alerts import Alerting as here\nhere.ran = dies"
    ),
    "committed, and not recorded": (
        "from touchline.adapters.sqlite import SqliteLedger as here\nhere.settle = dies"
    ),
}


@pytest.fixture
def arrived(tmp_path: Path) -> World:
    """A day of events that nothing has been made of yet, and a target that takes nothing."""
    made = world(tmp_path)
    made.configure(TARGETS)
    put(made, DAY, lines(DAY))
    return made


def killed(where: World, command: str, moment: str) -> None:
    """Give the command, and kill it at that moment."""
    words = f"import os, signal, sys\n{DIES}\n{MOMENTS[moment]}\n"
    words += f"from touchline.cli import main\nsys.argv = ['touchline', '{command}']\nmain()\n"
    done = subprocess.run(
        [sys.executable, "-c", words],
        cwd=where.folder,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def waiting(where: World) -> list[str]:
    """The notices in the outbox, without their runs."""
    return [id_.split()[0] for (id_,) in where.asked("SELECT alert_id FROM outbox")]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_that_was_killed_is_told_by_the_next_which_finds_nothing_to_do(
    arrived: World, moment: str
) -> None:
    arrived.well("ingest", "activity", arrived.folder / "landing")
    killed(arrived, "run", moment)
    assert waiting(arrived) == []
    ended = arrived.well("run")
    assert "everything is fresh" in ended.out
    for words in (("run",), ("check", "activity")):
        arrived.well(*words)
    assert waiting(arrived) == ["completed"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_up_that_was_killed_tells_it_when_it_is_back(arrived: World, moment: str) -> None:
    killed(arrived, "up", moment)
    assert waiting(arrived) == []
    with going(arrived) as up:
        up.until("alert not delivered", alert=f"activity: completed for {DAY}")
        up.stop()
    assert waiting(arrived) == ["completed"]
