"""Objects of bronze that no receipt names: deleted, once nobody can be about to name them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from touchline.core.packs import PACKS, pack_of
from touchline.core.ports import Ledger, ObjectStore

GRACE = timedelta(hours=1)
"""How long an object may be there before its receipt is."""
AT_ONCE = 1000
"""How many are deleted before others may write to the ledger again."""


@dataclass(frozen=True)
class Swept:
    """How many objects went, and their bytes."""

    files: int
    bytes: int


def swept(objects: ObjectStore, ledger: Ledger, *, now: datetime) -> Swept:
    """Delete what no receipt names, but for what was written or kept within the hour.

    Nobody receives meanwhile, and `landing.land` looks, as it records a receipt, that what it names
    is there: so whatever bytes arrive while they are swept are there in the end.
    """
    old = [
        found
        for folder in ("objects/", PACKS + "/")
        for found in objects.untouched(folder, now - GRACE)
    ]
    files = size = 0
    for first in range(0, len(old), AT_ONCE):
        with ledger.alone():
            named = {pack_of(path) for path in ledger.paths()}
            gone = [each for each in old[first : first + AT_ONCE] if each[0] not in named]
            for path, held in gone:
                objects.delete(path)
                files, size = files + 1, size + held
    return Swept(files, size)
