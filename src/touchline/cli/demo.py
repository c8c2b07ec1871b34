"""demo: everything on made-up data, without any network."""

import os
import shlex
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from touchline import config
from touchline.cli.alerting import note
from touchline.cli.kinds import Finite, Place, Whole
from touchline.cli.output import complain, progress, say, table
from touchline.core.wording import counted
from touchline.errors import ConfigError
from touchline.wiring import Touchline

if TYPE_CHECKING:
    from touchline.core.pipeline.drive import Done

_TOP = """
SELECT player_short_name AS player, split_part(team_name, ' ', 1) AS team,
       CAST(round(minutes_played) AS INTEGER) AS "min", distance_m / 1000 AS km,
       sprint_count AS sprints, top_speed_kmh AS "top km/h", run_count AS runs,
       threat_per_90 AS threat, pressing_action_count AS presses
FROM tracking.player_metrics
WHERE match_id = {match_id} AND minutes_played > 0
ORDER BY threat_per_90 DESC NULLS LAST
"""


@click.command()
@click.argument("folder", type=Place(path_type=Path, file_okay=False), default="demo")
@click.option("--matches", type=Whole(1, 20), default=2, show_default=True, help="How many.")
@click.option(
    "--minutes",
    type=Finite(2, 130),
    default=90.0,
    show_default=True,
    help="Length of a match.",
)
def demo(folder: Path, matches: int, minutes: float) -> None:
    """Simulate matches in FOLDER, land them, run everything, and show the players.

    Example: touchline demo /tmp/touchline-demo
    """
    from touchline.cli.data import landed
    from touchline.cli.simulating import simulated, writing_to
    from touchline.core.pipeline import drive
    from touchline.tracking.source import files

    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ConfigError(f"{folder}: not empty", hint="give another folder, or delete it")
        text = "# Every key has a default; see docs/configuration.md\n"
        (folder / "touchline.toml").write_text(text)
    say(f"1/4  simulating {counted(matches, 'match', 'matches')} of {minutes:g} min")
    simulated(
        folder / "landing",
        matches=matches,
        first_id=900001,
        first_day=date(2024, 11, 2),
        competition=61,
        minutes=minutes,
        seed=1,
        layout="provider",
        packed=False,
    )
    here = Touchline(config.load(folder / "touchline.toml"))
    say("2/4  landing their files in bronze")
    from datetime import UTC, datetime

    found, _ = files.recognised([folder / "landing" / "matches"], folder)
    for _arrival, _kind in landed(
        here, "tracking", list(files.arrivals(found)), now=datetime.now(UTC)
    ):
        pass
    say("3/4  bronze -> silver -> gold, each table behind its gate")
    with progress("run", matches) as tell:
        for done in drive.run(here.pipeline("tracking"), here.platform()):
            tell(done.partition, done.run.status if done.run else "held")
            note(here, done)
            _must_be_published(done)
    say("4/4  players of match 900001, by threat of their runs per 90 minutes")
    _show(here, folder)


def _must_be_published(done: "Done") -> None:
    if done.error is not None:
        complain(str(done.error), done.error.hint)
        sys.exit(done.error.exit_code)


def _show(here: Touchline, folder: Path) -> None:
    from touchline.views import rows_of

    table(rows_of(here, _TOP.format(match_id=900001)).to_pylist())
    command = f"{_program()} -c {shlex.quote(str(folder / 'touchline.toml'))}"
    say(f"""
next:
  {command} status
      what is there
  {command} define player_metrics.sprints_per_90
      what a number means
  {command} report match 900001
      a page for the coach, in this folder
  {command} query "SELECT * FROM tracking.sprints"
      any table, by SQL""")


def _program() -> str:
    """How this program is called from here: by its name, its path, or as a module."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{shlex.quote(_near(Path(sys.executable)))} -m touchline.cli"
    found = shutil.which(called.name)
    if found is not None and Path(found).absolute() == called.absolute():
        return called.name
    return shlex.quote(_near(called))


def _near(path: Path) -> str:
    """The path from the current folder, where that is shorter."""
    whole = str(path.absolute())
    return min(os.path.relpath(whole), whole, key=len)
