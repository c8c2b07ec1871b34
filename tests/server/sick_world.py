"""A world in which all kinds of things are not well, for the pages to show."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from event_lines import event, events, text
from world import PHASES, TRACKING, World, files, world

from touchline import config
from touchline.core.ports import Alert, Incident, Run
from touchline.wiring import Touchline

HOSTILE = "<script>window.broken = 1</script>"
FOLDER = "<img src=x onerror=broken()>"
FRESH, REISSUED, LATE = "2025-01-01", "2025-01-02", "2025-01-03"
REFUSED, BAD_LINES, MANGLED = "2025-01-04", "2025-01-05", "2025-01-06"
OPENED = datetime(2025, 1, 4, 6, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Sick:
    """The world, and the newest run of each partition."""

    world: World

    @property
    def here(self) -> Touchline:
        return Touchline(config.load(self.world.folder / "touchline.toml"))

    def run(self, part: str) -> Run:
        """The newest run of a day or of any other partition."""
        named = part if "=" in part else f"ingestion_date={part}"
        (found,) = self.here.ledger.runs(part=named, limit=1)
        return found


def arrive(
    into: World, day: str, lines: Any, *, name: str = "events.json", under: str = "raw"
) -> None:
    place = into.folder / under / f"source_system=app/ingestion_date={day}" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text(lines))
    into.well("ingest", "activity", place)


def sick_world(folder: Path, extra: str = "") -> Sick:
    """Days that are fresh, stale, refused and failed, a match that waits, rejected rows, alerts."""
    made = world(folder)
    made.configure(f"[server]\nport = 0\n{extra}")
    arrive(made, FRESH, events(300))
    arrive(made, REISSUED, events(300))
    arrive(made, LATE, events(300))
    arrive(made, BAD_LINES, [*events(300), f"{HOSTILE} is no JSON\n"], under=FOLDER)
    nobody = [event(n, user_id=None) for n in range(1, 41)]
    odd = [event(900, event_ts=HOSTILE), event(901, event_ts="yesterday")]
    arrive(made, REFUSED, [*nobody, *events(260, first=41), *odd])
    arrive(made, MANGLED, events(20))
    given = files(1)
    made.ingest(given)
    made.ingest({k: v for k, v in files(2).items() if k not in (TRACKING, PHASES)}, 2)
    _break_bronze(made)
    assert made.do("run").code != 0
    arrive(made, REISSUED, [event(5, user_id="somebody else"), *events(298, first=6)])
    made.do("run", "activity", "--partition", f"ingestion_date={REISSUED}")
    arrive(made, LATE, events(5, first=500), name="late.json")
    _notes(Touchline(config.load(made.folder / "touchline.toml")))
    return Sick(made)


def many_incidents(into: World, days: int = 23) -> None:
    """As many days of activity are missing, and some matches were refused."""
    here = Touchline(config.load(into.folder / "touchline.toml"))
    first, said = date(2025, 1, 2), "due 06:00Z, missing since 08:00Z"
    missing = [f"ingestion_date={first + timedelta(days=n)}" for n in range(days)]
    refused = [f"match_id={n}" for n in range(11, 14)]
    here.ledger.notes.note(
        [
            *(Incident(f"activity {d} input", "activity", d, said, 4, OPENED) for d in missing),
            *(
                Incident(f"tracking {m} run", "tracking", m, f"refused: {m}", 3, OPENED)
                for m in refused
            ),
            Incident(
                "up nightly command", "up", "nightly", "exit code 2: no such table", 2, OPENED
            ),
        ]
    )


def _break_bronze(made: World) -> None:
    """The file of one day is not what came any more: its run fails."""
    ((path,),) = made.asked(
        "SELECT path FROM receipts WHERE partition = ?", f"ingestion_date={MANGLED}"
    )
    file = made.data / "objects" / path
    file.chmod(0o644)
    file.write_bytes(b"x" * file.stat().st_size)


def _notes(here: Touchline) -> None:
    day = f"ingestion_date={REFUSED}"
    what = f"not null user_id: 13.25 % of 302 null, expected at most 3 %; {HOSTILE}"
    here.ledger.notes.note([Incident(f"activity/{day}", "activity", day, what, 3, OPENED)])
    alert = Alert("a1", "opened", f"activity {day} refused", what, OPENED)
    here.ledger.notes.enqueue([alert], ["mail"])
    (delivery,) = here.ledger.notes.outbox()
    tried = delivery.__class__(
        alert, "mail", 3, OPENED + timedelta(minutes=15), None, "connection refused"
    )
    here.ledger.notes.told(tried)
