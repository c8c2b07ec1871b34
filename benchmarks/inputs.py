"""What is measured on, made under build/bench: real files unpacked, simulated ones, and copies."""

import gzip
import json
import os
import shutil
from pathlib import Path

from runs import ROOT, command

WORK = ROOT / "build" / "bench"
SAMPLE = "2017461"
SIMULATED = "900001"
_TRACKING = "{}_tracking_extrapolated.jsonl"
_OTHERS = ("{}_match.json", "{}_dynamic_events.csv", "{}_phases_of_play.csv")


def folder(name: str) -> Path:
    """An empty folder for one measurement."""
    place = WORK / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place


def whole_matches() -> dict[str, Path]:
    """Match id -> folder of its four files: the sample, where it is, and a simulated one."""
    found = {SIMULATED: simulated("simulated", minutes=90)}
    shared = Path(os.environ.get("TOUCHLINE_SHARED", ROOT.parent / "shared"))
    source = shared / "data" / "skillcorner" / "matches" / SAMPLE
    packed = source / f"{SAMPLE}_tracking_extrapolated.synthetic.jsonl.gz"
    if not packed.exists():
        return found
    place = WORK / "sample" / SAMPLE
    if not (place / _TRACKING.format(SAMPLE)).exists():
        place.mkdir(parents=True, exist_ok=True)
        for name in _OTHERS:
            shutil.copyfile(source / name.format(SAMPLE), place / name.format(SAMPLE))
        half = place / "half"
        with gzip.open(packed) as data, half.open("wb") as out:
            shutil.copyfileobj(data, out, 1 << 20)
        half.rename(place / _TRACKING.format(SAMPLE))
    return {SAMPLE: place, **found}


def simulated(name: str, *, minutes: float) -> Path:
    """The folder of a made-up match's four files; the same bytes every time."""
    place = WORK / name / "matches" / SIMULATED
    if not (place / _TRACKING.format(SIMULATED)).exists():
        WORK.mkdir(parents=True, exist_ok=True)
        command("simulate", "tracking", WORK / name, "--minutes", minutes, cwd=WORK)
    return place


def copies(match: Path, count: int, *, first_id: int, into: Path, own_bytes: bool) -> Path:
    """A folder of `count` matches that differ from `match` in their id.

    With `own_bytes` each tracking file differs in white space, so that bronze holds each of them;
    else they are links to one file, and bronze holds it once.
    """
    old = match.name
    for match_id in range(first_id, first_id + count):
        place = into / str(match_id)
        place.mkdir(parents=True)
        for name in _OTHERS:
            text = (match / name.format(old)).read_text()
            (place / name.format(match_id)).write_text(_renamed(name, text, old, match_id))
        source, target = match / _TRACKING.format(old), place / _TRACKING.format(match_id)
        if own_bytes:
            _spaced(source, target, match_id - first_id + 1)
        else:
            target.hardlink_to(source)
    return into


def _renamed(name: str, text: str, old: str, match_id: int) -> str:
    if name.endswith(".json"):
        return json.dumps({**json.loads(text), "id": match_id})
    return text.replace(old, str(match_id))


def _spaced(source: Path, target: Path, spaces: int) -> None:
    with source.open("rb") as data, target.open("wb") as out:
        out.write(data.read(1) + b" " * spaces)
        shutil.copyfileobj(data, out, 1 << 20)
