"""What is stale, why, and in which order it is to be made again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from touchline.core.pipeline.steps import (
    Bronze,
    Layer,
    Pipeline,
    Shared,
    Step,
    derivation,
    digest,
    rejected_contract,
)
from touchline.core.ports import RETIRED, WITHDRAWN, Ledger, Partition, Publish, Receipt
from touchline.core.quarantine.mends import PREFIX, of_contents
from touchline.core.withdrawing import held, without_files


@dataclass(frozen=True)
class Planned:
    """A table of one partition that is not what it would be if it were made now.

    `content` is the name of what it will hold: its derivation, unless it is made again by force,
    as then the same step may have made something else of the same inputs.
    """

    table: str
    derivation: str
    content: str
    made_from: Mapping[str, str]
    reason: str = ""


@dataclass(frozen=True)
class Plan:
    """A partition with stale tables, in order; or one that cannot be made yet, and what it lacks.

    Where every file of it was `withdrawn`, its tables are to be emptied.
    """

    partition: Partition
    steps: tuple[Planned, ...]
    missing: tuple[str, ...] = ()
    withdrawn: bool = False


def plan(
    pipeline: Pipeline,
    ledger: Ledger,
    *,
    parts: Sequence[Partition] | None = None,
    only: Layer | None = None,
    force: bool = False,
    arrived: Mapping[Partition, Mapping[str, str]] | None = None,
) -> list[Plan]:
    """The partitions that have something to be made, in order; fresh ones are not in it.

    A table is fresh if it was made, by the same step, from contents that are still current. What
    lies downstream of a stale table is stale too. With `only`, tables of other layers count as
    they are. With `force`, fresh tables are made again. `arrived` is what is to count as arrived, as
    `Ledger.contents` tells it, where the caller works on just those files or has asked already.

    A partition every file of which was withdrawn is planned while anything of it is published.

    What retention took away is made again by force only: nothing of a partition whose receipts were
    forgotten, no table that was retired, and none that would have to be made of one.
    """
    arrivals = arrived if arrived is not None else ledger.contents(pipeline.name, parts)
    heads = ledger.heads([s.table for s in pipeline.steps], parts)
    shared = {s.name: s for s in pipeline.shared}
    emptied = without_files(pipeline, ledger, arrivals, parts=parts)
    published = held(pipeline, ledger, emptied)
    wanted = sorted({*arrivals, *emptied}) if parts is None else list(parts)
    gone = frozenset[str]() if force else ledger.retired(pipeline.name)
    plans = list[Plan]()
    for part in (part for part in wanted if part not in gone):
        if part in emptied:
            plans += _emptied(pipeline, part, published, only=only)
            continue
        files = arrivals.get(part, {})
        found = _partition(
            pipeline, part, files, heads=heads, shared=shared, only=only, force=force
        )
        if found is not None:
            plans.append(found)
    return plans


def hashes(
    arrived: Mapping[Partition, Mapping[str, Receipt]],
) -> dict[Partition, dict[str, str]]:
    """What `plan` needs of receipts."""
    return {part: {n: r.sha256 for n, r in files.items()} for part, files in arrived.items()}


def _emptied(
    pipeline: Pipeline,
    part: Partition,
    published: Mapping[str, set[Partition]],
    *,
    only: Layer | None,
) -> list[Plan]:
    """The plan of a partition without files: what is published of it is to be emptied."""
    steps = tuple(
        Planned(step.table, WITHDRAWN, WITHDRAWN, {}, "every file was withdrawn")
        for step in pipeline.steps
        if only in (None, step.makes.layer)
        and any(part in published[c.table] for c in (step.makes, rejected_contract(step.makes)))
    )
    return [Plan(part, steps, withdrawn=True)] if steps else []


def _partition(
    pipeline: Pipeline,
    part: Partition,
    files: Mapping[str, str],
    *,
    heads: Mapping[str, Mapping[Partition, tuple[str, str]]],
    shared: Mapping[str, Shared],
    only: Layer | None,
    force: bool,
) -> Plan | None:
    """What is to be made of one partition; None if it is fresh."""
    contents = {b.table: found for b in pipeline.bronze if (found := b.content(files))}
    if len(contents) < len(pipeline.bronze):
        return Plan(part, (), tuple(b.file for b in pipeline.bronze if b.table not in contents))
    if only == "bronze":
        return None
    steps, gone = [], set[str]()
    for step in pipeline.steps:
        table = step.table
        head = heads[table].get(part)
        passed = only is not None and step.makes.layer != only
        if head is not None and head[0] == RETIRED and (passed or not force):
            gone.add(table)
            passed = True
        if passed:
            if head is not None:
                contents[table] = head[1]
            continue
        absent = [name for name in step.reads if name not in contents]
        if absent and (lacking := _lacking(absent, contents, shared)):
            return Plan(part, (), tuple(lacking))
        wanted = derivation(step, contents)
        if head is not None and head[0] == wanted and not force:
            contents[table] = head[1]
        elif gone and not gone.isdisjoint(through(step, shared)):
            contents[table] = head[1] if head is not None else ""
            gone |= {table} if head is None else set()
        else:
            made_from = _origin(step, contents, _files(pipeline, files))
            contents[table] = digest(wanted, uuid4().hex) if force else wanted
            steps.append(Planned(table, wanted, contents[table], made_from))
    return Plan(part, tuple(steps)) if steps else None


def through(step: Step, shared: Mapping[str, Shared]) -> list[str]:
    """What a step reads, itself or through a shared value."""
    return [n for name in step.reads for n in (shared[name].reads if name in shared else (name,))]


def _lacking(
    absent: Sequence[str], contents: dict[str, str], shared: Mapping[str, Shared]
) -> list[str]:
    """What of it nobody has; a shared value is named by what it would be made of."""
    for name in absent:
        if name in shared:
            contents[name] = derivation(shared[name], contents)
    return [name for name in absent if name not in contents]


def _origin(
    step: Step, contents: Mapping[str, str], files: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """What a result comes from, piece by piece, so that a later plan can say what changed."""
    made_from = {name: contents[name] for name in step.reads if name not in files}
    came = {n: sha256 for name in step.reads for n, sha256 in files.get(name, {}).items()}
    return {**made_from, **came, **{f"step {k}": v for k, v in step.parts.items()}}


def _files(pipeline: Pipeline, files: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Each bronze table with its files' contents, and what was said of them, as origins are named."""
    found = {}
    for bronze in pipeline.bronze:
        mine = bronze.of(files)
        named = {_named(bronze, name): sha256 for name, sha256 in mine.items()}
        found[bronze.table] = {**named, **of_contents(files, mine)}
    return found


def _named(bronze: Bronze, name: str) -> str:
    return f"file {name}" if bronze.many else bronze.table


def explained(plans: Sequence[Plan], pipeline: Pipeline, ledger: Ledger) -> list[Plan]:
    """The same plans, each stale table with the reason: what changed since it was made."""
    tables = sorted({s.table for p in plans for s in p.steps})
    current = ledger.current(tables, [p.partition for p in plans])
    arrivals = ledger.arrivals(pipeline.name, [p.partition for p in plans])
    withdrawn = ledger.withdrawn(pipeline.name, [p.partition for p in plans])
    shared = {s.name: s.reads for s in pipeline.shared}
    told = []
    for p in plans:
        if p.withdrawn:
            told.append(p)
            continue
        names = _sources(pipeline, arrivals.get(p.partition, {}))
        gone = _sources(pipeline, withdrawn.get(p.partition, {}))
        stale = {s.table for s in p.steps}
        steps = tuple(
            Planned(
                s.table,
                s.derivation,
                s.content,
                s.made_from,
                _reason(
                    s,
                    _before(s, current[s.table].get(p.partition), ledger),
                    stale,
                    sources=names,
                    gone=gone,
                    shared=shared,
                ),
            )
            for s in p.steps
        )
        told.append(Plan(p.partition, steps, p.missing))
    return told


def _sources(pipeline: Pipeline, receipts: Mapping[str, Receipt]) -> dict[str, str]:
    """Where the files came from, by the names under which a result knows its origin."""
    return {
        _named(b, name): receipt.source
        for b in pipeline.bronze
        for name, receipt in b.of(receipts).items()
    }


def _source_of(mend: str, planned: Planned, sources: Mapping[str, str]) -> str:
    """Where the file came from that something was said of."""
    content = mend.removeprefix(PREFIX)
    return next((sources[n] for n, sha in planned.made_from.items() if sha == content), content)


def _before(planned: Planned, publish: Publish | None, ledger: Ledger) -> Publish | None:
    """What it was made from last; before it was emptied, if it was, as far as that is kept."""
    if publish is None or publish.derivation != WITHDRAWN:
        return publish
    history = ledger.history(planned.table, publish.partition)
    held = [p.made_from for p in history if p.derivation not in (WITHDRAWN, RETIRED)]
    return replace(publish, made_from=[*held, planned.made_from][0])


def _reason(
    planned: Planned,
    before: Publish | None,
    stale: set[str],
    *,
    sources: Mapping[str, str],
    gone: Mapping[str, str],
    shared: Mapping[str, Sequence[str]],
) -> str:
    if before is None:
        return "never made"
    said: list[str] = []
    of, was = planned.made_from, before.made_from
    came = {n for n in of if n in sources or stale.intersection(shared.get(n, (n,)))}
    again = came if before.derivation == WITHDRAWN else set[str]()
    for name in [k for k, v in of.items() if k in again or was.get(k) != v]:
        upstream = [read for read in shared.get(name, (name,)) if read in stale]
        if name.startswith(PREFIX):
            said.append(f"mended: {_source_of(name, planned, sources)}")
        elif name.startswith("step "):
            said.append(f"{name.removeprefix('step ')} changed")
        elif upstream and planned.content != planned.derivation:
            continue  # it was forced, and so are those
        elif upstream:
            said += [f"{table} is stale" for table in upstream]
        elif name in sources:
            known = "put back" if was.get(name) == of[name] else "re-issued"
            said.append(f"{known if name in was else 'arrived'}: {sources[name]}")
        else:
            said.append(f"{name} {'changed' if name in shared else 'was published again'}")
    left = [k for k in was if k not in of]
    said += [f"withdrawn: {gone[k]}" if k in gone else f"{k} is no longer read" for k in left]
    return "; ".join(dict.fromkeys(said)) or "forced"
