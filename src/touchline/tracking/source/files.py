"""A match's four files, recognised by name in a folder, a zip or on their own."""

import hashlib
import re
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from shutil import copyfileobj

from touchline.core.bytes import opened
from touchline.core.landing import Arrival, files_under, must_be_readable, unreadable
from touchline.core.ports import partition
from touchline.core.wording import counted
from touchline.errors import (
    ConfigError,
    ContractError,
    MissingInputError,
    StorageError,
    TouchlineError,
)

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
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_ENCRYPTED = 0x1


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
    """The provider files under these paths, and the names of files that are none; see `looked_at`.

    Raises:
        MissingInputError: A path does not exist, or no provider file is under any of them.
        ConfigError: A name holds an id that is not one, or two that differ.
        ContractError: A zip is damaged, locked, or holds another zip; or two files of one match and
            one name differ.
        StorageError: No right to read, or no room to unpack a zip.
    """
    files, others, bad = looked_at(paths, scratch)
    if bad:
        raise bad[0]
    return files, others


def looked_at(
    paths: Sequence[Path], scratch: Path, aside: Collection[Path] = ()
) -> tuple[list[Recognised], list[str], list[TouchlineError]]:
    """The provider files under these paths, the names of files that are none, and what is bad.

    A path may be a folder in any of the provider's or the landing layout, a zip of one, or a single
    file; `.gz` files count as what they hold. Members of a zip are unpacked into `scratch`. Hidden
    files are none of the provider's, and folders `aside` are passed over. A file that is given several
    times counts once. What is bad spoils its own match, where its name tells that, and no other.

    Raises:
        MissingInputError: A path does not exist, or neither a provider file nor anything bad is
            under any of them.
    """
    matches: dict[str, list[Recognised]] = {}
    others: list[str] = []
    bad: list[TouchlineError] = []
    for seen in (seen for path in paths for seen in _seen(path, scratch, aside)):
        match seen:
            case Recognised():
                matches.setdefault(seen.match_id, []).append(seen)
            case str():
                others.append(seen)
            case _:
                bad.append(seen)
    if not matches and not bad:
        among = counted(len(others), "file")
        raise MissingInputError(
            f"{', '.join(map(str, paths))}: none of tracking's four files among {among}",
            hint="expected names such as 2017461_match.json, or match_id=2017461/match.json",
        )
    spoilt = {error.facts.get("match_id") for error in bad}
    good: list[Recognised] = []
    for match_id, held in matches.items():
        try:
            good += _once(held) if match_id not in spoilt else []
        except (ContractError, StorageError) as exc:
            bad.append(exc)
    return good, others, bad


def _once(files: Sequence[Recognised]) -> list[Recognised]:
    """A match's files, each name once: which of two contents is the later, no path tells."""
    kept: dict[str, Recognised] = {}
    for file in files:
        first = kept.setdefault(file.name, file)
        if first is not file and _content(first) != _content(file):
            raise ContractError(
                f"match_id={file.match_id}: two files are {file.name} and differ:"
                f" {first.source} and {file.source}",
                hint="give them one at a time, in the order in which they were issued",
            )
    return list(kept.values())


def _content(file: Recognised) -> str:
    """What tells a file's content, packed or not; that of one that cannot be unpacked as it is."""
    try:
        try:
            with opened(file.path) as plain:
                return hashlib.file_digest(plain, "sha256").hexdigest()
        except ContractError:
            with file.path.open("rb") as raw:
                return hashlib.file_digest(raw, "sha256").hexdigest()
    except OSError as exc:
        raise unreadable(exc, file.source) from exc


_Seen = Recognised | str | TouchlineError
"""A file of ours, the name of one of somebody else's, or what is wrong with one."""


def _seen(path: Path, scratch: Path, aside: Collection[Path]) -> Iterator[_Seen]:
    """Each file with the name it is known by; for a zip's members that is inside the zip."""
    if path.is_dir():
        for file in files_under(path, aside):
            if isinstance(file, TouchlineError):
                yield file
            elif file.is_file() and _is_zip(file.name):
                yield from _seen(file, scratch, aside)
            else:
                yield _readable(_judged(file, str(file)))
    elif path.is_file() and _is_zip(path.name):
        yield from _unpacked(path, Path(tempfile.mkdtemp(prefix="zip-", dir=scratch)))
    elif path.is_file():
        yield _readable(_judged(path, str(path)))
    elif path.exists():
        raise ConfigError(f"{path}: neither a file nor a folder", hint="give a file or a folder")
    else:
        raise MissingInputError(f"{path}: no such file or folder")


def _readable(seen: _Seen) -> _Seen:
    """A file of ours only if it can be read; what is wrong with it, else."""
    if isinstance(seen, Recognised):
        try:
            must_be_readable(seen.path)
        except OSError as exc:
            return unreadable(
                exc, seen.source, left="nothing of its match is landed", match_id=seen.match_id
            )
    return seen


def _is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def _unpacked(path: Path, folder: Path) -> Iterator[_Seen]:
    """A zip's members under names of our own, so that theirs cannot lead out of `folder`."""
    try:
        with _told(path):
            archive = zipfile.ZipFile(path)
    except (ContractError, StorageError) as exc:
        yield exc
        return
    with archive:
        for at, member in enumerate(m for m in archive.infolist() if not m.is_dir()):
            place, source = folder / str(at), f"{path}!{member.filename}"
            yield _of_zip(archive, member, _judged(place, source), source=source)


def _of_zip(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, seen: _Seen, *, source: str
) -> _Seen:
    """A member, unpacked if it is one of ours; no room to unpack it is raised: it ends everything."""
    if isinstance(seen, str) and _is_zip(member.filename):
        return ContractError(f"{source}: a zip in a zip", hint="unpack the outer one first")
    if not isinstance(seen, Recognised):
        return seen
    try:
        _check_member(member, source, match_id=seen.match_id)
        with (
            _told(Path(str(archive.filename)), match_id=seen.match_id),
            archive.open(member) as packed,
            seen.path.open("wb") as out,
        ):
            copyfileobj(packed, out, 1 << 20)
    except ContractError as exc:
        return exc
    return seen


@contextmanager
def _told(path: Path, **facts: str) -> Iterator[None]:
    """Say which zip it was that could not be unpacked, and why."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as exc:
        raise ContractError(
            f"{path}: not a whole zip file: {exc}", hint="ask for the file again", **facts
        ) from exc
    except OSError as exc:
        raise StorageError(
            f"{exc.filename or path}: {exc.strerror or exc}",
            hint="make room or grant the right to read, then run again",
        ) from exc


def _check_member(member: zipfile.ZipInfo, source: str, **facts: str) -> None:
    if member.flag_bits & _ENCRYPTED:
        raise ContractError(f"{source}: locked with a password", hint="zip it without one", **facts)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ContractError(
            f"{source}: packed by method {member.compress_type}, expected 0 (stored) or 8 (deflated)",
            hint="zip it the ordinary way",
            **facts,
        )


def _judged(path: Path, source: str) -> _Seen:
    try:
        return _recognised(path, source) or source
    except ConfigError as exc:
        return exc


def _recognised(path: Path, source: str) -> Recognised | None:
    named = PurePosixPath(source.rpartition("!")[2])
    match = _NAME.fullmatch(named.name)
    if match is None or named.name.startswith("."):
        return None
    return Recognised(_match_id(match, named, source), _NAMES[match["name"]], path, source)


def _match_id(match: re.Match[str], named: PurePosixPath, source: str) -> str:
    """The id in the file's name, else in its folder's; ids enter the system here."""
    folder = _FOLDER.fullmatch(named.parent.name)
    found = match["id"] or (folder and (folder["id"] or folder["bare"]))
    if not found:
        raise ConfigError(
            f"{source}: no match id in the file's or the folder's name",
            hint="name it 2017461_match.json, or put it into match_id=2017461/",
        )
    if not _NUMBER.fullmatch(found):
        raise ConfigError(
            f"{source}: match_id {found[:80]!r} is not a whole number of 1 to 18 digits",
            hint="name it by the provider's id, such as 2017461_match.json; it begins with no 0",
        )
    if folder and folder["id"] and folder["id"] != found:
        raise ConfigError(
            f"{source}: match_id {found} in the file's name, {folder['id']} in the folder's",
            hint="put the file into the folder of its match",
        )
    return found
