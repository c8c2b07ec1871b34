"""What is to be landed of the paths that were given: the good, what is others', and the bad."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from touchline.core.landing import Found
from touchline.errors import ConfigError, ContractError, MissingInputError, TouchlineError
from touchline.tracking.source import files, match
from touchline.tracking.source.files import Recognised


def found(paths: Sequence[Path], scratch: Path) -> Found:
    """The provider files under these paths as arrivals of their matches; see `files.recognised`."""
    try:
        good, others = files.recognised(paths, scratch)
        bad: list[TouchlineError] = []
    except (ConfigError, ContractError):
        entries = [entry for path in paths for entry in _entries(path)]
        good, others, bad = _one_by_one(entries, scratch)
    return Found(list(files.arrivals(good)), others, bad, _misplaced(good))


def _misplaced(recognised: Sequence[Recognised]) -> list[str]:
    """A line for each match in a folder of another day than that of its kick-off."""
    if not any("partition_date=" in file.source for file in recognised):
        return []
    return match.misplaced(recognised)


def _entries(path: Path) -> Iterator[Path]:
    """The files under a path, and folders that cannot be read, each to be looked at alone."""
    if not path.is_dir():
        yield path
        return
    closed: list[Path] = []
    for here, folders, names in os.walk(path, onerror=lambda exc: closed.append(exc.filename)):
        folders.sort()
        yield from (file for name in sorted(names) if (file := Path(here) / name).is_file())
    yield from map(Path, closed)


def _one_by_one(
    entries: Sequence[Path], scratch: Path
) -> tuple[list[Recognised], list[str], list[TouchlineError]]:
    """The files to land, those of others and what is wrong, where a bad entry, or a match of which two files differ, spoils only itself."""
    others: list[str] = []
    bad: list[TouchlineError] = []
    matches: dict[str, list[tuple[Path, Recognised]]] = {}
    for entry in dict.fromkeys(entries):
        try:
            held, more = files.recognised([entry], scratch)
        except MissingInputError:
            others.append(str(entry))
            continue
        except (ConfigError, ContractError) as exc:
            bad.append(exc)
            continue
        others += more
        for file in held:
            matches.setdefault(file.match_id, []).append((entry, file))
    good: list[Recognised] = []
    for match_id, given in matches.items():
        try:
            good += _of_one_match(match_id, given, scratch)
        except ContractError as exc:
            bad.append(exc)
    return good, others, bad


def _of_one_match(
    match_id: str, held: Sequence[tuple[Path, Recognised]], scratch: Path
) -> list[Recognised]:
    """The match's files; ContractError if several entries have one of them, and they differ."""
    if len({file.name for _, file in held}) == len(held):
        return [file for _, file in held]
    entries = list(dict.fromkeys(entry for entry, _ in held))
    return [f for f in files.recognised(entries, scratch)[0] if f.match_id == match_id]
