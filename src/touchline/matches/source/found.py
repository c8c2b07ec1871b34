"""Which files may hold match events, and how they arrive in bronze."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from touchline.core.landing import Arrival, files_under, must_be_readable, unreadable
from touchline.core.ports import checked_id, partition
from touchline.errors import MissingInputError, TouchlineError
from touchline.matches.source.files import ENDING

PROVIDER = "provider/"
"""The folder of logical names that files have in bronze."""


def event_files(paths: Sequence[Path], aside: Collection[Path]) -> Iterator[Path | TouchlineError]:
    """The files under these paths that may hold events; lists of matches come first."""
    found: list[Path | TouchlineError] = []
    for given in paths:
        inside = files_under(given, aside) if given.is_dir() else [given]
        found += [f for f in inside if isinstance(f, TouchlineError) or _may_be(f) or f == given]
    for each in sorted(found, key=lambda f: not (isinstance(f, Path) and f.name.startswith("matches"))):  # fmt: skip
        try:
            if isinstance(each, Path):
                must_be_readable(each)
        except OSError as exc:
            yield unreadable(exc, str(each))
        else:
            yield each
    if not found:
        raise MissingInputError(
            f"{', '.join(map(str, paths))}: no file of match events",
            hint="expected files that end in .json, .jsonl or .ndjson, each also .gz",
        )


def _may_be(path: Path) -> bool:
    return not path.name.startswith(".") and bool(ENDING.search(path.name))


def arrivals(path: Path, matches: Sequence[str]) -> list[Arrival]:
    """The file as an arrival of each of these matches.

    Raises:
        ConfigError: Its name cannot be one in bronze.
    """
    name = PROVIDER + checked_id(path.name, f"{path}: name")
    parts = [partition(match_id=match_id) for match_id in matches]
    return [Arrival("matches", part, name, path, str(path)) for part in parts]
