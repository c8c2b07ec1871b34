"""A simulated match on disk, laid out as the provider's public repository or as a landing folder."""

import gzip as compression
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from touchline.tracking.simulate.plan import Part, SimulatedMatch

Layout = Literal["provider", "landing"]

PROVIDER_NAMES: Mapping[Part, str] = {
    "match": "{id}_match.json",
    "tracking": "{id}_tracking_extrapolated.jsonl",
    "events": "{id}_dynamic_events.csv",
    "phases": "{id}_phases_of_play.csv",
}
FAST = 1


def write(
    simulated: SimulatedMatch, folder: Path, *, layout: Layout = "provider", gzip: bool = False
) -> list[Path]:
    """Write the provider's files, and the truth beside them (see `truth_path`).

    Args:
        simulated: The match. A file that its plan says is missing is not written.
        folder: Where to write; made if it is not there. Files of the same name are replaced.
        layout: `provider` is `matches/ID/ID_match.json` and so on; `landing` is
            `partition_date=DAY/match_id=ID/match.json` and so on, the day of kick-off in UTC.
        gzip: Compress the tracking file; its name then ends with `.gz`.

    Returns:
        The provider's files, without the truth.
    """
    home = folder / _place(simulated, layout)
    home.mkdir(parents=True, exist_ok=True)
    written = []
    for part, content in _contents(simulated).items():
        packed = gzip and part == "tracking"
        path = home / (_name(simulated, part, layout) + (".gz" if packed else ""))
        path.write_bytes(compression.compress(content, FAST, mtime=0) if packed else content)
        written.append(path)
    truth = truth_path(simulated, folder)
    truth.parent.mkdir(parents=True, exist_ok=True)
    truth.write_text(json.dumps(simulated.truth, indent=1), encoding="utf-8")
    return written


def truth_path(simulated: SimulatedMatch, folder: Path) -> Path:
    """Where `write` puts the truth."""
    return folder / "truth" / f"{simulated.match['id']}_truth.json"


def _contents(simulated: SimulatedMatch) -> dict[Part, bytes]:
    document = json.dumps(simulated.match, separators=(",", ":"), ensure_ascii=False)
    contents: dict[Part, bytes] = {
        "match": document.encode(),
        "tracking": simulated.tracking,
        "events": simulated.events,
        "phases": simulated.phases,
    }
    contents.pop(simulated.truth["faults"]["missing_file"], None)
    return contents


def _place(simulated: SimulatedMatch, layout: Layout) -> Path:
    match_id = simulated.match["id"]
    if layout == "provider":
        return Path("matches", str(match_id))
    day = simulated.match["date_time"][:10]
    return Path(f"partition_date={day}", f"match_id={match_id}")


def _name(simulated: SimulatedMatch, part: Part, layout: Layout) -> str:
    name = PROVIDER_NAMES[part].format(id=simulated.match["id"])
    return name if layout == "provider" else name.split("_", 1)[1]
