"""Files that landed and are not to count: withdrawn with a reason, and put back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from touchline.core.backfill import checked
from touchline.core.emptying import Why, emptied
from touchline.core.landing import manifested
from touchline.core.pipeline import Pipeline
from touchline.core.pipeline.drive import Platform, settle
from touchline.core.pipeline.ends import held_by
from touchline.core.ports import WITHDRAWN, Claims, Ledger, Partition, Receipt
from touchline.core.quarantine.mends import of_contents
from touchline.errors import ConfigError, ConflictError, MissingInputError


@dataclass(frozen=True)
class Told:
    """What became of it: the receipts that were written, how many files count now, what was emptied."""

    written: tuple[Receipt, ...]
    counting: int
    emptied: tuple[str, ...] = ()


def files_of(pipeline: Pipeline, part: Partition, ledger: Ledger) -> dict[str, Receipt]:
    """The latest receipt of each file of a partition, by name, whether it counts or is withdrawn.

    Raises:
        ConfigError: `part` is none of the pipeline's.
        MissingInputError: Nothing has arrived for it.
    """
    checked(pipeline, part)
    found = _latest(pipeline, part, ledger)
    if not found:
        there = sorted({*ledger.contents(pipeline.name), *ledger.withdrawn(pipeline.name)})
        said = f"there are {len(there)}, {there[0]} to {there[-1]}" if there else "there is none"
        raise MissingInputError(
            f"{pipeline.name} {part}: nothing has arrived for it; {said}",
            hint="touchline status lists the partitions that have arrived",
        )
    return found


def _latest(pipeline: Pipeline, part: Partition, ledger: Ledger) -> dict[str, Receipt]:
    both = (ledger.arrivals(pipeline.name, [part]), ledger.withdrawn(pipeline.name, [part]))
    found = {name: r for each in both for name, r in each.get(part, {}).items()}
    return dict(sorted(found.items()))


def withdrawn(
    pipeline: Pipeline, ledger: Ledger, parts: Sequence[Partition] | None = None
) -> frozenset[Partition]:
    """The partitions whose files were withdrawn, all of them: nothing is planned of them."""
    out = ledger.withdrawn(pipeline.name, parts)
    return frozenset(out.keys() - ledger.contents(pipeline.name, list(out)).keys())


def withdraw(
    pipeline: Pipeline,
    part: Partition,
    names: Sequence[str],
    *,
    platform: Platform,
    because: str,
) -> Told:
    """These files of a partition count no more; with an empty `because`, they count again.

    Nothing is deleted: a receipt of the same bytes says so, with the reason. What was said of a file's
    lines goes and comes with it. Where no file is left that counts, the rows of the partition go with
    the last one, by empty versions, and nothing is planned of it until something counts again. Files
    of which it is so already stay as they are. `names` may be patterns such as `events/*`.

    Raises:
        ConfigError: `part` is none of the pipeline's, or a name is none of its files.
        MissingInputError: Nothing has arrived for it.
        ConflictError: A run holds the partition, or a file arrived meanwhile.
    """
    files_of(pipeline, part, platform.ledger)
    settle(pipeline, platform)
    with platform.ledger.claim(pipeline.name, [part]) as claims:
        for holder in claims.refused.values():
            raise held_by(pipeline, part, holder)
        files = files_of(pipeline, part, platform.ledger)
        chosen = _with_mends(_chosen(pipeline, part, names, files=files), files)
        now = platform.clock()
        written = tuple(
            replace(r, received_at=now, withdrawn=because)
            for r in chosen.values()
            if bool(r.withdrawn) != bool(because)
        )
        counting = sum(not r.withdrawn for r in {**files, **{r.name: r for r in written}}.values())
        if not written:
            return Told((), counting)
        tables = () if counting else _published(pipeline, part, platform.ledger)
        _recorded(pipeline, platform, claims, written=written, files=files, tables=tables)
        return Told(written, counting, tables)


def _chosen(
    pipeline: Pipeline, part: Partition, names: Sequence[str], *, files: Mapping[str, Receipt]
) -> dict[str, Receipt]:
    """The files of these names, or that match them."""
    found: dict[str, Receipt] = {}
    for name in names:
        mine = {n: r for n, r in files.items() if n == name or fnmatchcase(n, name)}
        if not mine:
            raise ConfigError(
                f"{pipeline.name} {part}: no file {name!r}; there is: {', '.join(files)}",
                hint=f"touchline withdraw {pipeline.name} {part} lists them",
            )
        found |= mine
    return found


def _with_mends(chosen: Mapping[str, Receipt], files: Mapping[str, Receipt]) -> dict[str, Receipt]:
    """The files, and what was said of lines of theirs that no other file has."""
    others = {r.sha256 for n, r in files.items() if n not in chosen and not r.withdrawn}
    alone = {n: r.sha256 for n, r in chosen.items() if r.sha256 not in others}
    return {**chosen, **of_contents(files, alone)}


def _published(pipeline: Pipeline, part: Partition, ledger: Ledger) -> tuple[str, ...]:
    """The tables that hold something of the partition."""
    current = ledger.current([s.table for s in pipeline.steps], [part])
    made = {table: found[part] for table, found in current.items() if part in found}
    return tuple(table for table, publish in made.items() if publish.kind != "retire")


def _recorded(
    pipeline: Pipeline,
    platform: Platform,
    claims: Claims,
    *,
    written: Sequence[Receipt],
    files: Mapping[str, Receipt],
    tables: Sequence[str],
) -> None:
    """The receipts are there, and with them, at one instant, the empty versions of these tables."""
    part, ledger = written[0].partition, platform.ledger

    def record() -> None:
        if _latest(pipeline, part, ledger) != files:
            raise ConflictError(
                f"{pipeline.name} {part}: a file arrived meanwhile; nothing was changed",
                hint="give the same command again",
            )
        manifested(written, platform.objects)
        ledger.receive(written)

    if tables:
        why = Why(WITHDRAWN, "withdrawn", f"all its files were withdrawn ({written[0].withdrawn})")
        emptied(pipeline, platform, claims, named={part: tables}, why=why, along=record)
        return
    with ledger.alone():
        record()
