"""Which partitions are past their days, and how they are taken away: tables first, then bronze."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache

from touchline.core import planner
from touchline.core.backfill import day_of
from touchline.core.landing import MANIFESTS
from touchline.core.pipeline import Pipeline, Step, rejected_contract
from touchline.core.pipeline.drive import Platform, settle
from touchline.core.pipeline.emptying import emptied
from touchline.core.pipeline.ends import held_by
from touchline.core.ports import (
    RETIRED,
    WITHDRAWN,
    Claims,
    Ledger,
    ObjectStore,
    Partition,
    Publish,
    Receipt,
)
from touchline.core.sweep import GRACE
from touchline.core.withdrawing import received
from touchline.errors import ConflictError

BRONZE = "bronze"
AT_ONCE = 256
"""How many partitions are claimed, and committed, together."""
_NOTHING = {RETIRED, WITHDRAWN}


@dataclass(frozen=True)
class Days:
    """For how many days partitions are kept: of each table named, and what arrived; else for ever."""

    tables: Mapping[str, int] = field(default_factory=dict)
    bronze: int | None = None


@dataclass(frozen=True)
class Past:
    """What is past its days: a partition of a table, or what arrived for it; with its day.

    `count` is how many rows, or files.
    """

    what: str
    partition: Partition
    day: date
    count: int
    bytes: int


def past(
    pipeline: Pipeline, days: Days, *, ledger: Ledger, objects: ObjectStore, now: datetime
) -> list[Past]:
    """What is past its days, tables in the order of their steps, then bronze; nothing is changed.

    The age of a partition counts from its day, where partitions are days or a file tells it; else
    from when its first file arrived; else, as its files are gone, from the oldest publish of it.
    What arrived again for a partition that was retired has no days left. What was withdrawn is kept as
    long as what counts, and until the tables that are to be emptied for it are.
    """
    if not days.tables and days.bronze is None:
        return []
    arrivals = received(ledger, pipeline.name)
    today = now.astimezone(UTC).date()

    @cache
    def day(part: Partition) -> date | None:
        files = arrivals.get(part, {})
        told = day_of(pipeline, part, files, objects=objects)
        return told or (_arrived(files) if files else None)

    found = []
    for step in (s for s in pipeline.steps if s.table in days.tables):
        since = today - timedelta(days=days.tables[step.table])
        dated = [(p, day(p.partition) or _published(p, ledger)) for p in _held(step, ledger)]
        mine = [_of_table(step, p, at) for p, at in dated if at < since]
        found += sorted(mine, key=_in_order)
    if days.bronze is not None:
        since, again = today - timedelta(days=days.bronze), ledger.retired(pipeline.name)
        out = list(ledger.withdrawn(pipeline.name))
        waits = {
            plan.partition for plan in planner.plan(pipeline, ledger, parts=out) if plan.withdrawn
        }
        files = [(part, f) for part, f in arrivals.items() if part not in waits]
        came = [_of_bronze(f, day(part) or _arrived(f)) for part, f in files]
        found += sorted((p for p in came if p.day < since or p.partition in again), key=_in_order)
    return found


def _in_order(each: Past) -> tuple[date, Partition]:
    return each.day, each.partition


def _arrived(files: Mapping[str, Receipt]) -> date:
    return min(r.received_at for r in files.values()).astimezone(UTC).date()


def _published(publish: Publish, ledger: Ledger) -> date:
    """When the oldest publish of it that is remembered was published."""
    oldest = ledger.history(publish.table, publish.partition)[-1].published_at
    assert oldest is not None
    return oldest.astimezone(UTC).date()


def _held(step: Step, ledger: Ledger) -> list[Publish]:
    """What is current of a table and not retired; its rejected rows, where it holds nothing else."""
    aside = rejected_contract(step.makes).table
    current = ledger.current([step.table, aside])
    made = {part: p for part, p in current[step.table].items() if not p.retired}
    return list({**{part: p for part, p in current[aside].items() if p.pieces}, **made}.values())


def _of_table(step: Step, publish: Publish, day: date) -> Past:
    size = sum(piece.bytes for piece in publish.pieces)
    return Past(step.table, publish.partition, day, publish.rows, size)


def _of_bronze(files: Mapping[str, Receipt], day: date) -> Past:
    part = next(iter(files.values())).partition
    return Past(BRONZE, part, day, len(files), sum(r.size for r in files.values()))


def retired(
    pipeline: Pipeline, ledger: Ledger, parts: Sequence[Partition] | None = None
) -> frozenset[Partition]:
    """The partitions that retention took away: their tables, all of them, or files of which none is."""
    heads = ledger.heads([s.table for s in pipeline.steps], parts)
    states: dict[Partition, set[str]] = {}
    for found in heads.values():
        for part, (made, holds) in found.items():
            states.setdefault(part, set()).add(made if made == RETIRED else holds)
    tables = {part for part, seen in states.items() if seen == {RETIRED}}
    files = {p for p in ledger.retired(pipeline.name) if states.get(p, set()) <= _NOTHING}
    return frozenset(p for p in tables | files if parts is None or p in parts)


def unplanned(
    pipeline: Pipeline, ledger: Ledger, parts: Sequence[Partition] | None = None
) -> frozenset[Partition]:
    """The partitions of which nothing is planned, whatever arrives: tables or files were taken away."""
    files = ledger.retired(pipeline.name)
    return retired(pipeline, ledger, parts) | {p for p in files if parts is None or p in parts}


# --- taken away ---------------------------------------------------------------------------------


def retain(
    pipeline: Pipeline, platform: Platform, found: Sequence[Past]
) -> Iterator[tuple[Past, ConflictError | None]]:
    """Take away what `past` found: each once it is gone, or the error of one that a run holds.

    A table's partition gets an empty version, which readers see at once; earlier ones stay until
    `maintain` forgets them. Of bronze the receipts are forgotten; objects that none names any more
    are left to `sweep.swept`. Stopped at any moment, the next call goes on.
    """
    settle(pipeline, platform)
    parts = list(dict.fromkeys(each.partition for each in found))
    for first in range(0, len(parts), AT_ONCE):
        chunk = parts[first : first + AT_ONCE]
        wanted = frozenset(chunk)
        mine = [each for each in found if each.partition in wanted]
        with platform.ledger.claim(pipeline.name, chunk) as claims:
            held = [each for each in mine if each.partition in claims.held]
            _tables(pipeline, platform, claims, found=[p for p in held if p.what != BRONZE])
            platform.ledger.retire(pipeline.name, [p.partition for p in held if p.what == BRONZE])
        for each in mine:
            holder = claims.refused.get(each.partition)
            yield each, held_by(pipeline, each.partition, holder) if holder else None
    forget_manifests(pipeline, platform)


def _tables(
    pipeline: Pipeline, platform: Platform, claims: Claims, *, found: Sequence[Past]
) -> None:
    """Empty versions of these partitions of tables."""
    named: dict[Partition, list[str]] = {}
    for each in found:
        named.setdefault(each.partition, []).append(each.what)
    said = {part: f"past its days: {', '.join(tables)}" for part, tables in named.items()}
    emptied(pipeline, platform, claims, tables=named, said=said, kind="retire")


def forget_manifests(pipeline: Pipeline, platform: Platform) -> None:
    """The manifests of retired partitions are gone, but for those of what is landing just now."""
    gone = platform.ledger.retired(pipeline.name)
    if not gone:
        return
    prefix = f"{MANIFESTS}/{pipeline.name}/"
    old = [p for p, _ in platform.objects.untouched(prefix, platform.clock() - GRACE)]
    gone -= set(received(platform.ledger, pipeline.name))
    for path in old:
        if path.removeprefix(prefix).rpartition("/")[0] in gone:
            platform.objects.delete(path)
