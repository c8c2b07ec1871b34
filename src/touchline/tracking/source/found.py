"""What is to be landed of the paths that were given: the good, what is others', and the bad."""

from collections.abc import Collection, Sequence
from pathlib import Path

from touchline.core.landing import Found
from touchline.tracking.source import files, match
from touchline.tracking.source.files import Recognised


def found(paths: Sequence[Path], scratch: Path, aside: Collection[Path] = ()) -> Found:
    """The provider files under these paths as arrivals of their matches; see `files.looked_at`."""
    good, others, bad = files.looked_at(paths, scratch, aside)
    return Found(list(files.arrivals(good)), others, bad, _misplaced(good))


def _misplaced(recognised: Sequence[Recognised]) -> list[str]:
    """A line for each match in a folder of another day than that of its kick-off."""
    if not any("partition_date=" in file.source for file in recognised):
        return []
    return match.misplaced(recognised)
