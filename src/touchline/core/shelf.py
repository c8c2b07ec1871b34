"""What was archived of a topic, record by record, in the order of its lanes."""

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from touchline.core.archive import FILES, Archive, is_of, place, record_of
from touchline.core.bytes import opened
from touchline.core.ports import Ledger, Log, ObjectStore, Position, Receipt, Record
from touchline.errors import StorageError

_NAME = re.compile(rf"{FILES}[^/]+/(\d+)-(\d+)-(\d+)\.jsonl")


@dataclass(frozen=True)
class Files:
    """Archived files of a lane whose records lie between each other, from the first to the last."""

    first: int
    last: int
    receipts: tuple[Receipt, ...]


@dataclass(eq=False)
class Shelf:
    """The archived files of each lane, in the order of their records; and `upto`, how far was archived."""

    objects: ObjectStore
    upto: Position
    files: dict[int, list[Files]]
    _open: dict[int, list[Record]] = field(default_factory=dict)

    def records(self, lane: int, first: int, *, upto: int, limit: int) -> Sequence[Record]:
        """Records of the lane from that offset on and before the other; none where none is kept.

        Raises:
            StorageError: A file does not hold what was archived.
        """
        found = self._open.get(lane, [])
        if not found or not found[0].offset <= first <= found[-1].offset:
            files = self.files.get(lane, [])
            at = bisect_left(files, first, key=lambda each: each.last)
            found = self._open[lane] = self._of(files[at]) if at < len(files) else []
        at = bisect_left(found, first, key=lambda record: record.offset)
        return [record for record in found[at : at + limit] if record.offset < upto]

    def _of(self, files: Files) -> list[Record]:
        """Each record once, although it may have been archived twice."""
        lines = (line for receipt in files.receipts for line in self._lines(receipt))
        found = {record.offset: record for record in map(record_of, lines)}
        return [found[offset] for offset in sorted(found)]

    def _lines(self, receipt: Receipt) -> list[str]:
        with self.objects.local(receipt.path) as place, opened(place) as file:
            held = file.read()
        if hashlib.sha256(held).hexdigest() != receipt.sha256:
            raise StorageError(
                f"{receipt.partition}/{receipt.name}: bronze holds other bytes than were archived"
                f" ({receipt.path})",
                hint="put its back-up there; check --bronze lists all that is damaged",
            )
        return held.decode().rstrip("\n").split("\n")


def shelf(of: Archive, log: Log, *, objects: ObjectStore, ledger: Ledger) -> Shelf:
    """What is kept of this log; of another one that was archived, nothing."""
    if not is_of(of, log, ledger):
        return Shelf(objects, {}, {})
    found = dict[int, list[Files]]()
    for receipts in ledger.arrivals(of.domain).values():
        for name, receipt in receipts.items():
            if named := _NAME.fullmatch(name):
                lane, first, last = map(int, named.groups())
                found.setdefault(lane, []).append(Files(first, last, (receipt,)))
    return Shelf(objects, place(of, ledger), {lane: _together(found[lane]) for lane in found})


def _together(files: Iterable[Files]) -> list[Files]:
    """Files that overlap are one: those of many partitions that were archived at once."""
    found = list[Files]()
    for each in sorted(files, key=lambda f: (f.first, f.last)):
        if found and each.first <= found[-1].last:
            before = found.pop()
            last = max(before.last, each.last)
            found.append(Files(before.first, last, before.receipts + each.receipts))
        else:
            found.append(each)
    return found
