"""Files that have come -> bronze, while nobody looks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from touchline.core import landing
from touchline.core.landing import Arrival
from touchline.core.ports import Partition
from touchline.errors import MissingInputError, TouchlineError
from touchline.wiring import Touchline


@dataclass(eq=False)
class Landed:
    """What became of files: the partitions that have something new, and what could not be landed.

    `well` are the files that were landed; `refused` names each other one with what is wrong with it.
    """

    parts: set[Partition] = field(default_factory=set)
    well: list[Path] = field(default_factory=list)
    refused: dict[str, TouchlineError] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)


def landed(
    here: Touchline, domain: str, paths: Sequence[Path], *, scratch: Path, now: datetime
) -> Landed:
    """Land these files; to land a file again changes nothing.

    A file that cannot be landed keeps none of the others out. What a full disk, or a store that is
    down, keeps out is refused whole, to be tried again.
    """
    done, arrivals = Landed(), list[Arrival]()
    for path in paths:
        try:
            found = here.found(domain)([path], scratch, here.folders)
        except MissingInputError as exc:
            _left(done, path, exc)
            continue
        except TouchlineError as exc:
            done.refused[str(path)] = exc
            continue
        arrivals += found.arrivals
        done.others += found.others
        done.refused.update({str(path): error for error in found.bad})
        done.well += [] if found.bad else [path]
    try:
        in_order = sorted(arrivals, key=lambda a: a.partition)
        for receipt in landing.land(in_order, objects=here.objects, ledger=here.ledger, now=now):
            done.parts.add(receipt.partition)
    except TouchlineError as exc:
        done.refused.update({str(path): exc for path in done.well})
        done.well = []
    return done


def _left(done: Landed, path: Path, exc: TouchlineError) -> None:
    """A file that is none of the domain's is left alone; one that went meanwhile is no loss."""
    if path.exists():
        done.others.append(str(path))
    elif path.is_symlink():
        done.refused[str(path)] = exc
