import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from console import commands, run, touchline_in

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="session")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the page for newcomers was followed to its end, step by step."""
    folder = tmp_path_factory.mktemp("walked")
    programs = touchline_in(tmp_path_factory.mktemp("bin"))
    for command in commands((DOCS / "getting-started.md").read_text(encoding="utf-8")):
        ended = run(command, folder, programs)
        assert ended.returncode == command.code, f"{command.text}\n{ended.stdout}{ended.stderr}"
        assert command.fits(ended.stdout), f"{command.text}\n{ended.stdout}"
    return folder
