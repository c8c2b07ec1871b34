"""Made-up product events of the real shape, with planted truth and faults."""

import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from touchline.core.made_up import must_not_differ, written

TYPES = {"login": 25, "view_item": 45, "add_to_cart": 20, "purchase": 10}
USERS = 300
MOVED_S = (1, 120)


@dataclass(frozen=True)
class Faults:
    """What is wrong with a day: shares of its rows, and numbers of lines."""

    null_user_rate: float = 0.02
    duplicate_rate: float = 0.01
    odd_instants: int = 0
    malformed: int = 0


@dataclass(frozen=True)
class Day:
    """A day's file: its lines, and what was planted in them."""

    day: date
    lines: tuple[str, ...]
    truth: dict[str, Any]


def day(of: date, *, rows: int, faults: Faults, seed: int) -> Day:
    """`rows` lines of one day; the same seed gives the same bytes.

    Of them so many as the rates say have no user, or repeat the id of an earlier one with an
    event_ts that is 1 to 120 s later; malformed lines come on top.
    """
    dice = random.Random(f"{seed} {of}")  # noqa: S311 (made-up data)
    repeated = round(rows * faults.duplicate_rate)
    events = list(_events(of, rows - repeated, dice))
    again = [_moved(dice.choice(events), dice) for _ in range(repeated)] if events else []
    events += again
    for event in dice.sample(events, round(len(events) * faults.null_user_rate)):
        event["user_id"] = None
    odd = dice.sample(range(len(events)), min(faults.odd_instants, len(events)))
    for at in odd:
        events[at]["event_ts"] = f"{of:%d/%m/%Y} at noon"
    lines = [json.dumps(event) for event in events]
    cut = [json.dumps(event)[:40] for event in _events(of, faults.malformed, dice)]
    bought = [e["amount"] for e in events if e["event_type"] == "purchase"]
    truth = {
        "ingestion_date": of.isoformat(),
        "total_rows": len(events),
        "null_user_id": sum(e["user_id"] is None for e in events),
        "duplicate_event_id_extra_rows": len(again),
        "odd_instants": len(odd),
        "malformed_lines": len(cut),
        "purchases": len(bought),
        "amount": round(sum(bought), 2),
    }
    return Day(of, (*lines, *cut), truth)


def write(
    out: Path, first: date, *, days: int, rows: int, faults: Faults, seed: int, late: int = 0
) -> Iterator[Path]:
    """The files of each day under `out`, as they are written, and the truth beside them.

    `late` events of the last day but one, or of the only day, come in a file of their own, so that
    the others stay the same bytes: land them after a run to see late data repaired.

    Raises:
        ConfigError: Another file of one of the names is there already; nothing was written.
    """
    made = [
        day(first + timedelta(days=at), rows=rows, faults=faults, seed=seed) for at in range(days)
    ]
    files = [file for each in made for file in (_events_file(each, "events.json"), _truth(each))]
    if late:
        at = made[max(len(made) - 2, 0)].day
        more = day(at, rows=late, faults=Faults(0, 0), seed=seed + 1)
        files.append(_events_file(more, "late-events.json"))
    for name, text in files:
        must_not_differ(out / name, text)
    for name, text in files:
        yield written(out / name, text)


def _events(of: date, count: int, dice: random.Random) -> Iterator[dict[str, Any]]:
    midnight = datetime(of.year, of.month, of.day, tzinfo=UTC)
    for _ in range(count):
        kind = dice.choices(list(TYPES), list(TYPES.values()))[0]
        at = midnight + timedelta(seconds=dice.randrange(86_400 - MOVED_S[1]))
        yield {
            "event_id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
            "user_id": str(dice.randint(1, USERS)),
            "event_type": kind,
            "event_ts": _instant(at),
            "amount": round(dice.uniform(5, 200), 2) if kind == "purchase" else None,
        }


def _moved(event: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    at = datetime.fromisoformat(event["event_ts"]) + timedelta(seconds=dice.randint(*MOVED_S))
    return {**event, "event_ts": _instant(at)}


def _instant(at: datetime) -> str:
    return f"{at.replace(tzinfo=None).isoformat()}Z"


def _events_file(made: Day, name: str) -> tuple[str, str]:
    """The file's name, and what it holds."""
    folder = f"raw/source_system=app/ingestion_date={made.day}"
    return f"{folder}/{name}", "".join(f"{line}\n" for line in made.lines)


def _truth(made: Day) -> tuple[str, str]:
    return f"truth/ingestion_date={made.day}.json", json.dumps(made.truth, indent=1) + "\n"
