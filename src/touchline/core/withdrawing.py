"""A file that should not count is withdrawn: recorded as such, never deleted, and put back at will."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from touchline.core.archive import FILES
from touchline.core.landing import after, record
from touchline.core.pipeline.steps import Pipeline
from touchline.core.ports import RETIRED, WITHDRAWN, Ledger, ObjectStore, Partition, Receipt
from touchline.core.quarantine.mends import name_of
from touchline.errors import ConfigError


def received(
    ledger: Ledger, domain: str, parts: Sequence[Partition] | None = None
) -> dict[Partition, dict[str, Receipt]]:
    """The latest receipt of each logical name, by partition; those that are withdrawn come last."""
    found = {part: dict(files) for part, files in ledger.arrivals(domain, parts).items()}
    for part, files in ledger.withdrawn(domain, parts).items():
        found.setdefault(part, {}).update(files)
    return found


def without_files(
    pipeline: Pipeline,
    ledger: Ledger,
    contents: Mapping[Partition, Mapping[str, object]],
    *,
    parts: Sequence[Partition] | None = None,
) -> frozenset[Partition]:
    """The partitions every file of which was withdrawn; what was said of lines is no file.

    `contents` is what still counts.
    """
    return frozenset(
        part
        for part in ledger.withdrawn(pipeline.name, parts)
        if not any(b.of(contents.get(part, {})) for b in pipeline.bronze)
    )


def held(
    pipeline: Pipeline, ledger: Ledger, parts: frozenset[Partition]
) -> dict[str, set[Partition]]:
    """Of each table, rejected rows included, the partitions that hold something."""
    if not parts:
        return {}
    heads = ledger.heads([c.table for c in pipeline.contracts], sorted(parts))
    return {
        table: {part for part, (made, _) in found.items() if made not in (RETIRED, WITHDRAWN)}
        for table, found in heads.items()
    }


def withdraw(
    domain: str,
    part: Partition,
    names: Sequence[str],
    *,
    because: str,
    objects: ObjectStore,
    ledger: Ledger,
    now: datetime,
) -> list[Receipt]:
    """The files of these logical names count no more; their new receipts, but for what was so already.

    With an empty `because` they are put back, and with a file what was said of its lines, if it was
    withdrawn with it. Bytes and earlier receipts stay as they are. Nobody
    receives between the look at what is there and the word on it.

    Raises:
        ConfigError: Nothing has arrived under one of the names.
    """
    with ledger.alone():
        files = received(ledger, domain, [part]).get(part, {})
        _must_be_among(names, files, where=f"{domain} {part}")
        at = after(files.values(), now)
        changed = [
            replace(files[name], id=0, said_at=at, withdrawn=because)
            for name in dict.fromkeys([*names, *(() if because else _with_them(names, files))])
            if bool(files[name].withdrawn) != bool(because)
        ]
        if changed:
            record(changed, objects=objects, ledger=ledger, now=at)
    return changed


def _with_them(names: Sequence[str], files: Mapping[str, Receipt]) -> list[str]:
    """What was said of lines of these files, and was withdrawn together with them."""
    mends = [(files[name], files.get(name_of(files[name].sha256))) for name in names]
    return [mend.name for file, mend in mends if mend and mend.said_at == file.said_at]


def must_have_files(pipeline: Pipeline) -> None:
    """Refuse a pipeline whose bronze is a log: what of it counts is said by its own records.

    Raises:
        ConfigError: It is one.
    """
    if any(bronze.file == FILES for bronze in pipeline.bronze):
        raise ConfigError(
            f"{pipeline.name}: what has arrived is a log, of which no file is withdrawn",
            hint=pipeline.put_right,
        )


def _must_be_among(names: Sequence[str], files: Mapping[str, Receipt], *, where: str) -> None:
    unknown = [name for name in names if name not in files]
    if unknown:
        raise ConfigError(
            f"{where}: nothing has arrived as {', '.join(unknown)}",
            hint=f"there is: {', '.join(files) or 'nothing'}",
        )
