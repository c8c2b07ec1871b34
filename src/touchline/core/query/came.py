"""Bronze files as the query engine reads them: on this machine for as long as it asks."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from touchline.core.pipeline import Bronze
from touchline.core.ports import Ledger, ObjectStore, Receipt, keys_of
from touchline.core.query.sources import BronzeFile, Source
from touchline.errors import MissingInputError

_GZIP = b"\x1f\x8b"


def receipts(bronze: Bronze, ledger: Ledger) -> list[Receipt]:
    """The receipts of a kind of file that count, by partition."""
    arrivals = ledger.arrivals(bronze.table.partition(".")[0]).values()
    return [receipt for files in arrivals for receipt in bronze.of(files).values()]


def came(
    bronze: Bronze,
    files: Iterable[Receipt],
    objects: ObjectStore,
    *,
    held: ExitStack,
    tell: Callable[[str], None] = lambda _: None,
) -> Source:
    """The files as they came, to be read until the stack is left; `tell` hears of those that are gone."""

    def left_out(said: str) -> None:
        tell(f"left out of {bronze.table}: {said}")

    found = (_file(receipt, objects, held=held, tell=left_out) for receipt in files)
    return Source(relation=bronze.relation, files=tuple(f for f in found if f))


def _file(
    receipt: Receipt, objects: ObjectStore, *, held: ExitStack, tell: Callable[[str], None]
) -> BronzeFile | None:
    name = f"{receipt.partition} {receipt.source}"
    told = {**keys_of(receipt.partition), "sha256": receipt.sha256, "source": receipt.source}
    try:
        path = held.enter_context(objects.local(receipt.path))
        packed = _is_gzip(path, receipt)
    except (MissingInputError, OSError) as exc:
        tell(f"{name}: {exc}")
        return None
    return BronzeFile(path, name, packed, told)


def _is_gzip(path: Path, receipt: Receipt) -> bool:
    with path.open("rb") as file:
        if path.stat().st_size != receipt.size:
            raise MissingInputError(f"{path.stat().st_size} bytes, {receipt.size} came")
        return file.read(len(_GZIP)) == _GZIP
