"""Partitions are emptied: an empty version of their tables, which readers see at once."""

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

import touchline
from touchline.core.contracts import Contract
from touchline.core.pipeline.ends import Done
from touchline.core.pipeline.job import Platform
from touchline.core.pipeline.settling import EMPTIED, settle
from touchline.core.pipeline.steps import Pipeline, rejected_contract
from touchline.core.planner import Plan
from touchline.core.ports import (
    RETIRED,
    WITHDRAWN,
    Claims,
    Partition,
    Publish,
    Receipt,
    Run,
    Staged,
)
from touchline.core.withdrawing import without_files

Kind = Literal["retire", "withdraw"]


def withdrawn(
    pipeline: Pipeline, platform: Platform, claims: Claims, *, plans: Sequence[Plan]
) -> Iterator[Done]:
    """Empty what is published of partitions every file of which was withdrawn.

    Those of which a file counts again by the time that nobody else may write are left to the next run.
    """
    tables = {plan.partition: [step.table for step in plan.steps] for plan in plans}
    files = platform.ledger.withdrawn(pipeline.name, list(tables))
    said = {part: f"every file was withdrawn: {_because(files.get(part, {}))}" for part in tables}

    def still() -> frozenset[Partition]:
        counting = platform.ledger.contents(pipeline.name, list(tables))
        return without_files(pipeline, platform.ledger, counting, parts=list(tables))

    runs: Sequence[Run] = ()
    while tables and not runs:
        runs = emptied(
            pipeline, platform, claims, tables=tables, said=said, kind="withdraw", still=still
        )
        tables = {part: tables[part] for part in tables.keys() & still()}
    for run in runs:
        yield Done(run.partition, run, None, pipeline.name)


def _because(files: Mapping[str, Receipt]) -> str:
    return "; ".join(dict.fromkeys(receipt.withdrawn for receipt in files.values()))


def emptied(
    pipeline: Pipeline,
    platform: Platform,
    claims: Claims,
    *,
    tables: Mapping[Partition, Sequence[str]],
    said: Mapping[Partition, str],
    kind: Kind,
    still: Callable[[], Collection[Partition]] | None = None,
) -> Sequence[Run]:
    """Empty versions of these partitions of tables, and of their rejected rows, in one commit.

    `said` is why; it is told among the runs. What was retired keeps its content, so that what was
    made of it stays fresh. Nothing happens where not all are `still` to be, once the ledger is held.
    """
    if not tables:
        return []
    settle(pipeline, platform)
    now, commit_id = platform.clock(), uuid.uuid4().hex
    runs = {part: _run(pipeline, part, said[part], kind=kind, now=now) for part in tables}
    publishes: dict[Contract, list[Publish]] = {}
    for step in pipeline.steps:
        mine = [part for part, named in tables.items() if step.table in named]
        for contract in (step.makes, rejected_contract(step.makes)) if mine else ():
            current = platform.ledger.current([contract.table], mine)[contract.table]
            publishes[contract] = [
                replace(
                    _empty(current.get(part, _never(contract, part)), kind),
                    run_id=runs[part].run_id,
                    commit_id=commit_id,
                )
                for part in mine
                if part in current or contract is step.makes
            ]
    every = [publish for empty in publishes.values() for publish in empty]
    with platform.ledger.publishing(claims, every) as done:
        if still and set(tables).difference(still()):
            return []
        for contract, empty in publishes.items():
            if empty:
                done(contract.table, _committed(contract, empty, platform))
        platform.ledger.record(list(runs.values()))
    return list(runs.values())


def _run(pipeline: Pipeline, part: Partition, said: str, *, kind: Kind, now: datetime) -> Run:
    """That it was emptied, among the runs, for whoever asks later why a table holds nothing."""
    return Run(
        f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
        pipeline.name,
        part,
        EMPTIED[kind],
        started_at=now,
        ended_at=now,
        message=said,
    )


def _never(contract: Contract, part: Partition) -> Publish:
    """What stands for a version that there never was: every run was refused."""
    return Publish(contract.table, part, "", "", RETIRED, RETIRED, rows=0, pieces=())


def _empty(publish: Publish, kind: Kind) -> Publish:
    retires = kind == "retire"
    return replace(
        publish,
        derivation=RETIRED if retires else WITHDRAWN,
        content=publish.content if retires else WITHDRAWN,
        rows=0,
        pieces=(),
        made_from={},
        kind=kind,
        rejected=0,
    )


def _committed(contract: Contract, publishes: Sequence[Publish], platform: Platform) -> str:
    return platform.tables.publish(
        contract,
        [Staged(contract.table, p.partition, 0, ()) for p in publishes],
        commit_id=publishes[0].commit_id,
        properties={
            "touchline.run-id": ",".join(p.run_id for p in publishes),
            f"touchline.{publishes[0].derivation}": "true",
            "touchline.code-version": touchline.__version__,
        },
    )
