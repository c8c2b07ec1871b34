"""Days of product events, as files in a landing folder."""

import json
from datetime import date
from pathlib import Path

from world import World

from touchline.activity.simulate import Faults, day


def lines(of: str, rows: int = 60, *, seed: int = 1, null_user_rate: float = 0.0) -> list[str]:
    """The lines of a day's file."""
    made = day(date.fromisoformat(of), rows=rows, faults=Faults(null_user_rate, 0.0), seed=seed)
    return list(made.lines)


def put(world: World, of: str, given: list[str], name: str = "events.json") -> Path:
    """A file is moved into the landing folder whole, as a careful sender does."""
    folder = world.folder / "landing/activity/raw/source_system=app" / f"ingestion_date={of}"
    folder.mkdir(parents=True, exist_ok=True)
    beside = world.folder / f".{of}-{name}"
    beside.write_text("".join(f"{line}\n" for line in given))
    return beside.rename(folder / name)


def rows(world: World, of: str) -> int:
    """How many events of the day are published."""
    sql = f"SELECT count(*) FROM activity.curated_events WHERE ingestion_date = '{of}'"
    found: int = world.one(sql)
    return found


def ids(given: list[str]) -> set[str]:
    """The events' ids."""
    return {json.loads(line)["event_id"] for line in given}
