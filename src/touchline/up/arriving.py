"""Files that have come -> bronze, while nobody looks."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path

from touchline.core import landing
from touchline.core.landing import Arrival, Found
from touchline.core.ports import Partition
from touchline.errors import MissingInputError, StorageError, TouchlineError, TransientError
from touchline.wiring import Touchline


@dataclass(eq=False)
class Landed:
    """What became of files: the partitions that have something new, and what could not be landed.

    `new` counts the contents that a partition did not have under that name. `well` are the files that
    were landed, unchanged ones too; `refused` names each other one with what is wrong with it.
    `again` are files that nothing is wrong with: they were written to just now, or the store could not
    take them, and `fault` says why. `withdrawn` are names that came again as they had been withdrawn.
    """

    parts: set[Partition] = field(default_factory=set)
    new: int = 0
    well: list[Path] = field(default_factory=list)
    refused: dict[str, TouchlineError] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    again: list[Path] = field(default_factory=list)
    fault: TouchlineError | None = None


def landed(
    here: Touchline, domain: str, paths: Sequence[Path], *, scratch: Path, now: datetime
) -> Landed:
    """Land these files; to land a file again changes nothing.

    A file that cannot be landed keeps none of the others out, but those of its own partition that
    came with it. Where there is no room to unpack files, all of them are to come again.
    """
    done = Landed()
    try:
        _land_all(here, domain, paths, scratch=scratch, now=now, done=done)
    except OSError as exc:
        hint = "make room where temporary files go (TMPDIR)"
        done.fault = StorageError(f"{exc.filename or scratch}: {exc.strerror}", hint=hint)
        done.again, done.well = list(paths), []
    return done


def _land_all(
    here: Touchline,
    domain: str,
    paths: Sequence[Path],
    *,
    scratch: Path,
    now: datetime,
    done: Landed,
) -> None:
    arrivals = list[tuple[Arrival, Path]]()
    with tempfile.TemporaryDirectory(dir=scratch) as unpacked:
        for path in paths:
            found = _found(here.found(domain), path, Path(unpacked), aside=here.folders, done=done)
            arrivals += [(arrival, path) for arrival in found.arrivals] if found else []
        in_order = sorted(arrivals, key=lambda a: a[0].partition)
        for part, group in groupby(in_order, key=lambda a: a[0].partition):
            _land(here, part, list(group), now=now, done=done)
    spoilt = {*done.again, *map(Path, done.refused)}
    done.well = [path for path in dict.fromkeys(p for _, p in arrivals) if path not in spoilt]


def _found(
    source: Callable[..., Found],
    path: Path,
    unpacked: Path,
    *,
    aside: frozenset[Path],
    done: Landed,
) -> Found | None:
    """What the source makes of the file; None where there is nothing to be landed."""
    try:
        found = source([path], unpacked, aside)
    except MissingInputError as exc:
        if path.exists():
            done.others.append(str(path))
        elif path.is_symlink():
            done.refused[str(path)] = exc
        return None  # what went meanwhile is no loss
    except TouchlineError as exc:
        done.refused[str(path)] = exc
        return None
    done.others += found.others
    done.refused.update({str(path): error for error in found.bad})
    return found


def _land(
    here: Touchline,
    part: Partition,
    group: Sequence[tuple[Arrival, Path]],
    *,
    now: datetime,
    done: Landed,
) -> None:
    paths = [path for _, path in group]
    try:
        arrivals = [arrival for arrival, _ in group]
        before = here.ledger.contents(arrivals[0].domain, [part]).get(part, {})
        receipts = list(landing.land(arrivals, objects=here.objects, ledger=here.ledger, now=now))
        done.withdrawn += [f"{part} {r.name}" for r in receipts if r.withdrawn]
        new = sum(1 for r in receipts if not r.withdrawn and before.get(r.name) != r.sha256)
        done.new += new
        done.parts |= {part} if new else set()
    except MissingInputError:  # it is still written to
        done.again += paths
    except (StorageError, TransientError) as exc:
        done.again += paths
        done.fault = exc
    except TouchlineError as exc:
        done.refused.update({str(path): exc for path in paths})
