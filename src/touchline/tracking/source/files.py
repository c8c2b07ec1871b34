"""A match's four files, recognised by name in a folder, a zip or on their own."""

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from shutil import copyfileobj

from touchline.core.landing import Arrival
from touchline.core.ports import checked_id, partition
from touchline.errors import ConfigError, ContractError, MissingInputError

MATCH_JSON = "match.json"
TRACKING = "tracking_extrapolated.jsonl"
EVENTS = "dynamic_events.csv"
PHASES = "phases_of_play.csv"

_NAMES = {
    "match.json": MATCH_JSON,
    "tracking_extrapolated.jsonl": TRACKING,
    "tracking.jsonl": TRACKING,
    "dynamic_events.csv": EVENTS,
    "phases_of_play.csv": PHASES,
}
_NAME = re.compile(
    r"(?:(?P<id>.+)_)?(?P<name>match\.json|tracking(?:_extrapolated)?\.jsonl|dynamic_events\.csv|phases_of_play\.csv)"
    r"(?:\.gz)?"
)
_FOLDER = re.compile(r"match_id=(?P<id>.+)|(?P<bare>[0-9]+)")


@dataclass(frozen=True)
class Recognised:
    """A provider file: whose match it is by its name, its logical name, and where it is."""

    match_id: str
    name: str
    path: Path
    source: str


def arrivals(found: Sequence[Recognised]) -> Iterator[Arrival]:
    """The files as arrivals for their match, the files of one match together."""
    for file in sorted(found, key=lambda f: (f.match_id, f.name, f.source)):
        yield Arrival(
            "tracking", partition(match_id=file.match_id), file.name, file.path, file.source
        )


def recognised(paths: Sequence[Path], scratch: Path) -> tuple[list[Recognised], list[str]]:
    """The provider files under these paths, and the names of files that are none.

    A path may be a folder in any of the provider's or the landing layout, a zip of one, or a single
    file; `.gz` files count as what they hold. Members of a zip are unpacked into `scratch`.

    Raises:
        MissingInputError: A path does not exist, or no provider file is under any of them.
        ConfigError: A name holds an id that is not one.
        ContractError: A zip cannot be read.
    """
    files: list[Recognised] = []
    others: list[str] = []
    for path in paths:
        for place, source in _places(path, scratch):
            file = _recognised(place, source)
            if file is None:
                others.append(source)
            else:
                files.append(file)
    if not files:
        raise MissingInputError(
            f"{', '.join(map(str, paths))}: no tracking file among {len(others)} files",
            hint="expected names such as 2017461_match.json, or match_id=2017461/match.json",
        )
    return files, others


def _places(path: Path, scratch: Path) -> Iterator[tuple[Path, str]]:
    """Each file with the name it is known by; for a zip's members that is inside the zip."""
    if path.is_dir():
        for file in sorted(f for f in path.rglob("*") if f.is_file()):
            yield from _places(file, scratch)
    elif path.suffix == ".zip" and path.is_file():
        yield from _unpacked(path, scratch)
    elif path.is_file():
        yield path, str(path)
    else:
        raise MissingInputError(f"{path}: no such file or folder")


def _unpacked(path: Path, scratch: Path) -> Iterator[tuple[Path, str]]:
    """A zip's members under names of our own, so that theirs cannot lead out of `scratch`."""
    try:
        with zipfile.ZipFile(path) as archive:
            for at, member in enumerate(m for m in archive.infolist() if not m.is_dir()):
                source = f"{path}!{member.filename}"
                place = scratch / f"{path.stem}-{at}"
                if _recognised(PurePosixPath(member.filename), source) is not None:
                    with archive.open(member) as packed, place.open("wb") as out:
                        copyfileobj(packed, out, 1 << 20)
                yield place, source
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as exc:
        raise ContractError(f"{path}: not a whole zip file: {exc}") from exc


def _recognised(path: Path | PurePosixPath, source: str) -> Recognised | None:
    named = PurePosixPath(source.rpartition("!")[2])
    match = _NAME.fullmatch(named.name)
    if match is None:
        return None
    return Recognised(_match_id(match, named, source), _NAMES[match["name"]], Path(path), source)


def _match_id(match: re.Match[str], named: PurePosixPath, source: str) -> str:
    """The id in the file's name, else in its folder's; ids enter the system here."""
    folder = _FOLDER.fullmatch(named.parent.name)
    found = match["id"] or (folder and (folder["id"] or folder["bare"]))
    if not found:
        raise ConfigError(
            f"{source}: no match id in the file's or the folder's name",
            hint="name it 2017461_match.json, or put it into match_id=2017461/",
        )
    checked = checked_id(found, f"{source}: match_id")
    if not checked.isdecimal() or len(checked) > 18:
        raise ConfigError(f"{source}: match_id {checked!r} is not a whole number")
    return checked
