"""Objects of bronze that no receipt names: deleted, once nobody can be about to name them."""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import msgspec

from touchline.core.landing import MANIFESTS, stamp
from touchline.core.packs import PACKS, content_of, pack_of
from touchline.core.ports import Ledger, ObjectStore, Receipt
from touchline.core.withdrawing import received

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

    What was packed within the hour stays as long, for whoever reads it where it was.
    Nobody receives meanwhile, and `landing.land` looks, once a receipt is recorded, that what it
    names is there: so whatever bytes arrive while they are swept are there in the end.

    What a manifest names that the ledger does not know stays: a back-up may have been put in the
    ledger's place, and bronze is the truth.
    """
    found = [o for f in ("objects/", f"{PACKS}/") for o in objects.untouched(f, now - GRACE)]
    named, young = _named(ledger, frozenset(path for path, _ in found))
    stray = [(p, size) for p, size in found if p not in named and content_of(p) not in young]
    vouched = _vouched(objects, ledger) if stray else frozenset[str]()
    doomed = [each for each in stray if vouched.isdisjoint(_contents(each[0], objects, vouched))]
    files = size = 0
    for first in range(0, len(doomed), AT_ONCE):
        with ledger.alone():
            named = {pack_of(path) for path in ledger.paths()}
            gone = [each for each in doomed[first : first + AT_ONCE] if each[0] not in named]
            for path, held in gone:
                objects.delete(path)
                files, size = files + 1, size + held
    return Swept(files, size)


def _named(ledger: Ledger, old: frozenset[str]) -> tuple[set[str], set[str]]:
    """The objects that receipts name, and the contents of which they name one in a young pack."""
    paths = ledger.paths()
    packed = {path: pack for path in paths if (pack := pack_of(path)) != path}
    young = {content_of(path) for path, pack in packed.items() if pack not in old}
    return {pack_of(path) for path in paths}, young


def _contents(path: str, objects: ObjectStore, vouched: frozenset[str]) -> Sequence[str]:
    """The SHA-256 of each file in an object; a pack is looked into only where it may matter."""
    if not path.startswith(f"{PACKS}/"):
        return [content_of(path)]
    if not vouched:
        return []
    with objects.local(path) as file:
        return zipfile.ZipFile(file).namelist() if zipfile.is_zipfile(file) else []


def _vouched(objects: ObjectStore, ledger: Ledger) -> frozenset[str]:
    """The contents that manifests alone name, or that are gone from where the ledger has them."""
    named: set[str] = set()

    @cache
    def files(domain: str) -> Mapping[str, Mapping[str, Receipt]]:
        return received(ledger, domain)

    retired = cache(ledger.retired)
    for path in objects.list(f"{MANIFESTS}/"):
        _, domain, rest = path.split("/", 2)
        part, _, name = rest.rpartition("/")
        if part in retired(domain) or _known(name, files(domain).get(part, {})):
            continue
        named |= {r["sha256"] for r in msgspec.json.decode(objects.read(path))}
    places = {content_of(path): path for path in ledger.paths()}
    lost = objects.lost(places.values())
    there = {content for content, path in places.items() if path not in lost}
    return frozenset((named | {content_of(path) for path in lost}) - there)


def _known(manifest: str, files: Mapping[str, Receipt]) -> bool:
    return manifest.partition("-")[0] in {
        stamp(at) for r in files.values() for at in (r.received_at, r.said_at) if at
    }
